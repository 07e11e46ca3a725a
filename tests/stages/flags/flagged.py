"""A workspace whose model gets some examples wrong, as planned, and what the tests ask of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hone.records.evaluation import Evaluation
from hone.stages.evaluate import evaluate, evaluate_options, finish
from hone.workspace.open import Workspace
from tests.stages.answering import Answer, Answers, make_workspace, output, register
from tests.targets.here import Here

RATIOS = {"train": 0.4, "val": 0.1, "test": 0.2, "probe": 0.3}
WRONG = json.dumps([{"item": "bread"}])


def number_of(example: Mapping[str, Any]) -> int:
    return int(str(example["input"]["message"]).split()[0])


def wrong_on(divisor: int) -> Answer:
    """Everybody is right but on every so many-th number; the base always talks."""

    def answer(contender: str, example: Mapping[str, Any]) -> str:
        number = number_of(example)
        if contender == "base":
            return "Sure! Here is the JSON."
        return json.dumps(output(number)) if number % divisor else WRONG

    return answer


def by_version(skills: Mapping[str, Answer]) -> Answer:
    """Each version by its own plan; whoever is not named is always right."""

    def answer(contender: str, example: Mapping[str, Any]) -> str:
        plan = skills.get(contender)
        return plan(contender, example) if plan else json.dumps(output(number_of(example)))

    return answer


def make_flagged(root: Path, *, count: int = 120, versions: int = 1) -> Workspace:
    """pickup@1 with a probe split, and versions that were trained on it."""
    ws = make_workspace(root, count=count, ratios=RATIOS)
    for _ in range(versions):
        register(ws)
    return ws


def answer(
    ws: Workspace, model: str, plan: Answer, *, on: str = "pickup@1/probe", **options: Any
) -> Evaluation:
    """A finished evaluation with answers by plan; only the model itself is asked."""
    chosen = {"rows": ["tuned"], "on": on, **options}
    job = evaluate(ws, model, evaluate_options(**chosen), target=Here(Answers(plan)))
    return finish(ws, job.id)


def split_of(ws: Workspace, split: str, ref: str = "pickup@1") -> set[str]:
    return {one.id for one in ws.store.datasets.members(ref) if one.split == split}
