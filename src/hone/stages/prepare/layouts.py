"""Writes a frozen split in the layouts that other trainers read as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from hone.errors import HoneError, NotFound, nearest

Row = Mapping[str, Any]


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a split file."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def as_trl(row: Row) -> dict[str, Any]:
    """TRL's conversational prompt-completion: the loss falls on the completion."""
    return {"prompt": row["prompt"], "completion": row["completion"]}


def as_messages(row: Row) -> dict[str, Any]:
    """One list of messages: TRL and OpenAI fine-tuning."""
    return {"messages": [*row["prompt"], *row["completion"]]}


def as_alpaca(row: Row) -> dict[str, Any]:
    """LLaMA-Factory's alpaca: instruction, input, output, and what it adds for turns and system."""
    messages = list(row["prompt"])
    system = messages.pop(0)["content"] if messages[0]["role"] == "system" else ""
    *earlier, question = messages
    if question["role"] != "user" or len(earlier) % 2:
        raise HoneError(
            "The alpaca layout holds question and answer in turn, and this row does not.",
            hint="export with --layout messages or --layout sharegpt",
        )
    pairs = [[earlier[i]["content"], earlier[i + 1]["content"]] for i in range(0, len(earlier), 2)]
    written: dict[str, Any] = {
        "instruction": question["content"],
        "input": "",
        "output": row["completion"][0]["content"],
    }
    if system:
        written["system"] = system
    if pairs:
        written["history"] = pairs
    return written


def as_sharegpt(row: Row) -> dict[str, Any]:
    """LLaMA-Factory's sharegpt: conversations of human and gpt."""
    names = {"user": "human", "assistant": "gpt"}
    messages = [*row["prompt"], *row["completion"]]
    system = [message["content"] for message in messages if message["role"] == "system"]
    written: dict[str, Any] = {
        "conversations": [
            {"from": names[message["role"]], "value": message["content"]}
            for message in messages
            if message["role"] in names
        ]
    }
    if system:
        written["system"] = system[0]
    return written


LAYOUTS: dict[str, Callable[[Row], dict[str, Any]]] = {
    "trl": as_trl,
    "messages": as_messages,
    "openai": as_messages,
    "alpaca": as_alpaca,
    "sharegpt": as_sharegpt,
}


def layout(name: str) -> Callable[[Row], dict[str, Any]]:
    """The function that lays out one row."""
    if name not in LAYOUTS:
        raise NotFound(f'There is no layout "{name}".', hint=nearest(name, LAYOUTS))
    return LAYOUTS[name]
