"""`hone datasets curve` as people meet it: a plan first, then the outlook in plain words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hone import loop
from hone.cli.run import run
from hone.stages import curve
from hone.stages.evaluate import evaluate, evaluate_options, finish
from hone.stages.train import train_subsets
from hone.workspace.open import open_workspace
from tests.stages.answering import make_workspace
from tests.stages.curve.test_subsets import Trains, answered_by_size
from tests.stages.training_set import make_small_base
from tests.targets.here import Here

Captured = pytest.CaptureFixture[str]
WORDS = ["datasets", "curve", "pickup", "--recipe", "recipe.yaml"]
RECIPE = "base: tiny\ndataset: pickup\nlora: {r: 2}\ntraining: {max_steps: 40, batch_size: 4}\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with make_workspace(tmp_path / "ws", count=160) as ws:
        make_small_base(ws.root / "tiny", max_position_embeddings=512)
        (ws.root / "recipe.yaml").write_text(RECIPE)
        monkeypatch.chdir(ws.root)
        return ws.root


def test_without_confirmation_it_shows_the_trainings_and_starts_nothing(
    root: Path, capsys: Captured
) -> None:
    assert run(WORDS) == 0
    told = capsys.readouterr().out
    assert "parts of pickup@1, each asked all of pickup@1/test" in told
    assert "8 trainings" in told and "--confirm-run was not given" in told
    assert run([*WORDS, "--repeats", "3", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    parts = [(one["examples"], one["seed"]) for one in planned["trainings"]]
    assert parts == [(size, seed) for size in (10, 20, 40, 80) for seed in (0, 1, 2)]
    assert planned["missing"] == ["--confirm-run was not given"]
    assert not list((root / "jobs").glob("train-*"))


def test_the_outlook_stands_below_the_trainings_and_the_report_is_named(
    root: Path, capsys: Captured
) -> None:
    """With trainings and answers there already: the command then only judges."""
    with open_workspace(root) as ws:
        plan, wanted = loop.plan_learning_curve(ws, "pickup", root / "recipe.yaml")
        trained = train_subsets(ws, plan, target=Here(Trains()))
        learned = {one.job: one.answers_by for one in trained if one.answers_by}
        owed = curve.whoever_has_not_answered(ws, wanted.on, learned)
        target = Here(answered_by_size({one.job: one.run.examples for one in trained}))
        options = evaluate_options(on=wanted.on, rows=[], further=owed)
        finish(ws, evaluate(ws, "tiny", options, target=target).id)
    assert run([*WORDS, "--confirm-run", "--reach", "0.99"]) == 0
    told = capsys.readouterr().out
    assert "sft of tiny on parts of pickup@1: field_f1 on 64 examples of pickup@1/test" in told
    assert "160 examples instead of 80 are expected to score" in told
    assert "Not enough to tell how many examples a score of 0.99 takes" in told
    (page,) = (root / "reports").glob("curve_*.html")
    assert f"Report: {page}, .md, .json" in told and "<svg" in page.read_text()
    assert run([*WORDS, "--confirm-run", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["runs"]) == 8 and Path(found["report"]).is_file()
    assert found["prediction"]["examples"] == 160


@pytest.mark.parametrize(
    ("more", "what", "hint"),
    [
        (["--points", "2"], "points: input should be greater than or equal to 4", "curve --help"),
        (["--split", "probe"], "has no probe split", "--probe-ratio"),
        (["--set", "training.max_step=3"], "problem", "recipes.md"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_two_lines(
    root: Path, capsys: Captured, more: list[str], what: str, hint: str
) -> None:
    assert run([*WORDS, *more]) == 1
    err = capsys.readouterr().err
    assert what in err and hint in err
