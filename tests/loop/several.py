"""Jobs of several processes on this machine: made, looked into, and struck."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from hone.workspace.job_folder import JobFolder
from tests.engine.small import (
    TASK,
    copy_rows,
    frozen,
    judged_rows,
    make_job,
    pair_rows,
    scored_rows,
)
from tests.loop.kills import PATIENCE_SECONDS, environment, step_of

ROWS: dict[str, Callable[..., list[dict[str, Any]]]] = {
    "sft": copy_rows,
    "dpo": pair_rows,
    "kto": judged_rows,
    "reward": pair_rows,
    "regression": scored_rows,
}
SCORED = {"kind": "score", "name": "words", "dimensions": ["words", "milk"], "scale": [0, 20]}
# 22 rows, batches of 4, two a step: the last step of each epoch has one batch of 2 rows.
CHANGES: dict[str, Any] = {
    "training.epochs": 3,
    "training.gradient_accumulation_steps": 2,
    "training.save_steps": 2,
    "training.keep_checkpoints": 50,
    "training.logging_steps": 1,
}


def several_job(
    folder: Path, base: Path, processes: int, *, method: str = "sft", **changes: Any
) -> JobFolder:
    """A training of 22 rows by so many processes."""
    spec = {name: changes.pop(name) for name in ("device", "sharding") if name in changes}
    given = {**CHANGES, "training.processes": processes, **changes}
    rows = ROWS[method]
    short = {"most_words": 2} if rows is copy_rows else {}
    return make_job(
        folder,
        base,
        options=frozen(method=method, **given),
        rows=(rows(22), rows(6, seed=1, **short)),
        method=method,
        task=SCORED if method == "regression" else TASK,
        **spec,
    )


def losses(folder: JobFolder) -> dict[int, float]:
    """Step -> training loss."""
    return figures(folder, "loss")


def figures(folder: JobFolder, name: str) -> dict[int, float]:
    """Step -> a figure that was told of it."""
    found = [event.model_extra or {} for event in folder.events() if event.type == "metric"]
    return {int(one["step"]): one["values"][name] for one in found if name in one["values"]}


def workers_of(folder: JobFolder) -> list[psutil.Process]:
    """Every living process whose command names this folder, the launcher among them."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            is_one = str(folder.path) in process.cmdline()
            if is_one and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def ranks_of(folder: JobFolder) -> dict[int, psutil.Process]:
    """Rank -> its process."""
    found: dict[int, psutil.Process] = {}
    for process in workers_of(folder):
        try:
            rank = process.environ().get("RANK")
        except psutil.Error:
            continue
        if rank is not None:
            found[int(rank)] = process
    return found


def listening(folder: JobFolder) -> set[str]:
    """Every address at which one of the processes can be reached."""
    sockets = [one for process in workers_of(folder) for one in process.net_connections()]
    return {one.laddr[0] for one in sockets if one.status == psutil.CONN_LISTEN}


def wait_for_step(folder: JobFolder, step: int, *, after: int = 0) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while step_of(folder, after=after) < step:
        assert time.monotonic() < deadline, folder.log.read_text()[-2000:]
        time.sleep(0.002)


def wait_until_all_have_ended(folder: JobFolder) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left := workers_of(folder):
        assert time.monotonic() < deadline, [process.cmdline() for process in left]
        time.sleep(0.05)


def launched_by(folder: JobFolder, *launcher: str) -> subprocess.CompletedProcess[str]:
    """The worker as somebody else's launcher starts it; its words and its code."""
    return subprocess.run(
        [sys.executable, "-m", *launcher, str(folder.path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={**environment(), "ACCELERATE_DEBUG_MODE": "false"},
    )


def kill(process: psutil.Process | subprocess.Popen[bytes]) -> None:
    os.kill(process.pid, signal.SIGKILL)
