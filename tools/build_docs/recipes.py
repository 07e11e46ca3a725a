"""The page of every recipe key with its default, unit and meaning, from the Options themselves."""

from __future__ import annotations

import re
import typing
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hone import shelf
from hone.methods._lora_options import LoraOptions
from hone.methods._training_options import TrainingOptions
from hone.records.recipe import Recipe
from hone.stages.recipes import list_recipes
from hone.stages.train.recipe import SECTIONS, check_recipe, read_recipe, section_of
from hone.stages.train.resolve import (
    BF16_FROM_PARAMETERS,
    FULL_SHARE,
    FULL_SHARE_ABOVE,
    LORA_RATE_ABOVE,
    LORA_RATES,
    MAX_THREADS,
)

HEAD = """# Recipes

*Generated from the options themselves by `make docs`.*

A recipe is a YAML file that says how to train. A value comes from the default below, the recipe, or
`--set KEY=VALUE` on the command line, in this order; `hone train RECIPE --plan` shows each value
that is not a default and where it came from. An unknown key is an error that names the nearest one;
all mistakes are reported at once. Write `--set lora=null` for full fine-tuning with a LoRA recipe.
"""
UNITS = {
    "epochs": "passes",
    "max_steps": "steps",
    "batch_size": "rows",
    "gradient_accumulation_steps": "batches",
    "learning_rate": "per step",
    "warmup_ratio": "share of steps",
    "warmup_steps": "steps",
    "eval_steps": "steps",
    "save_steps": "steps",
    "save_minutes": "minutes",
    "keep_checkpoints": "checkpoints",
    "early_stopping_evals": "validations",
    "logging_steps": "steps",
    "max_seq_length": "tokens",
    "threads": "threads",
    "max_grad_norm": "L2 norm",
    "r": "columns",
    "lora_dropout": "share, 0 to 1",
    "budget_usd": "US dollars",
}


def page() -> str:
    """The whole page."""
    top = {name: f for name, f in Recipe.model_fields.items() if name not in SECTIONS}
    parts = [HEAD, "## The recipe itself\n", _table(top)]
    for section in ("training", "data"):
        shared = _fields(TrainingOptions, section)
        parts += [f"## `{section}`, for every method\n", _table(shared, section)]
    for method in shelf.names("methods"):
        options: type[BaseModel] = shelf.load("methods", method).Options
        for section in ("training", "data"):
            own = {
                name: field
                for name, field in _fields(options, section).items()
                if name not in TrainingOptions.model_fields
            }
            if own:
                parts += [f"## `{section}`, only for `{method}`\n", _table(own, section)]
    parts += ["## `lora`\n", _table(LoraOptions.model_fields, "lora")]
    parts += ["## What `auto` means\n", _auto(), "## Shipped recipes\n", _shipped()]
    return "\n".join(parts)


def _fields(options: type[BaseModel], section: str) -> dict[str, FieldInfo]:
    return {
        name: field
        for name, field in options.model_fields.items()
        if section_of(options, name) == section
    }


def _table(fields: dict[str, FieldInfo], section: str = "") -> str:
    lines = ["| key | default | unit | values | meaning |", "|---|---|---|---|---|"]
    for name, field in fields.items():
        key = f"{section}.{name}" if section else name
        cells = (_default(field), UNITS.get(name, ""), _values(field), field.description or "")
        lines.append(
            f"| `{key}` | " + " | ".join(text.replace("|", "\\|") for text in cells) + " |"
        )
    return "\n".join([*lines, ""])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`"


def _values(field: FieldInfo) -> str:
    return ", ".join(_words(field.annotation, field.metadata))


def _words(annotation: Any, limits: list[Any]) -> list[str]:
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is typing.Annotated:
        return _words(arguments[0], list(arguments[1:]))
    if origin in (typing.Union, UnionType):
        return [word for one in arguments if one is not NoneType for word in _words(one, limits)]
    if origin is Literal:
        return [str(one) for one in arguments]
    if origin is list:
        return [f"list of {_words(arguments[0], [])[0]}s"]
    if origin is dict:
        return [f"{_words(arguments[1], limits)[0]} by name"]
    name = {bool: "true, false", int: "whole number", float: "number", str: "text"}
    return [f"{name.get(annotation, str(annotation))}{_limits(limits)}"]


def _limits(limits: list[Any]) -> str:
    said: list[str] = []
    for limit in limits:
        text = re.sub(r"\s+", "", repr(limit))
        for short, word in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
            said += [
                f"{word} {float(found):,.15g}"
                for found in re.findall(rf"(?<![a-z]){short}=([-0-9.e+]+)", text)
            ]
    return f" {' and '.join(said)}" if said else ""


def _auto() -> str:
    rows = ["| base | LoRA | full |", "|---|---|---|"]
    below = 0
    for limit, rate in LORA_RATES:
        rows.append(f"| {_size(below, limit)} | {rate:g} | {rate * FULL_SHARE:g} |")
        below = limit
    share = LORA_RATE_ABOVE * FULL_SHARE_ABOVE
    rows.append(f"| {_size(below, None)} | {LORA_RATE_ABOVE:g} | {share:g} |")
    return "\n".join(
        [
            "`training.learning_rate: auto`, by the size of the base in weights:",
            "",
            *rows,
            "",
            *_shares(),
            "- Sources: 2e-4 for large bases after QLoRA (arXiv:2305.14314, app. B), a tenth of",
            "  it where every weight moves; the smallest bases need larger steps",
            "  ([what was measured](../why/figures.md#learning-rates)); the two bands between",
            "  are interpolated.",
            "- `training.dtype: auto`: `bfloat16` on CUDA for bases from "
            f"{BF16_FROM_PARAMETERS:,} weights, otherwise `float32`.",
            f"- `training.threads: auto`: all physical cores but one, at most {MAX_THREADS}.",
            "- `training.packing: auto`: on CUDA with flash attention, for an adapter in bfloat16",
            "  on a family of attention alone; otherwise not.",
            "- `training.length_grouping: auto`: wherever rows are not packed.",
            "- `lora.target_modules: auto`: every linear layer inside the blocks, not the head.",
            "",
        ]
    )


def _shares() -> list[str]:
    """How the other methods' rates follow from those of the table."""
    return [
        f"- method `{name}`: {share:g} times the rate of the table."
        for name in shelf.names("methods")
        if (share := getattr(shelf.load("methods", name), "RATE_SHARE", 1.0)) != 1.0
    ]


def _size(low: int, high: int | None) -> str:
    if high is None:
        return f"{low:,} and more"
    return f"below {high:,}" if low == 0 else f"{low:,} to {high:,}"


def _shipped() -> str:
    lines = ["| recipe | method | base | for |", "|---|---|---|---|"]
    for one in list_recipes():
        recipe = check_recipe(read_recipe(one.path)).recipe
        name = Path(one.path).name
        lines.append(f"| `recipes/{name}` | `{recipe.method}` | `{recipe.base}` | {one.about} |")
    told = "Each opens with the command that runs it, and is run on the small base by a test."
    return "\n".join([told, "", *lines, ""])
