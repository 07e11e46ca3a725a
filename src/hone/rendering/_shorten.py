"""Shortens a conversation until it fits: earlier turns, then the head of the last question."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hone.rendering.messages import Message

Length = Callable[[Sequence[Message]], int]
Offsets = Callable[[str], list[tuple[int, int]]]
MAX_TRIES = 12


def shortened(
    messages: Sequence[Message], limit: int, length_of: Length, offsets_of: Offsets
) -> list[Message] | None:
    """Messages that fit into `limit` tokens, or None where nothing of the question would be left.

    `length_of` counts the tokens of the rendered messages. The system prompt and whatever follows
    the last user message (the answer) are never touched.
    """
    kept = list(messages)
    asked = max((i for i, turn in enumerate(kept) if turn["role"] == "user"), default=None)
    if asked is None:
        return None
    first = 1 if kept[0]["role"] == "system" else 0
    while length_of(kept) > limit and asked > first:
        # A turn goes with the answers to it, so that the speakers still alternate.
        end = first + 1
        while end < asked and kept[end]["role"] != "user":
            end += 1
        del kept[first:end]
        asked -= end - first
    return _without_head(kept, asked, limit, length_of, offsets_of)


def _without_head(
    kept: list[Message], asked: int, limit: int, length_of: Length, offsets_of: Offsets
) -> list[Message] | None:
    content = kept[asked]["content"]
    offsets: list[tuple[int, int]] = []
    cut = 0
    for _ in range(MAX_TRIES):
        over = length_of(kept) - limit
        if over <= 0:
            return kept
        offsets = offsets or offsets_of(content)
        # Token borders move a little where a text is cut, hence more than one try.
        cut += over
        if cut >= len(offsets):
            return None
        rest = content[offsets[cut][0] :]
        if not rest.strip():
            return None
        kept[asked] = {**kept[asked], "content": rest}
    return None
