"""A workspace with versions whose answers are planted: right on as many numbers as they say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hone.stages.evaluate import evaluate, evaluate_options, finish
from hone.workspace.open import Workspace
from tests.stages.answering import Answers, make_workspace, output, register
from tests.targets.here import Here

# Version -> the share of numbers that it gets right; a number is right for all that have more.
SKILLS = {"v1": 0.4, "v2": 0.75, "v3": 0.4, "v4": 0.1}


def planted(contender: str, example: Mapping[str, Any]) -> str:
    """`pickup@v2` is right on three quarters; base and few-shot on none and a tenth."""
    found = re.match(r"\d+", str(example["input"]["message"]))
    assert found is not None
    number = int(found[0])
    skill = {"base": 0.0, "few-shot": 0.1, "retrieval": 0.2, "rules": 0.9}.get(
        contender, SKILLS.get(contender.rpartition("@")[2], 0.0)
    )
    # Spread evenly over the numbers, whatever split they fell into.
    place = number * 0.6180339887 % 1
    return json.dumps(output(number) if place < skill else [{"item": "bread"}])


def make_planted(root: Path, *, count: int = 250, versions: int = 4) -> Workspace:
    """Versions v1 to v4, of which v1 is active; 40 % of the examples are in the test split."""
    ws = make_workspace(root, count=count)
    for _ in range(versions):
        register(ws)
    ws.store.models.set_active("pickup@v1")
    return ws


def answer(ws: Workspace, model: str, **options: Any) -> str:
    """The id of a finished evaluation with planted answers."""
    job = evaluate(ws, model, evaluate_options(**options), target=Here(Answers(planted)))
    return finish(ws, job.id).id
