"""Jobs of the kind `evaluate`: everybody answers the same examples; a stage makes the figures.

Writes predictions/<contender>.jsonl, one line per answer, a batch at a time: after a kill only
the answers that are not there yet are asked for. The longest questions come first, so what is left
falls into the batches that an unbroken run would have made of it. Where the dataset has pairs,
models weigh them besides: predictions/pairs/<contender>.jsonl.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

from hone.records.evaluation import Contender
from hone.records.job import Result
from hone.records.task import Task
from hone.worker.answering import WITHOUT_A_MODEL, answers, questions_of
from hone.worker.imports import uncollected
from hone.worker.times import active_seconds
from hone.worker.weighing import BY, pairs_of, weighings
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder

SAFE_SECONDS = 1.0
"""Answers are flushed to the disk at least so often, for a machine that loses its power."""


class _Stopped(Exception):
    """Somebody asked the job to stop."""


def carry_out(folder: JobFolder) -> Result | None:
    """Let every contender answer; None where the job was stopped, to be gone on with."""
    spec = folder.job.spec
    task = Task.model_validate(spec["task"])
    contenders = [Contender.model_validate(one) for one in spec["contenders"]]
    if any(contender.generator not in WITHOUT_A_MODEL for contender in contenders):
        with uncollected():
            import hone.engine.answer  # noqa: F401
    parts = _parts(folder, task, contenders)
    progress = _Progress(folder, sum(len(part.asked) for part in parts))
    try:
        for part in parts:
            folder.append("stage", name=part.name, state="started")
            _write_all(part, progress)
            folder.append("stage", name=part.name, state="done")
    except _Stopped:
        return None
    seconds = active_seconds(folder.events())
    amount = len(questions_of(folder))
    return Result(metrics={"examples": float(amount)}, runtime_seconds=seconds)


class _Part(NamedTuple):
    """One file of lines: what is asked, and who gives the lines for what is left of it."""

    name: str
    path: Path
    asked: Sequence[Any]
    lines: Callable[[Sequence[Any]], Iterator[list[dict[str, Any]]]]


def _parts(folder: JobFolder, task: Task, contenders: Sequence[Contender]) -> list[_Part]:
    questions = questions_of(folder)
    pairs = pairs_of(folder, questions)
    found: list[_Part] = []
    for one in contenders:
        if one.generator != "reward":
            path = folder.predictions / f"{one.name}.jsonl"
            found.append(_Part(one.name, path, questions, partial(answers, folder, task, one)))
        if pairs and one.generator in BY:
            path = folder.predictions / "pairs" / f"{one.name}.jsonl"
            name = f"{one.name}, pairs"
            found.append(_Part(name, path, pairs, partial(weighings, folder, task, one)))
    return found


class _Progress:
    """Counts answers over all contenders; after the first, one event a second is enough."""

    def __init__(self, folder: JobFolder, total: int) -> None:
        self._folder, self._total, self._done, self._here = folder, total, 0, 0
        self._began, self._told = time.monotonic(), -1.0

    def add(self, count: int, *, was_there: bool = False) -> None:
        if self._folder.is_stop_requested:
            raise _Stopped
        self._done += count
        self._here += 0 if was_there else count
        now = time.monotonic()
        if now - self._told < 1 and self._done < self._total:
            return
        self._told = now
        left = (self._total - self._done) * (now - self._began)
        eta = round(left / self._here, 1) if self._here else None
        self._folder.append("progress", done=self._done, total=self._total, eta_seconds=eta)


def _write_all(part: _Part, progress: _Progress) -> None:
    path = part.path
    there = _answered(path)
    left = [one for one in part.asked if one.id not in there]
    progress.add(len(part.asked) - len(left), was_there=True)
    if not left:
        return
    asked = part.lines(left)
    with explained("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab+") as file:
            _close_torn_line(file)
            safe = time.monotonic()
            try:
                for batch in asked:
                    lines = (json.dumps(one, ensure_ascii=False) + "\n" for one in batch)
                    file.write("".join(lines).encode())
                    file.flush()
                    if time.monotonic() - safe >= SAFE_SECONDS:
                        os.fsync(file.fileno())
                        safe = time.monotonic()
                    progress.add(len(batch))
            finally:
                os.fsync(file.fileno())


def _close_torn_line(file: IO[bytes]) -> None:
    """A line that a kill tore must not swallow the next one."""
    if file.seek(0, os.SEEK_END) == 0:
        return
    file.seek(-1, os.SEEK_END)
    if file.read(1) != b"\n":
        file.write(b"\n")


def _answered(path: Path) -> set[str]:
    """Ids whose line is whole; a torn last line counts as not written."""
    if not path.is_file():
        return set()
    found: set[str] = set()
    with explained("read", path), path.open("rb") as lines:
        for line in lines:
            try:
                found.add(str(json.loads(line)["id"]))
            except (ValueError, KeyError, TypeError):
                continue
    return found
