"""Review: look at examples, decide, take back, decide many at once, and count.

Every verb answers after the commit; what it says was done survives a kill.
"""

from hone.stages.review.decide import decide, history, new_op_id, redo, undo
from hone.stages.review.decisions_file import Applied, Line, apply_decisions
from hone.stages.review.many import accept_all, count_acceptable
from hone.stages.review.statistics import Statistics, statistics

__all__ = [
    "Applied",
    "Line",
    "Statistics",
    "accept_all",
    "apply_decisions",
    "count_acceptable",
    "decide",
    "history",
    "new_op_id",
    "redo",
    "statistics",
    "undo",
]
