"""Too few audited messages: refused with their count, in the terminal and in the web app."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone import loop
from hone.cli.run import run
from hone.stages import jobs
from hone.web.site import Site
from hone.workspace.open import Workspace, init_workspace
from tests.stages.training_set import make_small_base
from tests.web.browser import Browser, access

RECIPE = """\
# hone train recipe.yaml --plan
base: small
dataset: messages
lora: {r: 2}
training: {epochs: 1, batch_size: 4, threads: 1}
"""
TASK = """\
kind: extract
name: pickup
fields:
  item: {type: string, required: true}
  quantity: {type: number}
many: true
"""


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        (workspace.root / "tasks" / "pickup.yaml").write_text(TASK)
        make_small_base(workspace.root / "small")
        (workspace.root / "recipe.yaml").write_text(RECIPE)
        monkeypatch.chdir(workspace.root)
        yield workspace


def audit(ws: Workspace, count: int, *, first: int = 0) -> None:
    """So many audited messages more."""
    file = ws.root / f"raw-{first}.jsonl"
    rows = [
        {"message": f"We got {n} crates of pears.", "output": [{"item": "pears", "quantity": n}]}
        for n in range(first, first + count)
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    loop.import_examples(ws, file, task="pickup", accept_as="vera")


def test_fewer_than_ten_are_refused_with_their_count_unless_forced(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    audit(ws, 9)
    loop.build_dataset(ws, "messages", task="pickup")
    assert run(["train", "recipe.yaml", "--confirm-run"]) == 3
    first, second = capsys.readouterr().err.splitlines()
    assert "messages@1 is made of 9 audited messages, 10 are needed" in first
    assert "--force" in first and second.startswith("Try: hone train")
    assert run(["train", "recipe.yaml"]) == 0
    assert "9 audited messages, 10 are needed (audit more, or --force)" in capsys.readouterr().out
    assert run(["train", "recipe.yaml", "--force"]) == 0
    assert "audited" not in capsys.readouterr().out and not ws.store.jobs.list()
    assert run(["train", "recipe.yaml", "--confirm-run", "--force", "--detach", "--json"]) == 0
    (job,) = ws.store.jobs.list()
    assert job.id == json.loads(capsys.readouterr().out)["job"]
    jobs.stop(ws, job.id)


def test_the_screen_says_the_same_and_begins_nothing(ws: Workspace) -> None:
    audit(ws, 9)
    loop.build_dataset(ws, "messages", task="pickup")
    recipe = {"base": "small", "dataset": "messages", "lora": {"r": 2}}
    browser = Browser(Site(ws, access())).sign_in()
    (said,) = browser.post("/api/trainings/plan", {"recipe": recipe}).json()["missing"]
    assert said == (
        "messages@1 is made of 9 audited messages, 10 are needed (audit more, or --force)"
    )
    refused = browser.post("/api/trainings", {"recipe": recipe})
    assert refused.status_code == 403 and said in refused.json()["error"]
    assert not ws.store.jobs.list()
    forced = browser.post("/api/trainings/plan", {"recipe": {**recipe, "force": True}})
    assert forced.json()["missing"] == []


def test_ten_are_enough_and_what_repeats_another_was_audited_as_well(ws: Workspace) -> None:
    audit(ws, 9)
    again = {"message": "WE GOT 3 CRATES OF PEARS.", "output": [{"item": "pears"}]}
    (ws.root / "again.jsonl").write_text(json.dumps(again) + "\n")
    loop.import_examples(ws, ws.root / "again.jsonl", task="pickup", accept_as="vera")
    built = loop.build_dataset(ws, "messages", task="pickup")
    assert sum(built.manifest.kept_out.values()) == 1
    planned = loop.plan_training(ws, ws.root / "recipe.yaml")
    assert planned.missing == [] and planned.plan.too_few == ""
