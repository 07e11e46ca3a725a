"""The human ceiling: how well reviewers agree with themselves, in the figures of a model.

A model that is right as often as a person is steady cannot be told from a better one by this
person's labels. Source: test-retest reliability of annotators, as in Plank 2022, "The problem of
human label variation", arXiv:2211.02570.
"""

from __future__ import annotations

from hone import shelf
from hone.metrics._intervals import mean_interval
from hone.metrics.by_example import task_scores
from hone.records.evaluation import HumanCeiling
from hone.records.model import Measured
from hone.records.task import Task
from hone.workspace.open import Workspace

FEW = 20


def human_ceiling(ws: Workspace, task: Task, *, seed: int = 0) -> HumanCeiling | None:
    """By all blind repeats of the task; None where nobody has decided anything twice.

    Whoever had no answer the one time and one the other scores 0; where there was none both times,
    there is nothing to compare.
    """
    kind = shelf.load("tasks", task.kind)
    twice = [
        one
        for one in ws.store.repeats.answers(task.name)
        if not (one.first is None and one.again is None)
    ]
    if not twice:
        return None
    both = [one for one in twice if one.first is not None and one.again is not None]
    firsts = [kind.answer_text(task, one.first) for one in both]
    agains = [kind.answer_text(task, one.again) for one in both]
    none = [0.0] * (len(twice) - len(both))
    scores = task_scores(task, agains, firsts) + none
    exact = [float(first == again) for first, again in zip(firsts, agains, strict=True)] + none
    score, same = _measured(scores, seed), _measured(exact, seed)
    reviewers = len({one.reviewer for one in twice})
    return HumanCeiling(
        score=score,
        exact=same,
        repeats=len(twice),
        reviewers=reviewers,
        says=_sentence(task, score, same, (len(twice), reviewers)),
    )


def _measured(values: list[float], seed: int) -> Measured:
    found = mean_interval(values, seed=seed)
    return Measured(value=found.value, low=found.low, high=found.high, on="blind repeats")


def _sentence(task: Task, score: Measured, exact: Measured, counted: tuple[int, int]) -> str:
    repeats, reviewers = counted
    who = "A reviewer" if reviewers == 1 else f"{reviewers} reviewers"
    often = "1 blind repeat" if repeats == 1 else f"{repeats:,} blind repeats"
    few = " Too few to count on." if repeats < FEW else ""
    return (
        f"{who} asked again: {task.score_name} {_interval(score)}, the same answer "
        f"{_interval(exact)}, over {often}.{few}"
    )


def _interval(one: Measured) -> str:
    return f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"
