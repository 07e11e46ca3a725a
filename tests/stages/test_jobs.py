"""Jobs: handed in once, started once, followed to their end, stopped and resumed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.errors import Conflict, HoneError, NotFound
from hone.records.job import Event, Job
from hone.stages import jobs
from hone.workspace.job_folder import JobFolder, Seen
from hone.workspace.open import Workspace, init_workspace
from tests.faults.gates import FAKE_WORKER, Gate, fake_target, wait_until

INPUTS: dict[str, Path | str | bytes] = {"train.jsonl": "{}\n"}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


def order(kind: str = "train", **fake: object) -> Job:
    return jobs.new_job(kind, {"device": "cpu", "fake": fake})  # type: ignore[arg-type]


def test_an_id_says_kind_and_time_and_two_of_a_second_differ() -> None:
    ids = {jobs.new_job("evaluate", {}).id for _ in range(20)}
    assert len(ids) == 20 and all(i.startswith("evaluate-20") for i in ids)
    assert jobs.new_job("train", {}).versions["hone"]


def test_a_launched_job_is_followed_from_its_first_event_to_its_end(ws: Workspace) -> None:
    job = jobs.launch(ws, order(steps=3), INPUTS, target=fake_target())
    seen = list(jobs.watch(ws, job.id))
    events = [one for one in seen if isinstance(one, Event)]
    states = [one for one in seen if isinstance(one, str)]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert states[-1] == "succeeded" and set(states) <= {"running", "succeeded"}
    assert [e.type for e in events].count("progress") == 3
    after = [one.seq for one in jobs.watch(ws, job.id, after=4) if isinstance(one, Event)]
    assert after[0] == 5
    status = jobs.show(ws, job.id[:14])
    assert (status.state, status.done, status.total, status.attempts) == ("succeeded", 3, 3, 1)
    assert status.metrics["eval_loss"] == pytest.approx(1 / 3)
    assert jobs.logs(ws, job.id) == ["the fake worker begins"]


def test_a_second_training_on_the_device_is_refused_and_leaves_nothing(
    ws: Workspace, gate: Gate
) -> None:
    first = jobs.launch(
        ws, order(pause_at="between events", gate=str(gate.path)), INPUTS, target=fake_target()
    )
    gate.wait("between events")
    with pytest.raises(Conflict, match=f"{first.id} is training") as caught:
        jobs.launch(ws, order(), INPUTS, target=fake_target())
    assert caught.value.hint == f"hone jobs watch {first.id}"
    assert [job.id for job in jobs.list_jobs(ws)] == [first.id]
    assert len(list(ws.jobs.glob("train-*"))) == 1
    # Another kind of job does not wait for the device.
    other = jobs.launch(ws, order("evaluate"), INPUTS, target=fake_target())
    assert list(jobs.watch(ws, other.id))[-1] == "succeeded"
    jobs.stop(ws, first.id, deadline_seconds=0)


def test_a_worker_that_is_only_taking_itself_down_is_waited_for(ws: Workspace) -> None:
    first = jobs.launch(ws, order(lingers=1.0), INPUTS, target=fake_target())
    assert list(jobs.watch(ws, first.id))[-1] == "succeeded"
    assert JobFolder(ws.jobs / first.id).is_alive()
    second = jobs.launch(ws, order(), INPUTS, target=fake_target())
    assert list(jobs.watch(ws, second.id))[-1] == "succeeded"


RACER = """
import sys
from pathlib import Path
from hone.errors import Conflict
from hone.stages import jobs
from hone.workspace.open import open_workspace
from tests.faults.gates import fake_target
with open_workspace(Path(sys.argv[1])) as ws:
    job = jobs.new_job("train", {"device": "cpu", "fake": {"pause_at": "between events",
                                 "gate": sys.argv[2]}})
    sys.stdin.readline()
    try:
        jobs.launch(ws, job, {}, target=fake_target())
        print("started", job.id)
    except Conflict as error:
        print("refused", error.message)
"""


def test_of_two_trainings_that_race_one_starts_and_the_other_is_told_which(
    ws: Workspace, gate: Gate, repository: Path
) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(ws.root), str(gate.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=repository,
        )
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = sorted(racer.communicate()[0].strip() for racer in racers)
    assert said[0].startswith("refused") and said[1].startswith("started")
    winner = said[1].split()[1]
    assert winner in said[0]
    assert [job.id for job in jobs.list_jobs(ws)] == [winner]
    jobs.stop(ws, winner, deadline_seconds=0)


def test_a_stopped_job_keeps_its_checkpoint_and_goes_on_in_the_same_folder(
    ws: Workspace, gate: Gate
) -> None:
    job = jobs.launch(
        ws, order(waits_for_stop=True, gate=str(gate.path)), INPUTS, target=fake_target()
    )
    gate.wait("training")
    with pytest.raises(Conflict, match="running"):
        jobs.resume(ws, job.id, target=fake_target())
    assert jobs.stop(ws, job.id) == "stopped"
    status = jobs.show(ws, job.id)
    assert status.state == "cancelled" and status.hint == f"hone jobs resume {job.id}"
    with pytest.raises(Conflict, match="already cancelled"):
        jobs.stop(ws, job.id)
    jobs.resume(ws, job.id, target=fake_target())
    folder = jobs.folder_of(ws, job.id)
    assert not folder.is_stop_requested
    stages = [e for e in folder.events() if e.type == "stage"]
    wait_until(lambda: len([e for e in folder.events() if e.type == "stage"]) == 2, "it goes on")
    stages = [e for e in folder.events() if e.type == "stage"]
    assert [(e.model_extra or {})["begins_at"] for e in stages] == [0, 1]
    jobs.stop(ws, job.id)
    assert jobs.show(ws, job.id).attempts == 2


def test_a_job_that_had_to_be_killed_counts_as_cancelled(ws: Workspace, gate: Gate) -> None:
    fake = {"ignores_stop": True, "ignores_term": True, "waits_for_stop": True}
    job = jobs.launch(ws, order(gate=str(gate.path), **fake), INPUTS, target=fake_target())
    gate.wait("training")
    assert jobs.stop(ws, job.id, deadline_seconds=0.1) == "killed"
    assert jobs.show(ws, job.id).state == "cancelled"


def test_a_job_that_nobody_started_can_be_started_or_stopped(ws: Workspace) -> None:
    first, second = (jobs.submit(ws, order(), INPUTS) for _ in range(2))
    assert {job.state for job in jobs.list_jobs(ws)} == {"waiting"}
    jobs.start(ws, first.id, target=fake_target())
    assert list(jobs.watch(ws, first.id))[-1] == "succeeded"
    with pytest.raises(Conflict, match="succeeded"):
        jobs.start(ws, first.id, target=fake_target())
    assert jobs.stop(ws, second.id) == "never started"
    assert jobs.show(ws, second.id).state == "cancelled"


def test_a_succeeded_job_is_not_resumed(ws: Workspace) -> None:
    job = jobs.launch(ws, order(), INPUTS, target=fake_target())
    assert list(jobs.watch(ws, job.id))[-1] == "succeeded"
    with pytest.raises(Conflict, match="succeeded: there is nothing to resume") as caught:
        jobs.resume(ws, job.id, target=fake_target())
    assert caught.value.hint == f"hone jobs show {job.id}"


def test_a_failed_job_says_why_and_what_to_try(ws: Workspace) -> None:
    job = jobs.launch(ws, order(fails=True), INPUTS, target=fake_target())
    assert list(jobs.watch(ws, job.id))[-1] == "failed"
    status = jobs.show(ws, job.id)
    assert (status.state, status.error, status.hint) == ("failed", "it broke", "mend it")


def test_a_worker_that_cannot_start_leaves_a_failed_job_that_can_be_resumed(
    ws: Workspace,
) -> None:
    broken = fake_target((sys.executable, "-c", "raise SystemExit('no such library')"))
    job = order()
    with pytest.raises(HoneError, match="no such library"):
        jobs.launch(ws, job, INPUTS, target=broken)
    assert jobs.show(ws, job.id).state == "failed"
    jobs.resume(ws, job.id, target=fake_target())
    assert list(jobs.watch(ws, job.id))[-1] == "succeeded"


def test_a_folder_without_a_row_is_found_by_the_next_listing(ws: Workspace) -> None:
    job = order()
    JobFolder.create(ws.jobs / job.id, job)  # a kill came before the row
    (ws.jobs / "train-cut-off" / "inputs").mkdir(parents=True)  # and here before job.json
    (ws.jobs / "copied").mkdir()
    shutil.copyfile(ws.jobs / job.id / "job.json", ws.jobs / "copied" / "job.json")
    assert [found.id for found in jobs.list_jobs(ws)] == [job.id]
    assert ws.store.jobs.get(job.id) == job


def test_a_removed_folder_does_not_hide_the_other_jobs(ws: Workspace) -> None:
    gone, kept = (jobs.submit(ws, order(), INPUTS) for _ in range(2))
    shutil.rmtree(ws.jobs / gone.id)
    listed = {job.id: job for job in jobs.list_jobs(ws)}
    assert listed[kept.id].state == "waiting"
    assert listed[gone.id].state == "lost" and "is gone" in listed[gone.id].error
    with pytest.raises(NotFound):
        jobs.resume(ws, gone.id, target=fake_target())


def test_a_damaged_order_is_said_and_its_events_are_still_shown(ws: Workspace) -> None:
    job = jobs.submit(ws, order(), INPUTS)
    (ws.jobs / job.id / "job.json").write_text('{"hone": 1, "id"')
    with (ws.jobs / job.id / "events.jsonl").open("wb") as file:
        file.write(b"garbage\n" * 3)
    assert jobs.show(ws, job.id).damaged_lines == 3
    with pytest.raises(HoneError, match="cannot be read") as caught:
        jobs.resume(ws, job.id, target=fake_target())
    assert caught.value.hint


def test_an_unknown_job_is_answered_with_the_nearest(ws: Workspace) -> None:
    job = jobs.submit(ws, order(), INPUTS)
    for ask in (jobs.show, jobs.logs, jobs.resume, jobs.stop):
        with pytest.raises(NotFound, match="no job"):
            ask(ws, job.id.replace("train", "trian"))


def test_watching_a_job_that_nobody_starts_ends_at_the_deadline(ws: Workspace) -> None:
    job = jobs.submit(ws, order(), INPUTS)
    assert list(jobs.watch(ws, job.id, deadline_seconds=0)) == ["waiting"]


def test_a_job_whose_worker_was_killed_is_lost_and_says_how_to_go_on(
    ws: Workspace, gate: Gate
) -> None:
    job = jobs.launch(
        ws, order(pause_at="in an event", gate=str(gate.path)), INPUTS, target=fake_target()
    )
    gate.wait("in an event")
    identity = JobFolder(ws.jobs / job.id).identity()
    assert identity is not None
    os.kill(identity.pid, 9)
    assert list(jobs.watch(ws, job.id))[-1] == "lost"
    assert jobs.show(ws, job.id).hint == f"hone jobs resume {job.id}"
    jobs.resume(ws, job.id, target=fake_target())
    assert list(jobs.watch(ws, job.id))[-1] == "succeeded"
    assert jobs.show(ws, job.id).damaged_lines == 1  # the line that the kill cut off


READ_ONLY = """
import os, sys
from pathlib import Path
from hone.errors import HoneError
from hone.stages import jobs
from hone.workspace.open import open_workspace
with open_workspace(Path(sys.argv[1])) as ws:
    order = jobs.new_job("train", {})
    ws.jobs.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)  # root may write everywhere
    for attempt in (jobs.submit, jobs.launch):
        try:
            attempt(ws, order, {})
        except HoneError as error:
            print(error.message)
            print(error.hint)
"""


def test_a_workspace_that_is_read_only_refuses_in_two_lines(ws: Workspace) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(ws.root)], capture_output=True, text=True
    )
    ws.jobs.chmod(0o755)
    lines = done.stdout.splitlines()
    assert len(lines) == 4, done.stderr
    assert all("this user may not write there" in line for line in lines[::2])
    assert lines[1] and jobs.list_jobs(ws) == []


def test_a_job_folder_that_cannot_be_made_refuses_in_two_lines(ws: Workspace) -> None:
    ws.jobs.rmdir()
    ws.jobs.write_text("a file where the folder should be")
    for attempt in (
        lambda: jobs.submit(ws, order(), INPUTS),
        lambda: jobs.launch(ws, order(), INPUTS, target=fake_target()),
    ):
        with pytest.raises(HoneError, match="Cannot") as caught:
            attempt()
        assert caught.value.hint


FULL_DISK = """
import resource, sys
from pathlib import Path
from hone.errors import HoneError
from hone.stages import jobs
from hone.workspace.open import open_workspace
with open_workspace(Path(sys.argv[1])) as ws:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        jobs.submit(ws, jobs.new_job("train", {}), {"train.jsonl": "x" * 5000})
    except HoneError as error:
        print(error.message)
        print(error.hint)
"""


def test_a_disk_that_takes_no_more_refuses_in_two_lines_and_makes_no_job(ws: Workspace) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(ws.root)], capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2 and "Cannot write the job folder" in lines[0], done.stderr
    assert jobs.list_jobs(ws) == []


def test_the_fake_worker_is_only_a_seam(ws: Workspace) -> None:
    # The job itself does not know which command runs it.
    job = jobs.submit(ws, order(), INPUTS)
    assert FAKE_WORKER[1] not in (ws.jobs / job.id / "job.json").read_text()


def test_what_a_training_showed_and_was_warned_of_is_part_of_its_status(ws: Workspace) -> None:
    job = jobs.launch(ws, order(steps=1), INPUTS, target=fake_target())
    for _ in jobs.watch(ws, job.id):
        pass
    folder = jobs.folder_of(ws, job.id)
    for step in (5, 10):
        folder.append("samples", step=step, rows=[{"pick": "best", "loss": 1 / step}])
    folder.append("watchdog", name="overfitting", step=10, text="By heart.", action="warned")
    status = jobs.show(ws, job.id)
    assert status.samples == {"step": 10, "rows": [{"pick": "best", "loss": 0.1}]}
    assert [one["text"] for one in status.watchdogs] == ["By heart."]


def test_what_is_still_brought_here_is_not_lost_while_somebody_has_it_in_hand(
    ws: Workspace,
) -> None:
    job = order()
    jobs.submit(ws, job, INPUTS)
    folder = JobFolder(ws.jobs / job.id)
    folder.append("attempt")
    ended = Seen(0.0, "elsewhere", is_alive=False, is_owed=True)
    folder.write_seen(ended)
    assert jobs.show(ws, job.id).state == "lost"  # nobody brings it
    queue = jobs.asking.queue_of(job)
    attempt = ws.store.attempts.ask(job.id, queue=queue, after_seq=0, environment={})
    assert jobs.show(ws, job.id).state == "running"
    assert [one.state for one in jobs.list_jobs(ws)] == ["running"]
    folder.write_seen(ended._replace(is_owed=False))
    assert jobs.show(ws, job.id).state == "lost"  # all is here, and no result among it
    folder.write_seen(ended)
    folder.append("failed", error="no memory", hint="hone jobs logs")
    assert jobs.show(ws, job.id).state == "failed"
    ws.store.attempts.end(attempt.seq, "failed")
