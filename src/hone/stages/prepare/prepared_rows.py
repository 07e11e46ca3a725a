"""Reads a prepared file of training rows: one JSON object a line, what is wrong said by its line.

Needs: JSONL of {"prompt", "completion"} or {"messages"} for sft and raft, of {"prompt", "chosen",
    "rejected"} for dpo; texts, or messages of {"role", "content"}. What else a line holds is left.
Gives: rows as the formats of the same name write them, with `line-N` as their id.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from hone.workspace.files import explained

MOST_LINE_BYTES = 4 * 1024 * 1024
ROLES = ("system", "user", "assistant")
ANSWERS = '{"prompt": …, "completion": …} or {"messages": […]}'
LINES: dict[str, str] = {
    "sft": ANSWERS,
    "raft": ANSWERS,
    "dpo": '{"prompt": …, "chosen": …, "rejected": …}',
}
"""What a line of each format holds."""

Row = dict[str, Any]


class ReadLine(NamedTuple):
    """A line of a prepared file: its row, or what is wrong with it."""

    number: int
    row: Row | None
    problem: str = ""


def read_prepared(path: Path, format_name: str) -> Iterator[ReadLine]:
    """Every line that is not blank, in order; nothing follows a line that is too long to be one."""
    read = _pair if format_name == "dpo" else _answer
    with explained("read", path), path.open("rb") as lines:
        number = 0
        while line := lines.readline(MOST_LINE_BYTES + 1):
            number += 1
            if len(line) > MOST_LINE_BYTES:
                mib = MOST_LINE_BYTES // 1024**2
                yield ReadLine(number, None, f"it is longer than {mib} MiB")
                return
            if line.strip(b"\xef\xbb\xbf \t\r\n"):
                yield _read(number, line, read)


def _read(number: int, line: bytes, read: Callable[[Mapping[str, Any]], Row]) -> ReadLine:
    try:
        value = json.loads(line.decode("utf-8-sig"))
        if not isinstance(value, dict):
            raise ValueError("it holds no object")
        given = cast("dict[str, Any]", value)
        row = {"id": f"line-{number}", **read(given), "weight": _weight(given.get("weight", 1.0))}
    except UnicodeDecodeError:
        return ReadLine(number, None, "it is no UTF-8 text")
    except json.JSONDecodeError as error:
        return ReadLine(number, None, f"it is no JSON: {error.msg} at character {error.pos + 1}")
    except RecursionError:
        return ReadLine(number, None, "it is nested too deeply")
    except ValueError as error:
        return ReadLine(number, None, str(error))
    return ReadLine(number, row)


def _answer(given: Mapping[str, Any]) -> Row:
    if "messages" in given and "prompt" not in given:
        *prompt, last = _messages(given["messages"], "messages")
        if last["role"] != "assistant":
            raise ValueError("its last message is not the assistant's")
        return {"prompt": _asking(prompt), "completion": [last]}
    return {"prompt": _prompt(given), "completion": _said(given, "completion")}


def _pair(given: Mapping[str, Any]) -> Row:
    chosen, rejected = _said(given, "chosen"), _said(given, "rejected")
    if chosen == rejected:
        raise ValueError("chosen and rejected are the same")
    return {"prompt": _prompt(given), "chosen": chosen, "rejected": rejected}


def _prompt(given: Mapping[str, Any]) -> list[dict[str, str]]:
    if "prompt" not in given:
        raise ValueError("it has no prompt")
    value = given["prompt"]
    if isinstance(value, str):
        return [{"role": "user", "content": _text(value, "prompt")}]
    return _asking(_messages(value, "prompt"))


def _asking(prompt: list[dict[str, str]]) -> list[dict[str, str]]:
    if not prompt or prompt[-1]["role"] != "user":
        raise ValueError("nobody asks: no message of the user stands before the answer")
    return prompt


def _said(given: Mapping[str, Any], name: str) -> list[dict[str, str]]:
    if name not in given:
        raise ValueError(f"it has no {name}")
    value = given[name]
    if isinstance(value, str):
        return [{"role": "assistant", "content": _text(value, name)}]
    found = _messages(value, name)
    if len(found) != 1 or found[0]["role"] != "assistant":
        raise ValueError(f"its {name} is not one message of the assistant")
    return found


def _messages(value: Any, name: str) -> list[dict[str, str]]:
    if not isinstance(value, list) or not value:
        raise ValueError(f"its {name} is neither a text nor a list of messages")
    found: list[dict[str, str]] = []
    for one in cast("list[Any]", value):
        if not isinstance(one, dict):
            raise ValueError(f"its {name} holds something that is no message")
        turn = cast("dict[str, Any]", one)
        if turn.get("role") not in ROLES:
            raise ValueError(f"a message of its {name} has no role of {', '.join(ROLES)}")
        found.append({"role": turn["role"], "content": _text(turn.get("content"), name)})
    return found


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"its {name} holds no text")
    if not value.strip():
        raise ValueError(f"its {name} is empty")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"its {name} holds half a character") from None
    return value


def _weight(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value <= 0:
        raise ValueError("its weight is no number above 0")
    return float(value)
