"""A machine that answers oddly: noise, a broken Python, strange keys, files that change."""

from __future__ import annotations

import asyncio
import hashlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from hone.errors import HoneError
from hone.targets import _arrival, _transfer, ssh
from hone.targets._arrival import Wanted
from hone.targets._ssh import MOST_NOISE_LINES, Address, Host
from hone.targets._transfer import Sent
from tests.faults.gates import FAKE_WORKER, Gate
from tests.faults.orders import job_folder
from tests.targets.machines import Machine
from tests.targets.test_arrival import host
from tests.targets.test_ssh_refusals import options, refused


def test_a_key_with_a_passphrase_names_the_agent(there: Machine, tmp_path: Path) -> None:
    path = tmp_path / "locked"
    key = asyncssh.generate_private_key("ssh-ed25519")
    path.write_bytes(key.export_private_key("pkcs8-pem", passphrase="secret"))
    error = refused(options(there, key=str(path)))
    assert error.message == f"The key {path} needs its passphrase."
    assert error.hint == f"ssh-add {path}"


def test_a_machine_that_prints_and_never_answers_is_left(there: Machine) -> None:
    there.set(noise="Welcome!\n" * (MOST_NOISE_LINES + 10))
    try:
        error = refused(options(there))
    finally:
        there.set(noise="")
    assert error.message.endswith(" prints without end and never answers.")
    assert error.hint.endswith("ssh HOST true")


def test_a_python_that_ends_without_an_answer_is_quoted(there: Machine, tmp_path: Path) -> None:
    broken = tmp_path / "python3"
    broken.write_text("#!/bin/sh\necho first >&2\necho no library libz >&2\nexit 3\n")
    broken.chmod(0o755)
    error = refused(options(there, python=str(broken)))
    assert error.message.endswith(" could not carry a call out (code 3): no library libz")
    assert "targets.ssh.python PATH" in error.hint


@contextmanager
def old_server(folder: Path) -> Iterator[int]:
    """An SSH server that only knows a way to exchange keys that nobody takes any more."""
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(folder / "host_key"))
    ready, port = threading.Event(), 0
    loop = asyncio.new_event_loop()

    async def serve() -> asyncssh.SSHAcceptor:
        nonlocal port
        found = await asyncssh.listen(
            "127.0.0.1", 0,
            server_host_keys=[str(folder / "host_key")],
            kex_algs=["diffie-hellman-group1-sha1"],
        )  # fmt: skip
        port = found.get_port()
        return found

    def run() -> None:
        server = loop.run_until_complete(serve())
        ready.set()
        loop.run_forever()
        server.close()
        loop.run_until_complete(server.wait_closed())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)


def test_a_server_of_another_age_is_told(there: Machine, tmp_path: Path) -> None:
    with old_server(tmp_path) as port:
        error = refused(options(there, port=port))
    assert error.message.endswith(" and Hone agree on no kind of key, or no way to exchange one.")
    assert "Bring its SSH server up to date" in error.hint


def told(work: Any) -> HoneError:
    with pytest.raises(HoneError) as caught:
        asyncio.run(work())
    return caught.value


def test_a_file_that_got_shorter_is_named(there: Machine, tmp_path: Path) -> None:
    (path := tmp_path / "file").write_text("content")
    longer = Sent("file", path, 20, hashlib.sha256(b"content").hexdigest())

    async def work() -> None:
        async with host(there) as found:
            await _transfer.send(found, str(there.home / "shorter"), [longer])

    error = told(work)
    assert error.message == f"{path} got shorter while it was sent."
    assert error.hint.startswith("Try again")


def test_files_that_never_arrive_as_they_are_there(there: Machine, tmp_path: Path) -> None:
    (place := there.home / "jobs" / "one" / "final").mkdir(parents=True)
    (place / "x").write_text("content")

    class Lying(Host):
        async def surely(self, *_: object, **__: object) -> dict[str, object]:
            return {"files": [{"path": "final/x", "sha256": "a" * 64, "bytes": 7}]}

    async def work() -> None:
        address = Address("127.0.0.1", there.port, "tester", str(there.key))
        async with Lying(address, python=sys.executable) as found:
            await _transfer.fetch(found, str(place.parent), ["final"], tmp_path / "home")

    (tmp_path / "home").mkdir()
    error = told(work)
    assert error.message.endswith(" never arrive as they are there.")
    assert error.hint.startswith("Its disk or its line may be broken")
    assert not list((tmp_path / "home").rglob("x"))


class Installing(Host):
    """A machine whose Python lacks everything; `made` is what its pip answers."""

    made: dict[str, object]

    async def surely(self, verb: str, *_: object, **__: object) -> dict[str, object]:
        facts = {"python": [3, 12, 0], "executable": "/usr/bin/python3", "folder": "/h"}
        lacking: dict[str, object] = {**facts, "packages": {}, "can_make_venv": True}
        return self.made if verb == "environment" else lacking


@pytest.mark.parametrize(
    ("made", "words", "mend"),
    [
        (
            {"code": 1, "said": "Looking …\nERROR: No matching distribution found for torch\n"},
            "The packages could not be installed on 127.0.0.1:1: ERROR: No matching distribution",
            "Can it reach a package index?   hone config set targets.ssh.index URL",
        ),
        (
            {"code": 0, "said": "", "python": "/h/bin/python"},
            "127.0.0.1:1 still lacks ",
            "a Python",
        ),
    ],
)
def test_packages_that_do_not_come_are_told(made: dict[str, object], words: str, mend: str) -> None:
    async def work() -> None:
        async with Installing(Address("127.0.0.1", 1)) as found:
            found.made = made
            await _arrival.arrive(found, Wanted())

    error = told(work)
    assert words in error.message and mend in error.hint


TOLD = """
import sys
from hone.workspace.job_folder import JobFolder
JobFolder(sys.argv[-1]).append("failed", error="No card is free.", hint="Wait for one.")
sys.exit(1)
"""


def test_what_a_worker_said_before_it_began_is_told(there: Machine, tmp_path: Path) -> None:
    folder = job_folder(tmp_path)
    with pytest.raises(HoneError) as caught:
        ssh.start(folder, options(there), command=(sys.executable, "-c", TOLD))
    assert (caught.value.message, caught.value.hint) == ("No card is free.", "Wait for one.")


def test_a_log_here_that_is_not_the_beginning_of_the_one_there_is_told(
    there: Machine, tmp_path: Path, gate: Gate
) -> None:
    chosen = options(there)
    folder = job_folder(tmp_path, waits_for_stop=True, gate=str(gate.path))
    ssh.start(folder, chosen, command=FAKE_WORKER)
    gate.wait("training")
    events = folder.path / "events.jsonl"
    before = events.read_bytes()
    events.write_bytes(before[:-9] + b"otherwise")
    name = folder.path.name
    with ssh.follow(folder, chosen) as pull, pytest.raises(HoneError) as caught:
        pull()
    assert caught.value.message.startswith(f"events.jsonl of {name} is not the beginning of the ")
    assert caught.value.hint == f"Move {events} away; it comes anew."
    events.write_bytes(before)
    assert ssh.stop(folder, 30.0, chosen) in ("stopped", "not running")
