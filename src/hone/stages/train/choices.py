"""What was chosen for the machine, each with its reason: shown in the plan, told by the job."""

from __future__ import annotations

from collections.abc import Mapping

from hone.records.recipe import Resolved
from hone.stages.train.machine import Machine
from hone.stages.train.resolve import GLIBC_KEEPS_MEMORY, environment_for

CHOSEN = "chosen: "


def machine_choices(options: Mapping[str, Resolved], machine: Machine) -> list[str]:
    """What no option stands for: attention and the allocator."""
    packing = options.get("training.packing")
    if packing is not None and packing.value is True and machine.device == "cuda":
        found = ["attention: flash_attention_2 (it takes packed rows of different length)"]
    else:
        found = ["attention: sdpa (PyTorch's own fused kernel)"]
    if machine.device != "cpu":
        return found
    if GLIBC_KEEPS_MEMORY.keys() <= environment_for(options, machine).keys():
        found.append("allocator: glibc keeps freed memory (fewer page faults; a quarter faster)")
    else:
        found.append("allocator: the system's own (glibc's settings do not exist here)")
    return found


def told(options: Mapping[str, Resolved], choices: list[str]) -> list[str]:
    """Every choice as a line for the job's log: options first."""
    lines = [
        f"{key}: {one.value} ({one.source.removeprefix(CHOSEN)})"
        for key, one in options.items()
        if one.source.startswith(CHOSEN)
    ]
    return [*lines, *choices]
