"""Attempts: one open per job, in the order in which they were asked for, ended once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.errors import Conflict
from hone.stages import jobs
from hone.workspace.open import Workspace, init_workspace


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


def asked(ws: Workspace, job: str, queue: str = "local: cpu") -> int:
    return ws.store.attempts.ask(job, queue=queue, after_seq=0, environment={"OMP": "1"}).seq


def test_attempts_are_numbered_listed_in_order_and_ended_once(ws: Workspace) -> None:
    first, second = (jobs.submit(ws, jobs.new_job("train", {}), {}).id for _ in range(2))
    attempts = ws.store.attempts
    assert attempts.open() == [] and attempts.newest(first) is None
    seqs = [asked(ws, first), asked(ws, second)]
    assert [one.job for one in attempts.open()] == [first, second]
    with pytest.raises(Conflict, match="in hand already") as caught:
        asked(ws, first)
    assert caught.value.hint == f"hone jobs watch {first}"
    attempts.note(seqs[0], step="start", trouble="It takes long.")
    noted = attempts.get(first, 1)
    assert noted is not None and noted.is_open and noted.name == f"{first}.1"
    assert (noted.step, noted.trouble, noted.environment) == (
        "start",
        "It takes long.",
        {"OMP": "1"},
    )
    assert attempts.end(seqs[0], "failed") and not attempts.end(seqs[0], "succeeded")
    attempts.note(seqs[0], step="follow")
    ended = attempts.get(first, 1)
    assert ended is not None and not ended.is_open
    assert (ended.step, ended.outcome) == ("start", "failed")
    asked(ws, first)
    newest = attempts.newest(first)
    assert newest is not None and newest.number == 2
    assert [one.job for one in attempts.open()] == [second, first]


def test_only_an_attempt_without_a_step_can_be_ended_as_untouched(ws: Workspace) -> None:
    job = jobs.submit(ws, jobs.new_job("train", {}), {}).id
    seq = asked(ws, job)
    ws.store.attempts.note(seq, step="check")
    assert not ws.store.attempts.end(seq, "stopped", is_untouched=True)
    assert ws.store.attempts.end(seq, "stopped")
    again = asked(ws, job)
    assert ws.store.attempts.end(again, "stopped", is_untouched=True)


def test_an_attempt_of_no_job_is_refused(ws: Workspace) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        asked(ws, "train-of-nobody")
    assert ws.store.attempts.open() == []


def test_an_attempt_is_replaced_by_the_next_in_one_go_and_only_once(ws: Workspace) -> None:
    job = jobs.submit(ws, jobs.new_job("train", {}), {}).id
    attempts = ws.store.attempts
    asked(ws, job, queue="runpod: " + job)
    (first,) = attempts.open()
    second = attempts.replace(first, "its machine died", after_seq=7)
    assert second is not None and attempts.open() == [second]
    assert (second.number, second.after_seq) == (2, 7) and second.step == second.trouble == ""
    assert (second.queue, second.environment) == (first.queue, first.environment)
    assert attempts.replace(first, "again", after_seq=9) is None and attempts.open() == [second]
    ended = attempts.get(job, 1)
    assert ended is not None and ended.outcome == "its machine died"
