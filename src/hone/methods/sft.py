"""Supervised fine-tuning: a model learns the accepted answers, as an adapter or with all weights.

Needs: a base with config.json, safetensors and tokenizer.json; rows of the format `sft`.
Gives: checkpoints, the best model in final/ (an adapter, or a whole model) with its tokenizer.
Source: TRL's SFTTrainer and PEFT; LoRA is Hu et al. 2021, arXiv:2106.09685; adapters on every
    linear layer after Dettmers et al. 2023, arXiv:2305.14314, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from hone.methods._building import gather
from hone.methods._lora_options import LoraOptions
from hone.methods._rows import read_rows
from hone.methods._running import carry_out
from hone.methods._training_options import SECTION_DATA, TrainingOptions, chosen
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.engine.supervised import RowTrainer


class Options(TrainingOptions):
    """The sections `training` and `data` of a recipe."""

    train_on: Literal["last", "all"] = Field(
        "last",
        description="which answers of a conversation are learned: the last one, or all",
        json_schema_extra=SECTION_DATA,
    )
    packing: bool | Literal["auto"] | None = Field(
        "auto",
        description="the rows of a batch stand behind each other in one sequence without padding, "
        "and none sees another; auto: on cards with a kernel for it",
    )


FORMATS: tuple[str, ...] = ("sft", "raft")
LIMITS: tuple[str, ...] = (
    "Resumes to the same weights only on the same kind of machine, versions and thread count.",
    "Devices cuda and mps are supported by the code and not tested in this version.",
    "Row weights are kept in the dataset and not used by the loss.",
    "Several processes are tested on processors; several cards (DDP, FSDP2) were never tried.",
    "Mixture-of-experts layers that are no linear modules get no adapter.",
    "Quantised bases (AWQ, GPTQ, bitsandbytes) are refused.",
)


def run(folder: JobFolder) -> dict[str, float] | None:
    """Carry the job out: its figures, or None where it was stopped at a checkpoint."""
    options, lora = chosen(folder.job.spec["options"], Options)
    return carry_out(folder, options, lambda: built(folder, options, lora))


def built(folder: JobFolder, options: Options, lora: LoraOptions | None) -> tuple[RowTrainer, int]:
    """Rows, model, adapter and trainer of the job, and how many rows it trains on."""
    from hone.engine.collate import as_tensors
    from hone.engine.supervised import RowTrainer

    found = gather(
        folder,
        options,
        lora,
        lambda split, renderer: as_tensors(
            read_rows(
                folder,
                split,
                renderer,
                max_length=options.max_seq_length,
                train_on=options.train_on,
            )
        ),
    )
    return RowTrainer(found), len(found.train)
