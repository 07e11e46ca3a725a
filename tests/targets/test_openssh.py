"""The target ssh against OpenSSH's own server, where one is there (apt install openssh-server)."""

from __future__ import annotations

import getpass
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import pytest

from hone.records.job import Job
from hone.targets import ssh
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder
from tests.faults.gates import FAKE_WORKER, Gate, wait_until
from tests.targets.machines import Line

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin") or shutil.which("sshd")
MIB = 1 << 20
SETTINGS = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
"""


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A line to a server of OpenSSH that lets this user in."""
    if SSHD is None:
        pytest.skip("there is no sshd here (apt install openssh-server)")
    for name in ("host_key", "user_key"):
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(tmp_path / name))
        (tmp_path / name).chmod(0o600)
    public = asyncssh.read_private_key(str(tmp_path / "user_key")).export_public_key()
    (tmp_path / "authorized_keys").write_bytes(public)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "sshd_config").write_text(SETTINGS.format(port=port, folder=tmp_path))
    command = [SSHD, "-D", "-e", "-f", str(tmp_path / "sshd_config")]
    with (tmp_path / "sshd.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def is_up() -> bool:
        said = (tmp_path / "sshd.log").read_text()
        if process.poll() is not None:
            pytest.skip(f"sshd does not run for this user: {said[-200:]}")
        return "Server listening" in said

    try:
        wait_until(is_up, "sshd listens")
        opened = Line(port)
        yield opened
        opened.close()
    finally:
        process.kill()
        process.wait()


def test_a_job_over_openssh_outlives_cuts_and_comes_back_whole(line: Line, tmp_path: Path) -> None:
    chosen = ssh.Options(
        host="127.0.0.1",
        port=line.port,
        user=getpass.getuser(),
        key=str(tmp_path / "user_key"),
        folder=str(tmp_path / "there"),
        python=sys.executable,
        look_seconds=0.05,
    )
    assert all(one.is_good for one in ssh.check(chosen))
    gate = Gate(tmp_path)
    spec = {"fake": {"waits_for_stop": True, "gate": str(gate.path), "steps": 1}}
    job = Job(id="train-openssh", kind="train", created_at=datetime.now(UTC), spec=spec)
    rows = random.Random(5).randbytes(8 * MIB)
    folder = JobFolder.create(tmp_path / "jobs" / job.id, job, inputs={"train.jsonl": rows})
    sent, lines = line.there, line.lines
    line.cut_after(there=5 * MIB)
    ssh.start(folder, chosen, command=FAKE_WORKER)
    assert line.lines == lines + 2 and line.there - sent < 11 * MIB
    there = tmp_path / "there" / "jobs" / job.id / "inputs" / "train.jsonl"
    assert sha256_of(there) == sha256_of(folder.inputs / "train.jsonl")
    gate.wait("training")
    line.cut()
    assert ssh.is_alive(folder, chosen)
    assert ssh.stop(folder, 20.0, chosen) == "stopped"
    assert folder.state() == "cancelled"
    assert (folder.checkpoints / "checkpoint-1" / "weights").read_text() == "1"
    gate.close()
