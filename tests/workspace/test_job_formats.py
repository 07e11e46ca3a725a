"""The files of a job and a recipe, as documented, stay readable."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hone.records.job import Event, Job, Result
from hone.records.recipe import Recipe
from hone.stages.train.recipe import check_recipe, read_recipe
from hone.workspace.job_folder import JobFolder

GOLDEN = Path(__file__).parent.parent / "fixtures" / "formats"


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    for name in ("job.json", "events.jsonl", "result.json"):
        shutil.copyfile(GOLDEN / name, tmp_path / name)
    return JobFolder(tmp_path)


def test_the_order_reads_and_writes_as_documented(folder: JobFolder) -> None:
    job = folder.job
    assert job.kind == "train" and job.deadline_at is not None and job.versions["torch"]
    assert job.spec["options"]["training.epochs"] == {"value": 3, "source": "recipe"}
    assert job.model_dump(mode="json") == json.loads((GOLDEN / "job.json").read_text())
    copied = JobFolder.create(folder.path / "copied", job)
    assert json.loads((copied.path / "job.json").read_text()) == job.model_dump(mode="json")


def test_the_events_read_as_documented_without_the_torn_last_line(folder: JobFolder) -> None:
    events = folder.events()
    assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6]
    assert [event.type for event in events] == "attempt stage metric progress log failed".split()
    for event, line in zip(
        events, (GOLDEN / "events.jsonl").read_text().splitlines(), strict=False
    ):
        assert event.model_dump(mode="json") == json.loads(line)
    assert folder.append("log", text="next").seq == 7
    assert isinstance(events[0], Event)


def test_the_result_reads_and_writes_as_documented(folder: JobFolder) -> None:
    result = folder.result()
    assert result is not None and result.metrics == {"eval_loss": 0.31}
    golden = (GOLDEN / "result.json").read_text()
    assert result.model_dump(mode="json") == json.loads(golden)
    folder.write_result(result)
    assert json.loads((folder.path / "result.json").read_text()) == json.loads(golden)


def test_the_recipe_reads_as_documented() -> None:
    checked = check_recipe(read_recipe(GOLDEN / "recipe.yaml"))
    assert isinstance(checked.recipe, Recipe) and checked.value("training.learning_rate") == 2e-5
    assert checked.value("budget_usd") == 5 and checked.value("report_to") == ["tensorboard"]


def test_an_order_of_a_later_version_with_unknown_keys_is_refused_not_guessed() -> None:
    value = json.loads((GOLDEN / "job.json").read_text()) | {"surprise": 1}
    with pytest.raises(ValueError, match="surprise"):
        Job.model_validate(value)
    assert Result.model_validate({"surprise": 1}).status == "succeeded"
