"""One real training on this machine, killed in its middle: the same command finishes it exactly."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hone.stages import jobs
from hone.workspace.open import Workspace, init_workspace
from tests.faults.gates import wait_until
from tests.loop.board import curves_of, curves_told
from tests.loop.here import train_here
from tests.stages.training_set import freeze, make_small_base

RECIPE = """\
# hone train recipe.yaml --confirm-run
base: small
dataset: faith
lora: {r: 4, lora_dropout: 0.1}
training: {epochs: 6, batch_size: 4, gradient_accumulation_steps: 2, threads: 1, samples: 0}
report_to: [tensorboard]
"""


def make_workspace(path: Path) -> Workspace:
    """A workspace whose small base has random weights, the same each time."""
    ws = init_workspace(path)
    weights = make_small_base(ws.root / "small") / "model.safetensors"
    raw = weights.read_bytes()
    head = 8 + struct.unpack("<Q", raw[:8])[0]
    body = np.random.default_rng(0).normal(0, 0.1, (len(raw) - head) // 4).astype("<f4")
    weights.write_bytes(raw[:head] + body.tobytes())
    freeze(ws, "faith", 120, 12)
    (ws.root / "recipe.yaml").write_text(RECIPE)
    return ws


def hone(ws: Workspace, *words: str) -> Any:
    """Run a command in the workspace and give its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "hone", *words, "--json"],
        cwd=ws.root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.loop
def test_a_real_training_killed_after_a_checkpoint_ends_with_the_same_weights(
    tmp_path: Path,
) -> None:
    command = ("train", "recipe.yaml", "--confirm-run")
    with make_workspace(tmp_path / "straight") as straight:
        assert train_here(straight, straight.root / "recipe.yaml").ref == "faith@v1"
    with make_workspace(tmp_path / "killed") as ws:
        job = hone(ws, *command, "--detach")["job"]
        folder = jobs.folder_of(ws, job)
        # Some checkpoint is complete and training is not over.
        wait_until(lambda: any(folder.checkpoints.glob("checkpoint-*/manifest.json")), "saved")
        identity = folder.identity()
        assert identity is not None
        os.kill(identity.pid, signal.SIGKILL)
        wait_until(lambda: not folder.is_alive(), "the worker is dead")
        assert folder.state() == "lost", "it was faster than the kill"
        assert ws.store.models.list() == []
        again = hone(ws, *command)
        assert again["job"]["id"] == job and again["job"]["attempts"] == 2
        assert again["job"]["state"] == "succeeded" and again["model"] == "faith@v1"
        weights = "models/faith/v1/adapter_model.safetensors"
        assert (ws.root / weights).read_bytes() == (tmp_path / "straight" / weights).read_bytes()
        home = ws.root / "checkpoints" / "lora" / "faith"
        assert (home / "final" / "adapter_model.safetensors").is_file()
        assert list(home.glob("checkpoint-*/trainer_state.json"))
        # Both attempts' curves as one, each step once.
        logs = ws.root / "logs" / "lora_training" / "faith" / "v1"
        assert set(curves_of(logs)["train_loss"]) == set(curves_told(folder)["train_loss"])
