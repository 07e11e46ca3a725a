"""One real training on an emulated endpoint, by one command: the same bytes as one here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hone.workspace.files import sha256_of
from hone.workspace.open import init_workspace, open_workspace
from tests.faults.read_elsewhere import contents
from tests.loop.here import train_here
from tests.serverless.scene import KEY, SECRET, Serverless, serverless
from tests.stages.training_set import freeze

RECIPE = """\
# hone train recipe.yaml --on runpod-serverless --confirm-run
base: hone-nano
dataset: faith
lora: {r: 4, lora_dropout: 0.1}
training: {epochs: 1, batch_size: 4, threads: 1, save_steps: 3}
"""


def entry_point(repository: Path) -> list[str]:
    """The words with which docker/Dockerfile starts the worker."""
    text = (repository / "docker/Dockerfile").read_text()
    (words,) = re.findall(r"^ENTRYPOINT (\[.*\])$", text, re.MULTILINE)
    return json.loads(words)


def hone(workspace: Path, scene: Serverless, *words: str) -> Any:
    """Run a command in the workspace and give its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "hone", *words],
        cwd=workspace,
        capture_output=True,
        text=True,
        env={**os.environ, **scene.environment},
    )
    assert KEY not in done.stdout + done.stderr and SECRET not in done.stdout + done.stderr
    assert done.returncode == 0, done.stderr + scene.worker_logs()
    return json.loads(done.stdout) if "--json" in words else done.stdout


@pytest.mark.loop
def test_one_command_sends_trains_brings_home_registers_and_settles(
    tmp_path: Path, repository: Path
) -> None:
    home = tmp_path / "ws"
    with init_workspace(home) as ws:
        freeze(ws, "faith", 24, 4)
    (home / "recipe.yaml").write_text(RECIPE)
    train = ("train", "recipe.yaml", "--confirm-run", "--json")
    with serverless(tmp_path / "there", entry_point(repository)) as scene:
        said = json.dumps({**scene.said, "look_seconds": 0.5})
        hone(home, scene, "config", "set", "targets.runpod-serverless", said)
        far = hone(home, scene, *train, "--on", "runpod-serverless")
        spent = hone(home, scene, "spend", "--by", "job", "--json")
        (request,) = scene.requests.values()
        sent = json.dumps(request.input)
        assert not scene.place(far["job"]["id"]).exists()  # all is here: given back
        sizes = [path.stat().st_size for path in scene.jobs.volume.rglob("*.safetensors")]
    with open_workspace(home) as ws:
        near = train_here(ws, home / "recipe.yaml")
    assert (far["model"], near.ref) == ("faith@v1", "faith@v2")
    assert far["job"]["target"] == "runpod-serverless" and far["job"]["attempts"] == 1
    versions = [home / "models" / "faith" / version for version in ("v1", "v2")]
    there, here = (sha256_of(one / "adapter_model.safetensors") for one in versions)
    assert there == here
    # What crosses the job API is small, and holds no secret; the base stays for the next job.
    assert len(sent) < 2000 and len(json.dumps(request.output)) < 1000 and len(sizes) == 1
    metadata = json.loads((versions[0] / "metadata.json").read_text())
    (line,) = spent["sums"]
    seconds = request.document(scene.jobs.clock.now())["executionTime"] / 1000
    assert line["spent_usd"] == pytest.approx(seconds * 3.6 / 3600, abs=1e-5)
    assert metadata["cost_usd"] == pytest.approx(line["spent_usd"], abs=1e-5)
    assert line["promised_usd"] == 0 and line["reserved_usd"] > line["spent_usd"] > 0
    canaries = (KEY.encode(), SECRET.encode())
    holding = [
        path for path, content in contents(tmp_path) if any(one in content for one in canaries)
    ]
    assert holding == []
