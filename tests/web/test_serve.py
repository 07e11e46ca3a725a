"""The server as a process: its address, its port, its end, and what a kill leaves behind."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hone.cli.run import run
from hone.errors import Conflict, HoneError, InvalidInput
from hone.stages import people
from hone.web.serve import START_SECONDS, Address, Running, is_loopback, own_address, site_for
from hone.workspace.open import Workspace, init_workspace, open_workspace
from hone.workspace.store import new_example
from tests.web.conftest import question
from tests.web.server import DEADLINE_SECONDS, TOKEN, served

SENDERS = 4
SHARE = 20
KILLED_EXAMPLES = 20 * SENDERS * SHARE


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace that nobody has open."""
    with init_workspace(tmp_path / "w") as ws:
        rows = (question(number) for number in range(1, KILLED_EXAMPLES + 1))
        ws.store.examples.add_many(new_example(one, search="") for one in rows)
    return tmp_path / "w"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_the_printed_address_signs_in_and_shows_the_page(root: Path) -> None:
    with served(root, token=None) as server, httpx.Client(base_url=server.url) as client:
        assert len(server.token) >= 40
        page = client.get("/")
        assert page.status_code == 200 and "<title>Hone</title>" in page.text
        own = {"Origin": server.url}
        answer = client.post("/api/session", json={"token": server.token}, headers=own)
        assert answer.json()["role"] == "admin"
        assert client.cookies[f"hone_{server.port}"]
        assert client.get("/api/examples?limit=1").json()["total"] == KILLED_EXAMPLES


def test_a_port_in_use_is_told_in_two_lines(root: Path, taken: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hone", "up", "--port", str(taken), "--no-browser",
         "--workspace", str(root)],
        capture_output=True, text=True, timeout=DEADLINE_SECONDS,
    )  # fmt: skip
    assert done.returncode == 1
    what, hint = done.stderr.strip().splitlines()
    assert str(taken) in what and "in use" in what
    assert hint == f"Try: hone up --port {taken + 1}"


def test_a_shared_server_without_people_is_refused_in_two_lines(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["up", "--host", "0.0.0.0", "--port", "0", "--no-browser", "--workspace", str(root)]
    assert run(words) == 1
    what, hint = capsys.readouterr().err.strip().splitlines()
    assert "nobody has a password" in what
    assert hint == "Try: hone users add NAME --role reviewer"


@pytest.mark.parametrize("token", ["short", "x" * 31, "with a space " * 5, "é" * 40])
def test_a_token_of_the_environment_that_could_be_guessed_is_refused(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("HONE_TOKEN", token)
    address = Address("127.0.0.1", 0)
    with pytest.raises(InvalidInput):
        site_for(ws, address)
    address.socket.close()


@pytest.mark.parametrize("port", [-1, 65536, 10**9])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(InvalidInput):
        Address("127.0.0.1", port)


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(Conflict):
        Address("192.0.2.1", 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.4", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
    ],
)
def test_what_only_this_machine_reaches(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_others_are_let_in_only_where_somebody_has_a_password(ws: Workspace) -> None:
    with pytest.raises(InvalidInput) as told:
        site_for(ws, Address("0.0.0.0", 0))
    assert told.value.hint == "hone users add NAME --role reviewer"
    people.add_person(ws, "rita", "reviewer", "password of rita")
    address = Address("0.0.0.0", 0)
    try:
        assert site_for(ws, address).access.is_shared
    finally:
        address.socket.close()


def test_a_shared_server_answers_to_its_own_names_and_those_it_was_told() -> None:
    address = Address("0.0.0.0", 0, ["Hone.Example.org", "other.example:8443"])
    address.socket.close()
    assert f"{socket.gethostname()}:{address.port}".lower() in address.hosts
    assert {"hone.example.org", "other.example:8443"} <= address.hosts
    assert f"0.0.0.0:{address.port}" not in address.hosts


@pytest.mark.parametrize(
    ("host", "begins"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("localhost", "http://127.0.0.1:"),
        ("0.0.0.0", "http://127.0.0.1:"),
        ("127.0.0.2", "http://127.0.0.2:"),
        ("::1", "http://[::1]:"),
    ],
)
def test_the_address_for_this_machine_is_one_that_it_answers_to(host: str, begins: str) -> None:
    if host == "127.0.0.2" and sys.platform == "darwin":
        pytest.skip("macOS has only the first address of the loopback network")
    address = Address(host, 0)
    address.socket.close()
    assert address.url.startswith(begins)
    assert address.url.removeprefix("http://").rstrip("/") in address.hosts


def test_small_answers_are_sent_at_once() -> None:
    # asyncio switches Nagle's algorithm off only for sockets whose protocol is named.
    address = Address("127.0.0.1", 0)
    address.socket.close()
    assert address.socket.proto == socket.IPPROTO_TCP


def test_a_workspace_gets_the_same_port_each_time_and_another_where_it_is_taken(
    ws: Workspace,
) -> None:
    first = own_address(ws)
    second = own_address(ws)
    second.socket.close()
    first.socket.close()
    third = own_address(ws)
    third.socket.close()
    assert first.port == third.port != second.port


def test_a_server_in_a_thread_ends_with_its_block(ws: Workspace) -> None:
    address = Address("127.0.0.1", 0)
    with Running(site_for(ws, address), address) as running:
        token = running.one_time_link().partition("#token=")[2]
        with httpx.Client(base_url=address.url, headers={"Origin": address.url[:-1]}) as client:
            assert client.post("/api/session", json={"token": token}).status_code == 200
            assert client.get("/api/tasks").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(address.url)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_in_a_thread_that_ends_at_once_is_not_waited_for(ws: Workspace) -> None:
    address = Address("127.0.0.1", 0)
    server = Running(site_for(ws, address), address)
    address.socket.close()
    began = time.monotonic()
    with pytest.raises(HoneError, match="The server did not start") as told, server:
        pass
    assert told.value.hint == "Run hone up to see why."
    assert time.monotonic() - began < START_SECONDS / 2


def test_it_ends_quickly_although_a_browser_listens(root: Path) -> None:
    with (
        served(root) as server,
        server.client() as client,
        client.stream("GET", "/api/events") as stream,
    ):
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: ready"
        server.process.send_signal(signal.SIGTERM)
        assert list(lines) is not None
        assert server.process.wait(DEADLINE_SECONDS) in (0, -signal.SIGTERM)


def test_a_decision_reaches_other_browsers_at_once(root: Path) -> None:
    with (
        served(root) as server,
        server.client() as client,
        server.client() as other,
        other.stream("GET", "/api/events") as stream,
    ):
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: ready"
        one = {"op_id": "one-of-eight", "example_id": "q1", "verdict": "accept"}
        client.post("/api/reviews", json={"operations": [one]})
        assert next(line for line in lines if line.startswith("event:")) == "event: reviews"
        told = next(line for line in lines if line.startswith("data:"))
    assert json.loads(told.removeprefix("data: "))["ids"] == ["q1"]


class Sender(threading.Thread):
    """Decides its share of the examples one by one; remembers what was acknowledged."""

    def __init__(self, client: httpx.Client, numbers: range, heard: threading.Semaphore) -> None:
        super().__init__()
        self.client, self.numbers, self.heard = client, numbers, heard
        self.acknowledged: list[str] = []
        self.in_flight: dict[str, Any] | None = None

    def run(self) -> None:
        for number in self.numbers:
            self.in_flight = {
                "op_id": f"operation-{number}",
                "example_id": f"q{number}",
                "verdict": "accept" if number % 2 else "reject",
                "base_version": 1,
            }
            try:
                answer = self.client.post("/api/reviews", json={"operations": [self.in_flight]})
            except httpx.TransportError:
                return
            (receipt,) = answer.json()["receipts"]
            assert receipt["outcome"] == "applied", receipt
            self.acknowledged.append(receipt["op_id"])
            self.in_flight = None
            self.heard.release()


def kill_while_deciding(root: Path, port: int, begin: int) -> tuple[list[str], list[Any], int]:
    """One start, some decisions, SIGKILL: what was acknowledged, what was under way, the port."""
    heard = threading.Semaphore(0)
    with served(root, "--port", str(port)) as server, server.client() as client:
        senders = [
            Sender(client, range(begin + n * SHARE, begin + (n + 1) * SHARE), heard)
            for n in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        for _ in range(40):
            assert heard.acquire(timeout=DEADLINE_SECONDS)
        server.process.kill()
        for sender in senders:
            sender.join(DEADLINE_SECONDS)
        return (
            [op_id for sender in senders for op_id in sender.acknowledged],
            [sender.in_flight for sender in senders if sender.in_flight is not None],
            server.port,
        )


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.long)])
def test_a_kill_loses_nothing_that_was_acknowledged_and_doubles_nothing(
    root: Path, kills: int
) -> None:
    acknowledged: list[str] = []
    under_way: list[Any] = []
    port = 0
    for kill in range(kills):
        done, cut_off, port = kill_while_deciding(root, port, 1 + kill * SENDERS * SHARE)
        acknowledged += done
        under_way += cut_off
    assert under_way, "no kill hit a decision that was under way"
    with served(root, "--port", str(port)) as server, server.client() as client:
        answer = client.post("/api/reviews", json={"operations": under_way}).json()
        assert {one["outcome"] for one in answer["receipts"]} <= {"applied", "duplicate"}
    sent = [*acknowledged, *(one["op_id"] for one in under_way)]
    with open_workspace(root) as ws:
        journalled = Counter(operation.op_id for operation in ws.store.journal.operations())
        assert journalled == Counter(sent)
        assert ws.store.examples.counters("qa")["pending"] == KILLED_EXAMPLES - len(sent)


def test_a_script_keeps_its_token_over_restarts(root: Path) -> None:
    for _ in range(2):
        with served(root) as server, server.client() as client:
            assert server.token == TOKEN
            assert client.get("/api/tasks").status_code == 200
