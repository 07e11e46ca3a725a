"""Direct preference optimisation: the model moves towards the better answer of each pair.

Needs: rows of the format `dpo`; a base, or better a model that already answers (an adapter).
Gives: checkpoints, the best model by validation loss in final/, with its tokenizer.
Source: Rafailov et al. 2023, arXiv:2305.18290, through TRL's DPOTrainer; `ipo` is Azar et al.
    2023, arXiv:2310.12036; `label_smoothing` is Mitchell 2023, "A note on DPO with noisy
    preferences".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from hone.methods._building import gather
from hone.methods._lora_options import LoraOptions
from hone.methods._rows import read_pairs
from hone.methods._running import carry_out
from hone.methods._stages import stage
from hone.methods._training_options import TrainingOptions, chosen
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.engine.preference import PairTrainer


class Options(TrainingOptions):
    """The sections `training` and `data` of a recipe."""

    beta: float = Field(
        0.1, gt=0, le=10, description="how strongly the model is held to its reference"
    )
    loss: Literal["sigmoid", "ipo", "hinge"] = Field(
        "sigmoid", description="sigmoid: the paper's; ipo: regularised; hinge: SLiC's margin"
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=0.5, description="share of pairs that are believed to be the wrong way round"
    )


FORMATS: tuple[str, ...] = ("dpo",)
RATE_SHARE = 0.1
"""Of the learning rate that sft would choose for the same base and adapter."""
LIMITS: tuple[str, ...] = (
    "Dropout is switched off in model and adapter, as TRL does for a stable reference.",
    "Answers are scored by the sum of their tokens, so pairs of very different length favour one.",
    "Row weights are kept in the dataset and not used by the loss.",
    "Tested on processors only, in one process and in several; never on cards.",
)


def run(folder: JobFolder) -> dict[str, float] | None:
    """Carry the job out: its figures, or None where it was stopped at a checkpoint."""
    options, lora = chosen(folder.job.spec["options"], Options)
    return carry_out(folder, options, lambda: built(folder, options, lora))


def built(folder: JobFolder, options: Options, lora: LoraOptions | None) -> tuple[PairTrainer, int]:
    """Rows, model and trainer of the job, and how many pairs it trains on."""
    from hone.engine.preference import PairTrainer, Preference

    found = gather(
        folder,
        options,
        lora,
        lambda split, renderer: read_pairs(
            folder, split, renderer, max_length=options.max_seq_length
        ),
    )
    with stage(folder, "asking the reference"):
        preference = Preference(options.beta, options.loss, options.label_smoothing)
        trainer = PairTrainer(found, preference)
    return trainer, len(found.train)
