"""Runs a worker as its own process and kills it with SIGKILL at a logged instant."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder
from tests.faults.begun import Begun, Parent

PATIENCE_SECONDS = 240.0


@dataclass(frozen=True)
class Instant:
    """Kill so many seconds after the metric of a step was seen on disk."""

    step: int
    delay_seconds: float


@dataclass(frozen=True)
class Killed:
    """Where a kill really struck."""

    instant: Instant
    last_step: int
    newest_checkpoint: str
    stage: str


def draw_instants(count: int, total_steps: int, *, seed: int) -> list[Instant]:
    """Instants spread over the run, one in each of `count` equal parts, in order."""
    dice = random.Random(seed)
    part = (total_steps - 1) / count
    return [
        Instant(
            step=1 + int(part * place + dice.random() * part),
            delay_seconds=dice.random() * 0.05,
        )
        for place in range(count)
    ]


def environment() -> dict[str, str]:
    return {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # Nothing may rest on the order of hashes: every attempt gets another one.
        "PYTHONHASHSEED": "random",
    }


def start(folder: JobFolder) -> subprocess.Popen[bytes]:
    with folder.log.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "hone.worker", str(folder.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(),
        )


class Working(Protocol):
    """A worker's process, as far as it is watched and struck here."""

    def poll(self) -> int | None: ...
    def kill(self) -> None: ...
    def send_signal(self, sig: int, /) -> None: ...
    def wait(self, timeout: float) -> int: ...


Start = Callable[[JobFolder], Working]


@contextmanager
def prepared(*hash_seeds: str) -> Iterator[Start]:
    """Starts workers that need not import first, each by the next order of hashes, in turn.

    As a process that imports for itself the worker is killed in tests/faults.
    """
    given = [{**environment(), "PYTHONHASHSEED": seed} for seed in hash_seeds]
    parents = [Parent("tests.loop.trainer", **settings) for settings in given]
    turns = itertools.cycle(parents)

    def begin(folder: JobFolder) -> Begun:
        return Begun(next(turns), str(folder.path), written=folder.log)

    try:
        yield begin
    finally:
        for parent in parents:
            parent.end()


def run_to_end(folder: JobFolder, start: Start = start) -> int:
    """The worker's exit code."""
    return start(folder).wait(PATIENCE_SECONDS)


def run_and_kill(folder: JobFolder, instant: Instant, start: Start = start) -> Killed | None:
    """Start a worker and kill it; None where it had ended before the instant came."""
    seen = max((event.seq for event in folder.events()), default=0)
    process = start(folder)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if step_of(folder, after=seen) >= instant.step:
            until = time.monotonic() + instant.delay_seconds
            while time.monotonic() < until:
                pass
            process.kill()
            break
        time.sleep(0.002)
    code = process.wait(PATIENCE_SECONDS)
    if code != -9:
        return None
    checkpoints = sorted(
        (path.name for path in folder.checkpoints.glob("checkpoint-*")),
        key=lambda name: int(name.rpartition("-")[2]),
    )
    stages = [event for event in folder.events(after=seen) if event.type == "stage"]
    return Killed(
        instant,
        step_of(folder, after=seen),
        checkpoints[-1] if checkpoints else "none",
        str((stages[-1].model_extra or {})["name"]) if stages else "starting",
    )


def step_of(folder: JobFolder, *, after: int) -> int:
    """The newest step whose metric is on disk."""
    steps = [
        int((event.model_extra or {})["step"])
        for event in folder.events(after=after)
        if event.type == "metric"
    ]
    return max(steps, default=0)


def traces(folder: JobFolder) -> dict[str, str]:
    """Hashes of what must be equal: the exported model, and the weights of the last step."""
    newest = max(
        folder.checkpoints.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2])
    )
    files = [*folder.final.iterdir(), *newest.glob("*.safetensors"), newest / "optimizer.pt"]
    return {
        path.relative_to(folder.path).as_posix(): sha256_of(path)
        for path in sorted(files)
        if path.is_file()
    }
