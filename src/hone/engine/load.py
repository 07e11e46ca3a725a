"""Bases from folders: safetensors only, no code from the folder, refusals before any weight."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import prepare_model_for_kbit_training
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.utils.logging import disable_progress_bar

from hone.engine.heads import read_the_mean, register_heads
from hone.errors import HoneError, InvalidInput
from hone.rendering.template import read_settings, special_tokens_of
from hone.workspace.files import NO_PART_OF_THE_MODEL, sha256_of
from hone.workspace.pooling import IN_CONFIG, Pooling

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
META_FROM_BYTES = 4 * 1024**3
"""A dry run builds larger bases on the meta device: shapes without memory."""
HASH_UP_TO_BYTES = 2 * 1024**3
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
)
PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")


@dataclass(frozen=True)
class BaseSpec:
    """Which base a job means: the part `base` of its spec.

    `init: random` is a control, not a model: the same architecture with fresh weights from
    `init_seed`, the embedding multiplied by `embedding_scale`.
    """

    id: str
    path: Path
    sha256: str = ""
    init: str = "trained"
    init_seed: int = 0
    embedding_scale: float = 1.0
    attention: str = ""
    """The kernel of attention, by transformers' name; empty: its own choice (sdpa)."""
    in_4bit: bool = False
    """Held in 4 bits, on a card: NF4 with double quantisation (arXiv:2305.14314)."""

    @classmethod
    def of(cls, spec: dict[str, Any]) -> BaseSpec:
        """From `spec["base"]` of a job."""
        return cls(
            id=str(spec["id"]),
            path=Path(spec["path"]),
            sha256=str(spec.get("sha256", "")),
            init=str(spec.get("init", "trained")),
            init_seed=int(spec.get("init_seed", 0)),
            embedding_scale=float(spec.get("embedding_scale", 1.0)),
        )


@dataclass(frozen=True)
class ScoreHead:
    """A head of `outputs` numbers over the last token that is not `pad_id`, or over all tokens.

    The same id must fill up batches, in training as in scoring: it decides which token is read.
    """

    outputs: int
    pad_id: int
    pooling: Pooling = "last"

    @classmethod
    def of(cls, folder: Path, outputs: int, stop_id: int, pooling: Pooling = "last") -> ScoreHead:
        """For the base in `folder`: its own padding, or `stop_id` where it has none."""
        tokenizer: Any = tokenizer_of(folder, stop_id)
        return cls(outputs, int(tokenizer.pad_token_id), pooling)


def refuse_unfit(folder: Path) -> None:
    """InvalidInput with everything that keeps this folder from being a base."""
    problems: list[str] = []
    config: dict[str, Any] = {}
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except FileNotFoundError:
        problems.append("config.json is missing")
    except ValueError as error:
        problems.append(f"config.json cannot be read: {error}")
    if not (folder / "tokenizer.json").is_file():
        problems.append("tokenizer.json is missing")
    if not any(folder.glob("*.safetensors")):
        pickled = sorted(path.name for kind in PICKLED for path in folder.glob(kind))
        problems.append(
            f"its weights are pickled ({pickled[0]}), which can run code; only safetensors are read"
            if pickled
            else "there is no .safetensors file"
        )
    quantised = config.get("quantization_config")
    if isinstance(quantised, dict):
        method = quantised.get("quant_method", "unknown")
        problems.append(
            f"it is quantised ({method}); take the unquantised model of the same family"
        )
    if "auto_map" in config:
        problems.append("it brings Python code of its own, which Hone does not run")
    if problems:
        raise InvalidInput(
            f"{folder} cannot be used as a base: {'; '.join(problems)}.",
            hint="Choose another base, for example --set base=hone-nano.",
            problems=problems,
        )


def check_unchanged(base: BaseSpec) -> None:
    """HoneError when the base's files are not the ones that the job was planned for.

    Bases above 2 GiB are not read twice: the plan hashed them just before.
    """
    if not base.sha256:
        return
    files = sorted([*base.path.glob("*.safetensors"), *base.path.glob("*.json")])
    files = [file for file in files if file.name != NO_PART_OF_THE_MODEL]
    if sum(file.stat().st_size for file in files) > HASH_UP_TO_BYTES:
        return
    whole = hashlib.sha256()
    for file in files:
        whole.update(f"{file.name} {sha256_of(file)}\n".encode())
    if whole.hexdigest() != base.sha256:
        raise HoneError(
            f"The base {base.id} in {base.path} has changed since this job was planned.",
            hint="Put the old files back and hone jobs resume, or start the training anew.",
        )


def load_base(
    base: BaseSpec,
    *,
    dtype: str = "float32",
    device: str = "cpu",
    on_meta: bool = False,
    head: ScoreHead | None = None,
) -> PreTrainedModel:
    """The base with its weights in `dtype` on `device`, in evaluation mode.

    With a `head` it gives so many numbers for a text; the head's first weights come from torch's
    random state where the folder has none, so seed before.
    """
    refuse_unfit(base.path)
    disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(str(base.path), trust_remote_code=False)
        _ask_for(head, config)
        if on_meta or base.init == "random":
            made = _without_weights(config, base, (DTYPES[dtype], device), head, on_meta=on_meta)
            return _read_as(head, made)
        model: Any = _kind_of(head).from_pretrained(
            str(base.path),
            config=config,
            dtype=DTYPES[dtype],
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            attn_implementation=base.attention or None,
            **_in_4_bits(base, dtype, device),
        )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        raise _loading_failed(base, error) from error
    return _read_as(head, model if base.in_4bit else model.to(torch.device(device)))


def refuse_4_bits(device: str) -> None:
    """InvalidInput where a base cannot be held in 4 bits."""
    missing = [] if device == "cuda" else [f"it needs an NVIDIA card, and this run is on {device}"]
    if importlib.util.find_spec("bitsandbytes") is None:
        missing.append("bitsandbytes is not installed (pip install hone-studio[gpu])")
    if missing:
        raise InvalidInput(
            f"lora.load_in_4bit cannot be used: {'; '.join(missing)}.",
            hint="--set lora.load_in_4bit=false, perhaps with a smaller base",
        )


def ready_for_adapters(model: PreTrainedModel, is_checkpointing: bool) -> PreTrainedModel:
    """A base in 4 bits whose norms and head compute in fp32, as QLoRA trains on it."""
    return prepare_model_for_kbit_training(model, use_gradient_checkpointing=is_checkpointing)


def tokenizer_of(folder: Path, pad_id: int) -> PreTrainedTokenizerFast:
    """The tokenizer as trainers want it; it holds names and ids, Hone's renderer makes the rows."""
    special = special_tokens_of(read_settings(folder))
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), **special)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.convert_ids_to_tokens(pad_id)
    return tokenizer


def weight_bytes(folder: Path) -> int:
    """Bytes of all safetensors files."""
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def parameter_count(model: torch.nn.Module, *, only_trained: bool = False) -> int:
    """Weights of a model, or those that training changes."""
    return sum(
        weight.numel() for weight in model.parameters() if weight.requires_grad or not only_trained
    )


def _in_4_bits(base: BaseSpec, dtype: str, device: str) -> dict[str, Any]:
    if not base.in_4bit:
        return {}
    from transformers import BitsAndBytesConfig

    how = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=DTYPES[dtype],
    )
    return {"quantization_config": how, "device_map": {"": device}}


def _kind_of(head: ScoreHead | None) -> Any:
    if head is None:
        return AutoModelForCausalLM
    register_heads()
    return AutoModelForSequenceClassification


def _ask_for(head: ScoreHead | None, config: PretrainedConfig) -> None:
    if head is None:
        return
    config.num_labels = head.outputs
    config.problem_type = "regression"
    # The head looks at the last token that is no padding.
    config.get_text_config().pad_token_id = head.pad_id
    if head.pooling == "mean":
        setattr(config, IN_CONFIG, "mean")
    elif getattr(config, IN_CONFIG, None) == "mean":
        delattr(config, IN_CONFIG)


def _read_as(head: ScoreHead | None, model: PreTrainedModel) -> PreTrainedModel:
    if head is not None and head.pooling == "mean":
        read_the_mean(model)
    return model


def _without_weights(
    config: PretrainedConfig,
    base: BaseSpec,
    how: tuple[torch.dtype, str],
    head: ScoreHead | None,
    *,
    on_meta: bool,
) -> PreTrainedModel:
    dtype, device = how
    if on_meta:
        with torch.device("meta"):
            return _kind_of(head).from_config(config, dtype=dtype)
    state = torch.random.get_rng_state()
    torch.manual_seed(base.init_seed)
    model = _kind_of(head).from_config(config, dtype=dtype)
    torch.random.set_rng_state(state)
    embedding = model.get_input_embeddings()
    with torch.no_grad():
        embedding.weight.mul_(base.embedding_scale)
    return model.eval().to(torch.device(device))


def _loading_failed(base: BaseSpec, error: Exception) -> HoneError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return HoneError(
        f"Loading the base {base.id} failed: {lines[0]}",
        hint=f"Look at config.json, the files and the disk under {base.path}, "
        "or choose another base.",
    )
