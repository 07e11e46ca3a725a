"""What decides the bits of a run is frozen, and freed memory is kept."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest
import torch

from hone.engine.threads import settle
from tests.loop.kills import environment

FAULTS = """
import resource, torch
from hone.engine.threads import keep_memory
{keep}
def use():
    for _ in range(20):
        torch.ones(12_000_000)
use()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
use()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: str) -> int:
    script = FAULTS.format(keep=keep)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(
    platform.system() != "Linux" or not platform.libc_ver()[0], reason="glibc's allocator only"
)
def test_large_tensors_are_not_mapped_anew_each_time() -> None:
    # Above 32 MiB glibc never learns by itself to keep memory.
    assert faults("keep_memory()") < faults("") / 10


def test_the_same_seed_gives_the_same_numbers_and_the_thread_count_is_frozen() -> None:
    before = torch.get_num_threads()
    settle("cpu", seed=5, threads=1)
    one = torch.rand(3)
    settle("cpu", seed=5, threads=1)
    assert torch.equal(one, torch.rand(3))
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)
    torch.use_deterministic_algorithms(False)
