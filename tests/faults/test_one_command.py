"""From audited messages to a validated adapter by the one command of the extract job, at Lambda."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulators.clock import Clock
from emulators.lambda_cloud.app import LambdaCloud
from emulators.lambda_cloud.cloud import Timing
from emulators.serving import served
from hone import loop
from hone.demo.messages import generate
from hone.demo.run import HERE
from hone.workspace.files import sha256_of
from hone.workspace.open import init_workspace, open_workspace
from tests.faults.read_elsewhere import contents

KEY = "canary-lambda-7b2e90d1c64fa853"
RECIPE = "recipes/extract_lora.yaml"
SMALL = ("--set", "base=hone-nano", "--set", "training.threads=1", "--set", "training.epochs=1")
MINUTE_USD = 0.20 / 60


def audited_workspace(home: Path, count: int = 24) -> None:
    """A workspace of the extract job with so many audited messages, and nothing frozen."""
    task = loop.read_task(HERE / "task.yaml")
    with init_workspace(home, template="extract", task=task) as ws:
        rows = [{"message": m.text, "output": m.items} for m in generate("train", count, 0)]
        raw = ws.root / "audited.jsonl"
        raw.write_text("".join(json.dumps(row) + "\n" for row in rows))
        loop.import_examples(ws, raw, accept_as="vera")


def hone(workspace: Path, *words: str, url: str = "", key: str = KEY) -> str:
    """Run a command in the workspace, with the account's key under its longer name."""
    named = {"LAMBDA_LABS_API_KEY": key, "HONE_LAMBDA_URL": url} if url else {}
    done = subprocess.run(
        [sys.executable, "-m", "hone", *words],
        cwd=workspace,
        capture_output=True,
        text=True,
        env={**os.environ, **named},
    )
    assert KEY not in done.stdout + done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.loop
def test_one_command_freezes_rents_trains_validates_and_gives_back(tmp_path: Path) -> None:
    home = tmp_path / "ws"
    audited_workspace(home)
    emulator = LambdaCloud(clock=Clock(1.0), key=KEY, timing=Timing(0.1, 0.5, 0.2, 0.1, 0.1))
    emulator.is_limited = False
    # The machine without a card: there is none behind an emulated one.
    said = {
        "gpu": ["cpu_4x_general"],
        "port": emulator.ssh_port,
        "python": sys.executable,
        "look_seconds": 0.5,
    }
    train = ("train", RECIPE, "--on", "lambda", "--version", "v1", *SMALL)
    with served(emulator):
        hone(home, "config", "set", "targets.lambda", json.dumps(said))
        plan = hone(home, *train, "--plan", url=emulator.url)
        assert "messages@1 is frozen first, with 24 rows." in plan and "at $0.20 an hour" in plan
        assert list((home / "datasets").iterdir()) == [] and not emulator.bill.rentals
        told = hone(home, *train, "--confirm-run", url=emulator.url)
        assert emulator.bill.alive() == [] and len(emulator.bill.rentals) == 1
        billed = emulator.bill.total(emulator.clock.now())
        spent = json.loads(hone(home, "spend", "--by", "job", "--json", url=emulator.url))
    for part in (
        "Froze messages@1: 19 train, 3 val, 2 test.",
        "Registered messages@v1.",
        "Adapter in checkpoints/slack-lora-v1.",
        "Logs in logs/v1.",
        "Validated: files, base, template and task",
    ):
        assert part in told
    _assert_it_is_all_there(home)
    (line,) = spent["sums"]
    metadata = json.loads((home / "logs" / "v1" / "metadata.json").read_text())
    assert metadata["runtime_seconds"] > 0
    assert metadata["cost_usd"] == pytest.approx(line["spent_usd"], abs=1e-5)
    # Lambda tells no bill: what was measured here is what it bills, to the minute.
    assert line["promised_usd"] == 0 and abs(line["spent_usd"] - billed) <= 2 * MINUTE_USD
    assert [path for path, content in contents(tmp_path) if KEY.encode() in content] == []


def _assert_it_is_all_there(home: Path) -> None:
    """The adapter is sound, and lies with its logs where the recipe says."""
    checks: Any = json.loads(hone(home, "models", "validate", "messages@v1", "--json"))
    assert checks["problems"] == [] and len(checks["passed"]) == 4
    adapter = home / "checkpoints" / "slack-lora-v1" / "adapter_model.safetensors"
    registered = home / "models" / "messages" / "v1" / "adapter_model.safetensors"
    assert sha256_of(adapter) == sha256_of(registered)
    assert (home / "logs" / "v1" / "training.log").stat().st_size
    with open_workspace(home) as ws:
        assert ws.store.models.get("messages@v1").is_active
        (job,) = ws.store.jobs.list()
        assert job.target == "lambda" and job.spec["dataset"]["name"] == "messages@1"


@pytest.mark.loop
def test_the_same_recipe_trains_on_ones_own_machine_and_says_its_seconds(tmp_path: Path) -> None:
    home = tmp_path / "ws"
    audited_workspace(home)
    train = ("train", RECIPE, "--on", "local", *SMALL, "--set", "training.max_steps=2")
    plan = json.loads(hone(home, *train, "--plan", "--json"))["plan"]
    assert plan["price_usd"] == 0 and plan["dataset"] == "messages@1"
    told = hone(home, *train, "--confirm-run")
    assert "Froze messages@1" in told and "Registered messages@v1." in told
    assert "Renting" not in told and "Adapter in checkpoints/slack-lora-v1." in told
    (home / "new.jsonl").write_text('{"message": "two crates of pears to the shelter"}\n')
    words = ("--input-file", "new.jsonl", "--output", "answers.jsonl", "--max-new-tokens", "8")
    said = hone(home, "predict", *words)
    assert re.search(r"messages@v1: \d+\.\d{3} seconds a message", said)


def test_the_recipe_of_the_job_has_the_promised_base_and_places(repository: Path) -> None:
    recipe = yaml.safe_load((repository / RECIPE).read_text())
    assert recipe["base"] == "meta-llama/Llama-3.2-1B-Instruct"
    assert recipe["shown_at"] == {
        "model": "checkpoints/slack-lora-{version}",
        "logs": "logs/{version}",
    }
