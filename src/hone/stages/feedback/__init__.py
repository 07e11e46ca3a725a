"""Feedback: corrections become the next dataset version, and what that did is measured."""

from hone.stages.feedback.apply import (
    PAIR_FORMATS,
    Asked,
    Plan,
    as_built,
    plan_feedback,
    report_applied,
    with_changes,
)
from hone.stages.feedback.efficacy import efficacy
from hone.stages.feedback.report import ReportFiles, report_files, tables, write_report
from hone.stages.feedback.standing import (
    Corrected,
    corrections_of,
    is_a_control,
    newest_report,
)
from hone.stages.feedback.trial import Asking, Trial, owed, trial_of, whose_answers

__all__ = [
    "PAIR_FORMATS",
    "Asked",
    "Asking",
    "Corrected",
    "Plan",
    "ReportFiles",
    "Trial",
    "as_built",
    "corrections_of",
    "efficacy",
    "is_a_control",
    "newest_report",
    "owed",
    "plan_feedback",
    "report_applied",
    "report_files",
    "tables",
    "trial_of",
    "whose_answers",
    "with_changes",
    "write_report",
]
