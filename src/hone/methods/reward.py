"""Reward model: a number for an answer, higher for the better one of a pair.

Needs: rows of the format `dpo`; a base that has a sequence-classification head in transformers.
Gives: checkpoints, the best model by validation loss in final/: an adapter with its head, or a
    whole model with one output.
Source: Bradley-Terry pairs as in Ouyang et al. 2022, arXiv:2203.02155, section 3.5, through TRL's
    RewardTrainer; `centering` is Eisenstein et al. 2023, arXiv:2312.09244.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from hone.methods._building import gather
from hone.methods._lora_options import LoraOptions
from hone.methods._rows import read_pairs
from hone.methods._running import carry_out
from hone.methods._training_options import TrainingOptions, chosen
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.engine.scoring import RankTrainer


class Options(TrainingOptions):
    """The sections `training` and `data` of a recipe."""

    centering: Annotated[float, Field(gt=0)] | None = Field(
        None, description="pull of the rewards to a mean of 0, such as 0.01; by default none"
    )


FORMATS: tuple[str, ...] = ("dpo",)
GIVES = "numbers"
"""Not answers: such a model cannot be asked a question."""
RATE_SHARE = 0.5
"""Of the learning rate that sft would choose for the same base and adapter."""
LIMITS: tuple[str, ...] = (
    "Rewards have no scale of their own: only differences between answers to one prompt count.",
    "Bases without a classification head in transformers are refused; Mamba gets one of ours.",
    "Row weights are kept in the dataset and not used by the loss.",
    "Tested on processors only, in one process and in several; never on cards.",
)


def run(folder: JobFolder) -> dict[str, float] | None:
    """Carry the job out: its figures, or None where it was stopped at a checkpoint."""
    options, lora = chosen(folder.job.spec["options"], Options)
    return carry_out(folder, options, lambda: built(folder, options, lora))


def built(folder: JobFolder, options: Options, lora: LoraOptions | None) -> tuple[RankTrainer, int]:
    """Rows, model and trainer of the job, and how many pairs it trains on."""
    from hone.engine.scoring import RankTrainer

    found = gather(
        folder,
        options,
        lora,
        lambda split, renderer: [
            {side: row["prompt_ids"] + row[side] for side in ("chosen_ids", "rejected_ids")}
            for row in read_pairs(folder, split, renderer, max_length=options.max_seq_length)
        ],
        outputs=1,
    )
    return RankTrainer(found, centering=options.centering), len(found.train)
