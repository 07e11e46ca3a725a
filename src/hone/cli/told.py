"""What a person is told of a job's events: sentences and figures, a few lines each."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hone.records.job import Event

SAMPLE_CHARACTERS = 60
HANGING = 4
UNBROKEN, NO_BREAK, DOT = 24, "\u00a0", " · "
ABBREVIATIONS = {"mae": "MAE", "rmse": "RMSE", "kl": "KL"}
PER_DIMENSION = ("mae", "rmse")


def describe(event: Event) -> str:
    """What a person should see of an event, in lines, or nothing."""
    from hone.cli.show import visible

    fields: dict[str, Any] = event.model_extra or {}
    said = ""
    if event.type == "stage":
        said = f"{fields.get('name', '')} {fields.get('state', '')}".strip()
    elif event.type == "log" and fields.get("level") in ("warning", "error"):
        said = f"{fields['level']}: {fields.get('text', '')}"
    elif event.type in ("verdict", "rental", "rehearsal"):
        said = str(fields.get("text", ""))
    elif event.type == "metric":
        said = validation_lines(fields.get("step", 0), fields.get("values", {}))
    elif event.type == "best":
        name, value = spoken(str(fields.get("name", ""))), fields.get("value", 0.0)
        said = f"  New best {name} {value:.4g}: model saved."
    elif event.type == "watchdog" and fields.get("action") == "warned":
        said = f"warning: {fields.get('text', '')} {fields.get('hint', '')}"
    elif event.type == "watchdog":
        said = f"stopped: {fields.get('text', '')}"
    elif event.type == "samples":
        said = "\n".join(_sample(one) for one in fields.get("rows", []))
    elif event.type == "queued" and fields.get("moved"):
        said = f"Going on on another machine, from the last checkpoint: {fields['moved']}."
    elif event.type == "attempt" and int(fields.get("number", 1)) > 1:
        said = f"attempt {fields['number']}"
    return visible(said)


def wrapped(text: str, width: int) -> str:
    """Lines that fit the width; what goes on stands further in."""
    found: list[str] = []
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        hanging = " " * (indent + HANGING)
        # A figure stays beside its name.
        parts = [
            one.replace(" ", NO_BREAK) if len(one) <= UNBROKEN else one
            for one in line.lstrip().split(DOT)
        ]
        told = " " * indent + DOT.join(parts)
        lines = textwrap.wrap(told, width, subsequent_indent=hanging) or [""]
        found += [one.replace(NO_BREAK, " ") for one in lines]
    return "\n".join(found)


def spoken(name: str) -> str:
    """`eval_mae` as `validation MAE`."""
    words = name.replace("eval_", "validation ", 1) if name.startswith("eval_") else name
    return " ".join(ABBREVIATIONS.get(one, one) for one in words.replace("_", " ").split())


def validation_lines(step: int, values: dict[str, Any]) -> str:
    """`epoch 2, step 20: training loss …` and the figures of its validation; else nothing."""
    if not any(name.startswith("eval_") for name in values):
        return ""
    lines = [f"epoch {_number(values.get('epoch'))}, step {step}:"]
    for split, name in (("train_", "training"), ("eval_", "validation")):
        shown = {
            key.removeprefix(split): value
            for key, value in values.items()
            if key.startswith(split) and not _is_of_a_dimension(key.removeprefix(split))
        }
        if shown:
            told = DOT.join(f"{spoken(key)} {_number(value)}" for key, value in shown.items())
            lines.append(f"  {name} {told}")
    dimensions = [key.removeprefix("eval_mae_") for key in values if key.startswith("eval_mae_")]
    if dimensions:
        told = DOT.join(
            f"{one} MAE {_number(values[f'eval_mae_{one}'])}"
            f" RMSE {_number(values.get(f'eval_rmse_{one}'))}"
            for one in dimensions
        )
        lines.append(f"  {told}")
    return "\n".join(lines)


def _is_of_a_dimension(name: str) -> bool:
    return any(name.startswith(f"{measure}_") for measure in PER_DIMENSION)


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else "?"


def _sample(row: dict[str, Any]) -> str:
    """`worst: expected "milk" · predicted "bread" · loss 2.31`, in one line."""
    about = {key: value for key, value in row.items() if key not in ("pick", "row", "prompt")}
    told = DOT.join(f"{key} {_short(value)}" for key, value in about.items())
    return f"  {row.get('pick', '')}: {told}"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        scores: dict[str, Any] = value
        return ", ".join(f"{name} {score:g}" for name, score in scores.items())
    if isinstance(value, float):
        return _number(value)
    if not isinstance(value, str):
        return str(value)
    line = " ".join(value.split())
    return f'"{line}"' if len(line) <= SAMPLE_CHARACTERS else f'"{line[:SAMPLE_CHARACTERS]}…"'


def duration(seconds: float) -> str:
    """`41 s`, `6 min 05 s`, `2 h 10 min`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


def figure(value: float) -> str:
    """A measured value: whole numbers in full, others with four digits."""
    return f"{value:,.0f}" if value == int(value) else f"{value:.4g}"
