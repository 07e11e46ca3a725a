"""A workspace is made whole, found from inside, and refused with a sentence where it cannot be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hone.errors import Conflict, InvalidInput, NotFound, WorkspaceTooNew
from hone.records.task import Task
from hone.workspace.config import load_config, load_task
from hone.workspace.first_files import TEMPLATES, task_text
from hone.workspace.open import DATA_FOLDERS, Workspace, init_workspace, open_workspace
from hone.workspace.yaml_file import parse_yaml


def test_a_new_workspace_has_everything_and_opens_with_its_defaults(tmp_path: Path) -> None:
    with init_workspace(tmp_path / "w") as made:
        root = made.root
    assert {one.name for one in root.iterdir()} == {
        *("hone.yaml", "hone.db", ".gitignore", "tasks", "data", "datasets", "jobs", "models"),
        *("reports", "checkpoints", "logs"),
    }
    assert {one.name for one in (root / "data").iterdir()} == set(DATA_FOLDERS)
    assert ".env" in (root / ".gitignore").read_text().splitlines()
    with open_workspace(root) as opened:
        assert opened.task().name == "qa"
        assert opened.config.setup_mode is False
        assert opened.config.budget.per_job_usd == 10
        assert opened.store.examples.counters()["pending"] == 0


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_opens_and_its_task_reads_back_the_same(
    tmp_path: Path, template: str
) -> None:
    with init_workspace(tmp_path / "w", template=template) as workspace:
        assert workspace.task() == TEMPLATES[template]
        assert workspace.tasks() == {template: TEMPLATES[template]}


def test_a_task_of_ones_own_is_written_and_used(tmp_path: Path) -> None:
    task = Task.model_validate(
        {
            "kind": "extract",
            "name": "pickup",
            "fields": {"item": {"required": True}, "unit": {"type": "enum", "values": ["lbs"]}},
            "many": True,
            "weights_in_pounds": {"lbs": 1},
        }
    )
    with init_workspace(tmp_path / "w", task=task) as workspace:
        assert workspace.task() == workspace.task("pickup") == task
        with pytest.raises(NotFound, match='"pikup"') as told:
            workspace.task("pikup")
    assert 'Did you mean "pickup"?' in told.value.hint


def test_an_unknown_template_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as told:
        init_workspace(tmp_path / "w", template="extrct")
    assert "extract" in told.value.hint
    assert not (tmp_path / "w").exists()


def test_a_workspace_is_never_made_twice_nor_over_other_things(tmp_path: Path) -> None:
    init_workspace(tmp_path / "w").close()
    before = (tmp_path / "w" / "hone.yaml").read_bytes()
    with pytest.raises(Conflict, match="a workspace already"):
        init_workspace(tmp_path / "w")
    assert (tmp_path / "w" / "hone.yaml").read_bytes() == before
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.docx").write_text("")
    with pytest.raises(Conflict, match=r"thesis\.docx"):
        init_workspace(tmp_path / "full")
    (tmp_path / "file").write_text("")
    with pytest.raises(Conflict, match="is a file"):
        init_workspace(tmp_path / "file")


def test_a_fresh_git_repository_may_become_a_workspace(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("mine\n")
    init_workspace(tmp_path).close()
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


def test_the_nearest_workspace_upwards_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init_workspace(tmp_path / "w").close()
    monkeypatch.chdir(tmp_path / "w" / "data" / "raw")
    with open_workspace() as found:
        assert found.root == (tmp_path / "w").resolve()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound, match="no workspace here"):
        open_workspace()
    monkeypatch.setenv("HONE_WORKSPACE", str(tmp_path / "w"))
    with open_workspace() as found:
        assert found.root == (tmp_path / "w").resolve()
    with pytest.raises(NotFound, match="is no workspace"):
        open_workspace(tmp_path)


def test_a_workspace_of_a_later_format_is_refused_before_its_keys_are_read(tmp_path: Path) -> None:
    init_workspace(tmp_path / "w").close()
    config = tmp_path / "w" / "hone.yaml"
    config.write_text(config.read_text().replace("hone: 1 ", "hone: 2 ") + "\nshiny: true\n")
    with pytest.raises(WorkspaceTooNew, match="format 2") as told:
        open_workspace(tmp_path / "w")
    assert "pip install --upgrade" in told.value.hint


def test_every_mistake_in_the_settings_is_named_at_once_with_the_nearest_key(
    tmp_path: Path,
) -> None:
    path = tmp_path / "hone.yaml"
    path.write_text(
        "hone: 1\ntask: tasks/qa.yaml\nbugdet: {per_job_usd: 1}\n"
        "targets: {lambda: {gpus: [a10]}, runpod-serverles: {}}\n"
        "gate: {confidence: 2}\nsetup_mode: perhaps\n"
    )
    with pytest.raises(InvalidInput) as told:
        load_config(path)
    problems = "\n".join(told.value.problems)
    assert len(told.value.problems) == 5
    for sentence in (
        "bugdet: there is no such key. Did you mean budget?",
        "targets.lambda.gpus: there is no such key. Did you mean gpu?",
        "targets.runpod-serverles: there is no such key. Did you mean runpod-serverless?",
        "gate.confidence: input should be less than 1 (it is 2).",
        "setup_mode: input should be a valid boolean",
    ):
        assert sentence in problems
    assert len(str(told.value).splitlines()) == 2


def test_a_task_file_with_mistakes_names_them(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("kind: extract\nfields:\n  item: {typ: string}\n")
    with pytest.raises(InvalidInput) as told:
        load_task(path)
    assert told.value.problems == (
        "name: it is missing.",
        "fields.item.typ: there is no such key. Did you mean type?",
    )


def test_two_task_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with init_workspace(tmp_path / "w") as workspace:
        (workspace.root / "tasks" / "copy.yaml").write_text(task_text(TEMPLATES["qa"]))
        with pytest.raises(InvalidInput, match="Two files"):
            workspace.tasks()


def test_a_default_task_outside_the_folder_counts_too(tmp_path: Path) -> None:
    with init_workspace(tmp_path / "w") as workspace:
        root = workspace.root
    (root / "own.yaml").write_text(task_text(TEMPLATES["chat"]))
    config = root / "hone.yaml"
    config.write_text(config.read_text().replace("tasks/qa.yaml", "own.yaml"))
    with open_workspace(root) as workspace:
        assert set(workspace.tasks()) == {"qa", "chat"}
        assert workspace.task().name == "chat"


def test_a_data_folder_that_is_gone_is_made_again(tmp_path: Path) -> None:
    with init_workspace(tmp_path / "w") as workspace:
        (workspace.data / "raw").rmdir()
        assert workspace.data_folder("raw").is_dir()
        with pytest.raises(NotFound, match="data/row"):
            workspace.data_folder("row")


def test_another_kind_of_store_is_refused_for_now(tmp_path: Path) -> None:
    path = tmp_path / "hone.yaml"
    path.write_text("task: tasks/qa.yaml\nstore: postgresql://somewhere\n")
    with pytest.raises(InvalidInput, match="only sqlite"):
        load_config(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\na: 2", r'line 2, column 1: the key "a" stands twice'),
        ("a: [1, 2", "line 1"),
        ("a: &x [1]\nb: *x", r"aliases \(\*name\) are not read"),
        ("a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("a: " + "[" * 5000, "nested too deeply|line"),
        ("? [a, b]\n: 1", "a key must be a word"),
    ],
)
def test_yaml_that_cannot_be_read_is_placed(text: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        parse_yaml(text, "x.yaml")


def test_yaml_is_read_as_people_write_it() -> None:
    text = "rate: 1e-5\nrates: {a: 2.0e-5, b: 3E4, c: 7}\nid: {x: ${RUNPOD_ID}}\nn: '${A} b'\n"
    assert parse_yaml(text, "x") == {
        "rate": 1e-5,
        "rates": {"a": 2e-5, "b": 3e4, "c": 7},
        "id": {"x": "${RUNPOD_ID}"},
        "n": "${A} b",
    }


def test_no_secret_can_be_committed_by_accident(tmp_path: Path) -> None:
    with init_workspace(tmp_path / "w") as workspace:
        root = workspace.root
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    (root / ".env").write_text("RUNPOD_API_KEY=x")
    shown = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], cwd=root, check=True, capture_output=True
    ).stdout.decode()
    assert {line.split()[-1] for line in shown.splitlines()} == {
        ".gitignore",
        "hone.yaml",
        "tasks/qa.yaml",
    }


def test_opening_asks_one_question_about_the_schema_and_loads_no_alembic(tmp_path: Path) -> None:
    init_workspace(tmp_path / "w").close()
    code = (
        "import sys; from hone.workspace.open import open_workspace;"
        f"open_workspace({str(tmp_path / 'w')!r}).close();"
        "assert 'alembic' not in sys.modules and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_files_and_clock_load_no_database() -> None:
    code = (
        "import sys; import hone.workspace.files, hone.workspace.clock, hone.workspace.job_folder;"
        "assert 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_closed_workspace_can_be_moved(tmp_path: Path) -> None:
    with init_workspace(tmp_path / "a") as workspace:
        assert isinstance(workspace, Workspace)
    (tmp_path / "a").rename(tmp_path / "b")
    open_workspace(tmp_path / "b").close()
    assert not (tmp_path / "b" / "hone.db-wal").exists(), "the log was folded into the file"
