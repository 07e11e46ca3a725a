"""How much memory a run took, and what to say when there was not enough of it."""

from __future__ import annotations

import errno
import gc
import re
import sys

import torch

from hone.errors import HoneError

GIB = 1024**3


def peak_memory_gib(device: str) -> float:
    """Most memory so far: of the card where there is one, else of this process."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / GIB
    if device == "mps":
        return torch.mps.driver_allocated_memory() / GIB
    return _peak_process_gib()


def explained_shortage(
    error: BaseException, *, batch_size: int, longest: int, accumulation: int
) -> HoneError | None:
    """The user's version of "out of memory" or "disk full"; None for any other error."""
    if is_out_of_memory(error):
        smaller = max(1, batch_size // 2)
        hint = (
            f"--set training.batch_size={smaller} "
            f"--set training.gradient_accumulation_steps={accumulation * (batch_size // smaller)}"
            " gives the same steps with less memory"
        )
        if batch_size == 1:
            hint = f"--set data.max_seq_length={max(8, longest // 2)}"
        return HoneError(
            f"Out of memory at batch {batch_size}, rows of up to {longest} tokens"
            f"{_asked_for(error)}.",
            hint=f"{hint} (training.auto_batch=true does that by itself); "
            "also --set training.gradient_checkpointing=true, or a smaller base.",
        )
    if is_disk_full(error):
        return HoneError(
            "The disk is full: a checkpoint or the model could not be written.",
            hint="Free some space, then hone jobs resume; --set training.keep_checkpoints=1 "
            "keeps less.",
        )
    return None


def free_memory() -> None:
    """Let go of what a failed attempt has left in memory."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _asked_for(error: BaseException) -> str:
    """`: 2.00 GiB more were wanted`, where the error says how much."""
    said = re.search(r"tried to allocate ([\d.]+) ?(\w+)", str(error), re.IGNORECASE)
    if said is None:
        return ""
    amount, unit = said.groups()
    if unit == "bytes":
        amount, unit = f"{float(amount) / 1024**2:,.1f}", "MiB"
    return f": {amount} {unit} more were wanted"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, as torch, Python or the system say it."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "can't allocate memory" in text or "not enough memory" in text
    )


def is_disk_full(error: BaseException | None) -> bool:
    """Whether the disk refused more bytes; safetensors and torch hide it in their own errors."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        text = str(error).lower()
        if "no space left" in text or "disk quota" in text or "os error 28" in text:
            return True
        error = error.__cause__ or error.__context__
    return False


def _peak_process_gib() -> float:
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return psutil.Process().memory_info().rss / GIB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kibibytes, macOS bytes.
    return peak / GIB if sys.platform == "darwin" else peak * 1024 / GIB
