"""Compare: versions on the same examples, and the gate that a new active version must pass."""

from hone.stages.compare.by_judge import Judge, judge_named
from hone.stages.compare.comparing import Owed, add_judgement, compare, owed
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
    "Judge",
    "Owed",
    "Wanted",
    "Written",
    "add_judgement",
    "compare",
    "headline",
    "judge_gate",
    "judge_named",
    "owed",
    "refuse_or_note",
    "report_files",
    "sentences",
    "tables",
    "wanted",
    "write_report",
]
