"""From a job to what a trainer is made of: rows, base, adapter, plan; checked on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hone.errors import HoneError
from hone.methods._auto_batch import batches_of
from hone.methods._lora_options import LoraOptions
from hone.methods._sharing import parts_of
from hone.methods._stages import stage
from hone.methods._training_options import TrainingOptions
from hone.rendering.tokens import Renderer
from hone.workspace.job_folder import JobFolder
from hone.workspace.pooling import pooling_in, pooling_of

if TYPE_CHECKING:
    from hone.engine.load import ScoreHead
    from hone.engine.train_loop import Parts, TrainingPlan

VARIABLE_LENGTHS = "flash_attention_2"
"""The attention that takes packed rows as they are, by transformers' name."""
ReadRows = Callable[[str, Renderer], list[Any]]
"""The rows of a split as the method's trainer takes them; an absent split gives none."""


def gather(
    folder: JobFolder,
    options: TrainingOptions,
    lora: LoraOptions | None,
    read: ReadRows,
    *,
    outputs: int = 0,
) -> Parts:
    """Model with its adapter, rows, tokenizer and plan of the job.

    `outputs` above 0 asks for a head of so many numbers instead of one over the vocabulary.
    """
    from hone.engine import load, threads
    from hone.engine.adapted_linear import quicken
    from hone.engine.train_loop import Parts

    spec = folder.job.spec
    device, dtype = str(spec.get("device", "cpu")), str(options.dtype)
    sharding = str(spec.get("sharding", "ddp"))
    threads.settle(device, seed=options.seed, threads=int(options.threads or 1))
    for text in spec.get("choices", []):
        folder.append("log", level="info", text=f"Chosen: {text}.")
    base = load.BaseSpec.of(spec["base"])
    if lora is not None and lora.load_in_4bit:
        load.refuse_4_bits(device)
        base = replace(base, in_4bit=True)
    if device == "cuda" and is_packed(options):
        base = replace(base, attention=VARIABLE_LENGTHS)
    with stage(folder, "reading rows"):
        load.refuse_unfit(base.path)
        load.check_unchanged(base)
        renderer = Renderer.load(base.path)
        _refuse_other_template(spec, renderer, base.path)
        train, val = read("train", renderer), read("val", renderer)
    with stage(folder, "loading the base"):
        is_large = load.weight_bytes(base.path) > load.META_FROM_BYTES
        tokenizer: Any = load.tokenizer_of(base.path, renderer.stop_ids[0])
        model: Any = load.load_base(
            base,
            dtype=dtype if lora is not None else "float32",
            # What is shared out goes to the cards share by share.
            device="cpu" if sharding == "fsdp2" else device,
            on_meta=options.dry_run and is_large,
            head=_head(spec, base.path, outputs, renderer),
        )
        if base.in_4bit:
            model = load.ready_for_adapters(model, options.gradient_checkpointing)
        model = _with_adapter(folder, model, lora)
        if device == "cpu" and lora is not None and (count := quicken(model)):
            text = f"{count} adapted layers train as one operation each: plain, float32, processor."
            folder.append("log", level="info", text=text)
    plan = _plan(options, len(train), (device, sharding), batches_of(folder, options))
    place, stops = folder.checkpoints, renderer.stop_ids
    is_fresh = bool(outputs) and not spec.get("adapter") and pooling_of(base.path) is None
    return Parts(model, plan, train, val, tokenizer, place, base.id, stops, is_fresh)


def _head(
    spec: Mapping[str, Any], base: Path, outputs: int, renderer: Renderer
) -> ScoreHead | None:
    from hone.engine.load import ScoreHead

    if not outputs:
        return None
    return ScoreHead.of(base, outputs, renderer.stop_ids[0], pooling_in(spec["options"]))


def is_packed(options: TrainingOptions) -> bool:
    """Whether rows stand behind each other; only sft has the option, and "auto" was resolved."""
    return getattr(options, "packing", False) is True


def is_grouped(options: TrainingOptions) -> bool:
    """Whether rows of similar length share a batch; packed rows have no padding to save."""
    wanted = options.length_grouping
    return wanted if isinstance(wanted, bool) else not is_packed(options)


def _with_adapter(folder: JobFolder, model: Any, lora: LoraOptions | None) -> Any:
    from hone.engine import lora as adapters

    parent = folder.job.spec.get("adapter")
    if lora is None:
        # Full fine-tuning of an adapted model begins with the adapter inside the weights.
        return adapters.with_adapter(model, Path(parent)).merge_and_unload() if parent else model
    if parent:
        adapted: Any = adapters.go_on_with(model, Path(parent))
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
        use_dora=lora.use_dora,
        use_rslora=lora.use_rslora,
    )


def _plan(
    options: TrainingOptions,
    rows: int,
    where: tuple[str, str],
    batches: tuple[int, int] | None = None,
) -> TrainingPlan:
    from hone.engine.train_loop import TrainingPlan

    device, sharding = where
    per_epoch = options.steps_per_epoch(rows)
    batch_size, accumulation = batches or (
        options.batch_size,
        options.gradient_accumulation_steps,
    )
    processes = 1 if options.processes == "auto" else options.processes  # of an older job
    total = max(1, options.max_steps or math.ceil(per_epoch * options.epochs))
    warmup = options.warmup_steps
    return TrainingPlan(
        total_steps=total,
        steps_per_epoch=per_epoch,
        batch_size=batch_size,
        accumulation=accumulation,
        grouped_by=options.batch_size,
        processes=processes,
        parts=parts_of(accumulation, processes, is_batch_shared=options.IS_BATCH_SHARED),
        sharding=sharding,
        learning_rate=float(options.learning_rate or 0),
        lr_scheduler=options.lr_scheduler,
        warmup_steps=warmup if warmup is not None else math.ceil(total * options.warmup_ratio),
        weight_decay=options.weight_decay,
        max_grad_norm=options.max_grad_norm,
        seed=options.seed,
        eval_steps=options.eval_steps or per_epoch,
        save_steps=options.save_steps or per_epoch,
        keep_checkpoints=options.keep_checkpoints,
        is_grouped=is_grouped(options),
        is_packed=is_packed(options),
        dtype=str(options.dtype),
        device=device,
        is_checkpointing_gradients=options.gradient_checkpointing,
    )


def _refuse_other_template(spec: Mapping[str, Any], renderer: Renderer, base: Path) -> None:
    expected = spec.get("template")
    if expected and renderer.fingerprint != expected:
        raise HoneError(
            f"The chat template or tokenizer in {base} has changed since this job was planned.",
            hint="Put the old files back and hone jobs resume, or start the training anew.",
        )
