"""A job on another machine: what is sent, what comes back, and that no cut of the line harms it."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from hone.errors import Conflict, HoneError, Unavailable
from hone.records.job import Job
from hone.targets import ssh
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder
from tests.faults.gates import FAKE_WORKER, Gate, wait_until
from tests.faults.read_elsewhere import contents
from tests.targets.machines import Line, Machine, machine

MIB = 1 << 20


def options(there: Machine, line: Line | None = None, **more: Any) -> ssh.Options:
    port = {} if line is None else {"port": line.port}
    return ssh.Options(**there.options(**port, **more))


def make_folder(tmp_path: Path, *, input_bytes: int = 0, **spec: Any) -> JobFolder:
    job = Job(id=f"train-{tmp_path.name}", kind="train", created_at=datetime.now(UTC), spec=spec)
    rows = random.Random(7).randbytes(input_bytes)
    return JobFolder.create(tmp_path / "jobs" / job.id, job, inputs={"train.jsonl": rows})


def home_of(there: Machine, folder: JobFolder) -> Path:
    return there.home / ".hone" / "jobs" / folder.path.name


def follow_to_the_end(folder: JobFolder, chosen: ssh.Options) -> int:
    """How often the machine could not be reached meanwhile."""
    troubles = 0
    with ssh.follow(folder, chosen) as pull:

        def has_ended() -> bool:
            nonlocal troubles
            try:
                pull()
            except Unavailable:
                troubles += 1
                return False
            return not folder.is_alive()

        wait_until(has_ended, "the worker ends")
    return troubles


def test_the_worker_runs_the_hone_that_was_sent_and_that_is_sent_once(
    there: Machine, line: Line, tmp_path: Path
) -> None:
    where = "import hone, sys; print(hone.__file__, *sys.argv[1:]); raise SystemExit(3)"
    folder = make_folder(tmp_path)
    with pytest.raises(HoneError, match="ended with code 3"):
        ssh.start(folder, options(there, line), command=(sys.executable, "-c", where))
    imported = Path(folder.log_tail(1)[0].split()[0])
    assert imported.is_relative_to(there.home / ".hone" / "hone")
    sent = line.there
    with pytest.raises(HoneError, match="ended with code 3"):
        ssh.start(folder, options(there, line), command=(sys.executable, "-c", where))
    assert line.there - sent < 400_000


def test_models_that_an_order_names_are_sent_once_and_named_by_their_contents(
    there: Machine, line: Line, tmp_path: Path
) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "model.safetensors").write_bytes(random.Random(1).randbytes(MIB))
    (base / "config.json").write_text("{}")
    (base / "pytorch_model.bin").write_bytes(b"not loaded, not sent")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "keys.txt").write_text("not named by an order")
    spec: dict[str, Any] = {
        "base": {"id": "mine", "path": str(base), "kind": "base"},
        "adapter": None,
        "task": {"system": str(secret), "path": str(secret)},
        "fake": {"steps": 1},
    }
    folder = make_folder(tmp_path, **spec)
    chosen = options(there, line, keeps_folder=True)
    ssh.start(folder, chosen, command=FAKE_WORKER)
    follow_to_the_end(folder, chosen)
    order = json.loads((home_of(there, folder) / "job.json").read_text())["spec"]
    place = Path(order["base"]["path"])
    assert {path.name for path in place.iterdir()} == {
        ".complete", ".putting", "config.json", "model.safetensors",
    }  # fmt: skip
    assert sha256_of(place / "model.safetensors") == sha256_of(base / "model.safetensors")
    assert order["task"] == spec["task"] and order["adapter"] is None
    assert not list(there.home.rglob("keys.txt"))
    assert json.loads((folder.path / "job.json").read_text())["spec"] == spec
    sent = line.there
    ssh.start(folder, chosen, command=FAKE_WORKER)
    assert line.there - sent < MIB / 2
    follow_to_the_end(folder, chosen)


def test_an_upload_that_is_cut_goes_on_where_it_was(
    there: Machine, line: Line, tmp_path: Path
) -> None:
    ssh.check(options(there, line))  # Hone is there
    folder = make_folder(tmp_path, input_bytes=8 * MIB, fake={"steps": 1})
    chosen = options(there, line, keeps_folder=True)
    before, lines = line.there, line.lines
    line.cut_after(there=5 * MIB)
    ssh.start(folder, chosen, command=FAKE_WORKER)
    assert line.lines == lines + 2
    assert line.there - before < 11 * MIB  # from zero it would be 13
    sent = home_of(there, folder) / "inputs" / "train.jsonl"
    assert sha256_of(sent) == sha256_of(folder.inputs / "train.jsonl")
    follow_to_the_end(folder, chosen)
    assert [event.type for event in folder.events()].count("attempt") == 1


def test_a_download_that_is_cut_goes_on_where_it_was(
    there: Machine, line: Line, tmp_path: Path, gate: Gate
) -> None:
    folder = make_folder(tmp_path, fake={"pause_at": "after checkpoint", "gate": str(gate.path)})
    chosen = options(there, line, brings_checkpoints=True)
    identity = ssh.start(folder, chosen, command=FAKE_WORKER)
    gate.wait("after checkpoint")
    weights = home_of(there, folder) / "checkpoints" / "checkpoint-1" / "weights"
    weights.write_bytes(random.Random(3).randbytes(8 * MIB))
    back = line.back
    line.cut_after(back=5 * MIB)
    with ssh.follow(folder, chosen) as pull:
        pull()
    assert line.back - back < 11 * MIB
    here = folder.checkpoints / "checkpoint-1" / "weights"
    assert sha256_of(here) == sha256_of(weights)
    assert folder.state() == "running"  # while it trains, and nobody was disturbed
    os.kill(identity.pid, signal.SIGKILL)


def test_a_line_that_is_cut_while_the_job_runs_costs_nothing(
    there: Machine, line: Line, tmp_path: Path, gate: Gate
) -> None:
    fake = {"waits_for_stop": True, "gate": str(gate.path), "steps": 1}
    folder = make_folder(tmp_path, fake=fake)
    chosen = options(there, line, connect_seconds=2.0)
    ssh.start(folder, chosen, command=FAKE_WORKER)
    gate.wait("training")
    with ssh.follow(folder, chosen) as pull:
        pull()
        line.is_down = True
        line.cut()
        with pytest.raises(Unavailable, match="cannot be reached"):
            pull()
        assert folder.state() == "running"  # as it was seen last
        with pytest.raises(Unavailable):
            pull()
        line.is_down = False
        pull()
        folder.request_stop()  # a wish written here is told there
        wait_until(lambda: pull() or not folder.is_alive(), "it stops")
    assert folder.state() == "cancelled"
    events = folder.events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.type for event in events].count("attempt") == 1
    mine = (folder.path / "events.jsonl").read_bytes()
    assert mine == (home_of(there, folder) / "events.jsonl").read_bytes()


def test_a_job_goes_on_elsewhere_from_the_checkpoint_that_was_brought_here(
    there: Machine, tmp_path: Path, gate: Gate
) -> None:
    fake = {"waits_for_stop": True, "gate": str(gate.path), "steps": 3}
    folder = make_folder(tmp_path, fake=fake)
    identity = ssh.start(folder, options(there), command=FAKE_WORKER)
    gate.wait("training")
    with ssh.follow(folder, options(there)) as pull:
        pull()
    assert (folder.checkpoints / "checkpoint-1" / "weights").is_file()
    with machine(tmp_path / "another") as another:
        # It may still run there: nobody starts it twice.
        with pytest.raises(HoneError, match="was alive on tester@127"):
            ssh.start(folder, options(another), command=FAKE_WORKER)
        os.kill(identity.pid, signal.SIGKILL)
        wait_until(lambda: not ssh.is_alive(folder, options(there)), "it is dead")
        shutil.rmtree(home_of(there, folder))
        ssh.start(folder, options(another), command=FAKE_WORKER)
        gate.wait("training")
        assert ssh.stop(folder, 20.0, options(another)) == "stopped"
    assert folder.state() == "cancelled"
    assert (folder.checkpoints / "checkpoint-2" / "weights").is_file()
    begins = [(e.model_extra or {})["begins_at"] for e in folder.events() if e.type == "stage"]
    assert begins == [0, 1]


def test_a_start_killed_before_its_worker_claims_is_found_again(
    there: Machine, tmp_path: Path, gate: Gate
) -> None:
    folder = make_folder(tmp_path, fake={"pause_at": "before claim", "gate": str(gate.path)})
    chosen = options(there)
    code = (
        "import sys\nfrom hone.targets import ssh\n"
        "from hone.workspace.job_folder import JobFolder\n"
        "chosen = ssh.Options.model_validate_json(sys.argv[2])\n"
        "ssh.start(JobFolder(sys.argv[1]), chosen, command=sys.argv[3:])"
    )
    words = [str(folder.path), chosen.model_dump_json(), *FAKE_WORKER]
    starter = subprocess.Popen([sys.executable, "-c", code, *words])
    gate.wait("before claim")
    starter.kill()
    starter.wait()
    # Nobody has claimed it, and yet it is known where to look: never two workers, never an orphan.
    with pytest.raises(Conflict, match="already has a worker"):
        ssh.start(folder, chosen, command=FAKE_WORKER)
    assert ssh.is_alive(folder, chosen)
    assert ssh.stop(folder, 0.0, chosen) in ("terminated", "killed")
    assert folder.state() == "waiting" and not ssh.is_alive(folder, chosen)
    ssh.start(folder, chosen, command=FAKE_WORKER)
    follow_to_the_end(folder, chosen)
    assert folder.state() == "succeeded"
    assert [event.type for event in folder.events()].count("attempt") == 1


def test_a_finished_job_s_folder_there_is_deleted_once_all_of_it_is_here(
    there: Machine, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path, fake={"steps": 1})
    chosen = options(there)
    ssh.start(folder, chosen, command=FAKE_WORKER)
    follow_to_the_end(folder, chosen)
    ssh.release(folder, options(there, keeps_folder=True))
    assert home_of(there, folder).is_dir()
    (folder.path / "result.json").rename(folder.path / "aside.json")
    ssh.release(folder, chosen)
    assert home_of(there, folder).is_dir()  # not all of it is here
    (folder.path / "aside.json").rename(folder.path / "result.json")
    ssh.release(folder, chosen)
    assert not home_of(there, folder).exists()
    ssh.release(folder, chosen)


def test_a_worker_s_end_by_a_signal_is_known(there: Machine, tmp_path: Path, gate: Gate) -> None:
    folder = make_folder(tmp_path, fake={"pause_at": "between events", "gate": str(gate.path)})
    identity = ssh.start(folder, options(there), command=FAKE_WORKER)
    gate.wait("between events")
    os.kill(identity.pid, signal.SIGKILL)
    wait_until(lambda: not ssh.is_alive(folder, options(there)), "it is dead")
    wait_until(lambda: _exit_code(folder, there) == -signal.SIGKILL, "its end is written down")


def _exit_code(folder: JobFolder, there: Machine) -> int | None:
    ssh.is_alive(folder, options(there))
    seen = folder.seen()
    return seen.exit_code if seen is not None else None


def test_what_login_scripts_print_is_passed_over(there: Machine, tmp_path: Path) -> None:
    there.set(noise="Welcome to gpu-7!\nLast login: yesterday HONE\n")
    try:
        found = ssh.check(options(there))
    finally:
        there.set(noise="")
    assert all(one.is_good for one in found), found


CANARY = "canary-5b1f9e0c7d"


def test_no_secret_reaches_the_other_machine_or_a_file_of_the_job(
    tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_TOKEN", "RUNPOD_API_KEY", "LAMBDA_API_KEY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, f"{CANARY}-{name}")
    with machine(tmp_path / "other") as other:
        fake = {"pause_at": "between events", "gate": str(gate.path), "child": True}
        folder = make_folder(tmp_path, fake=fake)
        index = f"https://{CANARY}-user@packages.example.org/simple"
        chosen = options(other, keeps_folder=True, index=index)
        assert all(one.is_good for one in ssh.check(chosen))
        identity = ssh.start(folder, chosen, command=FAKE_WORKER)
        gate.wait("between events")
        with ssh.follow(folder, chosen) as pull:
            pull()
        running = other.processes()
        assert identity.pid in {process.pid for process in running} and len(running) >= 3
        looked_at = 0
        for process in running:
            with suppress(psutil.NoSuchProcess, FileNotFoundError):  # ended meanwhile
                told = [*process.cmdline(), *process.environ().values()]
                assert CANARY not in "\n".join(told), process
                looked_at += 1
        assert looked_at >= 2, "the worker and its child"
        ssh.stop(folder, 0.0, chosen)
        places = list(contents(tmp_path))
        assert len(places) > 50
        assert not [path for path, content in places if CANARY.encode() in content]
