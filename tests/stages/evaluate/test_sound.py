"""Evaluations refuse a model, base, task or split that is not what it was."""

from __future__ import annotations

import pytest

from hone.errors import HoneError, InvalidInput
from hone.records.job import Result
from hone.stages.train.merge import merge, start_merge
from hone.workspace.open import Workspace
from tests.stages.answering import register
from tests.stages.evaluate.running import run
from tests.targets.here import Here


def test_a_changed_base_template_task_or_adapter_is_refused(ws: Workspace) -> None:
    adapter = ws.models / "pickup" / "v1" / "adapter_model.safetensors"
    before = adapter.read_bytes()
    adapter.write_bytes(b"other")
    with pytest.raises(InvalidInput, match="was changed after pickup@v1 was registered"):
        run(ws)
    adapter.unlink()
    with pytest.raises(InvalidInput, match=r"adapter_model.safetensors is gone"):
        run(ws)
    adapter.write_bytes(before)
    task = ws.root / "tasks" / "pickup.yaml"
    was = task.read_text()
    task.write_text(was.replace("as JSON", "as json"))
    with pytest.raises(InvalidInput, match="was changed after pickup@1 was built") as told:
        run(ws)
    assert "task file" in told.value.hint
    task.write_text(was)
    template = ws.root / "small" / "chat_template.jinja"
    template.write_text(template.read_text() + "{# #}")
    with pytest.raises(InvalidInput, match="chat template or tokenizer") as told:
        run(ws)
    assert told.value.hint.startswith("Put the old files back")


def test_other_weights_of_the_base_are_refused(ws: Workspace) -> None:
    weights = ws.root / "small" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(InvalidInput, match="is not the one that pickup@v1 was trained on"):
        run(ws)


def test_a_split_that_was_changed_after_freezing_is_refused(ws: Workspace) -> None:
    file = ws.datasets / "pickup@1" / "test.jsonl"
    file.write_text(file.read_text().replace("bread", "cake"))
    with pytest.raises(HoneError, match="was changed after it was frozen"):
        run(ws)


def test_a_model_that_rewards_cannot_be_asked_to_answer(ws: Workspace) -> None:
    register(ws, "score", details={"method": "reward", "gives": "numbers"})
    with pytest.raises(InvalidInput, match="score@v1 gives numbers, not answers") as told:
        run(ws, further=["score"])
    assert told.value.hint.startswith("hone models list")
    with pytest.raises(InvalidInput, match="pickup@1/test has none") as told:
        run(ws, model="score")
    assert "format dpo" in told.value.hint


def test_a_model_that_gives_numbers_is_not_merged_and_is_told_why(ws: Workspace) -> None:
    register(ws, "judge", details={"method": "reward", "gives": "numbers"})
    with pytest.raises(InvalidInput, match="a merge is shown by equal answers") as told:
        start_merge(ws, "judge@v1")
    assert "--set training.reward=judge@v1" in told.value.hint


def test_a_merge_that_left_no_model_says_so(ws: Workspace) -> None:
    register(ws)
    with pytest.raises(HoneError) as told:
        merge(ws, "pickup@v1", target=Here(lambda folder: folder.write_result(Result())))
    (job,) = [one.id for one in ws.store.jobs.list() if one.kind == "export"]
    assert told.value.message == f"Not registered: {job}: it left no model in final/."
    assert told.value.hint == f"hone jobs show {job}"
