"""What can be wrong with another machine: each is one sentence with what mends it."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from hone.errors import HoneError, Unavailable
from hone.records.job import Job
from hone.settings import user_config_folder
from hone.targets import ssh
from hone.workspace.job_folder import JobFolder
from tests.faults.gates import FAKE_WORKER
from tests.targets.machines import Line, Machine, machine, switched_on

LACKING = "import time; import importlib.metadata as found; found.version = lambda name: '0.1'"


def options(there: Machine, **more: Any) -> ssh.Options:
    return ssh.Options(**there.options(**more))


def refused(chosen: ssh.Options) -> HoneError:
    with pytest.raises(HoneError) as caught:
        ssh.machine(chosen)
    assert caught.value.hint and "\n" not in caught.value.message
    return caught.value


def findings(chosen: ssh.Options) -> dict[str, Any]:
    return {one.name: one for one in ssh.check(chosen, mends=False)}


def test_a_host_that_is_not_there_is_said_with_the_command_to_try(there: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        silent = refused(options(there, port=port, connect_seconds=0.3))
        assert isinstance(silent, Unavailable)
        assert "no answer within 0.3 seconds" in silent.message
    closed = refused(options(there, port=port))
    assert "cannot be reached: nothing listens on that port" in closed.message
    assert f"ssh -p {port} tester@127.0.0.1" in closed.hint
    unknown = refused(options(there, host="no-such-machine.invalid"))
    assert "no machine of that name is known" in unknown.message
    assert findings(options(there, port=port))["trouble"].mend == closed.hint


def test_a_key_that_the_host_does_not_know_is_refused(there: Machine, tmp_path: Path) -> None:
    key = tmp_path / "other_key"
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(key))
    error = refused(options(there, key=str(key)))
    assert f"refuses {key} for tester" in error.message and "ssh-copy-id" in error.hint
    missing = refused(options(there, key=str(tmp_path / "nothing")))
    assert "cannot be used: No such file" in missing.message
    assert "targets.ssh.key" in missing.hint
    key.write_text("this is no key")
    assert "cannot be used" in refused(options(there, key=str(key))).message


def test_a_host_is_pinned_when_first_seen_and_another_key_is_refused(tmp_path: Path) -> None:
    with machine(tmp_path / "m") as first:
        chosen = options(first)
        fingerprint = asyncssh.read_private_key(str(first.folder / "host_key")).get_fingerprint()
        found = findings(chosen)
        assert fingerprint in found["key"].text and "First contact" in found["key"].text
        pins = (user_config_folder() / "known_hosts").read_text()
        assert f"[127.0.0.1]:{first.port} ssh-ed25519 " in pins
        assert "key" not in findings(chosen)  # known by now: nothing to say
        wanted = options(first, fingerprint="SHA256:somebodyelse")
        assert "SHA256:somebodyelse was expected" in refused(wanted).message
        assert ssh.machine(options(first, fingerprint=fingerprint))["cores"] >= 1
    for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256"):
        asyncssh.generate_private_key(kind).write_private_key(str(first.folder / "host_key"))
        with switched_on(first.folder) as again:
            pinned = pins.replace(f":{first.port} ", f":{again.port} ")
            (user_config_folder() / "known_hosts").write_text(pinned)
            error = refused(options(again))
            assert "has changed" in error.message and "--new-key" in error.hint
            assert (user_config_folder() / "known_hosts").read_text() == pinned
            found = {one.name: one for one in ssh.check(options(again), mends=False, new_key=True)}
            assert "now pinned" in found["key"].text and "trouble" not in found
            assert ssh.machine(options(again))["notes"] == []


def test_a_known_host_that_hangs_up_before_it_shows_its_key_is_asked_again(there: Machine) -> None:
    line = Line(there.port)
    chosen = options(there, port=line.port)
    assert ssh.machine(chosen)["cores"] >= 1
    known = line.lines
    assert (
        line.is_quiet()
    )  # else the last words of this line would be cut, not the next one's first
    line.cut_after(back=1)
    assert ssh.machine(chosen)["cores"] >= 1
    assert line.lines == known + 2
    line.close()


def test_a_host_without_python_or_with_an_old_one_is_told(there: Machine) -> None:
    there.set(path="/nonexistent")
    error = refused(options(there, python=None))
    assert error.message == f"There is no python3 on tester@127.0.0.1:{there.port}."
    assert "apt install python3" in error.hint
    assert (
        "There is no ~/env/bin/python" in refused(options(there, python="~/env/bin/python")).message
    )
    there.give_python(patch="import sys; sys.version_info = (3, 8, 10, 'final', 0)")
    error = refused(options(there, python=None))
    assert "Python 3.8.10" in error.message and "3.11 to 3.13 is needed" in error.message
    assert "targets.ssh.python" in error.hint
    there.give_python()
    assert ssh.machine(options(there, python=None))["torch"]


def test_a_python_that_lacks_packages_is_told_and_a_person_s_own_is_left_alone(
    there: Machine,
) -> None:
    there.give_python(patch=LACKING)
    note = ssh.machine(options(there, python=None))["notes"][-1]
    assert "lacks filelock>=3.20" in note and "the first job there installs them" in note
    own = options(there, python=str(there.folder / "programs" / "python3"))
    found = {one.name: one for one in ssh.check(own)}
    assert "lacks filelock>=3.20" in found["trouble"].text
    assert "targets.ssh.python null" in found["trouble"].mend
    without = LACKING + "\nimport importlib.util as seek; seek.find_spec = lambda name: None"
    there.give_python(patch=without)
    found = {one.name: one for one in ssh.check(options(there, python=None))}
    assert "cannot make an environment" in found["trouble"].text
    assert found["trouble"].mend.startswith("apt install python3-venv")


def test_a_full_disk_there_is_told_before_and_while_files_are_sent(
    there: Machine, tmp_path: Path
) -> None:
    full = "import shutil; shutil.disk_usage = lambda path: shutil._ntuple_diskusage(9, 9, 5000)"
    there.give_python(patch=full)
    chosen = options(there, python=str(there.folder / "programs" / "python3"), folder="~/full")
    found = findings(chosen)
    assert not found["disk"].is_good and "0.0 GiB free for" in found["disk"].text
    assert "targets.ssh.folder" in found["disk"].mend
    job = Job(id="train-full", kind="train", created_at=datetime.now(UTC), spec={})
    folder = JobFolder.create(tmp_path / "jobs" / job.id, job)
    with pytest.raises(HoneError, match=r"No space is left on .*: 5000 bytes are free") as caught:
        ssh.start(folder, chosen, command=FAKE_WORKER)
    assert "use another disk: hone config set targets.ssh.folder" in caught.value.hint
    assert folder.state() == "waiting" and not list(there.home.rglob("job.json"))


def test_a_folder_there_that_cannot_be_written_is_told(there: Machine) -> None:
    trouble = {one.name: one for one in ssh.check(options(there, folder="/dev/null/hone"))}
    assert "cannot be written" in trouble["trouble"].text
    assert "hone config set targets.ssh.folder" in trouble["trouble"].mend


@pytest.mark.parametrize(("seconds", "way"), [(7200, "ahead of"), (-300, "behind")])
def test_a_clock_that_differs_is_told(there: Machine, seconds: int, way: str) -> None:
    there.give_python(
        patch=f"import time; real = time.time; time.time = lambda: real() + {seconds}"
    )
    found = findings(options(there, python=str(there.folder / "programs" / "python3")))
    assert not found["clock"].is_good and way in found["clock"].text
    assert str(abs(seconds)) in found["clock"].text and "set-ntp" in found["clock"].mend
