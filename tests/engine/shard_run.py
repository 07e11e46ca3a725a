"""Two processes share the weights of a small model on the processor: kept, taken up, whole."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from hone import settings
from hone.engine import shards, team
from hone.engine.load import BaseSpec, load_base
from hone.engine.lora import add_adapter


def made(base: Path, *, is_lora: bool) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    """The model with its layers shared out, and its optimizer."""
    torch.manual_seed(0)
    model = load_base(BaseSpec(id="small", path=base))
    if is_lora:
        model = add_adapter(
            model, r=4, lora_alpha=8, lora_dropout=0.0, target_modules="auto", use_dora=False,
            use_rslora=False,
        )  # fmt: skip
    mesh = init_device_mesh("cpu", (2,))
    for layer in [one for one in model.modules() if type(one).__name__ == "Qwen2DecoderLayer"]:
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    return model, torch.optim.AdamW(trained, lr=1e-2)


def stepped(model: torch.nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> None:
    """Steps on rows that follow from rank and number."""
    for step in steps:
        dice = torch.Generator().manual_seed(10 * step + torch.distributed.get_rank())
        ids = torch.randint(0, 50, (2, 8), generator=dice)
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def main(path: str, kind: str) -> None:
    """Four steps; then two, a checkpoint, and two more in a model made anew."""
    folder, seat, is_lora = Path(path), settings.seat(), kind == "lora"
    assert seat is not None
    team.join("cpu", seat)
    model, optimizer = made(folder / "base", is_lora=is_lora)
    began = shards.whole_weights(model, only_trained=is_lora)
    stepped(model, optimizer, range(2))
    shards.write_shard(folder, model, optimizer, seat.rank)
    kept = shards.whole_weights(model, only_trained=is_lora)
    stepped(model, optimizer, range(2, 4))
    straight = shards.whole_weights(model, only_trained=is_lora)
    shards.wait_for_all()

    model, optimizer = made(folder / "base", is_lora=is_lora)
    shards.read_weights(folder, model, seat.rank)
    shards.read_states(folder, model, optimizer, seat.rank)
    taken_up = shards.whole_weights(model, only_trained=is_lora)
    assert all(torch.equal(kept[name], taken_up[name]) for name in kept)
    assert any(not torch.equal(began[name], kept[name]) for name in kept)
    stepped(model, optimizer, range(2, 4))
    again = shards.whole_weights(model, only_trained=is_lora)
    assert straight.keys() == again.keys()
    assert all(torch.equal(straight[name], again[name]) for name in straight)
    assert is_lora == all(".lora_" in name for name in straight)
    print(f"rank {seat.rank}: {len(straight)} weights are equal")
    team.leave()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
