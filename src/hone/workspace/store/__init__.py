"""The store: tables, and the questions that are asked of them. No SQL stands outside it."""

from hone.workspace.store.evaluations import Score
from hone.workspace.store.examples import Added, NewExample, Page, new_example
from hone.workspace.store.filters import Filter
from hone.workspace.store.models import Activation, Registered
from hone.workspace.store.store import Store

__all__ = [
    "Activation",
    "Added",
    "Filter",
    "NewExample",
    "Page",
    "Registered",
    "Score",
    "Store",
    "new_example",
]
