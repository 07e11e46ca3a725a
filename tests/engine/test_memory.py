"""Memory and disk that run out are told with the change that helps."""

from __future__ import annotations

import errno

import pytest
import torch

from hone.engine.memory import explained_shortage, peak_memory_gib


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        MemoryError(),
    ],
)
def test_out_of_memory_names_the_batch_and_what_to_set(error: Exception) -> None:
    told = explained_shortage(error, batch_size=8, longest=512, accumulation=1)
    assert told is not None
    assert "batch 8" in told.message and "512 tokens" in told.message
    assert "training.batch_size=4" in told.hint
    assert "gradient_accumulation_steps=2" in told.hint


def test_with_one_row_a_batch_shorter_rows_are_proposed() -> None:
    told = explained_shortage(MemoryError(), batch_size=1, longest=512, accumulation=4)
    assert told is not None and "data.max_seq_length=256" in told.hint


def test_a_full_disk_is_found_inside_other_errors() -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError as inner:
            raise RuntimeError("PytorchStreamWriter failed writing file") from inner
    except RuntimeError as outer:
        told = explained_shortage(outer, batch_size=4, longest=8, accumulation=1)
    assert told is not None and told.message.startswith("The disk is full")
    safetensors_says = RuntimeError("Error while serializing: I/O error: No space left on device")
    assert explained_shortage(safetensors_says, batch_size=4, longest=8, accumulation=1)


def test_other_errors_are_left_as_they_are() -> None:
    assert explained_shortage(ValueError("shape"), batch_size=4, longest=8, accumulation=1) is None


def test_the_peak_of_this_process_is_plausible() -> None:
    assert 0.05 < peak_memory_gib("cpu") < 64
