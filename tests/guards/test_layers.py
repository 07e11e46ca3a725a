"""Who may import whom, held over the real import graph."""

from __future__ import annotations

import sys

from hone.shelf import SHELVES
from tests.guards.source import Import, imports, modules, reachable

SHELF_FOLDERS = (
    "importers tasks formats checks methods generators oracles metrics exporters targets".split()
)
LOW = {"errors", "shelf", "settings"}
FACES = {"cli", "web", "desktop", "demo", "__main__", "__init__"}
# Each part of the package and the parts that it may import, beside itself and LOW.
MAY_IMPORT: dict[str, set[str]] = {
    "records": set(),
    "rendering": {"records"},
    "workspace": {"records", "rendering"},
    "knowledge": {"records", "rendering", "workspace"},
    **{shelf: {"records", "rendering", "workspace", "knowledge"} for shelf in SHELF_FOLDERS},
    "methods": {"records", "rendering", "workspace", "knowledge", "engine"},
    "generators": {"records", "rendering", "workspace", "knowledge", "engine"},
    "engine": {"records", "rendering", "workspace"},
    "worker": {"records", "rendering", "workspace", "engine", *SHELF_FOLDERS},
    "stages": {"records", "rendering", "workspace", "knowledge", *SHELF_FOLDERS},
    "supervisor": {"records", "rendering", "workspace", *SHELF_FOLDERS, "stages"},
    "loop": {"records", "workspace", "stages"},
    **{face: {"records", "stages", "loop"} for face in FACES},
    "cli": {"records", "stages", "loop", "demo", "web", "desktop"},
    "desktop": {"records", "stages", "loop", "web"},
    "__main__": {"cli"},
}
HEAVY = {"torch", "transformers", "trl", "peft", "accelerate", "datasets", "safetensors"} | {
    "tensorboard",
    "ray",
    "sky",
    "chromadb",
}
# What the worker may read of the workspace: files, never the store.
WORKER_WORKSPACE = {"hone.workspace", "hone.workspace.job_folder", "hone.workspace.files"} | {
    "hone.workspace.clock",
    "hone.workspace.pooling",
    "hone.workspace.priority",
}


def part(name: str) -> str:
    pieces = name.split(".")
    return pieces[1] if len(pieces) > 1 else "__init__"


def inside(found: Import) -> bool:
    return found.imported == "hone" or found.imported.startswith("hone.")


def say(found: Import) -> str:
    return f"{found.importer}:{found.line} imports {found.imported}"


def test_every_part_of_the_package_has_a_place_in_the_layers() -> None:
    known = {*MAY_IMPORT, *LOW}
    assert {part(name) for name in modules()} <= known


def test_no_module_imports_a_higher_layer() -> None:
    wrong = [
        say(found)
        for found in imports()
        if inside(found)
        and part(found.imported) not in {part(found.importer), *LOW, "__init__"}
        and part(found.imported) not in MAY_IMPORT.get(part(found.importer), set())
    ]
    assert not wrong, "\n".join(wrong)


def test_shelf_choices_do_not_import_each_other() -> None:
    choices = {module for shelf in SHELVES.values() for module in shelf.values()}
    wrong = [
        say(found)
        for found in imports()
        if found.importer in choices & set(modules())
        and found.imported in choices
        and found.imported != found.importer
    ]
    assert not wrong, "\n".join(wrong)


def test_stages_do_not_import_each_other_except_jobs() -> None:
    def stage(name: str) -> str:
        return [*name.split("."), "", ""][2]

    wrong = [
        say(found)
        for found in imports()
        if part(found.importer) == "stages" == part(found.imported)
        and stage(found.importer) != stage(found.imported)
        and stage(found.imported) not in ("jobs", "")
    ]
    assert not wrong, "\n".join(wrong)


def test_torch_and_its_like_stand_at_the_top_of_a_file_only_in_the_engine() -> None:
    wrong = [
        say(found)
        for found in imports()
        if found.is_at_top
        and found.imported.split(".")[0] in HEAVY
        and part(found.importer) != "engine"
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_workspace_speaks_sql() -> None:
    wrong = [
        say(found)
        for found in imports()
        if found.imported.split(".")[0] in ("sqlalchemy", "sqlite3", "alembic")
        and part(found.importer) != "workspace"
    ]
    assert not wrong, "\n".join(wrong)


def test_only_one_file_of_the_supervisor_loads_dbos() -> None:
    found = {found.importer for found in imports() if found.imported.split(".")[0] == "dbos"}
    assert found == {"hone.supervisor.durable"}


def test_nothing_but_itself_imports_the_supervisor() -> None:
    wrong = [
        say(found)
        for found in imports()
        if found.imported.startswith("hone.supervisor")
        and not found.importer.startswith("hone.supervisor")
    ]
    assert not wrong, "\n".join(wrong)


def test_only_settings_reads_the_environment() -> None:
    wrong = []
    for name, path in modules().items():
        text = path.read_text()
        if name.startswith("hone.targets._there"):
            continue  # sent to another machine, whose own environment it hands on
        if ("os.environ" in text or "getenv" in text) and name != "hone.settings":
            wrong.append(name)
    # The worker's launcher settings and offline switches are set, not read, in these files.
    assert not wrong, wrong


def test_whatever_a_worker_can_reach_needs_no_database_and_no_server() -> None:
    shelves = ("methods", "generators", "tasks", "metrics")
    starts = [name for name in modules() if part(name) in ("worker", "engine")]
    starts += [module for shelf in shelves for module in SHELVES[shelf].values()]
    found = reachable(starts)
    forbidden = {"sqlalchemy", "alembic", "dbos", "fastapi", "uvicorn", "typer", "rich"}
    wrong = {name: by for name, by in found.items() if name.split(".")[0] in forbidden}
    assert not wrong, wrong
    workspace = {name for name in found if name.startswith("hone.workspace")}
    assert workspace <= WORKER_WORKSPACE, workspace - WORKER_WORKSPACE


def test_every_choice_on_a_shelf_exists() -> None:
    missing = [m for shelf in SHELVES.values() for m in shelf.values() if m not in modules()]
    assert not missing, missing


def test_every_library_that_is_imported_is_declared(repository) -> None:
    import re
    import tomllib

    declared = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    wanted = [*declared["dependencies"]]
    for extra in declared["optional-dependencies"].values():
        wanted += extra
    names = {re.split(r"[\[<>=~!;, ]", text)[0].lower().replace("-", "_") for text in wanted}
    names |= {"yaml", "charset_normalizer", "webview"}  # imported by other names
    names |= {"huggingface_hub", "starlette", "anyio"}  # of transformers and fastapi
    used = {found.imported.split(".")[0] for found in imports()} - {"hone"}
    unknown = {name for name in used if name not in sys.stdlib_module_names} - names
    assert not unknown, unknown
