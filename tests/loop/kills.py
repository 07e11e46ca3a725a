"""Runs a worker as its own process and kills it with SIGKILL at a logged instant."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass

from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder

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


def run_to_end(folder: JobFolder) -> int:
    """The worker's exit code."""
    return start(folder).wait(PATIENCE_SECONDS)


def run_and_kill(folder: JobFolder, instant: Instant) -> Killed | None:
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
