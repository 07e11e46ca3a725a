"""Writes the rows of a frozen split in the layouts that other trainers read as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hone.errors import HoneError, InvalidInput, NotFound, nearest

Row = Mapping[str, Any]
LayOut = Callable[[Row], dict[str, Any]]


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a split file."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def as_trl(row: Row) -> dict[str, Any]:
    """TRL's conversational layouts, and for scores what a head for regression takes."""
    names = ("prompt", "completion", "chosen", "rejected", "label", "text", "labels")
    return {name: row[name] for name in names if name in row}


def as_messages(row: Row) -> dict[str, Any]:
    """One list of messages: TRL and OpenAI fine-tuning; with its label where it was judged."""
    written: dict[str, Any] = {"messages": [*row["prompt"], *row["completion"]]}
    return written | ({"label": row["label"]} if "label" in row else {})


def as_openai_preference(row: Row) -> dict[str, Any]:
    """A pair as OpenAI's preference fine-tuning reads it."""
    return {
        "input": {"messages": row["prompt"]},
        "preferred_output": row["chosen"],
        "non_preferred_output": row["rejected"],
    }


def as_alpaca(row: Row) -> dict[str, Any]:
    """LLaMA-Factory's alpaca: instruction, input, output, and what it adds for turns and system.

    A pair has `chosen` and `rejected` in place of the output, a judgement a `kto_tag` beside it.
    """
    messages = list(row["prompt"])
    system = messages.pop(0)["content"] if messages[0]["role"] == "system" else ""
    *earlier, question = messages
    if question["role"] != "user" or len(earlier) % 2:
        raise HoneError(
            "The alpaca layout holds question and answer in turn, and this row does not.",
            hint="export with --layout trl or --layout sharegpt",
        )
    pairs = [[earlier[i]["content"], earlier[i + 1]["content"]] for i in range(0, len(earlier), 2)]
    written: dict[str, Any] = {"instruction": question["content"], "input": ""}
    for name, side in (("output", "completion"), ("chosen", "chosen"), ("rejected", "rejected")):
        if side in row:
            written[name] = row[side][0]["content"]
    if "label" in row:
        written["kto_tag"] = row["label"]
    if system:
        written["system"] = system
    if pairs:
        written["history"] = pairs
    return written


def as_sharegpt(row: Row) -> dict[str, Any]:
    """LLaMA-Factory's sharegpt: conversations of human and gpt.

    A pair has `chosen` and `rejected` behind the conversation, a judgement a `kto_tag`.
    """
    messages = [*row["prompt"], *row.get("completion", ())]
    system = [message["content"] for message in messages if message["role"] == "system"]
    written: dict[str, Any] = {"conversations": _turns(messages)}
    for side in ("chosen", "rejected"):
        if side in row:
            written[side] = _turns(row[side])[0]
    if "label" in row:
        written["kto_tag"] = row["label"]
    if system:
        written["system"] = system[0]
    return written


def _turns(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    names = {"user": "human", "assistant": "gpt"}
    return [
        {"from": names[message["role"]], "value": message["content"]}
        for message in messages
        if message["role"] in names
    ]


# Layout -> what lays a row of each format out; raft has the rows of sft.
_ANSWERS = ("sft", "raft")
LAYOUTS: dict[str, dict[str, LayOut]] = {
    "trl": dict.fromkeys((*_ANSWERS, "dpo", "kto", "regression"), as_trl),
    "messages": dict.fromkeys((*_ANSWERS, "kto"), as_messages),
    "openai": {**dict.fromkeys(_ANSWERS, as_messages), "dpo": as_openai_preference},
    "alpaca": dict.fromkeys((*_ANSWERS, "dpo", "kto"), as_alpaca),
    "sharegpt": dict.fromkeys((*_ANSWERS, "dpo", "kto"), as_sharegpt),
}


def layout(name: str, format_name: str = "sft") -> LayOut:
    """The function that lays out one row of a format; InvalidInput where the layout has no room."""
    if name not in LAYOUTS:
        raise NotFound(f'There is no layout "{name}".', hint=nearest(name, LAYOUTS))
    holding = LAYOUTS[name]
    if format_name not in holding:
        fitting = [one for one in LAYOUTS if format_name in LAYOUTS[one]]
        hint = " or ".join(f"--layout {one}" for one in fitting)
        raise InvalidInput(
            f"The layout {name} cannot hold rows of the format {format_name}.",
            hint=hint or "The files of the dataset are JSONL; read them as they are.",
        )
    return holding[format_name]
