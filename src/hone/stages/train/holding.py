"""What each of several processes holds: all weights, or a share where a card is too small."""

from __future__ import annotations

from hone.records.recipe import Resolved
from hone.stages.train.machine import Machine
from hone.stages.train.memory import MemoryEstimate
from hone.stages.train.plan import Held, memory_of, verdict_on
from hone.stages.train.sharing import Sharding, may_be_sharded, processes_of
from hone.workspace.bases import FoundBase


def choose_sharding(
    base: FoundBase, options: dict[str, Resolved], machine: Machine, held: Held
) -> tuple[MemoryEstimate, Sharding, str]:
    """The memory of each process, what it holds of the weights, and why.

    Shares are chosen only where all weights with their states might not fit: by the high end.
    """
    if processes_of(options) == 1:
        return memory_of(base, options, machine, held), "none", ""
    whole = memory_of(base, options, machine, held._replace(sharding="ddp"))
    if not may_be_sharded(options, machine):
        return whole, "ddp", "every process holds all weights"
    size = f"up to {whole.high:.1f} of {machine.memory_gib:.1f} GiB on each card"
    if verdict_on(whole, machine.memory_gib) == "fits":
        return whole, "ddp", f"every card holds all weights: {size}"
    shared = memory_of(base, options, machine, held._replace(sharding="fsdp2"))
    return shared, "fsdp2", f"each card holds a share of the weights: all of them take {size}"
