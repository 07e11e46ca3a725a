"""Doctor: a dataset is seen as its training would see it, before anything is spent."""

from hone.stages.doctor.examine import examine
from hone.stages.doctor.report import (
    Balance,
    DoctorOptions,
    ExampleRow,
    Finding,
    Report,
    ShownSide,
    ShownToken,
    SplitReport,
)

__all__ = [
    "Balance",
    "DoctorOptions",
    "ExampleRow",
    "Finding",
    "Report",
    "ShownSide",
    "ShownToken",
    "SplitReport",
    "examine",
]
