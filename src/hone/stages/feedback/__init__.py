"""Feedback: corrections become the next dataset version, and what that did is measured."""

from hone.stages.feedback.apply import (
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
from hone.stages.feedback.trial import Asking, Trial, owed, trial_of

__all__ = [
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
    "with_changes",
    "write_report",
]
