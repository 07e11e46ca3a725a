"""Imports that are ordered: a process of its own carries one out, its files say how far it is.

The state follows from the files beside an upload alone (see `uploads`), so the server may be
stopped and started meanwhile.
"""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import psutil
from pydantic import BaseModel, ConfigDict, Field

from hone.errors import Conflict, HoneError, InvalidInput, NotFound
from hone.stages.ingest.plan import ImportPlan, Wanted, propose_import
from hone.stages.ingest.report import ImportReport
from hone.stages.ingest.run import import_examples
from hone.stages.ingest.sessions import SessionReport, load_session
from hone.stages.ingest.uploads import BESIDE, file_of, folder_of, is_id, uploads_folder
from hone.workspace.files import write_atomically
from hone.workspace.job_folder import Identity
from hone.workspace.open import Workspace

KEPT_SECONDS = 24 * 3600.0
TELL_SECONDS = 0.2

State = Literal["waiting", "running", "done", "failed", "cancelled"]
_M = TypeVar("_M", bound=BaseModel)


class Order(BaseModel):
    """What to do with an upload; as `hone import` takes it."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["import", "session"] = "import"
    task: str | None = None
    shape: str | None = None
    mapping: dict[str, str] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    new_task: str | None = None
    accept_as: str | None = None

    @property
    def wanted(self) -> Wanted:
        """The choices of `import_examples`."""
        return {
            "task": self.task,
            "shape": self.shape,
            "mapping": self.mapping,
            "options": self.options,
            "accept_as": self.accept_as,
            "new_task": self.new_task,
        }


class Progressed(BaseModel):
    """How far an import is, as it is told while it runs and when it has ended."""

    model_config = ConfigDict(extra="forbid")

    state: State
    read: int = Field(default=0, description="rows looked at so far")
    estimated: int | None = Field(default=None, description="rows in all, as far as one can tell")
    report: ImportReport | None = None
    session: SessionReport | None = Field(default=None, description="of a session file")
    error: str = ""
    hint: str = ""


class _Running(BaseModel):
    read: int = 0
    estimated: int | None = None
    pid: int
    started_at: float
    host: str

    @property
    def identity(self) -> Identity:
        return Identity(self.pid, self.started_at, self.host)


class _Cancelled(Exception):
    """Somebody asked the import to stop."""


def plan_upload(ws: Workspace, upload: str, order: Order) -> ImportPlan:
    """What importing an upload would do; errors and plan call the file by its own name."""
    path = file_of(ws, upload)
    with _by_its_name(path):
        plan = propose_import(ws, [path], **order.wanted)
    return ImportPlan.model_validate(_renamed(plan.model_dump(), path))


def place_order(ws: Workspace, upload: str, order: Order) -> None:
    """Write down what is to be done; Conflict where that is being done already.

    An import that failed or was stopped may be ordered anew, with other choices.
    """
    path = file_of(ws, upload)
    place = path.parent / "order.json"
    if look_at_import(ws, upload).state in ("failed", "cancelled"):
        for name in BESIDE:
            (path.parent / name).unlink(missing_ok=True)
    try:
        with place.open("x", encoding="utf-8") as stream:
            stream.write(order.model_dump_json())
    except FileExistsError:
        raise Conflict(
            f"{path.name} is being imported already.", hint="Upload it again to import it twice."
        ) from None


def take_back_order(ws: Workspace, upload: str) -> None:
    """Nobody could be found to carry it out."""
    (folder_of(ws, upload) / "order.json").unlink(missing_ok=True)


def note_process(ws: Workspace, upload: str, pid: int) -> None:
    """Say which process carries an order out, before it says so itself."""
    folder = folder_of(ws, upload)
    identity = Identity(pid, psutil.Process(pid).create_time(), socket.gethostname())
    running = _Running(**identity._asdict())
    write_atomically(folder / "state.json", running.model_dump_json())


def carry_out(ws: Workspace, upload: str) -> None:
    """Do what was ordered, in this process; every ending leaves a report."""
    path = file_of(ws, upload)
    folder = path.parent
    order = Order.model_validate_json((folder / "order.json").read_bytes())
    try:
        on_progress = _teller(folder)
        if order.kind == "session":
            ended = Progressed(state="done", session=_load_session(ws, path, order))
        else:
            report = import_examples(ws, [path], on_progress=on_progress, **order.wanted)
            named = ImportReport.model_validate(_renamed(report.model_dump(), path))
            ended = Progressed(state="done", read=report.read, estimated=report.read, report=named)
    except _Cancelled:
        hint = "What was taken stays; importing the file again takes the rest."
        ended = Progressed(state="cancelled", error="The import was stopped.", hint=hint)
    except HoneError as error:
        told = (error.message, error.hint)
        message, hint = (text.replace(str(path), path.name) for text in told)
        ended = Progressed(state="failed", error=message, hint=hint)
    write_atomically(folder / "report.json", ended.model_dump_json())
    if ended.state == "done":
        path.unlink()


def look_at_import(ws: Workspace, upload: str) -> Progressed:
    """How far an import is, from its files."""
    folder = folder_of(ws, upload)
    ended = folder / "report.json"
    running = _read(folder / "state.json", _Running)
    is_alive = running is not None and running.identity.is_alive
    # Looked for last: an import that ended in between is not taken for a dead one.
    report = _read(ended, Progressed)
    if report is not None:
        return report
    if running is None:
        return Progressed(state="waiting")
    told = Progressed(state="running", read=running.read, estimated=running.estimated)
    if not is_alive:
        told.state, told.error = "failed", "The import ended half-way."
        told.hint = "Import the file again: nothing is taken twice."
    return told


def cancel_import(ws: Workspace, upload: str) -> None:
    """Ask an import to stop at the next thousand rows; what was taken stays."""
    (folder_of(ws, upload) / "cancel").touch()


def refused_rows(ws: Workspace, upload: str) -> Path:
    """The file of rows that an import refused; NotFound where there were none."""
    report = look_at_import(ws, upload).report
    if report is None or report.refused_file is None:
        raise NotFound("This import has no refused rows.", hint="Look at its report.")
    return Path(report.refused_file)


def _load_session(ws: Workspace, path: Path, order: Order) -> SessionReport:
    if order.accept_as is None:
        raise InvalidInput("Nobody takes this session up.", hint="Sign in first.")
    report = load_session(ws, path, task=order.task, reviewer=order.accept_as)
    return report.model_copy(update={"file": path.name})


def _teller(folder: Path) -> Callable[[int, int | None], None]:
    identity = Identity.of_this_process()
    told_at = 0.0

    def tell(read: int, estimated: int | None) -> None:
        nonlocal told_at
        if (folder / "cancel").exists():
            raise _Cancelled
        if time.monotonic() - told_at < TELL_SECONDS and read:
            return
        told_at = time.monotonic()
        running = _Running(read=read, estimated=estimated, **identity._asdict())
        write_atomically(folder / "state.json", running.model_dump_json())

    tell(0, None)
    return tell


@contextmanager
def _by_its_name(path: Path) -> Generator[None]:
    """Errors speak of the file by the name that its owner knows."""
    try:
        yield
    except HoneError as error:
        error.message = error.message.replace(str(path), path.name)
        error.hint = error.hint.replace(str(path), path.name)
        if isinstance(error, InvalidInput):
            error.problems = tuple(one.replace(str(path), path.name) for one in error.problems)
        raise


def _renamed(value: Any, path: Path) -> Any:
    if isinstance(value, str):
        return value.replace(str(path), path.name)
    if isinstance(value, dict):
        return {key: _renamed(inner, path) for key, inner in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_renamed(inner, path) for inner in cast("list[Any]", value)]
    return value


def _read(path: Path, model: type[_M]) -> _M | None:
    try:
        return model.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None


def forget_upload(ws: Workspace, upload: str) -> None:
    """Remove an upload with everything beside it."""
    shutil.rmtree(folder_of(ws, upload))


def sweep_uploads(ws: Workspace) -> None:
    """Remove what nobody came back for within a day; a running import is younger or alive."""
    folder = uploads_folder(ws)
    if not folder.is_dir():
        return
    for old in folder.iterdir():
        # Another upload may be sweeping the same folder away.
        with suppress(FileNotFoundError, NotFound):
            if time.time() - old.stat().st_mtime < KEPT_SECONDS:
                continue
            if not is_id(old.name) or look_at_import(ws, old.name).state != "running":
                shutil.rmtree(old, ignore_errors=True)
