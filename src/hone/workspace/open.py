"""A workspace: made once, found from any folder inside it, opened as one thing."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from hone.errors import Conflict, InvalidInput, NotFound, nearest
from hone.records.task import Task
from hone.settings import workspace_from_environment
from hone.workspace.config import CONFIG_FILE, WorkspaceConfig, load_config, load_task
from hone.workspace.files import explained, write_atomically
from hone.workspace.first_files import (
    GITIGNORE,
    RULES_OF_TEMPLATE,
    TEMPLATES,
    config_text,
    task_text,
)
from hone.workspace.store.store import Store

STORE_FILE = "hone.db"
DATA_FOLDERS = ("raw", "curated", "training", "metrics", "flagged")
FOLDERS = ("tasks", "datasets", "jobs", "models", "reports", "checkpoints", "logs")
# What may lie in a folder that becomes a workspace: nothing that Hone would write over.
_HARMLESS = {".git", ".gitignore", ".gitattributes", ".env", ".venv", ".DS_Store", "README.md"}


class Workspace:
    """An open workspace; close it, or use it in a `with` block."""

    def __init__(self, root: Path, config: WorkspaceConfig, store: Store) -> None:
        self.root = root
        self.config = config
        self.store = store
        self.data = root / "data"
        self.datasets = root / "datasets"
        self.jobs = root / "jobs"
        self.models = root / "models"
        self.reports = root / "reports"
        self.checkpoints = root / "checkpoints"
        self.logs = root / "logs"
        self.cache = root / "cache"

    def data_folder(self, name: str) -> Path:
        """`data/NAME`: raw, curated, training, metrics or flagged; made where it is gone."""
        if name not in DATA_FOLDERS:
            raise NotFound(f"There is no folder data/{name}.", hint=nearest(name, DATA_FOLDERS))
        folder = self.data / name
        with explained("make", folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def tasks(self) -> dict[str, Task]:
        """Every task in `tasks/`, by name, and the default one wherever its file lies."""
        files = sorted((self.root / "tasks").glob("*.yaml"))
        default = self._default_task_file
        if default.is_file() and default.resolve() not in {file.resolve() for file in files}:
            files.append(default)
        found: dict[str, Task] = {}
        for file in files:
            task = load_task(file)
            if task.name in found:
                raise InvalidInput(
                    f'Two files in {self.root / "tasks"} describe a task "{task.name}".',
                    hint=f"Rename one of them, for example in {file}.",
                )
            found[task.name] = task
        return found

    def task(self, name: str | None = None) -> Task:
        """The task of this name; without one the default of `hone.yaml`."""
        if name is None:
            return load_task(self._default_task_file)
        found = self.tasks()
        if name not in found:
            raise NotFound(f'There is no task "{name}".', hint=nearest(name, found))
        return found[name]

    def close(self) -> None:
        """Gives the database back."""
        self.store.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def _default_task_file(self) -> Path:
        return self.root / self.config.task


def init_workspace(
    path: Path | str, *, task: Task | None = None, template: str = "qa"
) -> Workspace:
    """Makes a workspace in a new or empty folder and opens it.

    `task` says what its examples look like; without it the template's own task is used.
    """
    root = Path(path).expanduser().resolve()
    if template not in TEMPLATES:
        raise NotFound(f'There is no template "{template}".', hint=nearest(template, TEMPLATES))
    _refuse_occupied(root)
    chosen = task or TEMPLATES[template]
    for folder in (*FOLDERS, *(f"data/{name}" for name in DATA_FOLDERS)):
        with explained("make", root / folder):
            (root / folder).mkdir(parents=True, exist_ok=True)
    if not (root / ".gitignore").exists():
        write_atomically(root / ".gitignore", GITIGNORE)
    task_file = f"tasks/{chosen.name}.yaml"
    write_atomically(root / task_file, task_text(chosen))
    if task is None and chosen.rules is not None:
        write_atomically(root / chosen.rules, RULES_OF_TEMPLATE[template].read_text("utf-8"))
    Store.open(root / STORE_FILE).close()
    # hone.yaml comes last: where it exists, the workspace is complete.
    write_atomically(root / CONFIG_FILE, config_text(task_file))
    return open_workspace(root)


def open_workspace(path: Path | str | None = None) -> Workspace:
    """Opens the workspace at `path`, else HONE_WORKSPACE, else the nearest folder up.

    NotFound where there is none; WorkspaceTooNew where a later Hone wrote it.
    """
    root = find_workspace(path)
    config = load_config(root / CONFIG_FILE)
    return Workspace(root, config, Store.open(root / STORE_FILE))


def look_into(root: Path) -> Workspace:
    """The workspace at `root`, only to be read: it is not even brought up to date.

    HoneError where settings or store cannot be read, WorkspaceTooOld or WorkspaceTooNew where
    another version wrote it.
    """
    config = load_config(root / CONFIG_FILE)
    return Workspace(root, config, Store.look_into(root / STORE_FILE))


def find_workspace(path: Path | str | None = None) -> Path:
    """The folder at `path`, else that of HONE_WORKSPACE, else the nearest up with hone.yaml.

    NotFound where that is no workspace, or none is found.
    """
    named = Path(path).expanduser() if path is not None else workspace_from_environment()
    if named is not None:
        root = named.resolve()
        if not (root / CONFIG_FILE).is_file():
            raise NotFound(
                f"{root} is no workspace: it holds no {CONFIG_FILE}.", hint=f"hone init {named}"
            )
        return root
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / CONFIG_FILE).is_file():
            return folder
    raise NotFound(
        f"There is no workspace here: no folder from {here} upwards holds a {CONFIG_FILE}.",
        hint="hone init DIR makes one; --workspace DIR names one.",
    )


def _refuse_occupied(root: Path) -> None:
    if (root / CONFIG_FILE).exists():
        raise Conflict(f"{root} is a workspace already.", hint="Open it, or choose another folder.")
    if root.exists() and not root.is_dir():
        raise Conflict(f"{root} is a file.", hint="Choose another name.")
    if not root.is_dir():
        return
    with explained("read", root):
        found = sorted(entry.name for entry in root.iterdir() if entry.name not in _HARMLESS)
    if found:
        listed = ", ".join(found[:3]) + (" …" if len(found) > 3 else "")
        raise Conflict(
            f"{root} is not empty: it holds {listed}.", hint="Choose a new or empty folder."
        )
