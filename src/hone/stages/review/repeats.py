"""Mixes blind repeats into a page: what a reviewer decided before, shown as if it were new."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from hone.errors import Unavailable
from hone.records.example import Example
from hone.workspace.open import Workspace


def with_repeats(
    ws: Workspace, reviewer: str, items: Sequence[Example], *, most: int
) -> list[Example]:
    """The items, with up to `most` of the reviewer's repeats behind some of them.

    Whether one stands behind an example follows from its id and the reviewer, so the same page
    asked for again holds the same repeats.
    """
    share = ws.config.review.repeat_share
    # So many repeats for each new example make that share of the whole.
    anchors = [one for one in items if _chance(reviewer, one.id) < share / (1 - share)][:most]
    try:
        shown = ws.store.repeats.behind(reviewer, anchors) if anchors else {}
    except Unavailable:
        return list(items)  # a full disk or a locked store: reading goes on without them
    mixed: list[Example] = []
    for one in items:
        mixed.append(one)
        if one.position in shown:
            mixed.append(shown[one.position])
    return mixed


def _chance(reviewer: str, example_id: str) -> float:
    """A number from 0 to 1 that is always the same for the same two."""
    named = f"{reviewer}\n{example_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(named, digest_size=8).digest(), "big") / 2**64
