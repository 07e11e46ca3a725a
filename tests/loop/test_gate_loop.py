"""The gate over real trainings: who learned more passes, who learned less does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.demo import messages
from hone.errors import GateRefused
from hone.records.task import Task
from hone.workspace.yaml_file import read_yaml

pytestmark = pytest.mark.loop

TASK = Path(messages.__file__).with_name("task.yaml")
RECIPE: dict[str, Any] = {
    "task": "pickup",
    "base": "hone-nano",
    "dataset": "pickup",
    "lora": {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0},
    "data": {"max_seq_length": 256},
}


def trained(ws: loop.Workspace, steps: int) -> str:
    training = {"max_steps": steps, "batch_size": 8, "seed": 0, "threads": 1}
    return loop.train(ws, {**RECIPE, "training": training}, confirm_run=True).ref


def test_a_real_improvement_passes_and_going_back_is_refused(tmp_path: Path) -> None:
    task = Task.model_validate(read_yaml(TASK)).model_copy(update={"rules": None})
    with loop.init_workspace(tmp_path / "ws", task=task) as ws:
        file = ws.root / "messages.jsonl"
        rows = ({"message": m.text, "output": m.items} for m in messages.generate("train", 400, 0))
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        loop.import_examples(ws, file, accept_as="ann")
        loop.build_dataset(ws, "pickup", ratios={"train": 0.75, "val": 0.05, "test": 0.2})
        little, much = trained(ws, 5), trained(ws, 60)
        assert loop.judge_gate(ws, much).verdict == "incomplete"
        found = loop.compare(ws, [much, little], batch_size=32)
        assert found.pairs[0].finding == "better" and found.noise.value is not None
        judged = loop.judge_gate(ws, much)
        assert judged.verdict == "pass" and judged.champion == little
        loop.set_active(ws, judged, reviewer="ann")
        back = loop.judge_gate(ws, little)
        assert back.verdict == "fail" and back.rules[0].says.startswith("worse: -0.")
        with pytest.raises(GateRefused):
            loop.set_active(ws, back, reviewer="ann")
        assert ws.store.models.get("pickup").model.ref == much
