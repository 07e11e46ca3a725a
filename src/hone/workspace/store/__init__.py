"""The store: tables, and the questions that are asked of them. No SQL stands outside it."""

from hone.workspace.store.evaluations import Score
from hone.workspace.store.examples import Added, NewExample, Page, new_example
from hone.workspace.store.filters import Filter
from hone.workspace.store.models import Activation, Registered
from hone.workspace.store.predicted import Giver
from hone.workspace.store.requests import Bulk, Snapshot
from hone.workspace.store.store import Store
from hone.workspace.store.windows import Window

__all__ = [
    "Activation",
    "Added",
    "Bulk",
    "Filter",
    "Giver",
    "NewExample",
    "Page",
    "Registered",
    "Score",
    "Snapshot",
    "Store",
    "Window",
    "new_example",
]
