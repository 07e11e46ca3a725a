"""SIGKILL at every step of a local training: nothing is lost, half-registered or stuck."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hone.stages import jobs
from hone.stages.train.register import collect_trained
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, init_workspace
from tests.faults.changes import all_changes, killed_before
from tests.faults.fake_worker import PAUSES
from tests.faults.gates import DEADLINE_SECONDS, Gate, fake_target, wait_until
from tests.faults.orders import training

REPOSITORY = Path(__file__).resolve().parent.parent.parent


# Where the worker is killed -> the state that follows.
STATE_AFTER = {
    "before claim": "failed",  # start() saw it end, and said so
    "after claim": "lost",
    "in an event": "lost",
    "between events": "lost",
    "before checkpoint": "lost",
    "after checkpoint": "lost",
    "before result": "lost",
    "after result": "succeeded",
}


def test_every_step_of_the_worker_is_in_the_matrix() -> None:
    assert set(STATE_AFTER) == set(PAUSES)


@pytest.mark.parametrize("step", [step for step in PAUSES if step != "before claim"])
def test_a_worker_killed_at_any_step_is_seen_as_such_and_goes_on(
    ws: Workspace, gate: Gate, step: str
) -> None:
    order = training(fake={"pause_at": step, "gate": str(gate.path), "steps": 3})
    job = jobs.launch(ws, order, {"train.jsonl": "{}\n"}, target=fake_target())
    gate.wait(step)
    folder = jobs.folder_of(ws, job.id)
    identity = folder.identity()
    assert identity is not None
    os.kill(identity.pid, signal.SIGKILL)
    wait_until(lambda: not folder.is_alive(), "the worker is dead")
    assert folder.state() == STATE_AFTER[step]
    if step != "after result":
        assert collect_trained(ws).models == [] and ws.store.models.list() == []
        jobs.resume(ws, job.id, target=fake_target())
        assert list(jobs.watch(ws, job.id))[-1] == "succeeded"
        events = folder.events()
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        begins = [(e.model_extra or {})["begins_at"] for e in events if e.type == "stage"]
        # A checkpoint that was complete is never trained again.
        assert begins[-1] == (1 if step == "after checkpoint" else 3 if "result" in step else 0)
    models = collect_trained(ws).models
    assert [model.ref for model in models] == ["pickup@v1"]
    assert_whole(ws, 1)


def test_a_worker_killed_before_its_claim_fails_the_start_and_can_be_resumed(
    ws: Workspace, gate: Gate
) -> None:
    order = training(fake={"pause_at": "before claim", "gate": str(gate.path)})
    starter = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\nfrom pathlib import Path\nfrom hone.stages import jobs\n"
            "from hone.records.job import Job\nfrom hone.workspace.open import open_workspace\n"
            "from tests.faults.gates import fake_target\n"
            "with open_workspace(Path(sys.argv[1])) as ws:\n"
            "    jobs.launch(ws, Job.model_validate_json(sys.argv[2]), {}, target=fake_target())",
            str(ws.root),
            order.model_dump_json(),
        ],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    gate.wait("before claim")
    for pid in _workers_of(ws.jobs / order.id):
        os.kill(pid, signal.SIGKILL)
    assert "it ended with code -9" in starter.communicate(timeout=DEADLINE_SECONDS)[1]
    assert jobs.show(ws, order.id).state == STATE_AFTER["before claim"]
    jobs.resume(ws, order.id, target=fake_target())
    assert list(jobs.watch(ws, order.id))[-1] == "succeeded"


def test_the_starting_command_killed_while_the_worker_starts_leaves_a_running_job(
    ws: Workspace, gate: Gate
) -> None:
    order = training(fake={"pause_at": "before claim", "gate": str(gate.path)})
    code = (
        "import sys\nfrom pathlib import Path\nfrom hone.records.job import Job\n"
        "from hone.stages import jobs\nfrom hone.workspace.open import open_workspace\n"
        "from tests.faults.gates import fake_target\n"
        "with open_workspace(Path(sys.argv[1])) as ws:\n"
        "    jobs.launch(ws, Job.model_validate_json(sys.argv[2]), {}, target=fake_target())"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code, str(ws.root), order.model_dump_json()], cwd=REPOSITORY
    )
    gate.wait("before claim")
    starter.kill()
    starter.wait()
    workers = _workers_of(ws.jobs / order.id)
    assert len(workers) == 1 and jobs.show(ws, order.id).state == "waiting"
    # A second start first ends what the first one left behind: never two workers in one folder.
    jobs.resume(ws, order.id, target=fake_target())
    assert list(jobs.watch(ws, order.id))[-1] == "succeeded"
    assert jobs.show(ws, order.id).attempts == 1


def assert_whole(ws: Workspace, count: int) -> None:
    """Every registered version is complete, nothing is left over, and it stays so."""
    for _ in range(2):
        assert collect_trained(ws).problems == []
        found = ws.store.models.list("pickup")
        assert [one.model.version for one in found] == [f"v{n}" for n in range(1, count + 1)]
        assert [one.is_active for one in found] == [True] + [False] * (count - 1)
        for one in found:
            assert_complete(one.folder)
        assert ws.store.jobs.unsettled() == []
        home = ws.checkpoints / "lora" / "pickup"
        assert (home / "final" / "adapter_model.safetensors").is_file()
        assert len(list(home.glob("checkpoint-*/weights"))) == 3
        logs = ws.logs / "lora_training" / "pickup" / f"v{count}"
        assert (logs / "training.log").is_file() and (logs / "metadata.json").is_file()
        hidden = [p for top in (ws.models, ws.checkpoints) for p in top.rglob(".*")]
        assert hidden == []


def assert_complete(folder: Path) -> None:
    from hone.records.model import ModelVersion

    model = ModelVersion.model_validate_json((folder / "metadata.json").read_text())
    assert model.job and model.dataset == "pickup@1" and model.base_sha256 == "b" * 64
    assert set(model.sha256) == {"adapter_model.safetensors", "adapter_config.json"}
    for name, expected in model.sha256.items():
        assert sha256_of(folder / name) == expected


def train_one(ws: Workspace) -> None:
    job = jobs.launch(
        ws, training(fake={"steps": 3}), {"train.jsonl": "{}\n"}, target=fake_target()
    )
    assert list(jobs.watch(ws, job.id))[-1] == "succeeded"


def kill_collect_before(ws: Workspace, numbers: list[int], gate: Gate, earlier: int) -> list[str]:
    """Train, kill the registration before each change in turn, then let it go through."""
    hit: list[str] = []
    for done, number in enumerate(numbers):
        train_one(ws)
        hit.append(killed_before("collect", ws.root, number, gate))
        # Whatever is visible is whole, before anything is mended.
        for folder in ws.models.glob("pickup/v*"):
            assert_complete(folder)
        for one in ws.store.models.list():
            assert_complete(one.folder)
        assert_whole(ws, earlier + done + 1)
    return hit


def test_a_registration_killed_before_each_kind_of_change_is_mended_by_the_next(
    ws: Workspace, gate: Gate
) -> None:
    train_one(ws)
    first = all_changes("collect", ws.root)
    assert_whole(ws, 1)
    train_one(ws)
    changes = all_changes("collect", ws.root)
    assert_whole(ws, 2)
    assert first.count("commit") == 4 and changes.count("commit") == 3
    # Once before every commit and every move into place; the long test stops before all.
    numbers = [
        place
        for place, change in enumerate(changes, start=1)
        if change == "commit" or change.startswith("os.rename")
    ]
    hit = kill_collect_before(ws, numbers, gate, earlier=2)
    assert len(hit) == len(numbers) >= 6
    assert [label.split()[0] for label in hit] == [changes[n - 1].split()[0] for n in numbers]


def test_the_first_registration_of_a_name_killed_before_each_commit_is_mended(
    tmp_path: Path, gate: Gate
) -> None:
    with init_workspace(tmp_path / "probe") as ws:
        train_one(ws)
        changes = all_changes("collect", ws.root)
    places = [n for n, change in enumerate(changes, start=1) if change == "commit"]
    assert len(places) == 4  # reserve the number, register, make it active, settle
    for place in places:
        with init_workspace(tmp_path / f"ws{place}") as ws:
            train_one(ws)
            assert killed_before("collect", ws.root, place, gate) == "commit"
            assert_whole(ws, 1)


@pytest.mark.long
def test_a_registration_killed_before_every_single_change_is_mended(
    ws: Workspace, gate: Gate
) -> None:
    train_one(ws)
    collect_trained(ws)
    train_one(ws)
    count = len(all_changes("collect", ws.root))
    hit = kill_collect_before(ws, list(range(1, count + 1)), gate, earlier=2)
    print("\n".join(f"{number:3} {label}" for number, label in enumerate(hit, start=1)))
    assert len(hit) == count


def test_a_launch_killed_before_every_change_leaves_no_job_or_one_that_can_run(
    ws: Workspace, gate: Gate
) -> None:
    count = len(all_changes("launch", ws.root))
    for job in jobs.list_jobs(ws):
        assert list(jobs.watch(ws, job.id))[-1] == "succeeded"
    collect_trained(ws)
    known = {job.id for job in jobs.list_jobs(ws)}
    hit = [killed_before("launch", ws.root, number, gate) for number in range(1, count + 1)]
    assert "commit" in hit and any("job.json" in label for label in hit)
    new = [job for job in jobs.list_jobs(ws) if job.id not in known]
    assert 0 < len(new) < count
    for job in new:
        folder = JobFolder(Path(job.folder))
        wait_until(lambda folder=folder: not folder.is_alive(), "a started worker ends")
        if folder.state() != "succeeded":
            assert folder.state() == "waiting"
            jobs.resume(ws, job.id, target=fake_target())
        assert list(jobs.watch(ws, job.id))[-1] == "succeeded"
    assert len(collect_trained(ws).models) == len(new)


def _workers_of(folder: Path) -> list[int]:
    import psutil

    found: list[int] = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
        except psutil.Error:
            continue
        if str(folder.resolve()) in command and "fake_worker.py" in " ".join(command):
            found.append(process.pid)
    return found
