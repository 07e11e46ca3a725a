"""Chooses rows worth looking at, and shows each token of them as one batch of the collator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np

from hone.rendering.shown import Token, shown_tokens
from hone.rendering.tokens import Renderer
from hone.stages.doctor.lengths import Lengths, Limit, fitted, ids_asked, whole_sides
from hone.stages.doctor.report import MOST_EXAMPLES, ExampleRow, Role, ShownSide, ShownToken
from hone.stages.doctor.rows import Row, Side

WORST = (
    "the smallest share of trained tokens",
    "loses the most tokens",
    "not one token is trained",
    "left out",
)
# More than the worst, the longest and the middle row: evenly spread over the lengths.
TRIES = 4 * MOST_EXAMPLES
QUANTILES = {1.0: "the longest", 0.5: "of middle length", 0.25: "shorter", 0.75: "longer"}


def choose(lengths: Lengths, count: int) -> dict[int, str]:
    """Row number in the train split -> why it is shown, the longest first, the worst last."""
    found = lengths.row_lengths
    if not found or not count:
        return {}
    (badness, _), worst = lengths.worst
    order = np.argsort(np.frombuffer(found, dtype=np.uint32), kind="stable")
    chosen: dict[int, str] = {}
    for share in islice(_shares(), TRIES):
        row = int(order[round(share * (len(order) - 1))]) + 1
        if len(chosen) < count - 1 and row != worst:
            chosen.setdefault(row, QUANTILES.get(share, f"at {share:.0%} of the lengths"))
    is_longest = int(order[-1]) + 1 == worst
    return {**chosen, worst: WORST[badness] + (", the longest" if is_longest else "")}


def _shares() -> Iterator[float]:
    """1, 1/2, 1/4, 3/4, 1/8, 3/8, …: places between the shortest and the longest."""
    yield 1.0
    parts = 2
    while True:
        yield from (number / parts for number in range(1, parts, 2))
        parts *= 2


def show(
    rows: Mapping[int, Row], why: Mapping[int, str], renderer: Renderer, limit: Limit
) -> list[ExampleRow]:
    """The chosen rows with every token; padded as one batch is, to the longest among them."""
    sides = {number: _sides(rows[number], renderer, limit) for number in why}
    width = max((side.kept for some in sides.values() for side in some), default=0)
    [pad] = renderer.token_texts([renderer.pad_id])
    padding = ShownToken(text=pad, id=renderer.pad_id, role="padding", is_control=True)
    for some in sides.values():
        for side in some:
            # A row that is left out never reaches the collator.
            side.tokens += [padding] * (width - side.kept if side.kept else 0)
    return [
        ExampleRow(why=why[number], row=number, id=rows[number].id, sides=sides[number])
        for number in why
    ]


def _sides(row: Row, renderer: Renderer, limit: Limit) -> list[ShownSide]:
    if row.kind == "scores":
        return [_asked(row, side, renderer, limit) for side in row.sides]
    wholes = whole_sides(row, renderer, limit)
    shown: list[ShownSide] = []
    for side, whole, kept in zip(
        row.sides, wholes, fitted(row, wholes, renderer, limit), strict=True
    ):
        tokens, not_shown = shown_tokens(renderer, whole, kept)
        shown.append(
            ShownSide(
                name=side.name,
                tokens=[_shown(token, renderer) for token in tokens],
                kept=len(kept.input_ids),
                not_shown=not_shown,
                note=kept.reason,
            )
        )
    return shown


def _asked(row: Row, side: Side, renderer: Renderer, limit: Limit) -> ShownSide:
    ids = ids_asked(side, renderer)
    # A prompt loses its beginning, a bare text its end.
    begin = 0 if side.text is not None else max(0, len(ids) - limit.max_length)
    kept = range(0) if row.problem else range(begin, begin + limit.max_length)
    tokens = [
        Token(text, id, is_learned=False, is_kept=place in kept)
        for place, (text, id) in enumerate(zip(renderer.token_texts(ids), ids, strict=True))
    ]
    return ShownSide(
        name=side.name,
        tokens=[_shown(token, renderer) for token in tokens],
        kept=sum(token.is_kept for token in tokens),
        note=row.problem or "the loss falls on the labels, not on tokens",
    )


def _shown(token: Token, renderer: Renderer) -> ShownToken:
    role: Role = "masked"
    if not token.is_kept:
        role = "cut"
    elif token.is_learned:
        role = "trained"
    return ShownToken(
        text=token.text, id=token.id, role=role, is_control=token.id in renderer.control_ids
    )
