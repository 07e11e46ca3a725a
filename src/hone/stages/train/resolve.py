"""Turns every "auto" of a recipe into a value with its reason, and freezes the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hone import settings, shelf
from hone.errors import InvalidInput
from hone.records.recipe import Resolved
from hone.stages.train.machine import Machine
from hone.stages.train.sharing import choose_processes, processes_of
from hone.workspace.bases import FoundBase
from hone.workspace.files import explained
from hone.workspace.pooling import OPTION, pooling_of

# Adapters on big models learn at 2e-4 (a tenth of that when every weight moves); the smaller the
# model, the larger the step it needs: at 1.7 and 6.6 million weights 6e-3 was within 0.90 of the
# best of five rates on two published sets (benchmarks/rate_rule.py).
LORA_RATES: tuple[tuple[int, float], ...] = (
    (10_000_000, 6e-3),
    (100_000_000, 1e-3),
    (1_000_000_000, 4e-4),
)
LORA_RATE_ABOVE = 2e-4
FULL_SHARE = 0.25  # measured for a million weights: 1e-3 to 2e-3 full
FULL_SHARE_ABOVE = 0.1
BF16_FROM_PARAMETERS = 10_000_000
MAX_THREADS = 16
# Families whose every layer is attention told apart by positions: nothing else passes from one
# packed row to the next, as the state of a Mamba layer would.
PACKABLE = frozenset("gemma gemma2 llama mistral olmo2 phi3 qwen2 qwen3 smollm3".split())

# glibc gives memory back to the system after each batch and faults it in again; keeping it made
# training on a processor a quarter faster (page faults 605,000 -> 16,000).
GLIBC_KEEPS_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "MALLOC_TOP_PAD_": "268435456",
}


def resolve(
    options: Mapping[str, Resolved], base: FoundBase, machine: Machine
) -> dict[str, Resolved]:
    """The options with every open value chosen; what the recipe says is never changed.

    InvalidInput where the recipe wants another shape, or another reading of texts, than the version
    has that it goes on from.
    """
    found = _as_the_head(_as_the_adapter(dict(options), base), base)
    is_full = "lora.r" not in found
    kind = "full fine-tuning" if is_full else "LoRA"
    size = f"{base.parameters:,} parameters"
    if _is_open(found, "training.learning_rate"):
        method = str(found["method"].value)
        share = getattr(shelf.load("methods", method), "RATE_SHARE", 1.0)
        rate = learning_rate_for(base.parameters, is_full=is_full) * share
        what = kind if share == 1.0 else f"{kind} by {method}"
        found["training.learning_rate"] = _chosen(rate, f"{what} of {size}")
    if _is_open(found, "training.dtype"):
        kind_of_number, why = _dtype(base, machine)
        found["training.dtype"] = _chosen(kind_of_number, why)
    if _is_open(found, "training.processes"):
        found["training.processes"] = _chosen(*choose_processes(found, machine))
    if _is_open(found, "training.threads"):
        # One core stays free for the person who reviews meanwhile.
        processes = processes_of(found)
        threads = max(1, min((machine.cores - 1) // processes, MAX_THREADS))
        shared = f", {processes} processes" if processes > 1 else ""
        found["training.threads"] = _chosen(
            threads, f"{machine.cores} cores, one left free{shared}"
        )
    _choose_batches(found, base, machine)
    return found


def _choose_batches(found: dict[str, Resolved], base: FoundBase, machine: Machine) -> None:
    """How the rows of a batch stand together: packed, or padded with rows of similar length."""
    family = str(base.config.get("model_type", "")) or "nameless"
    against = ""
    if family not in PACKABLE:
        against = f"rows of a {family} model could see each other"
    elif machine.device == "cuda" and not _is_bf16_adapter(found):
        against = "flash attention wants an adapter and bfloat16"
    packing = found.get("training.packing")
    if packing is not None and packing.value is True and against:
        raise InvalidInput(
            f"training.packing cannot be used: {against}.", hint="--set training.packing=false"
        )
    if _is_open(found, "training.packing"):
        if machine.device != "cuda":
            against = f"no attention for packed rows on {machine.device}: it would gain nothing"
        elif not against and not machine.has_flash_attention:
            against = "neither flash_attn nor kernels is installed (hone-studio[gpu])"
        why = against or f"{machine.name} with flash attention: no padding"
        found["training.packing"] = _chosen(not against, why)
    if _is_open(found, "training.length_grouping"):
        is_packed = "training.packing" in found and found["training.packing"].value is True
        why = "packed rows need no padding" if is_packed else "less padding to compute"
        found["training.length_grouping"] = _chosen(not is_packed, why)


def _is_bf16_adapter(options: Mapping[str, Resolved]) -> bool:
    return "lora.r" in options and options["training.dtype"].value == "bfloat16"


def _as_the_adapter(options: dict[str, Resolved], base: FoundBase) -> dict[str, Resolved]:
    if base.adapter is None:
        return options
    if "lora.r" not in options:
        raise InvalidInput(
            f"{base.model} is an adapter; full fine-tuning would leave it out.",
            hint=f"Keep a section lora, or begin from its base: --set base={base.id}",
        )
    with explained("read", base.adapter / "adapter_config.json"):
        trained = json.loads((base.adapter / "adapter_config.json").read_bytes())
    _refuse_other_head(str(options["method"].value), trained.get("task_type"), base)
    problems: list[str] = []
    for name in ("r", "lora_alpha", "lora_dropout", "use_dora", "use_rslora"):
        key, has = f"lora.{name}", trained.get(name)
        if has is None or options[key].value == has:
            continue
        if options[key].source == "default":
            options[key] = _chosen(has, f"as {base.model} has it")
        else:
            problems.append(f"{key} is {options[key].value}, that of {base.model} is {has}")
    if problems:
        raise InvalidInput(
            f"An adapter keeps its shape: {'; '.join(problems)}.",
            hint=f"Leave these keys out, or begin from its base: --set base={base.id}",
            problems=problems if len(problems) > 1 else (),
        )
    return options


def _as_the_head(options: dict[str, Resolved], base: FoundBase) -> dict[str, Resolved]:
    """A head of numbers goes on reading texts as it learned to."""
    asked = options.get(OPTION)
    kept = pooling_of(base.adapter or base.path) if asked is not None and base.is_here else None
    if asked is None or kept is None or asked.value == kept:
        return options
    name = base.model or base.id
    if asked.source != "default":
        raise InvalidInput(
            f"{OPTION} is {asked.value}, and the head of {name} reads {kept}.",
            hint=f"--set {OPTION}={kept}, or begin from a base without a head",
        )
    return {**options, OPTION: _chosen(kept, f"as {name} has it")}


def _refuse_other_head(method: str, head: str | None, base: FoundBase) -> None:
    """An adapter that answers has no head of numbers, and one that scores cannot answer."""
    wanted = "SEQ_CLS" if gives_numbers(method) else "CAUSAL_LM"
    if head is None or head == wanted:
        return
    does = "gives numbers" if head == "SEQ_CLS" else "answers"
    raise InvalidInput(
        f"{base.model} {does}, and {method} trains another kind of head.",
        hint=f"Begin from its base: --set base={base.id}",
    )


def gives_numbers(method: str) -> bool:
    """Whether a method trains a head of numbers instead of answers."""
    return getattr(shelf.load("methods", method), "GIVES", "answers") == "numbers"


def learning_rate_for(parameters: int, *, is_full: bool) -> float:
    """The rule behind `learning_rate: auto`, by the size of the base."""
    for below, rate in LORA_RATES:
        if parameters < below:
            return rate * FULL_SHARE if is_full else rate
    return LORA_RATE_ABOVE * FULL_SHARE_ABOVE if is_full else LORA_RATE_ABOVE


def environment_for(options: Mapping[str, Resolved], machine: Machine) -> dict[str, str]:
    """What the launcher must set before Python starts; frozen into the job."""
    threads = str(options["training.threads"].value)
    found = {
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "TOKENIZERS_PARALLELISM": "false",
        # Everything that a job reads lies in its folder or is named by path.
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # Progress is told in events; bars would fill the log.
        "TQDM_DISABLE": "1",
        "PYTHONHASHSEED": "0",
    }
    if machine.device == "cuda" and machine.cards > 1 and processes_of(options) == 1:
        # One process that sees several cards would spread each batch over all of them.
        found["CUDA_VISIBLE_DEVICES"] = (settings.visible_cards() or ["0"])[0]
    if machine.device == "cpu" and machine.is_glibc:
        found |= GLIBC_KEEPS_MEMORY
    return found


def _dtype(base: FoundBase, machine: Machine) -> tuple[str, str]:
    if machine.device == "cuda" and base.parameters >= BF16_FROM_PARAMETERS:
        return "bfloat16", f"{base.parameters:,} parameters on {machine.name}"
    if machine.device == "cuda":
        return "float32", f"below {BF16_FROM_PARAMETERS:,} parameters"
    return "float32", f"device {machine.device}"


def _is_open(options: Mapping[str, Resolved], key: str) -> bool:
    return key in options and options[key].value in (None, "auto")


def _chosen(value: object, reason: str) -> Resolved:
    return Resolved(value=value, source=f"chosen: {reason}")
