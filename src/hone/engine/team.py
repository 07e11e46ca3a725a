"""Several processes that train together: who is who, sums over all of them, the word of the first.

Alone, every question answers itself and nothing is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from accelerate.utils import DistributedType

from hone.errors import HoneError
from hone.settings import Seat

WAIT = timedelta(minutes=30)
"""For the others: the first one alone writes checkpoints and shows predictions."""


@dataclass(frozen=True)
class Team:
    """This process among those that train together."""

    rank: int = 0
    size: int = 1

    @classmethod
    def of_this_process(cls) -> Team:
        """As `join` made it; alone otherwise."""
        if dist.is_available() and dist.is_initialized():
            return cls(dist.get_rank(), dist.get_world_size())
        return cls()

    @property
    def is_first(self) -> bool:
        """Whether this process speaks, decides and writes for all."""
        return self.rank == 0

    def total(self, values: Sequence[float]) -> list[float]:
        """Each value summed over all processes."""
        if self.size == 1:
            return list(values)
        sums = _numbers(values)
        dist.all_reduce(sums)
        return sums.tolist()

    def told(self, values: Sequence[float]) -> list[float]:
        """The values of the first process; the others give as many, whatever they are."""
        if self.size == 1:
            return list(values)
        said = _numbers(values)
        dist.broadcast(said, src=0)
        return said.tolist()

    def collected(self, thing: Any) -> list[Any]:
        """The things of all processes, in their order."""
        if self.size == 1:
            return [thing]
        found: list[Any] = [None] * self.size
        dist.all_gather_object(found, thing)
        return found

    def part_ways(self, seed: int) -> None:
        """Let every process drop other values than the first, which draws as it does alone."""
        if not self.is_first:
            torch.manual_seed(seed + 1_000_003 * self.rank)


def join(device: str, seat: Seat) -> Team:
    """Meet the others on this machine, in the file that the seat names, or as torchrun has it."""
    if device == "cuda":
        torch.cuda.set_device(seat.local_rank)
    dist.init_process_group(
        "nccl" if device == "cuda" else "gloo",
        init_method=f"file://{seat.meeting}" if seat.meeting else None,
        rank=seat.rank,
        world_size=seat.size,
        timeout=WAIT,
    )
    return Team.of_this_process()


def leave() -> None:
    """Part from the others in peace; without having met them nothing happens."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


def refuse_another(accelerator: Any, *, processes: int, sharding: str, device: str) -> None:
    """HoneError unless the library really runs as planned: so many processes, of that type.

    Launchers are believed in nothing: one of them starts a single process where two were asked for,
    and switches in the environment turn one type into another.
    """
    if processes == 1:
        wanted = None
    elif sharding == "fsdp2":
        wanted = DistributedType.FSDP
    else:
        wanted = DistributedType.MULTI_GPU if device == "cuda" else DistributedType.MULTI_CPU
    found = accelerator.distributed_type
    if accelerator.num_processes == processes and wanted in (None, found):
        return
    raise HoneError(
        f"This job is planned for {processes} process{'es' if processes > 1 else ''} "
        f"({_named(wanted)}), and the libraries run "
        f"{accelerator.num_processes} ({_named(found)}).",
        hint="python -m hone.worker FOLDER starts them all by itself; "
        "unset ACCELERATE_* variables.",
    )


def _named(kind: DistributedType | None) -> str:
    return str(kind.value).lower().replace("_", " ") if kind is not None else "alone"


def _numbers(values: Sequence[float]) -> torch.Tensor:
    is_on_card = dist.get_backend() == "nccl"
    device = torch.device("cuda", torch.cuda.current_device()) if is_on_card else "cpu"
    return torch.tensor(list(values), dtype=torch.float64, device=device)
