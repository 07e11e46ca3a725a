"""Weights and states that several cards share (FSDP2): each writes and reads its own part.

A checkpoint holds shard_0.pt, shard_1.pt, … beside the whole weights; it goes on with as many
processes as wrote it, to the same bits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.tensor import DTensor


def whole_weights(model: nn.Module, *, only_trained: bool) -> dict[str, torch.Tensor]:
    """Every weight in full, in this process's memory; all processes must ask, in the same order."""
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    found: dict[str, torch.Tensor] = {}
    for name, weight in model.state_dict().items():
        if only_trained and name not in trained:
            continue
        full = weight.full_tensor() if isinstance(weight, DTensor) else weight
        found[name] = full.detach().to("cpu", copy=True)
    return found


def write_shard(folder: Path, model: nn.Module, optimizer: Any, rank: int) -> None:
    """This process's part of all trained weights and of the optimizer's states."""
    weights: dict[str, torch.Tensor] = {}
    states: dict[str, dict[str, torch.Tensor]] = {}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            weights[name] = _own(weight.detach())
            states[name] = {
                key: _own(value) for key, value in optimizer.state.get(weight, {}).items()
            }
    torch.save({"weights": weights, "states": states}, str(_path(folder, rank)))


def read_weights(folder: Path, model: nn.Module, rank: int) -> None:
    """Put this process's part of the trained weights back."""
    weights = _read(folder, rank)["weights"]
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.requires_grad:
                _own(weight.detach()).copy_(weights[name])


def read_states(folder: Path, model: nn.Module, optimizer: Any, rank: int) -> None:
    """Put this process's part of the optimizer's states back."""
    states = _read(folder, rank)["states"]
    for name, weight in model.named_parameters():
        if weight.requires_grad and states[name]:
            optimizer.state[weight] = {
                key: _as_part_of(weight, value) for key, value in states[name].items()
            }


def wait_for_all() -> None:
    """Until every process has come here."""
    dist.barrier()


def _own(value: torch.Tensor) -> torch.Tensor:
    return value.to_local() if isinstance(value, DTensor) else value


def _as_part_of(weight: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    if not isinstance(weight, DTensor):
        return value.to(weight.device)
    own = _own(weight.detach())
    if value.shape != own.shape:
        return value  # the count of steps
    return DTensor.from_local(
        value.to(own.device),
        weight.device_mesh,
        weight.placements,
        run_check=False,
        shape=weight.shape,
        stride=weight.stride(),
    )


def _read(folder: Path, rank: int) -> dict[str, Any]:
    return torch.load(str(_path(folder, rank)), map_location="cpu", weights_only=True)


def _path(folder: Path, rank: int) -> Path:
    return folder / f"shard_{rank}.pt"
