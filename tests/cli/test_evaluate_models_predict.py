"""The commands evaluate, models and predict: what they print, as text and as JSON."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hone.cli.run import run
from hone.records.job import Job
from hone.stages import jobs
from hone.stages.evaluate import evaluate, evaluate_options, finish
from hone.workspace.open import Workspace, open_workspace
from tests.stages.answering import (
    Answers,
    Lines,
    make_workspace,
    message,
    output,
    register,
    write_lines,
)
from tests.targets.here import Here


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)


Hone = Callable[..., Said]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_workspace(root) as workspace:
        register(workspace)
        register(workspace)
        workspace.store.models.set_active("pickup@v1")
        workspace.store.models.get("pickup")
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(built, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


@pytest.fixture
def hone(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> Hone:
    def call(*words: str) -> Said:
        code = run([*words, "--workspace", str(ws.root)])
        return Said(code, *capsys.readouterr())

    return call


def answered(ws: Workspace, **options: Any) -> None:
    """Answers that wait to be taken in: the command then needs no worker."""
    evaluate(ws, "pickup", evaluate_options(**options), target=Here(Answers()))


def test_evaluate_prints_rows_with_intervals_differences_and_the_report(
    ws: Workspace, hone: Hone
) -> None:
    answered(ws)
    said = hone("evaluate", "pickup")
    assert said.code == 0 and said.err == ""
    lines = said.out.splitlines()
    assert lines[0] == "pickup@v1 on pickup@1/test: 24 examples, 95 % intervals"
    (found,) = ws.store.evaluations.list()
    score = found.rows[-1].score
    assert f"{score.value:.2f} [{score.low:.2f}, {score.high:.2f}]" in said.out
    for name in (
        "base",
        "few-shot",
        "retrieval",
        "rules",
        "pickup@v1 - few-shot",
        "yellow   orange",
    ):
        assert name in said.out
    assert "field.item" not in said.out and "better" in said.out
    assert lines[-1].startswith("Report: ") and Path(lines[-1][8:]).is_file()


def test_evaluate_as_json_is_the_report(ws: Workspace, hone: Hone) -> None:
    answered(ws, sample=10, rows=["base", "tuned"])
    said = hone(
        "evaluate",
        "pickup",
        "--sample",
        "10",
        "--without",
        "rules",
        "--without",
        "few-shot",
        "--without",
        "retrieval",
        "--json",
    )
    report = json.loads(Path(said.value.pop("report")).read_text())
    assert {key: value for key, value in said.value.items() if key != "report"} == report
    assert [row["contender"] for row in report["rows"]] == ["base", "pickup@v1"]
    assert report["sample"] == 10


@pytest.mark.parametrize(
    ("words", "first", "then"),
    [
        (["evaluate", "pickpu"], "pickpu", 'Did you mean "pickup"?'),
        (["evaluate", "pickup", "--without", "rule"], 'no row "rule"', '"rules"'),
        (["evaluate", "pickup", "--shots", "0"], "shots", "hone evaluate --help"),
        (["evaluate", "pickup", "--data", "pickup@1/probe"], "no probe split", "--data pickup@1/"),
        (["models", "info", "pickup@v5"], "pickup@v5", 'Did you mean "pickup@v'),
        (["models", "delete", "pickup@v1"], "is the active version", "set-active pickup@v2"),
        (["models", "set-active", "pick"], '"pick"', "pickup@v1"),
        (["predict"], "either messages or a file", "--message"),
        (["predict", "--all", "--passage", "a"], "goes with --message", "column Passage"),
        (["predict", "--message", "a", "--method", "best"], "method", "hone predict --help"),
        (["predict", "--message", "a", "--version", "v8"], "pickup@v8", "Known"),
        (["predict", "--input-file", "x.csv"], "Where should", "--output x_answers.jsonl"),
    ],
)
def test_a_wrong_word_gives_what_and_what_to_try_and_exit_code_1(
    hone: Hone, words: list[str], first: str, then: str
) -> None:
    said = hone(*words)
    assert said.code == 1 and said.out == ""
    problem, hint = said.err.splitlines()[-2:]
    assert first in problem and hint.startswith("Try: ") and then in hint


def test_models_are_listed_with_their_score(ws: Workspace, hone: Hone) -> None:
    before = hone("models", "list")
    assert "not evaluated" in before.out and "active" in before.out
    finish(ws, evaluate(ws, "pickup@v1", target=Here(Answers())).id)
    value = ws.store.models.get("pickup@v1").model.metrics["field_f1"]
    said = hone("models", "list")
    assert f"{value.value:.2f} [{value.low:.2f}, {value.high:.2f}]" in said.out
    first, second = hone("models", "list", "--json").value
    assert first["ref"] == "pickup@v1" and first["is_active"] and second["score"] is None
    assert first["score"]["on"] == "pickup@1/test"


def test_an_evaluation_that_ended_in_the_background_is_taken_in(ws: Workspace, hone: Hone) -> None:
    answered(ws)
    assert "pickup@1/test" in hone("models", "list").out
    (found,) = ws.store.evaluations.list()
    assert ws.store.jobs.unsettled() == [] and found.model == "pickup@v1"


def test_models_info_goes_down_to_files_and_reviewers(ws: Workspace, hone: Hone) -> None:
    said = hone("models", "info", "pickup")
    for part in (
        "base small",
        "dataset pickup@1: 30 train, 6 val, 24 test",
        "examples from a.csv",
        "reviewed by ann: accepted",
        "activated",
        "Next: hone evaluate pickup@v1",
    ):
        assert part in said.out
    value = hone("models", "info", "pickup", "--json").value
    assert value["dataset"]["reviewers"]["ann"]["accepted"] >= 28


def test_switching_and_taking_out(ws: Workspace, hone: Hone) -> None:
    words = ("models", "set-active", "pickup@v2", "--reviewer", "ann")
    refused = hone(*words)
    assert refused.code == 3 and ws.store.models.active("pickup").model.ref == "pickup@v1"
    said = hone(*words, "--force", "--note", "asked for")
    assert said.code == 0 and said.out.endswith("pickup@v2 answers from now on.\n")
    assert ws.store.models.activations("pickup")[-1].reviewer == "ann"
    said = hone("models", "delete", "pickup@v1")
    assert said.code == 0 and "Its files stay in" in said.out
    assert hone("models", "delete", "pickup@v2", "--force", "--json").value["model"] == "pickup@v2"
    assert hone("models", "list").out.startswith("No models yet.")


def test_validate_names_what_is_wrong_and_exits_1(ws: Workspace, hone: Hone) -> None:
    said = hone("models", "validate", "pickup@v1")
    assert said.code == 1 and "bad  adapter_model.safetensors is no safetensors file" in said.out
    assert "pickup@v1 is not sound" in said.err


def test_predict_by_rules_one_message_and_a_file(ws: Workspace, hone: Hone) -> None:
    said = hone("predict", "--message", "7 cases of corn", "--method", "regex")
    assert re.match(r"rules \(\d+\.\d\d s\):\n", said.out) and '"quantity": 7' in said.out
    value = hone("predict", "--message", "7 cases of corn", "--method", "rules", "--json").value
    assert value["answers"][0]["output"] == output(7)
    source = write_lines(ws.root / "in.jsonl", [{"message": message(n)} for n in range(1, 6)])
    target = ws.root / "out.jsonl"
    words = ("predict", "--input-file", str(source), "--output", str(target), "--method", "rules")
    said = hone(*words)
    assert "Answered 5 of 5 messages" in said.out and "seconds a message" in said.out
    assert [row["row"] for row in Lines.of(target).rows] == [1, 2, 3, 4, 5]
    again = hone(*words)
    assert again.code == 1 and "exists already" in again.err


def test_without_an_active_model_predict_says_how_to_choose_one(ws: Workspace, hone: Hone) -> None:
    ws.store.models.delete("pickup@v1")
    said = hone("predict", "--message", "7 cases of corn")
    assert said.err == "No model is active.\nTry: hone models set-active pickup@v2\n"


def test_what_a_model_wrote_cannot_drive_the_terminal(ws: Workspace, hone: Hone) -> None:
    (ws.root / "rules" / "pickup.yaml").write_text(
        "rules: 1\nshapes:\n  - '(?P<item>.+)'\n", encoding="utf-8"
    )
    said = hone("predict", "--message", "\x1b[2Jgone", "--method", "rules")
    assert "\x1b" not in said.out


def test_all_messages_are_predicted_ahead_in_the_background(
    ws: Workspace, hone: Hone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def submitted(ws: Workspace, job: Job, inputs: Any, **_: object) -> Job:
        return jobs.submit(ws, job, inputs)

    monkeypatch.setattr(jobs, "launch", submitted)
    said = hone("predict", "--all", "--method", "both", "--json")
    assert said.code == 0
    found = {one["way"]: one for one in json.loads(said.out)["ways"]}
    assert found["rules"]["state"] == found["model"]["state"] == "computing"
    assert found["model"]["total"] == 60
    refused = hone("predict", "--all", "--message", "2 cases of rice")
    assert refused.code == 2 or "--all" in refused.err


def test_all_messages_are_asked_of_the_active_version_and_nothing_beside_them(hone: Hone) -> None:
    beside = hone("predict", "--all", "--message", "3 cases of milk")
    assert (beside.code, beside.err.splitlines()) == (1, [
        "--all takes the messages of the workspace: no others can be given with it.",
        "Try: hone predict --all --method both",
    ])  # fmt: skip
    named = hone("predict", "--all", "--model", "pickup@v1")
    assert (named.code, named.err.splitlines()) == (1, [
        "--all asks the active version: none can be named with it.",
        "Try: hone models set-active NAME@VERSION",
    ])  # fmt: skip


def test_a_model_that_is_slow_here_is_said_to_be_with_what_is_faster(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from hone.cli.predict import SLOW_SECONDS, _say_answers
    from hone.stages.predict import AnswerBy, Predicted

    for seconds, is_told in ((SLOW_SECONDS - 0.1, False), (SLOW_SECONDS + 1, True)):
        given = AnswerBy(by="messages@v1", text="[]", output=[], seconds=seconds)
        _say_answers([Predicted(input={"message": "x"}, answers=[given])])
        said = capsys.readouterr().out
        mend = "messages@v1 is slow here: a smaller base, a GPU, or --method rules is faster."
        assert (mend in said) == is_told
