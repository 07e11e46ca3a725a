"""A server of one's own beside a model: through the job and the worker, to the report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput, Unavailable
from hone.generators import endpoint
from hone.stages.configure import change_setting
from hone.stages.evaluate import evaluate, evaluate_options, finish
from hone.worker import evaluate as worker
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from tests.generators.chat_server import ChatServer, Reply, chat_server, said
from tests.stages.answering import make_workspace, output, register
from tests.targets.here import Here

KEY = "canary-endpoint-88d1f2"


def plan(body: dict[str, Any], number: int) -> Reply:
    """Right on even numbers; refuses each seventh; says nothing to the others."""
    asked = int(body["messages"][-1]["content"].split()[0])
    if asked % 7 == 0:
        return Reply(400, {"error": {"message": "too long for me"}})
    return said(json.dumps(output(asked)) if asked % 2 == 0 else "")


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server(lambda body, number: plan(body, number)) as found:
        yield found


@pytest.fixture
def ws(tmp_path: Path, server: ChatServer) -> Iterator[Workspace]:
    with make_workspace(tmp_path / "ws") as made:
        register(made)
        (made.root / ".env").write_text(f"BIG_KEY={KEY}\n")
        (made.root / ".env").chmod(0o600)
        said_of_it = {"url": server.url, "model": "big-7b", "key": "BIG_KEY", "at_once": 2}
        change_setting(made, "endpoints.big", json.dumps(said_of_it))
        yield made


class Worker(Here):
    """The worker's own code, in this process."""

    def __init__(self) -> None:
        super().__init__(self.work)

    def work(self, folder: JobFolder) -> None:
        done = worker.carry_out(folder)
        assert done is not None
        folder.write_result(done)


def answered(ws: Workspace) -> Any:
    options = evaluate_options(rows=[], further=["big"], on="pickup@1/test")
    job = evaluate(ws, "small", options, target=Worker())
    return job.id, finish(ws, job.id)


def test_it_answers_beside_models_and_its_troubles_are_told(
    ws: Workspace, server: ChatServer
) -> None:
    job, found = answered(ws)
    (row,) = found.rows
    assert row.contender == "big" and 0 < row.score.value < 1
    asked = [int(one["messages"][-1]["content"].split()[0]) for one in server.asked]
    assert row.troubles["not_answered"] == sum(one % 7 == 0 for one in asked) > 0
    assert any("big left" in note for note in found.notes)
    assert len(server.asked) == row.examples and set(server.keys) == {f"Bearer {KEY}"}
    texts = [path.read_text(errors="replace") for path in ws.jobs.rglob("*") if path.is_file()]
    assert not any(KEY in text for text in texts)
    assert json.loads((ws.jobs / job / "job.json").read_text())["spec"]["contenders"]


def test_where_it_stays_away_the_same_command_asks_nothing_twice(
    ws: Workspace, server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint.time, "sleep", lambda seconds: None)
    server.plan = lambda body, number: (
        plan(body, number) if len(server.asked) < 9 else Reply(503, b"")
    )
    with pytest.raises(Unavailable, match="does not answer"):
        answered(ws)
    (left,) = ws.store.jobs.unsettled()
    file = JobFolder(ws.jobs / left.id).predictions / "big.jsonl"
    before = {json.loads(line)["id"] for line in file.read_text().splitlines()}
    assert len(before) >= 6
    server.plan, server.asked = plan, []
    job, found = answered(ws)
    assert job == left.id and len(server.asked) == found.rows[0].examples - len(before)


def test_an_endpoint_stands_beside_a_model_and_in_ones_own_network(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="big is an endpoint") as caught:
        evaluate(ws, "big")
    assert caught.value.hint == "hone evaluate MODEL --against big"
    elsewhere = {"url": "https://api.example.com/v1", "model": "big"}
    change_setting(ws, "endpoints.far", json.dumps(elsewhere))
    options = evaluate_options(rows=[], further=["far"], on="pickup@1/test")
    with pytest.raises(InvalidInput, match="is not in your own network"):
        evaluate(ws, "small", options)
    assert ws.store.jobs.list() == []
