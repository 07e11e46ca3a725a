"""The job folder: what a worker and its watchers can rely on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hone.errors import Conflict, HoneError, InvalidInput, NotFound
from hone.records.job import Artefact, Event, Job, Result
from hone.workspace.job_folder import Identity, JobFolder

AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def make_job(name: str = "train-1", **spec: object) -> Job:
    return Job(id=name, kind="train", created_at=AT, spec=spec)


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    job = make_job()
    return JobFolder.create(tmp_path / job.id, job, inputs={"train.jsonl": "{}\n"})


def run_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


CLAIM_AND_WAIT = """
import sys
from hone.workspace.job_folder import JobFolder
folder = JobFolder(sys.argv[1])
print(folder.claim(), flush=True)
sys.stdin.read()
"""


def test_inputs_are_copies_and_the_order_reads_back(tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text("one\n")
    job = make_job(options={"training.epochs": {"value": 3, "source": "recipe"}})
    folder = JobFolder.create(
        tmp_path / "jobs" / job.id, job, inputs={"train.jsonl": source, "task.json": b"{}"}
    )
    source.write_text("changed later\n")
    assert JobFolder(folder.path).job == job
    assert (folder.inputs / "train.jsonl").read_text() == "one\n"
    assert (folder.inputs / "task.json").read_bytes() == b"{}"


def test_a_folder_is_never_made_twice(folder: JobFolder) -> None:
    with pytest.raises(Conflict, match="already exists"):
        JobFolder.create(folder.path, make_job())


def test_a_folder_whose_making_was_cut_off_holds_no_job(tmp_path: Path) -> None:
    missing = tmp_path / "absent.jsonl"
    with pytest.raises(HoneError, match="no such file"):
        JobFolder.create(tmp_path / "j", make_job(), inputs={"train.jsonl": missing})
    with pytest.raises(NotFound, match=r"job\.json is missing"):
        _ = JobFolder(tmp_path / "j").job


def test_events_are_numbered_from_one_and_read_back_in_order(folder: JobFolder) -> None:
    first = folder.append("stage", name="training", state="started")
    second = folder.append("metric", step=10, values={"loss": 1.93})
    assert (first.seq, second.seq) == (1, 2)
    assert folder.events() == [first, second]
    assert folder.events(after=1) == [second]


def test_an_event_is_on_disk_when_append_returns(folder: JobFolder) -> None:
    folder.append("log", level="warning", text="a\nb\u2028ü")
    lines = (folder.path / "events.jsonl").read_bytes().split(b"\n")
    assert lines[-1] == b"" and len(lines) == 2
    assert json.loads(lines[0])["text"] == "a\nb\u2028ü"


def test_numbers_go_on_when_another_process_wrote_in_between(folder: JobFolder) -> None:
    folder.append("log", text="ours")
    JobFolder(folder.path).append("log", text="theirs")
    assert folder.append("log", text="ours again").seq == 3


@pytest.mark.parametrize("torn", [b'{"seq": 2, "at": "2026', b'{"seq": 2}\x00\x00', b"\xff\xfe"])
def test_a_torn_last_line_is_ignored_and_never_swallows_the_next(
    folder: JobFolder, torn: bytes
) -> None:
    folder.append("stage", name="training")
    with (folder.path / "events.jsonl").open("ab") as file:
        file.write(torn)
    assert [event.seq for event in folder.events()] == [1]
    assert folder.damaged_lines() == 0  # it may still be being written
    again = JobFolder(folder.path).append("stage", name="evaluating")
    assert again.seq == 2
    assert [event.seq for event in folder.events()] == [1, 2]
    assert folder.damaged_lines() == 1


def test_damaged_lines_in_the_middle_are_left_out_and_counted(folder: JobFolder) -> None:
    folder.append("log", text="first")
    with (folder.path / "events.jsonl").open("ab") as file:
        file.write(b'\n[1, 2]\n{"seq": "x"}\n' + b"\x00" * 50 + b"\n")
    last = folder.append("log", text="last")
    assert [event.seq for event in folder.events()] == [1, 2] and last.seq == 2
    assert folder.damaged_lines() == 3


def test_a_watcher_reads_on_from_where_it_stopped(folder: JobFolder) -> None:
    folder.append("log", text="a")
    events, offset = folder.read_from(0)
    assert [event.seq for event in events] == [1]
    assert folder.read_from(offset) == ([], offset)
    path = folder.path / "events.jsonl"
    line = Event(seq=2, at=AT, type="log").model_dump_json().encode()
    with path.open("ab") as file:
        file.write(line[:9])
    assert folder.read_from(offset) == ([], offset)
    with path.open("ab") as file:
        file.write(line[9:] + b"\n")
    events, offset = folder.read_from(offset)
    assert [event.seq for event in events] == [2] and offset == path.stat().st_size


def test_a_claim_records_who_works_and_opens_an_attempt(folder: JobFolder) -> None:
    assert folder.state() == "waiting" and not folder.is_alive()
    assert folder.claim() == 1
    identity = folder.identity()
    assert identity == Identity.of_this_process() and folder.is_alive()
    assert folder.events()[0].type == "attempt" and folder.state() == "running"
    folder.release()
    assert folder.claim() == 2
    folder.release()


def test_two_workers_never_own_one_folder(folder: JobFolder) -> None:
    other = run_python(CLAIM_AND_WAIT, str(folder.path))
    assert other.stdout is not None and other.stdout.readline() == "1\n"
    with pytest.raises(Conflict, match=f"already has a worker \\(process {other.pid}\\)"):
        folder.claim()
    assert len(folder.events()) == 1
    other.kill()
    other.communicate()
    assert not folder.is_alive() and folder.state() == "lost"
    assert folder.claim() == 2
    folder.release()


def test_of_many_workers_that_claim_at_once_one_wins(folder: JobFolder) -> None:
    racers = [run_python(CLAIM_AND_WAIT, str(folder.path)) for _ in range(4)]
    said = [racer.stdout.readline() for racer in racers if racer.stdout is not None]
    for racer in racers:
        racer.communicate()
    assert sorted(said) == ["", "", "", "1\n"]
    assert sum(event.type == "attempt" for event in folder.events()) == 1


def test_a_later_process_with_the_same_number_is_not_the_worker(folder: JobFolder) -> None:
    me = Identity.of_this_process()
    assert me.is_alive
    assert not me._replace(started_at=me.started_at - 3600).is_alive
    assert not me._replace(host="another-machine").is_alive


def test_a_killed_worker_that_nobody_has_reaped_is_not_alive(folder: JobFolder) -> None:
    other = run_python(CLAIM_AND_WAIT, str(folder.path))
    assert other.stdout is not None and other.stdout.readline()
    identity = folder.identity()
    assert identity is not None and identity.pid == other.pid
    os.kill(other.pid, signal.SIGKILL)
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # dead, and kept as a zombie
    assert not folder.is_alive() and folder.state() == "lost"
    other.communicate()


def test_a_second_training_on_a_device_fails_and_names_the_first(tmp_path: Path) -> None:
    first = JobFolder.create(tmp_path / "first", make_job("first", device="cpu"))
    second = JobFolder.create(tmp_path / "second", make_job("second", device="cpu"))
    other = JobFolder.create(tmp_path / "other", make_job("other", device="cuda:0"))
    first.claim()
    with pytest.raises(Conflict, match="device cpu is busy with first"):
        second.claim()
    assert second.state() == "failed" and not second.is_alive()
    assert (second.events()[-1].model_extra or {})["hint"].startswith("hone jobs watch first")
    assert other.claim() == 1
    first.release()
    assert second.claim() == 1
    second.release()
    other.release()


def test_a_device_may_have_places_for_several_trainings(tmp_path: Path) -> None:
    def training(name: str, at_once: int) -> JobFolder:
        job = make_job(name, device="cpu", trainings_at_once=at_once)
        return JobFolder.create(tmp_path / name, job)

    first, second, third = (training(name, 2) for name in ("first", "second", "third"))
    alone = JobFolder.create(tmp_path / "alone", make_job("alone", device="cpu"))
    assert first.claim() == second.claim() == 1
    for late in (third, alone):
        with pytest.raises(Conflict, match="device cpu is busy with first"):
            late.claim()
    second.release()
    with pytest.raises(Conflict, match="busy with first"):
        alone.claim()
    assert third.claim() == 1
    assert (tmp_path / ".cpu-2.holder").read_text() == "third\n"
    first.release()
    third.release()


def test_states_follow_from_the_traces(folder: JobFolder) -> None:
    folder.claim()
    folder.append("failed", error="out of memory", hint="smaller batches")
    assert folder.state() == "failed"
    folder.release()
    folder.claim()
    assert folder.state() == "running"
    folder.append("cancelled")
    folder.release()
    assert folder.state() == "cancelled"
    folder.append("queued")  # asked for again
    assert folder.state() == "waiting"
    folder.claim()
    folder.write_result(Result(artefacts=[Artefact(path="final/a", sha256="0", bytes=1)]))
    assert folder.state() == "succeeded"
    folder.release()


def test_the_result_reads_back_and_is_none_before(folder: JobFolder) -> None:
    assert folder.result() is None and not folder.has_result
    result = Result(metrics={"eval_loss": 0.31}, runtime_seconds=61.2)
    folder.write_result(result)
    assert folder.result() == result and folder.has_result


def test_a_stop_can_be_asked_for_seen_and_forgotten(folder: JobFolder) -> None:
    assert not folder.is_stop_requested
    folder.request_stop()
    folder.request_stop()
    assert JobFolder(folder.path).is_stop_requested
    folder.clear_stop()
    folder.clear_stop()
    assert not folder.is_stop_requested


@pytest.mark.parametrize("name", ["job.json", "result.json"])
@pytest.mark.parametrize("content", ["{", "[]", '{"hone": 1}', "\x00\x00"])
def test_a_damaged_record_is_said_in_two_lines(folder: JobFolder, name: str, content: str) -> None:
    (folder.path / name).write_text(content)
    if name == "result.json" and content == '{"hone": 1}':
        assert JobFolder(folder.path).result() == Result()  # every other field has a default
        return
    with pytest.raises(InvalidInput, match=f"{name} cannot be read") as caught:
        _ = JobFolder(folder.path).job if name == "job.json" else folder.result()
    assert caught.value.hint


def test_a_folder_removed_under_the_worker_is_said_and_not_made_again(folder: JobFolder) -> None:
    folder.append("log", text="a")
    for path in sorted(folder.path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.path.rmdir()
    for attempt in (
        lambda: folder.append("log", text="b"),
        lambda: folder.write_result(Result()),
        lambda: folder.request_stop(),
        lambda: folder.read_from(0),
    ):
        with pytest.raises(NotFound, match="is gone"):
            attempt()
    assert not folder.path.exists()


def test_the_end_of_a_long_log_is_read_without_its_beginning(folder: JobFolder) -> None:
    folder.log.write_bytes(b"x" * 1_000_000 + b"\nlast but one\n\xfflast\n")
    assert folder.log_tail(2) == ["last but one", "\ufffdlast"]
    assert folder.log_tail(0) == []
    assert JobFolder(folder.path.parent / "none").log_tail(5) == []
