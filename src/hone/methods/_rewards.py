"""The rewards of a job: the task's own score, reward models of ours, or both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hone import shelf
from hone.errors import InvalidInput
from hone.records.task import Task
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.engine.rewards import Answered, PromptRow, Reward

TASK = "task"
LOOKED_AT = 256
"""Rows over which a reward is asked whether it tells answers apart."""
BATCH = 32


def unreadable(task: Task, reference: str) -> str:
    """Why nothing can be scored against an accepted answer; empty where it can."""
    kind = shelf.load("tasks", task.kind)
    expected = kind.parse(task, reference)
    try:
        is_itself = expected is not None and kind.score(task, reference, expected) > 1 - 1e-6
    except (KeyError, TypeError):  # a dimension or a field that the task names is not there
        is_itself = False
    return "" if is_itself else "its answer cannot be read back by the task, so nothing scores it"


def task_reward(task: Task, weight: float) -> Reward:
    """The task's own 0-to-1 score of an answer against the accepted one."""
    from hone.engine.rewards import Reward

    kind = shelf.load("tasks", task.kind)

    def of(answered: Sequence[Answered]) -> list[float]:
        return [
            float(kind.score(task, one.text, kind.parse(task, one.reference))) for one in answered
        ]

    return Reward(TASK, weight, of)


def rewards_of(folder: JobFolder, names: Sequence[str], weights: Sequence[float]) -> list[Reward]:
    """Every reward that the recipe names, in its order; reward models are loaded."""
    from hone.engine.load import BaseSpec
    from hone.engine.rewards import Reward, RewardModel
    from hone.rendering.tokens import Renderer

    spec = folder.job.spec
    task = Task.model_validate(spec["task"])
    models: dict[str, dict[str, Any]] = {one["name"]: one for one in spec.get("rewards", [])}
    found: list[Reward] = []
    for name, weight in zip(names, weights, strict=True):
        if name == TASK:
            found.append(task_reward(task, weight))
            continue
        if name not in models:
            raise InvalidInput(
                f"The job does not say where the reward model {name} lies.",
                hint="Start it with hone train, which looks reward models up.",
            )
        model = models[name]
        adapter = Path(model["adapter"]) if model["adapter"] else None
        base = BaseSpec.of(model["base"])
        stop_id = Renderer.load(base.path).stop_ids[0]
        device = str(spec.get("device", "cpu"))
        scores = RewardModel(base, adapter, device=device, stop_id=stop_id)
        found.append(Reward(name.split("@")[0], weight, scores))
    return found


def refuse_constant(rewards: Sequence[Reward], rows: Sequence[PromptRow]) -> None:
    """InvalidInput where accepted answers are worth the same as those to other prompts.

    What tells nothing apart cannot teach anything.
    """
    from hone.engine.rewards import Answered

    looked = list(rows[:LOOKED_AT])
    if len(looked) < 2:
        return
    others = [*looked[1:], looked[0]]
    seen: set[float] = set()
    for start in range(0, len(looked), BATCH):
        for given in (looked, others):
            pairs = zip(looked[start : start + BATCH], given[start : start + BATCH], strict=True)
            answered = [
                Answered(row["prompt_ids"], one["answer_ids"], one["reference"], row["reference"])
                for row, one in pairs
            ]
            totals = [0.0] * len(answered)
            for reward in rewards:
                for place, value in enumerate(reward.of(answered)):
                    totals[place] += reward.weight * value
            seen |= {round(total, 6) for total in totals}
        if len(seen) > 1:
            return
    raise InvalidInput(
        f"The reward is {seen.pop():g} for every accepted answer of the train split, and for the "
        "answers to other prompts as well: nothing could be learned.",
        hint="Another training.reward, or a dataset whose answers differ.",
    )
