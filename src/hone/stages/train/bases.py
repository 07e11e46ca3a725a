"""The catalogue of bases, each with the memory that the smallest LoRA training of it needs."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

from hone.stages.train.memory import Load, MemoryEstimate, estimate_memory
from hone.stages.train.shape import shape_of
from hone.workspace.bases import FoundBase
from hone.workspace.catalogue import CataloguedBase, catalogue, tensor_shapes

RANK, LENGTH = 16, 2048


class ListedBase(BaseModel):
    """A base of the catalogue and what it takes to adapt it."""

    base: CataloguedBase
    lora_gib: MemoryEstimate = Field(
        description="rank 16 on every linear layer, one row of 2,048 tokens at a time, bfloat16, "
        "checkpointing, on a card"
    )


def list_bases() -> list[ListedBase]:
    """Every base of the catalogue, in its order."""
    return [ListedBase(base=one, lora_gib=_least(one)) for one in catalogue()]


def _least(one: CataloguedBase) -> MemoryEstimate:
    shapes = tensor_shapes(one.config)
    base = FoundBase(id=one.id, path=Path(one.id), is_here=False, shapes=shapes, config=one.config)
    matrices = base.layer_matrices
    load = Load(
        batch_size=1,
        length=LENGTH,
        device="cuda",
        weight_bytes=2,
        compute_bytes=2,
        trained_parameters=RANK * sum(outputs + inputs for _, outputs, inputs in matrices),
        is_full=False,
        is_checkpointed=True,
        adapted_inputs=sum(inputs for _, _, inputs in matrices),
        has_dropout=True,
    )
    return estimate_memory(shape_of(base), load)
