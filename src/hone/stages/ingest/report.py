"""What an import did: rows read, taken, duplicate and refused, by file, with the reasons."""

from __future__ import annotations

import shlex
from collections import Counter

from pydantic import BaseModel, ConfigDict, Field


class FileReport(BaseModel):
    """One file of an import."""

    model_config = ConfigDict(extra="forbid")

    file: str = Field(description="as it was named")
    stored_as: str = Field(
        default="", description="its copy or pointer in data/raw; the examples' origin"
    )
    task: str = ""
    importer: str = ""
    shape: str = ""
    columns: dict[str, str] = Field(default_factory=dict, description="field -> column")
    notes: list[str] = Field(default_factory=list, description="how it was read")
    read: int = 0
    taken: int = 0
    duplicate: int = 0
    refused: int = 0
    comments: int = Field(default=0, description="comment rows, left out")
    left_out: dict[str, int] = Field(
        default_factory=dict, description="what is no example by its nature, by kind"
    )
    accepted: int = 0
    reasons: dict[str, int] = Field(default_factory=dict, description="why rows were refused")
    hint: str = Field(default="", description="what to try for the most frequent reason")
    refused_file: str | None = None
    error: str = Field(default="", description="why reading stopped before the end, or never began")


class ImportReport(BaseModel):
    """All files of an import."""

    model_config = ConfigDict(extra="forbid")

    files: list[FileReport]
    default_task: str = Field(default="", description="the new task, if it became the default")

    def _sum(self, name: str) -> int:
        return sum(getattr(file, name) for file in self.files)

    @property
    def read(self) -> int:
        """Rows that were looked at, comments left out."""
        return self._sum("read")

    @property
    def taken(self) -> int:
        """New examples."""
        return self._sum("taken")

    @property
    def duplicate(self) -> int:
        """Rows that are examples already."""
        return self._sum("duplicate")

    @property
    def refused(self) -> int:
        """Rows that are kept in the refused files."""
        return self._sum("refused")

    @property
    def accepted(self) -> int:
        """Examples accepted by the bulk decision of this import."""
        return self._sum("accepted")

    @property
    def refused_file(self) -> str | None:
        """The first file of refused rows."""
        return next((file.refused_file for file in self.files if file.refused_file), None)

    @property
    def mapping(self) -> dict[str, str]:
        """Field -> column, of the first file."""
        return self.files[0].columns if self.files else {}

    @property
    def errors(self) -> list[str]:
        """One sentence per file that was not read to its end."""
        return [f"{file.file}: {file.error}" for file in self.files if file.error]


class Tally:
    """Counts while rows go by."""

    def __init__(self) -> None:
        self.read = 0
        self.refused = 0
        self.comments = 0
        self.left_out: Counter[str] = Counter()
        self.error = ""
        self.reasons: Counter[str] = Counter()
        self.hints: dict[str, str] = {}

    def refuse(self, reason: str, hint: str = "") -> None:
        """Count one refused row; reasons that differ only in a value are kept to a bounded list."""
        self.refused += 1
        if reason in self.reasons or len(self.reasons) < 100:
            self.reasons[reason] += 1
            if hint:
                self.hints.setdefault(reason, hint)
        else:
            self.reasons["other reasons"] += 1

    def leave_out(self, reason: str) -> None:
        """Count one record that is no example by its nature; of bounded many kinds."""
        is_known = reason in self.left_out or len(self.left_out) < 100
        self.left_out[reason if is_known else "other kinds"] += 1

    def fill(self, report: FileReport) -> None:
        """Write the counts into a report."""
        report.read, report.refused, report.comments = self.read, self.refused, self.comments
        report.left_out = dict(self.left_out.most_common(20))
        report.error = self.error
        report.reasons = dict(self.reasons.most_common(10))
        first = next(iter(report.reasons), "")
        report.hint = self.hints.get(first, "").replace("FILE", shlex.quote(report.file))
