"""A server of one's own: what it is asked, what of its answers counts, and what it may not do."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from hone.errors import HoneError, InvalidInput, Unavailable
from hone.generators import endpoint
from hone.generators.endpoint import Options, Said, is_own, refuse_unfit, run
from tests.generators.chat_server import ChatServer, Reply, chat_server, said

KEY = "canary-endpoint-3f61a0c7d92b"


def conversations(count: int) -> list[list[dict[str, str]]]:
    return [
        [{"role": "system", "content": "Say it."}, {"role": "user", "content": f"number {n}"}]
        for n in range(count)
    ]


def number_in(body: dict[str, Any]) -> int:
    return int(body["messages"][-1]["content"].split()[-1])


def asked(server: ChatServer, count: int = 6, **more: Any) -> dict[int, Said]:
    options = Options(url=server.url, model="big", **more)
    found = [one for batch in run(conversations(count), options) for one in batch]
    assert len(found) == len({one.place for one in found})
    return {one.place: one for one in found}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits take no time; how long they would have been."""
    waited: list[float] = []
    monkeypatch.setattr(endpoint.time, "sleep", waited.append)
    return waited


def test_every_conversation_is_answered_once_and_some_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=20)

    def plan(body: dict[str, Any], number: int) -> Reply:
        if number_in(body) < 3:
            together.wait()  # passes only where three are under way at once
        return said(f"It is {number_in(body)}.")

    with chat_server(plan) as server:
        found = asked(server, 20, at_once=3, max_new_tokens=77)
    assert {place: one.text for place, one in found.items()} == {
        place: f"It is {place}." for place in range(20)
    }
    assert len(server.asked) == 20 and server.most_at_once == 3
    first = server.asked[0]
    assert (first["model"], first["temperature"], first["max_tokens"]) == ("big", 0, 77)
    assert first["stream"] is False and first["messages"][0]["role"] == "system"
    assert server.keys == [None] * 20


def test_what_was_cut_off_empty_or_no_text_is_told(hurried: list[float]) -> None:
    def plan(body: dict[str, Any], number: int) -> Reply:
        place = number_in(body)
        if place == 0:
            return said("and so on and on", "length")
        if place == 1:
            return Reply(200, {"choices": [{"message": {"content": None}}]})
        if place == 2:
            return Reply(400, {"error": {"message": "maximum context length is 8"}})
        if place == 3:
            return said("\udcff half")
        return said("x" * (endpoint.MOST_BYTES + 10))

    with chat_server(plan) as server:
        found = asked(server, 5)
    assert not found[0].is_complete and found[0].text == "and so on and on"
    assert found[1] == Said(1, "") and found[3].text == "? half"
    assert found[2].problem == "The server refuses it (400): maximum context length is 8"
    assert found[4].problem.startswith("The answer has more than") and found[4].text == ""
    assert hurried == []


def test_a_server_that_stumbles_is_asked_again_as_it_says(hurried: list[float]) -> None:
    def plan(body: dict[str, Any], number: int) -> Reply:
        if number == 1:
            return Reply(429, {"error": "slower"}, {"Retry-After": "7"})
        return Reply(503, b"<html>busy</html>") if number == 2 else said("here")

    with chat_server(plan) as server:
        found = asked(server, 1)
    assert found[0].text == "here" and hurried == [7.0, 2.0]


def test_a_server_that_stays_away_is_unavailable_and_what_came_before_is_kept() -> None:
    def plan(body: dict[str, Any], number: int) -> Reply:
        return said("yes") if number_in(body) < 2 else Reply(500, b"")

    with chat_server(plan) as server:
        options = Options(url=server.url, model="big", at_once=1)
        found: list[Said] = []
        with pytest.raises(Unavailable, match="does not answer: it answered 500"):
            for batch in run(conversations(4), options):
                found += batch
    assert [one.place for one in found] == [0, 1]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    gone = Options(url=f"http://127.0.0.1:{port}/v1", model="big")
    with pytest.raises(Unavailable, match=r"the line was cut \(ConnectError\)"):
        list(run(conversations(1), gone))


@pytest.mark.parametrize(
    ("reply", "words", "mend"),
    [
        (Reply(401, {"error": {"message": f"bad key {KEY}"}}), "bad key (the key)", "MY_KEY=…"),
        (Reply(404, {"error": "no model big"}), "no model big", "Does it know the model big?"),
        (Reply(200, b"<html>hello</html>"), "otherwise than OpenAI's chat API", "up to /v1"),
        (Reply(200, {"choices": []}), "otherwise than OpenAI's chat API", "up to /v1"),
    ],
)
def test_what_no_asking_again_would_mend_ends_it(
    monkeypatch: pytest.MonkeyPatch, reply: Reply, words: str, mend: str
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    with chat_server(lambda body, number: reply) as server, pytest.raises(HoneError) as caught:
        asked(server, 3, key="MY_KEY")
    assert words in caught.value.message and mend in caught.value.hint
    assert KEY not in f"{caught.value.message} {caught.value.hint}"
    assert server.keys[0] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1", True), ("localhost", True), ("::1", True), ("10.1.2.3", True),
        ("192.168.0.7", True), ("gpu-box", True), ("gpu.local", True), ("fd00::7", True),
        ("8.8.8.8", False), ("api.openai.com", False), ("0.0.0.0", False), ("local.example", False),
    ],
)  # fmt: skip
def test_only_ones_own_network_is_asked(host: str, is_ours: bool) -> None:
    assert is_own(host) == is_ours


@pytest.mark.parametrize(
    ("said_of_it", "words"),
    [
        ({"url": "https://api.openai.com/v1"}, "is not in your own network"),
        ({"url": "ftp://localhost/v1"}, "is no address of a server"),
        ({"url": "http://me:secret@localhost/v1"}, "is no address of a server"),
        ({"url": "http://192.168.0.7/v1", "key": "MY_KEY"}, "would travel in the open"),
        ({"url": "http://127.0.0.1:1/v1", "key": "NO_SUCH_KEY"}, "There is no key NO_SUCH_KEY"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_asked(
    said_of_it: dict[str, str], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        refuse_unfit(Options(model="big", **said_of_it))
    assert caught.value.hint and "secret" not in str(caught.value)


def test_a_key_comes_from_the_workspace(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"MY_KEY={KEY}\n")
    (tmp_path / ".env").chmod(0o600)
    with chat_server(lambda body, number: said("hello")) as server:
        found = asked(server, 1, key="MY_KEY", keys_in=tmp_path)
    assert found[0].text == "hello" and server.keys == [f"Bearer {KEY}"]
