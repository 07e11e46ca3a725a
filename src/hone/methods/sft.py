"""Supervised fine-tuning: a model learns the accepted answers, as an adapter or with all weights.

Needs: a base with config.json, safetensors and tokenizer.json; rows of the format `sft`.
Gives: checkpoints, the best model in final/ (an adapter, or a whole model) with its tokenizer.
Source: TRL's SFTTrainer and PEFT; LoRA is Hu et al. 2021, arXiv:2106.09685; adapters on every
    linear layer after Dettmers et al. 2023, arXiv:2305.14314, section 4.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hone.errors import HoneError, InvalidInput
from hone.methods._lora_options import LoraOptions
from hone.methods._rows import read_rows
from hone.methods._stages import stage
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.engine.train_loop import RowTrainer, TrainingPlan
    from hone.rendering.tokens import Renderer

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
DATA = {"section": "data"}


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
        trainer, rows = _built(folder, options, lora)
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
        return _export(folder)


def _dry_run(
    folder: JobFolder, options: Options, lora: LoraOptions | None
) -> dict[str, float] | None:
    from hone.engine import train_loop
    from hone.engine.load import parameter_count

    trainer, rows = _built(folder, options, lora)
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


def _built(folder: JobFolder, options: Options, lora: LoraOptions | None) -> tuple[RowTrainer, int]:
    """Rows, model, adapter and trainer of the job, and how many rows it trains on."""
    from hone.engine import collate, load, threads, train_loop
    from hone.rendering.tokens import Renderer

    spec = folder.job.spec
    device, dtype = str(spec.get("device", "cpu")), str(options.dtype)
    threads.settle(device, seed=options.seed, threads=int(options.threads or 1))
    base = load.BaseSpec.of(spec["base"])
    with stage(folder, "reading rows"):
        load.refuse_unfit(base.path)
        load.check_unchanged(base)
        renderer = Renderer.load(base.path)
        _refuse_other_template(spec, renderer, base.path)
        train, val = (
            read_rows(
                folder,
                split,
                renderer,
                max_length=options.max_seq_length,
                train_on=options.train_on,
            )
            for split in ("train", "val")
        )
    with stage(folder, "loading the base"):
        is_large = load.weight_bytes(base.path) > load.META_FROM_BYTES
        model: Any = load.load_base(
            base,
            dtype=dtype if lora is not None else "float32",
            device=device,
            on_meta=options.dry_run and is_large,
        )
        model = _with_adapter(folder, model, lora)
        tokenizer = load.tokenizer_of(base.path, renderer.stop_ids[0])
        rows = (collate.as_tensors(train), collate.as_tensors(val))
        plan = _plan(options, len(train), device)
        trainer = train_loop.RowTrainer(
            model, plan, rows=rows, tokenizer=tokenizer, place=folder.checkpoints
        )
        trainer.base_id = base.id
    return trainer, len(train)


def _with_adapter(folder: JobFolder, model: Any, lora: LoraOptions | None) -> Any:
    from hone.engine import lora as adapters

    parent = folder.job.spec.get("adapter")
    if lora is None:
        # Full fine-tuning of an adapted model begins with the adapter inside the weights.
        return adapters.with_adapter(model, Path(parent)).merge_and_unload() if parent else model
    if parent:
        adapted = adapters.go_on_with(model, Path(parent))
        rank = adapted.peft_config["default"].r
        if rank != lora.r:
            folder.append(
                "log",
                level="warning",
                text=f"The adapter goes on with its own rank {rank}, not lora.r {lora.r}.",
            )
        return adapted
    return adapters.add_adapter(
        model,
        r=lora.r,
        lora_alpha=lora.lora_alpha,
        lora_dropout=lora.lora_dropout,
        target_modules=lora.target_modules,
    )


def _plan(options: Options, rows: int, device: str) -> TrainingPlan:
    from hone.engine.train_loop import TrainingPlan, steps_of

    per_epoch = steps_of(rows, options.batch_size, options.gradient_accumulation_steps)
    total = max(1, options.max_steps or math.ceil(per_epoch * options.epochs))
    warmup = options.warmup_steps
    return TrainingPlan(
        total_steps=total,
        steps_per_epoch=per_epoch,
        batch_size=options.batch_size,
        accumulation=options.gradient_accumulation_steps,
        learning_rate=float(options.learning_rate or 0),
        lr_scheduler=options.lr_scheduler,
        warmup_steps=warmup if warmup is not None else math.ceil(total * options.warmup_ratio),
        weight_decay=options.weight_decay,
        max_grad_norm=options.max_grad_norm,
        seed=options.seed,
        eval_steps=options.eval_steps or per_epoch,
        save_steps=options.save_steps or per_epoch,
        keep_checkpoints=options.keep_checkpoints,
        is_grouped=options.length_grouping,
        dtype=str(options.dtype),
        device=device,
        is_checkpointing_gradients=options.gradient_checkpointing,
    )


def _export(folder: JobFolder) -> dict[str, float]:
    """final/: the best weights by validation loss, else the last; the figures of the run."""
    from hone.engine import checkpoints
    from hone.engine.weights import export

    spec, place = folder.job.spec, folder.checkpoints
    last = checkpoints.newest_sound(place).path
    if last is None:
        raise HoneError(
            f"No checkpoint in {place} is whole, so there is no model to keep.",
            hint=f"hone jobs resume {folder.path.name}   (trains again)",
        )
    best, source = place / "best", last
    if best.is_dir():
        problem = checkpoints.problem_of(best)
        if problem:
            text = f"The best weights cannot be used ({problem}); the last ones are kept instead."
            folder.append("log", level="warning", text=text)
        else:
            source = best
    facts = checkpoints.facts_of(source)
    about = {
        "hone": 1,
        "base": spec["base"],
        "template": spec.get("template", ""),
        "task": spec["task"]["name"],
        "lora": {k: v["value"] for k, v in spec["options"].items() if k.startswith("lora.")}
        or None,
        "dataset": spec["dataset"],
        "step": facts["step"],
    }
    # The path of the base is this machine's own affair.
    about["base"] = {key: value for key, value in spec["base"].items() if key != "path"}
    export(source, folder.final, base=Path(spec["base"]["path"]), about=about)
    figures = {"best_step": float(facts["step"])}
    if "eval_loss" in facts:
        figures["eval_loss"] = float(facts["eval_loss"])
    losses = [
        (event.model_extra or {})["values"]["loss"]
        for event in folder.events()
        if event.type == "metric" and "loss" in (event.model_extra or {}).get("values", {})
    ]
    return figures | ({"train_loss": float(losses[-1])} if losses else {})


def _refuse_other_template(spec: Mapping[str, Any], renderer: Renderer, base: Path) -> None:
    expected = spec.get("template")
    if expected and renderer.fingerprint != expected:
        raise HoneError(
            f"The chat template or tokenizer in {base} is not the one that this job was planned for.",
            hint="Put the old files back and hone jobs resume, or start the training anew.",
        )


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
