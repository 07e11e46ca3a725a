"""Rows that could teach nothing, found before a job exists: what differs nowhere, no numbers.

Only what holds for a whole split keeps a training from beginning; single rows are left out by the
worker, and the plan says how many. Lengths are the concern of the token count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from hone import shelf
from hone.errors import HoneError
from hone.records.dataset import answer_in, scores_in
from hone.records.task import Task
from hone.stages.train.rows import read_rows

LOOKED_AT = 256
"""Answers over which the task's own score is asked whether it tells them apart."""
TASK_REWARD = "task"
SHOWN_CHARACTERS = 80
SHOWN_ROWS = 5


class Lessons(NamedTuple):
    """Why nothing could be learned of a split, and what is left out of it; in sentences."""

    problems: list[str]
    notes: list[str]
    mend: str = ""
    """What to do before the dataset is built anew; empty where there is nothing to mend."""


def lessons_of(path: Path, task: Task, method: str, rewards: Sequence[str] = ()) -> Lessons:
    """What the rows of a frozen split would teach; rows of another shape are not judged here."""
    look = _LOOKS.get(method)
    if method == "grpo" and list(rewards) == [TASK_REWARD]:
        look = _rewards
    try:
        return look(task, read_rows(path)) if look is not None else Lessons([], [])
    except (HoneError, KeyError, TypeError, IndexError, AttributeError):
        # The token count names the row and its line.
        return Lessons([], [])


def _pairs(_: Task, rows: Iterator[dict[str, Any]]) -> Lessons:
    total = equal = 0
    for row in rows:
        total += 1
        equal += _text(row["chosen"]) == _text(row["rejected"])
    if total and equal == total:
        what = f"in all {total:,} pairs both answers are the same"
        return Lessons([what], [], "hone review, and edit answers")
    note = f"{_many(equal, 'pair')} left out: both answers are the same."
    return Lessons([], [note] * (equal > 0))


def _answers(_: Task, rows: Iterator[dict[str, Any]]) -> Lessons:
    total, first = 0, ""
    for row in rows:
        said = _text(row["completion"])
        if total and said != first:
            return Lessons([], [])
        total, first = total + 1, said
    if total < 2:
        return Lessons([], [])
    what = f"all {total:,} answers are the same: {first[:SHOWN_CHARACTERS]!r}"
    return Lessons([what], [], "hone import FILE with other answers")


def _judged(_: Task, rows: Iterator[dict[str, Any]]) -> Lessons:
    labels = [bool(row["label"]) for row in rows]
    if len(set(labels)) != 1:
        return Lessons([], [])
    kind = "good" if labels[0] else "bad"
    what = f"all {len(labels):,} answers are {kind}: nothing could be told apart"
    return Lessons([what], [], "hone review, until there are both accepted and rejected answers")


def _scored(task: Task, rows: Iterator[dict[str, Any]]) -> Lessons:
    names, total = task.dimensions, 0
    strange: list[str] | None = None
    left_out: dict[str, list[int]] = {}
    seen: list[set[float]] = [set() for _ in names]
    for total, row in enumerate(rows, start=1):
        given: list[Any] = row.get("dimension_names") or names
        if given != names:
            strange = strange or [str(name) for name in given]
            continue
        labels, problem = scores_in(row, len(names))
        if problem := problem or ("" if row.get("text") else "its text is empty"):
            left_out.setdefault(problem, []).append(total)
            continue
        for values, label in zip(seen, labels, strict=True):
            values.add(label)
    notes = [
        f"{_many(len(places), 'row')} left out ({_which(places)}): {problem}."
        for problem, places in left_out.items()
    ]
    lost = sum(map(len, left_out.values()))
    problems: list[str] = []
    if strange is not None:
        problems.append(
            f"its labels are of {', '.join(strange)}; the task {task.name} scores "
            f"{', '.join(names) or 'nothing'}"
        )
    elif total and lost == total:
        problems.append(
            f"not one of {total:,} rows has a text and a finite number for each of "
            f"{', '.join(names)} ({next(iter(left_out))})"
        )
    elif total - lost > 1 and all(len(values) == 1 for values in seen):
        problems.append(f"the scores are the same in all {total - lost:,} rows")
    if problems:
        return Lessons(problems, [], "hone import FILE with scores that fit the task")
    return Lessons([], notes, "hone import FILE with the scores of these rows" if notes else "")


def _rewards(task: Task, rows: Iterator[dict[str, Any]]) -> Lessons:
    """Whether the task's score tells accepted answers from those to other prompts."""
    said = [answer for row in islice(rows, LOOKED_AT) if (answer := answer_in(row)) is not None]
    if len(said) < 2:
        return Lessons([], [])
    kind = shelf.load("tasks", task.kind)
    seen: set[float] = set()
    for answer, other in zip(said, [*said[1:], said[0]], strict=True):
        expected = kind.parse(task, answer)
        if expected is None:
            continue
        seen |= {round(float(kind.score(task, one, expected)), 6) for one in (answer, other)}
        if len(seen) > 1:
            return Lessons([], [])
    mend = "--set training.reward=NAME@VERSION, or review answers that differ"
    if not seen:
        what = f"not one of its answers can be read back by the task {task.name}, to reward by"
        return Lessons([what], [], mend)
    what = f"the reward is {seen.pop():g} for every accepted answer and for answers to others"
    return Lessons([what], [], mend)


_LOOKS = {
    "sft": _answers,
    "dpo": _pairs,
    "reward": _pairs,
    "kto": _judged,
    "regression": _scored,
}


def _text(messages: Sequence[Mapping[str, Any]]) -> str:
    return str(messages[-1]["content"]).strip()


def _which(places: Sequence[int]) -> str:
    """The first of some row numbers."""
    shown = ", ".join(map(str, places[:SHOWN_ROWS]))
    more = len(places) - SHOWN_ROWS
    return f"{'row' if len(places) == 1 else 'rows'} {shown}{f' and {more:,} more' * (more > 0)}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what} is" if count == 1 else f"{count:,} {what}s are"
