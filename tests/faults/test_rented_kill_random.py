"""SIGKILL of the supervisor at random instants, for every target: a table of what that leaves.

RENTED_KILLS says how many per target, RENTED_SEED by which seed, RENTED_MINUTES how long at most;
`make test-long` runs it. What comes at a kill depends on the machine too: a seed repeats the
instants, not the outcome.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from hone.stages import jobs
from hone.workspace.open import Workspace
from tests.faults.gates import DEADLINE_SECONDS
from tests.faults.supervisors import is_at_work, kill, starts_of, supervisor
from tests.faults.yards import TARGETS, Yard, yard

KILLS = int(os.environ.get("RENTED_KILLS", "200"))
SEED = int(os.environ.get("RENTED_SEED", "1"))
MINUTES = float(os.environ.get("RENTED_MINUTES", "120"))
LOOK_SECONDS = 0.01
# Of the time that a job takes: so long a supervisor is at work at most, so that every job is killed
# several times; each kill of a job makes it so much longer, so that slow steps end too. One in so
# many is killed before it is at work.
SHARE, MORE, EARLY = 0.4, 0.1, 10
# One job in so many ends by a mistake of its own, and must end as cleanly.
FAILS = 5
COLUMNS = "kills jobs succeeded failed orphans doubles starts-twice lost ledger-off".split()


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_kills_at_random_instants_lose_leave_and_double_nothing(
    name: str, ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, table, at = random.Random(SEED), Counter[str](), Counter[str]()
    with yard(name, ws, tmp_path, monkeypatch) as place:
        span = unkilled(ws, place)
        began = time.monotonic()
        while table["kills"] < KILLS and time.monotonic() - began < MINUTES * 60:
            is_failing, most = dice.randrange(FAILS) == 0, SHARE * span
            job = place.ask(steps=2, fails=is_failing)
            while jobs.in_hand(ws, job) is not None:
                is_early, seconds = dice.randrange(EARLY) == 0, dice.uniform(0.0, most)
                step = killed_after(ws, job, seconds, is_early=is_early)
                if step is not None:
                    at[step or "before the first"] += 1
                    table["kills"] += 1
                    most += MORE * span
            table.update(counted(ws, place, job, is_failing=is_failing))
            print(f"\r{shown(table)}", end="", flush=True)
        took = time.monotonic() - began
    print(f"\n{name}, seed {SEED}, {took:.0f} s: {shown(table)}")
    steps = ", ".join(f"{step} {count}" for step, count in at.most_common())
    print(f"  a job takes {span:.1f} s; killed at: {steps}")
    assert table["succeeded"] + table["failed"] == table["jobs"], table
    assert not any(table[column] for column in COLUMNS[4:]), table


def shown(table: Counter[str]) -> str:
    return ", ".join(f"{column} {table[column]}" for column in COLUMNS)


def unkilled(ws: Workspace, place: Yard) -> float:
    """How long a job takes; an earlier one has brought Hone itself there, which stays."""
    span = 0.0
    for _ in range(2):
        job, began = place.ask(steps=2), time.monotonic()
        assert killed_after(ws, job, 5 * DEADLINE_SECONDS) is None
        span = time.monotonic() - began
        found = counted(ws, place, job, is_failing=False)
        assert found == Counter(jobs=1, succeeded=1), found
    return span


def killed_after(ws: Workspace, job: str, seconds: float, *, is_early: bool = False) -> str | None:
    """A supervisor, killed so long after it is at work, or `is_early`, after its start.

    What it was at; None where all was done.
    """
    tick, until = threading.Event(), time.monotonic() + (seconds if is_early else DEADLINE_SECONDS)
    has_begun, process = is_early, supervisor(ws, is_calm=True)
    try:
        while time.monotonic() < until and jobs.in_hand(ws, job) is not None:
            if is_at_work(ws, process) and not has_begun:
                has_begun, until = True, time.monotonic() + seconds
            tick.wait(LOOK_SECONDS)
    finally:
        said = kill(process)
    assert "Traceback" not in said, said
    attempt = jobs.in_hand(ws, job)
    return None if attempt is None else attempt.step


def counted(ws: Workspace, place: Yard, job: str, *, is_failing: bool) -> Counter[str]:
    """What is to be said of a job that has ended."""
    status, left = jobs.show(ws, job), place.left(job)
    has_model = job in {model.model.job for model in ws.store.models.list()}
    has_failed = (status.state, status.error, status.hint) == ("failed", "it broke", "mend it")
    is_good = not is_failing and status.state == "succeeded" and has_model
    found = {
        "jobs": 1,
        "succeeded": is_good,
        "failed": is_failing and has_failed and not has_model,
        "orphans": left.orphans,
        "doubles": left.doubles,
        "starts-twice": max(0, starts_of(ws, job) - 1),
        "lost": not is_failing and not is_good,
        "ledger-off": left.is_wrong,
    }
    return +Counter({name: int(count) for name, count in found.items()})
