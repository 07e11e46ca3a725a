"""Every error that a user can cause, each with what happened and what to try.

HoneError                 a user's mistake or a missing thing: two lines, exit 1
├── InvalidInput          one or more values, rows or options are wrong; all of them are listed
├── NotFound              a name that does not exist; the hint offers the nearest ones
├── Conflict              somebody or something else was first (a newer version)
├── Unavailable           refused for now, the same may succeed later (a full disk)
│   └── StoreLocked       … because another program writes; also a Conflict
├── WorkspaceTooNew       the workspace was written by a later Hone
├── WorkspaceTooOld       … by an earlier one, where it may only be read
└── GateRefused           a gate said no: exit 3
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class HoneError(Exception):
    """What happened (with the value) and what to try (as a command where possible)."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InvalidInput(HoneError):
    """Values that do not fit; `problems` holds every one of them, not only the first."""

    def __init__(self, message: str, *, hint: str = "", problems: Sequence[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class NotFound(HoneError):
    """A name that does not exist."""


class Conflict(HoneError):
    """Somebody or something else was first."""


class Unavailable(HoneError):
    """What is needed refuses for now; the same request may succeed later."""


class StoreLocked(Conflict, Unavailable):
    """Another program holds the store for longer than one waits."""


class WorkspaceTooNew(HoneError):
    """The workspace was written by a later version of Hone."""


class WorkspaceTooOld(HoneError):
    """The workspace was written by an earlier version, and may not be brought up to date now."""


class GateRefused(HoneError):
    """A gate said no."""

    exit_code = 3


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known names: 'Did you mean "sft"? Known: …'."""
    import difflib

    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    listed = ", ".join(names) if names else "none"
    return f'Did you mean "{close[0]}"? Known: {listed}.' if close else f"Known: {listed}."
