"""Kahneman-Tversky optimisation: learns from single answers that were called good or bad.

Needs: rows of the format `kto`, of both kinds; a base, or better a model that already answers.
Gives: checkpoints, the best model by validation loss in final/, with its tokenizer.
Source: Ethayarajh et al. 2024, arXiv:2402.01306, through TRL's KTOTrainer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from hone.errors import InvalidInput
from hone.methods._building import gather
from hone.methods._lora_options import LoraOptions
from hone.methods._rows import read_judged
from hone.methods._running import carry_out
from hone.methods._training_options import TrainingOptions, chosen
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.engine.preference import JudgedTrainer

Weight = Annotated[float, Field(gt=0)] | Literal["auto"]
SMALLEST_BATCH = 2


class Options(TrainingOptions):
    """The sections `training` and `data` of a recipe."""

    # The divergence is estimated between the rows of a batch.
    LEAST_BATCH: ClassVar[int] = 2
    IS_BATCH_SHARED: ClassVar[bool] = True

    beta: float = Field(
        0.1, gt=0, le=10, description="how strongly the model is held to its reference"
    )
    desirable_weight: Weight = Field(
        "auto", description="weight of good answers; auto: so that both kinds pull equally"
    )
    undesirable_weight: Weight = Field(
        "auto", description="weight of bad answers; auto: so that both kinds pull equally"
    )


FORMATS: tuple[str, ...] = ("kto",)
RATE_SHARE = 0.1
"""Of the learning rate that sft would choose for the same base and adapter."""
LIMITS: tuple[str, ...] = (
    "The divergence is estimated within a batch: batches below about 8 rows make it noisy.",
    "Full fine-tuning keeps a second copy of the base in memory as the reference.",
    "Row weights are kept in the dataset and not used by the loss.",
    "Tested on processors only, in one process and in several; never on cards.",
)


def problems_of(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with options that are fine one by one, in sentences."""
    if values["batch_size"] >= SMALLEST_BATCH:
        return []
    return [
        "training.batch_size: KTO compares the rows of a batch with each other, and a batch of 1 "
        "has no other (--set training.batch_size=8)"
    ]


def run(folder: JobFolder) -> dict[str, float] | None:
    """Carry the job out: its figures, or None where it was stopped at a checkpoint."""
    options, lora = chosen(folder.job.spec["options"], Options)
    return carry_out(folder, options, lambda: built(folder, options, lora))


def built(
    folder: JobFolder, options: Options, lora: LoraOptions | None
) -> tuple[JudgedTrainer, int]:
    """Rows, model and trainer of the job, and how many judged answers it trains on."""
    from hone.engine import load
    from hone.engine.preference import JudgedTrainer, Preference, balancing_weights

    if problems := problems_of(options.model_dump()):
        raise InvalidInput(problems[0], hint="--set training.batch_size=8")
    found = gather(
        folder,
        options,
        lora,
        lambda split, renderer: read_judged(
            folder, split, renderer, max_length=options.max_seq_length
        ),
    )
    labels = [bool(row["label"]) for row in found.train]
    if len(set(labels)) < 2:
        raise InvalidInput(
            f"All {len(labels)} answers are {'good' if labels[0] else 'bad'}: "
            "nothing could be told apart.",
            hint="Reject or correct some answers, then hone datasets build NAME --format kto",
        )
    good, bad = balancing_weights(labels)
    reference = None
    if lora is None:
        spec = folder.job.spec
        base = load.BaseSpec.of(spec["base"])
        reference = load.load_base(base, device=str(spec.get("device", "cpu")))
    preference = Preference(
        options.beta,
        desirable_weight=_chosen(options.desirable_weight, good),
        undesirable_weight=_chosen(options.undesirable_weight, bad),
    )
    return JudgedTrainer(found, preference, reference), len(found.train)


def _chosen(weight: float | str, balancing: float) -> float:
    return balancing if isinstance(weight, str) else weight
