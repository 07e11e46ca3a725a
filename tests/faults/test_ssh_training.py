"""One real training on another machine: the same bytes as here, and a cut line changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.workspace.files import sha256_of
from hone.workspace.open import init_workspace, open_workspace
from tests.loop.here import train_here
from tests.stages.training_set import freeze
from tests.targets.machines import Line, Machine, machine

RECIPE = """\
# hone train recipe.yaml --confirm-run
base: hone-nano
dataset: faith
lora: {r: 4, lora_dropout: 0.1}
training: {epochs: 1, batch_size: 4, threads: 1, save_steps: 3}
"""


def hone(workspace: Path, *words: str) -> Any:
    """Run a command in the workspace and give its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "hone", *words], cwd=workspace, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in words else done.stdout


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path / "there") as found:
        yield found


@pytest.mark.loop
def test_a_real_training_there_leaves_the_bytes_that_one_here_leaves(
    tmp_path: Path, there: Machine
) -> None:
    with init_workspace(tmp_path / "ws") as ws:
        freeze(ws, "faith", 24, 4)
    (tmp_path / "ws" / "recipe.yaml").write_text(RECIPE)
    line = Line(there.port)
    said = json.dumps(there.options(port=line.port, look_seconds=0.5))
    hone(tmp_path / "ws", "config", "set", "targets.ssh", said)
    train = ("train", "recipe.yaml", "--confirm-run", "--json")
    try:
        # Cut in the middle of the upload: Hone's own wheel, the base and the rows are 10 MB.
        line.cut_after(there=4_000_000)
        far = hone(tmp_path / "ws", *train, "--on", "ssh")
    finally:
        line.close()
    with open_workspace(tmp_path / "ws") as ws:
        near = train_here(ws, tmp_path / "ws" / "recipe.yaml")
    assert (far["model"], near.ref) == ("faith@v1", "faith@v2")
    assert far["job"]["target"] == "ssh" and far["job"]["attempts"] == 1
    weights = [
        sha256_of(tmp_path / "ws" / "models" / "faith" / version / "adapter_model.safetensors")
        for version in ("v1", "v2")
    ]
    assert weights[0] == weights[1]
    assert line.lines >= 2
    assert not list((there.home / ".hone" / "jobs").glob("train-*"))  # all is here: given back
    assert there.processes() == []
