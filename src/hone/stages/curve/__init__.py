"""Curve: what more labels would bring, from trainings on parts of a dataset."""

from hone.stages.curve.asking import (
    Wanted,
    judge_answers,
    read_answers,
    wanted,
    whoever_has_not_answered,
)
from hone.stages.curve.judging import Known, judge
from hone.stages.curve.options import CurveOptions, curve_options
from hone.stages.curve.report import (
    Written,
    as_lines,
    headline,
    report_files,
    table_of,
    write_report,
)

__all__ = [
    "CurveOptions",
    "Known",
    "Wanted",
    "Written",
    "as_lines",
    "curve_options",
    "headline",
    "judge",
    "judge_answers",
    "read_answers",
    "report_files",
    "table_of",
    "wanted",
    "whoever_has_not_answered",
    "write_report",
]
