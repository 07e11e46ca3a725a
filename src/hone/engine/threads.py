"""One frozen number of threads, seeds, the allocator, and the same bits each time."""

from __future__ import annotations

import ctypes
import platform
import random
from typing import Any

import numpy as np
import torch

# Of glibc's malloc.h. Values are C ints: two gibibytes less one byte is the most.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
MOST_BYTES = 2**31 - 1
TOP_PAD_BYTES = 64 * 1024 * 1024


def keep_memory() -> None:
    """Let glibc keep freed memory instead of giving it back after each batch.

    Every large tensor would otherwise be mapped and faulted in anew. The launcher sets the same
    by environment for trainings; this serves processes that were started without it.
    """
    if platform.system() != "Linux" or not platform.libc_ver()[0]:
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_THRESHOLD, MOST_BYTES)
    libc.mallopt(M_TRIM_THRESHOLD, MOST_BYTES)
    libc.mallopt(M_TOP_PAD, TOP_PAD_BYTES)


def settle(device: str, *, seed: int, threads: int) -> None:
    """Freeze what decides the bits of a run: the thread count, the seeds, the algorithms.

    The launcher has set the environment (OMP_NUM_THREADS, allocator) before Python started; here
    the same count is given to torch, which a change of environment does not reach. Deterministic
    algorithms cost nothing on a processor; on a card they cost speed and are left off.
    """
    keep_memory()
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
