"""One real training on a rented machine, by one command: the same bytes as one here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emulators.clock import Clock
from emulators.rp_pods.account import Timing
from emulators.rp_pods.app import RunPodPods
from emulators.serving import served
from hone.workspace.files import sha256_of
from hone.workspace.open import init_workspace, open_workspace
from tests.faults.read_elsewhere import contents
from tests.loop.here import train_here
from tests.stages.training_set import freeze

KEY = "canary-rpa-4f1d7c20e5b84a6d"
RECIPE = """\
# hone train recipe.yaml --on runpod --confirm-run
base: hone-nano
dataset: faith
lora: {r: 4, lora_dropout: 0.1}
training: {epochs: 1, batch_size: 4, threads: 1, save_steps: 3, keep_checkpoints: 9}
"""


def hone(workspace: Path, url: str, *words: str) -> Any:
    """Run a command in the workspace and give its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "hone", *words],
        cwd=workspace,
        capture_output=True,
        text=True,
        env={**os.environ, "RUNPOD_API_KEY": KEY, "HONE_RUNPOD_URL": url},
    )
    assert KEY not in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in words else done.stdout


def events_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]


@pytest.mark.loop
def test_one_command_rents_trains_brings_home_registers_and_gives_back(tmp_path: Path) -> None:
    home = tmp_path / "ws"
    with init_workspace(home) as ws:
        freeze(ws, "faith", 24, 4)
    (home / "recipe.yaml").write_text(RECIPE)
    # A pod of processors: there is no card behind an emulated one.
    said = {
        "cpu": "cpu3c",
        "vcpus": 4,
        "most_per_hour_usd": 0.20,
        "python": sys.executable,
        "look_seconds": 0.5,
    }
    train = ("train", "recipe.yaml", "--confirm-run", "--json")
    with served(RunPodPods(clock=Clock(1.0), key=KEY, timing=Timing(0, 0, 0))) as emulator:
        hone(home, emulator.url, "config", "set", "targets.runpod", json.dumps(said))
        far = hone(home, emulator.url, *train, "--on", "runpod")
        assert emulator.bill.alive() == [] and len(emulator.bill.rentals) == 1
        spent = hone(home, emulator.url, "spend", "--by", "job", "--json")
    with open_workspace(home) as ws:
        near = train_here(ws, home / "recipe.yaml")
    assert (far["model"], near.ref) == ("faith@v1", "faith@v2")
    assert far["job"]["target"] == "runpod" and far["job"]["attempts"] == 1
    versions = [home / "models" / "faith" / version for version in ("v1", "v2")]
    folders = [home / "jobs" / job for job in (far["job"]["id"], str(near.job))]
    there, here = (sha256_of(one / "adapter_model.safetensors") for one in versions)
    assert there == here
    # Rehearsed there, in a folder of its own, with the real worker and the real base.
    (trial,) = (folders[0] / "rehearsals").iterdir()
    ended = json.loads((trial / "result.json").read_text())
    assert ended["status"] == "succeeded" and ended["metrics"]["eval_loss"] > 0
    steps = [one for one in events_of(trial) if one["type"] == "progress"]
    assert steps[-1]["total"] == 2 and not (trial / "final").exists()
    told = [one["text"] for one in events_of(folders[0]) if one["type"] == "rehearsal"]
    assert len(told) == 2 and "MB of it came here as it was" in told[1]
    # What the first step of the training left was kept, and came home, at once.
    kept = [sorted(path.name for path in one.glob("checkpoints/checkpoint-*")) for one in folders]
    assert kept == [["checkpoint-1", "checkpoint-3", "checkpoint-6"], kept[0][1:]]
    metadata = json.loads((versions[0] / "metadata.json").read_text())
    (line,) = spent["sums"]
    assert metadata["runtime_seconds"] > 0
    assert (
        metadata["cost_usd"] == pytest.approx(line["spent_usd"], abs=1e-5) and line["spent_usd"] > 0
    )
    assert line["promised_usd"] == 0 and line["reserved_usd"] > line["spent_usd"]
    assert [path for path, content in contents(tmp_path) if KEY.encode() in content] == []
