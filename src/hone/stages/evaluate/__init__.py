"""Evaluate: a model beside its base, a few-shot prompt and the rules, on the same examples."""

from hone.stages.evaluate.answering import (
    QUICK,
    Answering,
    QuickSplit,
    look_at_answering,
    start_quick,
    stop_answering,
    under_way,
)
from hone.stages.evaluate.looking import (
    MOST_ITEMS,
    EvaluationLine,
    EvaluationView,
    Order,
    ScoredPage,
    Which,
    list_evaluations,
    look_at_evaluation,
    page_of_examples,
)
from hone.stages.evaluate.options import ROWS, EvaluateOptions, evaluate_options
from hone.stages.evaluate.pages import dimension_table, dimensions_of
from hone.stages.evaluate.report import (
    Taken,
    collect_all_evaluated,
    collect_evaluated,
    finish,
    report_path,
    score_name,
)
from hone.stages.evaluate.start import evaluate, refuse_elsewhere
from hone.workspace.commands import how_to_evaluate, what_comes_next

__all__ = [
    "MOST_ITEMS",
    "QUICK",
    "ROWS",
    "Answering",
    "EvaluateOptions",
    "EvaluationLine",
    "EvaluationView",
    "Order",
    "QuickSplit",
    "ScoredPage",
    "Taken",
    "Which",
    "collect_all_evaluated",
    "collect_evaluated",
    "dimension_table",
    "dimensions_of",
    "evaluate",
    "evaluate_options",
    "finish",
    "how_to_evaluate",
    "list_evaluations",
    "look_at_answering",
    "look_at_evaluation",
    "page_of_examples",
    "refuse_elsewhere",
    "report_path",
    "score_name",
    "start_quick",
    "stop_answering",
    "under_way",
    "what_comes_next",
]
