"""A recipe that says `build`: what was audited is frozen first, and never without being said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.cli.run import run
from hone.errors import Conflict, GateRefused
from hone.stages import jobs, prepare
from hone.workspace.open import Workspace
from tests.cli.test_train_enough import RECIPE, audit, ws

__all__ = ["ws"]

BUILDS = RECIPE.replace("dataset: messages\n", "dataset: messages\ntask: pickup\nbuild: {}\n")


@pytest.fixture(autouse=True)
def _a_recipe_that_builds(ws: Workspace) -> None:
    (ws.root / "recipe.yaml").write_text(BUILDS)


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert run(words) == code
    out, err = capsys.readouterr()
    return out if code == 0 else err


def files_of(ws: Workspace) -> dict[str, bytes]:
    """Every file but the store's own, which is looked at by what it holds."""
    return {
        path.relative_to(ws.root).as_posix(): path.read_bytes()
        for path in ws.root.rglob("*")
        if path.is_file() and not path.name.startswith("hone.db")
    }


def begun(ws: Workspace, capsys: pytest.CaptureFixture[str], *more: str) -> Any:
    """The spec of the job that the recipe begins; it is stopped at once."""
    words = ("train", "recipe.yaml", "--confirm-run", "--detach", "--json", *more)
    job = json.loads(said(capsys, *words))["job"]
    jobs.stop(ws, job)
    return ws.store.jobs.get(job).spec


def test_a_plan_is_of_what_would_be_frozen_and_writes_nothing(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    audit(ws, 12)
    before = files_of(ws)
    text = said(capsys, "train", "recipe.yaml", "--plan")
    assert "messages@1: 10 rows, 1 for validation" in text
    assert "Note: messages@1 is frozen first, with 12 rows." in text
    assert files_of(ws) == before and ws.store.datasets.list() == []


def test_a_confirmed_run_freezes_what_was_audited_and_says_so(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    audit(ws, 12)
    text = said(capsys, "train", "recipe.yaml", "--confirm-run", "--detach")
    assert "Froze messages@1: 10 train, 1 val, 1 test." in text
    (job,) = ws.store.jobs.list()
    jobs.stop(ws, job.id)
    (manifest,) = ws.store.datasets.list()
    assert job.spec["dataset"] == {"name": "messages@1", "sha256": manifest.sha256}
    sent = (ws.jobs / job.id / "inputs" / "train.jsonl").read_bytes()
    assert sent == (ws.datasets / "messages@1" / "train.jsonl").read_bytes()


def test_what_was_audited_since_goes_into_the_next_version_and_nothing_else_does(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    audit(ws, 12)
    assert begun(ws, capsys)["dataset"]["name"] == "messages@1"
    # The same again goes on with the same job, on the same version.
    assert begun(ws, capsys)["dataset"]["name"] == "messages@1"
    assert len(ws.store.jobs.list()) == 1
    assert "messages@1 holds all that was reviewed" in said(capsys, "train", "recipe.yaml")
    audit(ws, 3, first=50)
    text = said(capsys, "train", "recipe.yaml")
    assert "messages@2 is frozen first, with 15 rows; messages@1 holds 12." in text
    named = ("--set", "dataset=messages@1")
    assert "messages@1 was named, so it is trained on as it is" in said(
        capsys, "train", "recipe.yaml", *named
    )
    assert begun(ws, capsys, *named)["dataset"]["name"] == "messages@1"
    as_it_stands = ("--set", "build=null", "--set", "training.seed=4")
    assert begun(ws, capsys, *as_it_stands)["dataset"]["name"] == "messages@1"
    assert [one.ref for one in ws.store.datasets.list()] == ["messages@1"]
    assert begun(ws, capsys)["dataset"]["name"] == "messages@2"


def test_nothing_is_frozen_where_the_training_is_refused(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    audit(ws, 12)
    before = files_of(ws)
    run_it = ("train", "recipe.yaml", "--confirm-run")
    assert "no base" in said(capsys, *run_it, "--set", "base=smalll", code=1).lower()
    assert "epochs is 0" in said(capsys, *run_it, "--set", "training.epochs=0", code=3)
    assert "next version of messages is v1" in said(capsys, *run_it, "--version", "v7", code=1)
    wrong = said(capsys, *run_it, "--set", "build.ratois=1", code=1)
    assert "ratois" in wrong and len(wrong.splitlines()) == 2
    wrong = said(capsys, *run_it, "--set", "build.format=dpo", code=1)
    assert "needs a pair" in wrong.splitlines()[0]
    assert files_of(ws) == before and not ws.store.datasets.list() and not ws.store.jobs.list()


@pytest.mark.parametrize("count", [2, 9])
def test_too_few_are_told_by_their_count_before_anything_is_built(
    ws: Workspace, capsys: pytest.CaptureFixture[str], count: int
) -> None:
    audit(ws, count)
    text = said(capsys, "train", "recipe.yaml", "--confirm-run", code=3)
    assert f"made of {count} audited messages, 10 are needed (audit more, or --force)" in text
    if count == 2:  # not even a plan can be made of two
        with pytest.raises(GateRefused, match="2 audited messages"):
            loop.plan_training(ws, ws.root / "recipe.yaml")
    assert not ws.store.datasets.list()


def test_data_alone_is_one_command(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    audit(ws, 4)  # data may be of as few as there are
    data = ("train", "recipe.yaml", "--data-only")
    text = said(capsys, *data)
    assert "Froze messages@1 in " in text and "Next: the same command with --plan" in text
    rows = (ws.datasets / "messages@1" / "train.jsonl").read_text().splitlines()
    assert json.loads(rows[0])["completion"][0]["role"] == "assistant"
    assert "Nothing changed: messages@1" in said(capsys, *data)
    audit(ws, 4, first=50)
    found = json.loads(said(capsys, *data, "--json"))
    assert (found["version"], found["is_new"]) == (2, True)
    assert not ws.store.jobs.list()
    # The base is none of its business; what cannot be built is said in two lines.
    assert "Nothing changed" in said(capsys, *data, "--set", "base=not-here-yet")
    first, second = said(capsys, *data, "--set", "dataset=messages@1", code=1).splitlines()
    assert first == "messages@1 is a version, which is frozen already."
    assert second == "Try: Name it without a version: --set dataset=messages"
    first, second = said(capsys, *data, "--set", "build=null", code=1).splitlines()
    assert first == "The recipe does not say how messages is built."
    assert second.startswith("Try: hone datasets build messages")
    assert run(["train", "recipe.yaml", "--data-only", "--plan"]) == 2


def test_a_version_that_came_between_is_not_overwritten(ws: Workspace) -> None:
    audit(ws, 12)
    options = prepare.BuildOptions(task="pickup")
    with (
        prepare.drafted(ws, "messages", options) as draft,
        pytest.raises(Conflict, match="messages@1 was frozen while this was prepared"),
    ):
        loop.build_dataset(ws, "messages", task="pickup", seed=4)
        prepare.keep(ws, draft)
    assert [one.seed for one in ws.store.datasets.list()] == [4]


def test_the_same_by_the_web_and_from_python(ws: Workspace, monkeypatch: Any) -> None:
    audit(ws, 12)
    job = loop.begin_training(ws, ws.root / "recipe.yaml", confirm_run=True)
    jobs.stop(ws, job)
    assert [one.ref for one in ws.store.datasets.list()] == ["messages@1"]
    assert Path(ws.datasets / "messages@1" / "manifest.json").is_file()
    with pytest.raises(GateRefused, match="--confirm-run"):
        loop.begin_training(ws, ws.root / "recipe.yaml", overrides=["build.seed=3"])
    assert [one.ref for one in ws.store.datasets.list()] == ["messages@1"]
