"""One frozen number of threads, seeds, and arithmetic that gives the same bits each time."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch


def settle(device: str, *, seed: int, threads: int) -> None:
    """Freeze what decides the bits of a run: the thread count, the seeds, the algorithms.

    The launcher has set the environment (OMP_NUM_THREADS, allocator) before Python started; here
    the same count is given to torch, which a change of environment does not reach. Deterministic
    algorithms cost nothing on a processor; on a card they cost speed and are left off.
    """
    torch.set_num_threads(threads)
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    if device == "cpu":
        torch.use_deterministic_algorithms(True, warn_only=True)
        # Filling new memory with NaN would be paid on every allocation and changes no result.
        deterministic: Any = torch.utils.deterministic
        deterministic.fill_uninitialized_memory = False


def device_of(name: str) -> torch.device:
    """The device that a job was planned for."""
    return torch.device(name)
