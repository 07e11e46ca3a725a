"""The golden files of the settings, a task and a session are read whole and written back whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from hone.stages.ingest.sessions import load_session, save_session
from hone.workspace.config import WorkspaceConfig, load_config, load_task
from hone.workspace.first_files import task_text
from hone.workspace.open import init_workspace


@pytest.fixture
def formats(repository: Path) -> Path:
    return repository / "tests" / "fixtures" / "formats"


def test_the_settings_are_read_whole(formats: Path, tmp_path: Path) -> None:
    config = load_config(formats / "hone.yaml")
    assert config.targets.runpod_serverless is not None
    assert config.targets.runpod_serverless.endpoint_id == "${RUNPOD_ENDPOINT_ID}"
    assert config.targets.lambda_ is not None and config.targets.ssh is not None
    assert config.targets.lambda_.gpu == ["gpu_1x_a10", "gpu_1x_a100"]
    assert config.gate.must_win == ["token_f1"]
    again = tmp_path / "hone.yaml"
    again.write_text(yaml.safe_dump(config.model_dump(by_alias=True), sort_keys=False))
    assert load_config(again) == config


def test_every_key_of_the_settings_has_a_meaning() -> None:
    schema = WorkspaceConfig.model_json_schema(by_alias=True)
    for name, model in {"": schema, **schema["$defs"]}.items():
        for key, field in model["properties"].items():
            assert field.get("description"), f"{name}.{key}"


def test_a_task_is_read_whole_and_written_back_the_same(formats: Path, tmp_path: Path) -> None:
    task = load_task(formats / "task.yaml")
    assert task.many and list(task.fields) == ["item", "quantity", "unit", "location"]
    again = tmp_path / "task.yaml"
    again.write_text(task_text(task))
    assert load_task(again) == task
    assert yaml.safe_load(again.read_text()) == yaml.safe_load((formats / "task.yaml").read_text())


def test_a_session_is_read_whole_and_written_back_the_same(formats: Path, tmp_path: Path) -> None:
    with init_workspace(tmp_path / "w") as workspace:
        report = load_session(workspace, formats / "session.json", reviewer="ann")
        assert (report.taken, report.decided, report.refused) == (4, 3, 0)
        again = tmp_path / "again.json"
        save_session(workspace, again, position=report.position)
    before, after = (json.loads(one.read_text()) for one in (formats / "session.json", again))
    assert after.pop("saved_at") and before.pop("saved_at")
    assert after == before
