"""The plan of a training: rows, tokens, steps, memory, time and price; seconds, without torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, cast

from pydantic import BaseModel, Field

from hone.errors import HoneError
from hone.records.recipe import Resolved
from hone.stages.train.drawn import draws
from hone.stages.train.machine import Machine
from hone.stages.train.memory import (
    GIB,
    LOGIT_BYTES,
    NF4_BYTES,
    Load,
    MemoryEstimate,
    estimate_memory,
)
from hone.stages.train.rows import TokenCount
from hone.stages.train.shape import shape_of
from hone.stages.train.sharing import Sharding, processes_of, rows_at_once
from hone.workspace.bases import FoundBase
from hone.workspace.job_folder import JobFolder

FITS_BELOW = 0.92  # of the memory: the rest is for what nobody can foresee
# Share of the peak matrix rate that training reaches (low, high): processors and small models are
# held up by everything but matrices; cards reach 30 to 55 % on the models people fine-tune.
REACHED = {"cpu": (0.4, 1.8), "cuda": (0.15, 0.5), "mps": (0.15, 0.5)}
SMALL_PARAMETERS = 50_000_000
START_SECONDS = {"cpu": (4.0, 20.0), "cuda": (10.0, 60.0), "mps": (8.0, 40.0)}
# Forward and backward of a token: 2 + 4 operations per weight; with frozen weights their
# gradients are not computed (Kaplan et al. 2020, arXiv:2001.08361, section 2.1).
OPERATIONS_FULL, OPERATIONS_LORA, OPERATIONS_FORWARD = 6, 4, 2
PADDING_GROUPED, PADDING_MIXED = 1.1, 1.7
DRAWN_SLOWER = 10  # at worst: a token at a time keeps no processor busy
# Sequences that go through the model for one row: the chosen and the rejected answer; KTO's own
# and another row's, for its estimate of the divergence.
SEQUENCES = {"dpo": 2, "kto": 2, "reward": 2}
WITHOUT_VOCABULARY = ("reward", "regression")  # their head gives numbers, not words
FITTED_ROWS = 1024  # that a head of scores is fitted to before the first step, as engine/scoring.py
LARGEST_LOGITS = 64_000_000  # as engine/supervised.py has it

Verdict = Literal["fits", "tight", "does not fit"]


class Range(BaseModel):
    """A low and a high end."""

    low: float
    high: float


class Held(NamedTuple):
    """What a process holds at once."""

    longest: int  # tokens of a row
    beside_gib: float = 0.0  # other models
    sharding: Sharding = "none"


class Plan(BaseModel):
    """What a training would do and cost, before anything is written."""

    model: str
    method: str
    base: str
    is_base_here: bool = Field(True, description="false: planned for by its shape alone")
    base_parameters: int
    trained_parameters: int
    dataset: str
    too_few: str = Field("", description="why that is not enough to train on, unless forced")
    device: str
    device_name: str
    processes: int = 1
    sharding: Sharding = Field(
        "none", description="ddp: every process holds all weights; fsdp2: each a share of them"
    )
    sharding_reason: str = ""
    train: TokenCount
    val: TokenCount | None = None
    epochs: float
    steps: int
    steps_per_epoch: int
    longest: int = Field(description="tokens of the row that memory is planned for")
    memory_gib: MemoryEstimate = Field(description="of each process")
    device_memory_gib: float = Field(description="that each process may take")
    fits: bool = Field(description="the high end is at most 92 % of the device's memory")
    verdict: Verdict = Field(description="tight: only the low end fits")
    seconds: Range
    seconds_source: str
    disk_gib: float = Field(description="checkpoints and the final model")
    price_usd: float = Field(0.0, description="the worst case: the longest time, the dearest offer")
    price_low_usd: float = 0.0
    price_per_hour_usd: float = 0.0
    budget_usd: float | None = Field(None, description="the recipe's own limit")
    beside_gib: float = Field(0.0, description="of memory, for models beside the one that learns")
    options: dict[str, Resolved]
    choices: list[str] = Field(
        default_factory=list, description="what was chosen for the machine beside the options"
    )
    notes: list[str] = Field(default_factory=list)


def verdict_on(memory: MemoryEstimate, device_memory_gib: float) -> Verdict:
    """Whether a device of that memory is enough: surely, perhaps, or not."""
    if memory.high <= FITS_BELOW * device_memory_gib:
        return "fits"
    return "tight" if memory.low <= device_memory_gib else "does not fit"


def trained_parameters(base: FoundBase, options: dict[str, Resolved]) -> int:
    """How many weights training changes: all, or those of the adapter."""
    if "lora.r" not in options:
        return base.parameters
    rank = int(options["lora.r"].value)
    matrices = adapted_matrices(base, options["lora.target_modules"].value)
    found = rank * sum(outputs + inputs for _, outputs, inputs in matrices)
    # DoRA learns the size of every output beside.
    sizes = sum(outputs for _, outputs, _ in matrices) if _is_on(options, "lora.use_dora") else 0
    return found + sizes


def adapted_matrices(base: FoundBase, targets: Any) -> list[tuple[str, int, int]]:
    """The matrices that get an adapter; "auto" and "all-linear" mean every linear layer."""
    if targets in ("auto", "all-linear"):
        if "mamba" in str(base.config.get("model_type", "")):
            # As engine/lora.py has it: the other matrices are read past their layers.
            return [one for one in base.layer_matrices if ".in_proj." in one[0]]
        return base.layer_matrices
    wanted = [targets] if isinstance(targets, str) else list(targets)
    return [
        matrix
        for matrix in base.layer_matrices
        if any(means(name, matrix[0].removesuffix(".weight")) for name in wanted)
    ]


def means(name: str, layer: str) -> bool:
    """Whether a name of `lora.target_modules` means this layer: all of its name, or its end."""
    return layer == name or layer.endswith(f".{name}")


def steps_of(rows: int, options: dict[str, Resolved]) -> tuple[int, int]:
    """(all steps, steps per epoch) of the optimizer; a last partial batch is a step."""
    batch = int(options["training.batch_size"].value)
    together = int(options["training.gradient_accumulation_steps"].value)
    per_epoch = math.ceil(math.ceil(rows / batch) / together) if rows else 0
    if draws(options):
        prompts = max(1, batch * together // int(options["training.num_generations"].value))
        per_epoch = math.ceil(rows / prompts) * int(options["training.num_iterations"].value)
    most = options["training.max_steps"].value
    if most:
        return int(most), per_epoch
    return math.ceil(per_epoch * float(options["training.epochs"].value)), per_epoch


def weight_bytes(options: dict[str, Resolved]) -> int:
    """Bytes per weight of the chosen type."""
    return 4 if str(options["training.dtype"].value) in ("float32", "fp32") else 2


def memory_of(
    base: FoundBase,
    options: dict[str, Resolved],
    machine: Machine,
    held: Held,
) -> MemoryEstimate:
    """The memory range of each process."""
    longest, beside_gib, sharding = held
    is_full = "lora.r" not in options
    adapted = [] if is_full else adapted_matrices(base, options["lora.target_modules"].value)
    shape, compute = shape_of(base), weight_bytes(options)
    method = str(options["method"].value) if "method" in options else "sft"
    batch = rows_at_once(options) * SEQUENCES.get(method, 1)
    processes, trained = processes_of(options), trained_parameters(base, options)
    # Gradients are gathered in buckets beside themselves.
    buckets = 4 * trained if processes > 1 and sharding != "fsdp2" else 0
    load = Load(
        batch_size=batch,
        length=max(1, longest),
        device=machine.device,
        # A full training keeps its weights in fp32 and computes on copies of them.
        weight_bytes=4
        if is_full
        else NF4_BYTES
        if _is_on(options, "lora.load_in_4bit")
        else compute,
        compute_bytes=compute,
        trained_parameters=trained,
        is_full=is_full,
        is_checkpointed=_is_on(options, "training.gradient_checkpointing"),
        is_accumulating=int(options["training.gradient_accumulation_steps"].value) > 1,
        adapted_inputs=sum(inputs for _, _, inputs in adapted),
        has_dropout=not is_full and float(options["lora.lora_dropout"].value) > 0,
        logit_positions=_logit_positions(method, machine.device, shape.vocabulary, batch * longest),
        logit_bytes=LOGIT_BYTES[compute],
        beside_bytes=beside_gib * GIB + buckets,
        cards=processes if sharding == "fsdp2" else 1,
    )
    return estimate_memory(shape, load)


def _logit_positions(method: str, device: str, vocabulary: int, tokens: int) -> int:
    if method == "grpo":
        return 0  # its head is computed in tiles everywhere
    if method == "sft":
        # On cards the head is fused; elsewhere more values than these are computed in tiles.
        return 0 if device == "cuda" else min(tokens, LARGEST_LOGITS // vocabulary)
    return 0 if method in WITHOUT_VOCABULARY else tokens


def _is_on(options: dict[str, Resolved], key: str) -> bool:
    return key in options and bool(options[key].value)


def disk_gib_of(base: FoundBase, options: dict[str, Resolved]) -> float:
    """What checkpoints (weights and both moments) and the final model take on disk."""
    trained = trained_parameters(base, options)
    kept = int(options["training.keep_checkpoints"].value) + 1  # one more while it is written
    final = trained * (4 if "lora.r" in options else weight_bytes(options))
    return (kept * (final + trained * 8) + final) / 1024**3


def seconds_of(
    base: FoundBase,
    options: dict[str, Resolved],
    machine: Machine,
    counts: tuple[TokenCount, TokenCount | None],
    earlier: list[JobFolder],
) -> tuple[Range, str]:
    """How long it takes, from earlier jobs on the same base and device, else a rough rate."""
    train, val = counts
    steps, per_epoch = steps_of(train.remaining, options)
    epochs = steps / per_epoch if per_epoch else 0.0
    start_low, start_high = START_SECONDS[machine.device]
    seen = [train.tokens_low * epochs, train.tokens_high * epochs]
    rates = measured_rates(earlier)
    only_read = (val.tokens * math.ceil(epochs) if val is not None else 0) + _fitted(train, options)
    if rates:
        tests = only_read / 3
        low = (seen[0] + tests) / max(rates) * 0.9 + start_low
        high = (seen[1] + tests) / min(rates) * 1.2 + start_high
        return Range(low=low, high=high), f"{len(rates)} earlier jobs on this base and device"
    per_token = OPERATIONS_LORA if "lora.r" in options else OPERATIONS_FULL
    grouped = options.get("training.length_grouping")
    padding = PADDING_GROUPED if grouped is not None and grouped.value else PADDING_MIXED
    forward = OPERATIONS_FORWARD * only_read
    units = int(options["training.threads"].value) if machine.device == "cpu" else 1
    processes = processes_of(options)
    peak = machine.tflops * 1e12 * units
    low_share, high_share = REACHED[machine.device]
    if machine.device != "cpu" and base.parameters < SMALL_PARAMETERS:
        low_share, high_share = low_share / 50, high_share / 5  # launching kernels takes longer
    if draws(options):
        per_token += OPERATIONS_FORWARD  # to draw the answers, token by token
        low_share /= DRAWN_SLOWER
    work = [base.parameters * (per_token * tokens + forward) for tokens in seen]
    # At best every further process adds its whole rate, at worst half of it.
    low = work[0] / (peak * high_share * processes) + start_low
    high = work[1] * padding / (peak * low_share * (1 + processes) / 2) + start_high
    return Range(low=low, high=high), f"a rough rate for {machine.name or machine.device}"


def _fitted(train: TokenCount, options: dict[str, Resolved]) -> float:
    """Tokens that a fresh head of scores reads before the first step."""
    if "method" not in options or options["method"].value != "regression" or not train.remaining:
        return 0.0
    return train.tokens * min(1.0, FITTED_ROWS / train.remaining)


def measured_rates(earlier: list[JobFolder]) -> list[float]:
    """Tokens per second of finished jobs: the middle of what each reported while training."""
    rates: list[float] = []
    for folder in earlier:
        try:
            events = folder.events()
        except HoneError:
            continue
        seen: list[float] = []
        for event in events:
            fields: Mapping[str, Any] = event.model_extra or {}
            values = fields.get("values")
            if event.type == "metric" and isinstance(values, dict):
                rate = cast("dict[str, Any]", values).get("tokens_per_second")
                if isinstance(rate, int | float) and rate > 0:
                    seen.append(float(rate))
        if len(seen) >= 2:
            rates.append(sorted(seen)[len(seen) // 2])
    return rates
