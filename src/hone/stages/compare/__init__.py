"""Compare: versions on the same examples, and the gate that a new active version must pass."""

from hone.stages.compare.comparing import Owed, compare, owed
from hone.stages.compare.gate import judge_gate, refuse_or_note
from hone.stages.compare.gather import Wanted, wanted
from hone.stages.compare.report import (
    Written,
    headline,
    report_files,
    sentences,
    tables,
    write_report,
)

__all__ = [
    "Owed",
    "Wanted",
    "Written",
    "compare",
    "headline",
    "judge_gate",
    "owed",
    "refuse_or_note",
    "report_files",
    "sentences",
    "tables",
    "wanted",
    "write_report",
]
