"""What the page of the window may ask of the system: its file dialogs, and nothing else."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ParamSpec, Protocol

from pydantic import ValidationError

from hone.errors import HoneError
from hone.loop import Workspace
from hone.stages import examples, ingest

PIECE_BYTES = 1024 * 1024
KINDS = ("Examples (*.csv;*.tsv;*.json;*.jsonl;*.parquet;*.txt)", "All files (*.*)")
SESSIONS = ("Sessions (*.json)", "All files (*.*)")
LINES = ("JSON lines (*.jsonl)",)

_P = ParamSpec("_P")
Answer = dict[str, Any] | None


class Dialogs(Protocol):
    """The two dialogs; None where the person closed them."""

    def open_file(self, kinds: Sequence[str]) -> Path | None:
        """Ask which file to open."""
        ...

    def save_file(self, name: str, kinds: Sequence[str]) -> Path | None:
        """Ask where to save a file of that name."""
        ...


def _told(work: Callable[_P, Answer]) -> Callable[_P, Answer]:
    """A mistake comes back as what the HTTP API would say of it."""

    @functools.wraps(work)
    def either(*args: _P.args, **kwargs: _P.kwargs) -> Answer:
        try:
            return work(*args, **kwargs)
        except HoneError as error:
            return {"error": error.message, "hint": error.hint}
        except ValidationError as error:
            return {"error": f"The request does not fit: {error.errors()[0]['msg']}.", "hint": ""}

    return either


class Files:
    """`window.pywebview.api` of the page; every method asks by a dialog and gives None if closed.

    Names that begin with an underscore are not shown to the page.
    """

    def __init__(self, ws: Workspace, dialogs: Dialogs, reviewer: str) -> None:
        self._ws = ws
        self._dialogs = dialogs
        self._reviewer = reviewer

    @_told
    def open_import(self) -> Answer:
        """Take a file in as an upload; the page plans and starts its import."""
        path = self._dialogs.open_file(KINDS)
        if path is None:
            return None
        with ingest.receive(self._ws, path.name) as receiving, path.open("rb") as stream:
            while piece := stream.read(PIECE_BYTES):
                receiving.write(piece)
            return receiving.finish().model_dump()

    @_told
    def save_session(self, task: str | None = None, current: str | None = None) -> Answer:
        """Save a task's session to a file."""
        chosen = self._ws.task(task).name
        path = self._dialogs.save_file(f"session-{chosen}.json", SESSIONS)
        if path is None:
            return None
        return ingest.save_session(self._ws, path, task=chosen, current=current).model_dump()

    @_told
    def load_session(self, task: str | None = None) -> Answer:
        """Take a session file up."""
        path = self._dialogs.open_file(SESSIONS)
        if path is None:
            return None
        report = ingest.load_session(self._ws, path, task=task, reviewer=self._reviewer)
        return report.model_dump()

    @_told
    def export_examples(self, choice: dict[str, Any] | None = None, layout: str = "hone") -> Answer:
        """Write examples to a JSON Lines file."""
        wanted = examples.Choice.model_validate(choice or {})
        path = self._dialogs.save_file("examples.jsonl", LINES)
        if path is None:
            return None
        rows = examples.export_examples(self._ws, path, wanted, layout=layout)
        return {"file": str(path), "rows": rows}
