"""Review: look at examples, decide, take back, decide many at once, and count.

Every verb answers after the commit; what it says was done survives a kill.
"""

from hone.rendering.word_diff import word_diff
from hone.stages.review.changes import Change, Changes, Touched, changed_by, changes
from hone.stages.review.comparison import Column, comparison
from hone.stages.review.decide import decide, find_example, history, new_op_id, redo, undo
from hone.stages.review.decisions_file import Applied, Line, apply_decisions
from hone.stages.review.many import (
    BulkDecision,
    Preview,
    accept_all,
    count_acceptable,
    decide_many,
    preview_bulk,
)
from hone.stages.review.pages import Page, counters, page
from hone.stages.review.similar import Near, Similar, similar
from hone.stages.review.statistics import Consistency, Day, Statistics, statistics
from hone.stages.review.training_view import Token, TrainingView, training_view

__all__ = [
    "Applied",
    "BulkDecision",
    "Change",
    "Changes",
    "Column",
    "Consistency",
    "Day",
    "Line",
    "Near",
    "Page",
    "Preview",
    "Similar",
    "Statistics",
    "Token",
    "Touched",
    "TrainingView",
    "accept_all",
    "apply_decisions",
    "changed_by",
    "changes",
    "comparison",
    "count_acceptable",
    "counters",
    "decide",
    "decide_many",
    "find_example",
    "history",
    "new_op_id",
    "page",
    "preview_bulk",
    "redo",
    "similar",
    "statistics",
    "training_view",
    "undo",
    "word_diff",
]
