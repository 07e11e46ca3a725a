"""The command compare: what it prints, as text and as JSON, and how it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hone.cli.run import run
from tests.generators.chat_server import chat_server, said
from tests.stages.compare.planted import answer, make_planted

Hone = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_planted(root) as ws:
        answer(ws, "pickup@v2", further=["pickup@v1", "pickup@v3", "pickup@v4"])
    return root


@pytest.fixture
def hone(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Hone:
    shutil.copytree(built, tmp_path / "ws")

    def call(*words: str) -> tuple[int, str, str]:
        code = run([*words, "--workspace", str(tmp_path / "ws")])
        return (code, *capsys.readouterr())

    return call


def test_compare_prints_rows_pairs_findings_and_examples(hone: Hone) -> None:
    code, out, err = hone("compare", "pickup@v2", "pickup@v1", "--no-repeat")
    assert (code, err) == (0, "")
    assert out.startswith("pickup@v2, pickup@v1 on pickup@1/test: 100 examples, 95% intervals\n")
    for part in (
        "Difference of field_f1, pair by pair",
        "retrieval  ",
        "pickup@v2 is better than pickup@v1 by 0.",
        "Noise floor: Not measured: taken as 0; answers are greedy",
        "pickup@v2 won against pickup@v1: e",
        "One of them: hone examples show ID",
    ):
        assert part in out
    page = out.splitlines()[-1].removeprefix("Report: ").partition(",")[0]
    assert Path(page).read_text().startswith("<!doctype html>")


def test_compare_as_json_is_the_report(hone: Hone) -> None:
    code, out, _ = hone("compare", "pickup@v2", "pickup@v1", "--no-repeat", "--json")
    said = json.loads(out)
    assert code == 0 and json.loads(Path(said.pop("report")).read_text()) == said
    assert said["models"] == ["pickup@v2", "pickup@v1"]


def test_a_judge_says_what_it_prefers_and_how_far_it_can_be_trusted(hone: Hone) -> None:
    with chat_server(lambda body, number: said("A")) as found:
        big = json.dumps({"url": found.url, "model": "big-7b"})
        assert hone("config", "set", "endpoints.big", big)[0] == 0
        code, out, err = hone("compare", "pickup@v2", "pickup@v1", "--no-repeat", "--judge", "big")
    assert (code, err) == (0, "") and found.asked == []
    assert "Not asked: people chose between two answers 2 times" in out
    assert "big (big-7b) on what people chose" in out
    code, _, err = hone("compare", "pickup@v2", "pickup@v1", "--judge", "bug")
    assert code == 1 and 'No endpoint "bug"' in err and 'Did you mean "big"?' in err


@pytest.mark.parametrize(
    ("words", "first", "then"),
    [
        (["pickup@v2"], "two different", "hone compare pickup@v2 hone-nano"),
        (["pickup@v2", "pickup@v9"], "pickup@v9", 'Did you mean "pickup@v'),
        (["pickup@v2", "pickup@v1", "--data", "pickup@1/train"], "trained on", "pickup@1/test"),
        (["pickup@v2", "pickup@v1", "--data", "pikup"], "pikup", "pickup@1"),
    ],
)
def test_a_wrong_word_gives_what_and_what_to_try(
    hone: Hone, words: list[str], first: str, then: str
) -> None:
    code, out, err = hone("compare", *words)
    assert (code, out) == (1, "")
    problem, hint = err.splitlines()
    assert first in problem and hint.startswith("Try: ") and then in hint


def test_the_gate_prints_every_rule_and_exits_3(hone: Hone) -> None:
    code, out, err = hone("models", "set-active", "pickup@v4")
    assert code == 3
    assert out.startswith("fail        must win: field_f1 on pickup@1/test: worse: -0.")
    assert "Gate: pickup@v4 may not replace pickup@v1: of 1 rule 1 failed.\n" in out
    assert err.splitlines()[-1] == "Try: hone models set-active pickup@v4 --force --note WHY"
    code, out, _ = hone("models", "set-active", "pickup@v4", "--json")
    assert code == 3 and json.loads(out)["gate"]["verdict"] == "fail"


def test_an_override_stands_in_the_models_journal(hone: Hone) -> None:
    words = ("models", "set-active", "pickup@v4", "--reviewer", "ann", "--force")
    code, _, err = hone(*words)
    assert code == 1 and "says why" in err
    code, out, _ = hone(*words, "--note", "v1 leaks names", "--json")
    assert code == 0 and json.loads(out)["gate"]["rules"][0]["verdict"] == "fail"
    _, out, _ = hone("models", "info", "pickup@v4")
    assert "v4 by ann (v1 leaks names; forced past the gate: must win: field_f1 fail)" in out


def test_an_improvement_passes_the_gate(hone: Hone) -> None:
    code, out, _ = hone("models", "set-active", "pickup@v2")
    assert code == 0 and out.startswith("pass        must win: field_f1 on pickup@1/test: better")
    assert out.endswith("pickup@v2 answers from now on.\n")
