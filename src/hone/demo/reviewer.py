"""The scripted reviewer: decides every message from its true label, as a careful person would."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hone.demo.messages import Message

REVIEWER = "demo-reviewer"


def decisions(
    messages: Iterable[Message], proposal_of: Mapping[str, Any], id_of: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """One decision per message: accept where the rules were right, otherwise edit.

    The truth is the message's label, never the rule parser's proposal: where both agree, the
    reviewer accepts what is already right.
    """
    for message in messages:
        example_id = id_of.get(message.text)
        if example_id is None:
            continue
        if proposal_of.get(message.text) == message.items:
            yield {"id": example_id, "verdict": "accept"}
        else:
            yield {"id": example_id, "verdict": "edit", "output": message.items}


def as_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
