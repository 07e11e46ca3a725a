"""Supervised fine-tuning: a model learns the accepted answers, as an adapter or with all weights.

Needs: a base with config.json, safetensors and tokenizer.json; rows of the format `sft`.
Gives: checkpoints, the best model in final/ (an adapter, or a whole model) with its tokenizer.
Source: TRL's SFTTrainer and PEFT; LoRA is Hu et al. 2021, arXiv:2106.09685; adapters on every
    linear layer after Dettmers et al. 2023, arXiv:2305.14314, section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from hone.errors import HoneError, InvalidInput
from hone.methods._building import built
from hone.methods._exporting import export_model
from hone.methods._lora_options import LoraOptions
from hone.methods._stages import stage
from hone.workspace.job_folder import JobFolder

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
DATA: dict[str, JsonValue] = {"section": "data"}


class Options(BaseModel):
    """The sections `training` and `data` of a recipe."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = Field(
        False, description="build everything, run one batch forward, train and keep nothing"
    )
    epochs: float = Field(3, ge=0, le=10_000, description="passes over the training rows")
    max_steps: Count | None = Field(
        None, description="steps of the optimizer; where set, it decides instead of epochs"
    )
    batch_size: int = Field(4, ge=1, description="rows that go through the model at once")
    gradient_accumulation_steps: int = Field(
        1, ge=1, description="batches that make one step of the optimizer"
    )
    learning_rate: Positive | Literal["auto"] | None = Field(
        "auto", description="size of a step; auto: by adapter or full, and the base's parameters"
    )
    lr_scheduler: Literal["cosine", "linear", "constant"] = Field(
        "cosine", description="how the learning rate falls after the warm-up"
    )
    warmup_ratio: float = Field(
        0.03,
        ge=0,
        lt=1,
        description="share of all steps over which the learning rate rises, 0 to 1",
    )
    warmup_steps: Annotated[int, Field(ge=0)] | None = Field(
        None, description="the same in steps; where set, it decides instead of warmup_ratio"
    )
    weight_decay: float = Field(0.0, ge=0, le=1, description="pull of the weights to 0, per step")
    max_grad_norm: float = Field(
        1.0, gt=0, description="gradients are scaled down to this length (L2 norm)"
    )
    seed: int = Field(0, ge=0, lt=2**32, description="of adapter weights, order and dropout")
    eval_steps: Count | None = Field(
        None, description="steps between validations; by default one after each epoch"
    )
    save_steps: Count | None = Field(
        None, description="steps between checkpoints; by default one after each epoch"
    )
    save_minutes: float = Field(
        10.0, gt=0, description="a checkpoint is also written after so many minutes without one"
    )
    keep_checkpoints: int = Field(2, ge=1, description="checkpoints kept on disk, the newest")
    early_stopping_evals: Count | None = Field(
        None, description="stop after so many validations without a new best; by default never"
    )
    logging_steps: int = Field(
        10, ge=1, description="steps between metrics; at least one every 5 seconds in any case"
    )
    length_grouping: bool = Field(
        True, description="rows of similar length share a batch: less padding, up to twice as fast"
    )
    gradient_checkpointing: bool = Field(
        False, description="compute activations twice instead of keeping them: slower, less memory"
    )
    dtype: Literal["float32", "bfloat16", "auto"] | None = Field(
        "auto", description="type of the numbers; auto: by device and the base's parameters"
    )
    threads: Count | Literal["auto"] | None = Field(
        "auto", description="processor threads; auto: all physical cores but one"
    )
    max_seq_length: int = Field(
        512, ge=8, description="most tokens of a row, prompt and answer", json_schema_extra=DATA
    )
    train_on: Literal["last", "all"] = Field(
        "last",
        description="which answers of a conversation are learned: the last one, or all",
        json_schema_extra=DATA,
    )


LIMITS: tuple[str, ...] = (
    "Resumes to the same weights only on the same kind of machine, versions and thread count.",
    "Devices cuda and mps are supported by the code and not tested in this version.",
    "Row weights are kept in the dataset and not used by the loss.",
    "One process and one device; several cards are not used.",
    "Mixture-of-experts layers that are no linear modules get no adapter.",
    "Quantised bases (AWQ, GPTQ, bitsandbytes) are refused.",
)


def chosen(options: Mapping[str, Any]) -> tuple[Options, LoraOptions | None]:
    """The frozen options of a job ({"training.epochs": {"value", "source"}, …}), checked again.

    Without any `lora.*` the training is a full one. InvalidInput lists every problem.
    """
    sections: dict[str, dict[str, Any]] = {"training": {}, "data": {}, "lora": {}}
    for key, resolved in options.items():
        section, _, name = key.partition(".")
        if name and section in sections:
            sections[section][name] = resolved["value"]
    problems: list[str] = []
    found = lora = None
    try:
        found = Options.model_validate({**sections["training"], **sections["data"]})
        problems += _open_or_empty(found)
    except ValidationError as error:
        problems += [f"{_place(one)}: {one['msg']}" for one in error.errors()]
    try:
        lora = LoraOptions.model_validate(sections["lora"]) if sections["lora"] else None
    except ValidationError as error:
        problems += [f"lora.{_place(one)}: {one['msg']}" for one in error.errors()]
    if problems or found is None:
        raise InvalidInput(
            f"This training cannot begin: {'; '.join(problems)}.",
            hint="hone train RECIPE --plan   (shows every value and where it comes from)",
            problems=problems,
        )
    return found, lora


def run(folder: JobFolder) -> dict[str, float] | None:
    """Carry the job out: its figures, or None where it was stopped at a checkpoint.

    Everything else is in the folder: events, checkpoints/, final/. HoneError for what a user
    can mend; memory and disk that run out are told as such.
    """
    options, lora = chosen(folder.job.spec["options"])
    from hone.engine.memory import explained_shortage

    try:
        return _dry_run(folder, options, lora) if options.dry_run else _train(folder, options, lora)
    except HoneError:
        raise
    except Exception as error:
        told = explained_shortage(
            error,
            batch_size=options.batch_size,
            longest=options.max_seq_length,
            accumulation=options.gradient_accumulation_steps,
        )
        if told is None:
            raise
        raise told from error


def _train(
    folder: JobFolder, options: Options, lora: LoraOptions | None
) -> dict[str, float] | None:
    from hone.engine import checkpoints, train_loop
    from hone.engine.watch import Habits, Watch

    found = checkpoints.newest_sound(folder.checkpoints)
    for problem in found.broken:
        folder.append("log", level="warning", text=f"A broken checkpoint is passed over: {problem}")
    is_finished = found.path is not None and checkpoints.facts_of(found.path).get("is_final")
    if not is_finished:
        trainer, _ = built(folder, options, lora)
        if folder.is_stop_requested:
            return None
        if found.path is not None:
            folder.append("log", level="info", text=f"Going on from {found.path.name}.")
        watch = Watch(
            trainer,
            folder,
            Habits(
                logging_steps=options.logging_steps,
                save_minutes=options.save_minutes,
                early_stopping_evals=options.early_stopping_evals,
                tensorboard=_board(folder),
            ),
        )
        with stage(folder, "training"):
            train_loop.train(trainer, watch, resume_from=found.path)
        if watch.was_stopped:
            return None
    with stage(folder, "exporting"):
        return export_model(folder)


def _dry_run(
    folder: JobFolder, options: Options, lora: LoraOptions | None
) -> dict[str, float] | None:
    from hone.engine import train_loop
    from hone.engine.load import parameter_count

    trainer, rows = built(folder, options, lora)
    with stage(folder, "one batch forward"):
        loss = train_loop.forward_once(trainer)
    model = trainer.model
    figures = {
        "parameters": float(parameter_count(model)),
        "trained_parameters": float(parameter_count(model, only_trained=True)),
        "rows": float(rows),
        "steps": float(trainer.plan.total_steps),
    }
    return figures if loss is None else {**figures, "loss": loss}


def _board(folder: JobFolder) -> Path | None:
    reports = folder.job.spec["options"].get("report_to", {}).get("value") or []
    return folder.path / "logs" if "tensorboard" in reports else None


def _open_or_empty(options: Options) -> list[str]:
    problems: list[str] = []
    if not options.dry_run and not options.max_steps and options.epochs <= 0:
        problems.append("training.epochs is 0 (--set training.epochs=3)")
    problems += [
        f"training.{name} is still open"
        for name in ("learning_rate", "dtype", "threads")
        if getattr(options, name) in (None, "auto")
    ]
    return problems


def _place(error: Any) -> str:
    return ".".join(str(part) for part in error["loc"])
