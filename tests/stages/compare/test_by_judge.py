"""A judge is asked about people's choices first, about versions only where it agrees with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import HoneError, NotFound, Unavailable
from hone.records.comparison import Comparison
from hone.records.review import Decision
from hone.stages.compare import add_judgement, compare, judge_named, wanted, write_report
from hone.stages.configure import change_setting
from hone.workspace.open import Workspace, open_workspace
from tests.generators.chat_server import ChatServer, Reply, chat_server, said
from tests.stages.answering import output
from tests.stages.compare.planted import answer, make_planted

EDITED = 40
Verdict = Callable[[dict[str, Any]], str]


def by_length(given: dict[str, Any]) -> str:
    """Likes the longer answer: what people chose here is longer, and so is what is right."""
    return "TIE" if len(given["A"]) == len(given["B"]) else "AB"[len(given["A"]) < len(given["B"])]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_planted(root, count=150, versions=2) as ws:
        answer(ws, "pickup@v2", further=["pickup@v1"])
        edits = [
            Decision(
                op_id=f"longer{n}",
                example_id=f"e{n:03}",
                verdict="edit",
                reviewer="ann",
                base_version=None,
                output=[{**output(n)[0], "item": "a much longer name of the same thing"}],
            )
            for n in range(10, 10 + EDITED)
        ]
        ws.store.journal.decide(edits)
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(built, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as opened:
        yield opened


@pytest.fixture
def server(ws: Workspace) -> Iterator[Callable[[Verdict], ChatServer]]:
    verdicts: list[Verdict] = [by_length]
    with chat_server(
        lambda body, number: said(verdicts[0](json.loads(body["messages"][-1]["content"])))
    ) as found:
        change_setting(
            ws, "endpoints.big", json.dumps({"url": found.url, "model": "big-7b", "at_once": 4})
        )

        def that_says(verdict: Verdict) -> ChatServer:
            verdicts[0] = verdict
            return found

        yield that_says


def judged(ws: Workspace, seed: int = 0) -> Comparison:
    chosen = wanted(ws, ["pickup@v2", "pickup@v1"], None)
    found = compare(ws, chosen, seed=seed)
    return add_judgement(ws, chosen, found, judge_named(ws, "big"))


def test_a_judge_that_agrees_with_people_is_asked_about_versions(
    ws: Workspace, server: Callable[[Verdict], ChatServer]
) -> None:
    server(by_length)
    found = judged(ws)
    said = found.judgement
    assert said is not None and (said.judge, said.model) == ("big", "big-7b")
    own = said.agreement
    # Two were edited before, by ben, to something no longer.
    assert own.contests == own.agreed + own.disagreed + own.tied == EDITED + 2
    assert own.agreed >= EDITED and own.is_enough and own.share is not None
    assert own.share.value == pytest.approx(own.agreed / own.contests)
    (pair,) = said.pairs
    (scored,) = [one for one in found.pairs if (one.one, one.other) == (pair.one, pair.other)]
    # Right answers are the longer ones, so the judge finds what the scores say.
    assert (pair.won, pair.lost) == (len(scored.won), len(scored.lost)) and pair.won > 10
    assert pair.tied == scored.ties and pair.swayed == pair.unread == 0
    assert "it prefers pickup@v2 to pickup@v1" in pair.says and pair.p_value < 0.05
    files = write_report(ws, found)
    text = files.markdown.read_text()
    assert own.says in text.replace("\\", "") and "follows the order" in files.page.read_text()
    assert Comparison.model_validate_json(files.json.read_text()) == found


def test_nothing_is_asked_twice_and_a_torn_line_alone_is_asked_again(
    ws: Workspace, server: Callable[[Verdict], ChatServer]
) -> None:
    there = server(by_length)
    first = judged(ws)
    amount = len(there.asked)
    assert amount > 2 * EDITED
    assert judged(ws).judgement == first.judgement and len(there.asked) == amount
    kept = ws.data / "metrics" / "judge_big.jsonl"
    kept.write_bytes(kept.read_bytes()[:-20])
    assert judged(ws).judgement == first.judgement and len(there.asked) == amount + 1
    assert judged(ws).judgement == first.judgement and len(there.asked) == amount + 1


def test_what_came_before_the_line_was_cut_is_kept(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hone.generators.endpoint.AGAIN_SECONDS", ())
    answered: list[int] = []

    def plan(body: dict[str, Any], number: int) -> Reply:
        if len(answered) >= 30 and not is_back:
            return Reply(503, {})
        answered.append(1)
        return said(by_length(json.loads(body["messages"][-1]["content"])))

    is_back: list[bool] = []
    with chat_server(plan) as found:
        change_setting(
            ws, "endpoints.big", json.dumps({"url": found.url, "model": "m", "at_once": 1})
        )
        with pytest.raises(Unavailable):
            judged(ws)
        is_back.append(True)
        judged(ws)
        bodies = [json.dumps(one["messages"]) for one in found.asked]
    # One was refused and asked again; no other was asked twice.
    assert len(bodies) == len(set(bodies)) + 1


def test_a_judge_that_follows_the_order_is_not_asked_about_versions(
    ws: Workspace, server: Callable[[Verdict], ChatServer]
) -> None:
    there = server(lambda given: "A")
    said = judged(ws).judgement
    assert said is not None and said.pairs == [] and said.examples == 0
    assert said.agreement.swayed == EDITED + 2 and not said.agreement.is_enough
    assert "it was not asked which version is better" in said.agreement.says
    assert len(there.asked) == 2 * (EDITED + 2)


def test_a_judge_that_knows_better_than_people_is_not_trusted(
    ws: Workspace, server: Callable[[Verdict], ChatServer]
) -> None:
    server(lambda given: {"A": "B", "B": "A", "TIE": "TIE"}[by_length(given)])
    said = judged(ws).judgement
    assert said is not None and said.agreement.disagreed >= EDITED and said.pairs == []


def test_a_judge_that_replies_in_prose_is_refused_in_plain_words(
    ws: Workspace, server: Callable[[Verdict], ChatServer]
) -> None:
    server(lambda given: "Both answers have their merits, and it depends.")
    with pytest.raises(HoneError, match="names no verdict in 42 of 42 cases") as told:
        judged(ws)
    assert "A, B or TIE" in (told.value.hint or "")


def test_few_choices_of_people_measure_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_planted(tmp_path / "few", count=40, versions=2) as ws:
        answer(ws, "pickup@v2", further=["pickup@v1"])
        with chat_server(lambda body, number: said("A")) as found:
            change_setting(ws, "endpoints.big", json.dumps({"url": found.url, "model": "m"}))
            judgement = judged(ws).judgement
        assert judgement is not None and not judgement.agreement.is_enough
        assert "2 times" in judgement.agreement.says and found.asked == []
        assert judgement.agreement.share is None


def test_of_very_many_choices_a_sample_is_asked(
    ws: Workspace,
    server: Callable[[Verdict], ChatServer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hone.stages.compare.by_judge.MOST", 25)
    server(by_length)
    said = judged(ws).judgement
    assert said is not None and said.agreement.contests == 25 and said.examples == 25


def test_a_judge_that_nobody_named_is_refused_before_anything_is_asked(ws: Workspace) -> None:
    with pytest.raises(NotFound, match='No endpoint "huge"'):
        judge_named(ws, "huge")
