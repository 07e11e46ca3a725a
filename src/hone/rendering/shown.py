"""A training row token by token, with what is cut off where it stood: what people are shown."""

from __future__ import annotations

from typing import NamedTuple

from hone.rendering.tokens import MASKED, Renderer, TrainingRow

UNCUT = 2**31
"""A limit that no row reaches."""
MOST_CUT_TOKENS = 4_096
"""Of what is cut off, so many tokens are shown."""


class Token(NamedTuple):
    """One token; those that are cut off to fit are shown, but not kept."""

    text: str
    id: int
    is_learned: bool
    is_kept: bool


def shown_tokens(
    renderer: Renderer, whole: TrainingRow, row: TrainingRow
) -> tuple[list[Token], int]:
    """The tokens of the row, the cut ones where they stood, and how many of those are not shown.

    `whole` is the same row without a limit.
    """
    kept = [
        Token(text, id, is_learned=label != MASKED, is_kept=True)
        for text, id, label in zip(
            renderer.token_texts(row.input_ids), row.input_ids, row.labels, strict=True
        )
    ]
    if whole.input_ids == row.input_ids:
        return kept, 0
    from rapidfuzz.distance import Indel

    shown: list[Token] = []
    gone = 0
    for step in Indel.opcodes(whole.input_ids, row.input_ids):
        if step.tag != "delete":
            shown += kept[step.dest_start : step.dest_end]
            continue
        cut = whole.input_ids[step.src_start : step.src_end]
        some = cut[: max(0, MOST_CUT_TOKENS - gone)]
        shown += [
            Token(text, id, is_learned=False, is_kept=False)
            for text, id in zip(renderer.token_texts(some), some, strict=True)
        ]
        gone += len(cut)
    return shown, max(0, gone - MOST_CUT_TOKENS)
