"""Weights that processes share: what each keeps goes on to the same bits (processor, gloo).

FSDP2 itself is torch's; as the trainer uses it on cards it is tested in tests/gpu.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.small import make_small_base
from tests.loop.kills import PATIENCE_SECONDS, environment

pytestmark = [pytest.mark.loop, pytest.mark.long]


@pytest.mark.parametrize("kind", ["lora", "full"])
def test_a_share_that_was_kept_goes_on_to_the_same_bits(tmp_path: Path, kind: str) -> None:
    make_small_base(tmp_path / "base")
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
         "-m", "tests.engine.shard_run", str(tmp_path), kind],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("weights are equal") == 2
