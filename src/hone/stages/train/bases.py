"""The catalogue of bases, each with the memory that the smallest LoRA training of it needs."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

from hone.errors import HoneError, InvalidInput
from hone.stages.train.memory import Load, MemoryEstimate, estimate_memory
from hone.stages.train.shape import shape_of
from hone.workspace.bases import FoundBase, planned_base
from hone.workspace.catalogue import (
    CataloguedBase,
    catalogue,
    known_near,
    tensor_shapes,
    unquantised,
)
from hone.workspace.open import Workspace

RANK, LENGTH = 16, 2048


class ListedBase(BaseModel):
    """A base of the catalogue and what it takes to adapt it."""

    base: CataloguedBase
    lora_gib: MemoryEstimate = Field(
        description="rank 16 on every linear layer, one row of 2,048 tokens at a time, bfloat16, "
        "checkpointing, on a card"
    )


class BaseFitness(BaseModel):
    """Whether an adapter can be trained on a base; for a plan, its weights need not be here."""

    base: str
    problem: str = Field(default="", description="in a sentence; empty: it can")
    hint: str = ""
    instead: str = Field(default="", description="a base to take in its place, where one is known")


def judge_base(ws: Workspace, name: str) -> BaseFitness:
    """Look a base up by its name, folder or version; what is quantised is refused, with another."""
    try:
        planned_base(ws, name)
    except HoneError as error:
        problems = error.problems if isinstance(error, InvalidInput) else ()
        said = f"{error.message} {'; '.join(problems)}".strip()
        instead = unquantised(name) or known_near(name) or ""
        return BaseFitness(base=name, problem=said, hint=error.hint or "", instead=instead)
    return BaseFitness(base=name)


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
