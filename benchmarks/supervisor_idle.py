"""What the supervisor costs a machine while it has nothing to do: processor time and memory.

    python benchmarks/supervisor_idle.py [--seconds 60]

Starts it for an empty workspace as a command would, waits until it is at work and ten seconds more,
then counts the processor seconds of its process and its proportional set size. Budget: next to no
processor time, 150 MB, no torch. Prints the line of docs/why/figures.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import psutil

from hone.stages import jobs
from hone.workspace.open import init_workspace

SETTLE_SECONDS = 10.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds: float = parser.parse_args().seconds
    # It ends itself soon after it has been measured.
    os.environ["HONE_SUPERVISOR_IDLE_SECONDS"] = str(seconds + 2 * SETTLE_SECONDS)
    with (
        tempfile.TemporaryDirectory() as folder,
        init_workspace(Path(folder) / "ws") as ws,
    ):
        jobs.wake(ws)
        found = jobs.supervisor_of(ws)
        assert found is not None
        process = psutil.Process(found.pid)
        time.sleep(SETTLE_SECONDS)
        before, began = process.cpu_times(), time.monotonic()
        time.sleep(seconds)
        after, passed = process.cpu_times(), time.monotonic() - began
        used = after.user + after.system - before.user - before.system
        has_torch = any("libtorch" in one.path for one in process.memory_maps())
        memory, threads = process.memory_full_info().pss / 1e6, process.num_threads()
        print(f"Python {platform.python_version()}, dbos {version('dbos')}, {os.cpu_count()} cores")
        print(
            f"idle for {passed:.0f} s: {used:.2f} s of processor time ({used / passed:.1%} of a "
            f"core), {memory:.0f} MB, {threads} threads, torch loaded: {has_torch}"
        )
        process.wait(4 * SETTLE_SECONDS)


if __name__ == "__main__":
    main()
