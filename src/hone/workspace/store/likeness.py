"""What may be like an example: the same content, its group, and texts that share rare words.

Every question here is bounded: a list ends at its limit, a word is counted no further than
`MOST_HITS`, so the millionth example costs what the first one does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Engine, Integer, column, select, text

from hone.records.example import Example
from hone.workspace.store.connection import reading
from hone.workspace.store.rows import fetch
from hone.workspace.store.tables import FINGERPRINT_START, examples

# A word with more hits is common: it is looked for only together with others.
MOST_HITS = 200
COMMON_GROUPS = 3
COMMON_WORDS = 12
MOST_WORDS = 24
_WORD = re.compile(r"\w+")
_BEGINNING_ALIKE = (
    text("SELECT rowid FROM example_fingerprints WHERE example_fingerprints MATCH :start")
    .columns(column("rowid", Integer))
    .scalar_subquery()
)
_FOUND = text("SELECT rowid FROM example_search WHERE example_search MATCH :phrase LIMIT :most")


def telling_words(text: str) -> list[str]:
    """Distinct words to look for, longest first: long words are rarely the common ones."""
    words = dict.fromkeys(_WORD.findall(text.casefold()))
    return sorted(words, key=lambda word: -len(word))[:MOST_WORDS]


class Likeness:
    """`store.likeness`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def same(self, example: Example, *, limit: int) -> list[Example]:
        """Other examples of the task with the same normalised input and first suggestion."""
        query = select(examples.c.position).where(
            examples.c.position.in_(_BEGINNING_ALIKE),
            examples.c.fingerprint == example.fingerprint,
            examples.c.task == example.task,
            examples.c.position != example.position,
        )
        with reading(self._engine) as connection:
            asked = {"start": f'"{example.fingerprint[:FINGERPRINT_START]}"'}
            query = query.order_by(examples.c.position).limit(limit)
            return fetch(connection, list(connection.execute(query, asked).scalars()))

    def group(self, example: Example, *, limit: int) -> list[Example]:
        """Other examples of the same group; none where the example belongs to no group."""
        if example.group is None:
            return []
        query = select(examples.c.position).where(
            examples.c.group_key == example.group, examples.c.position != example.position
        )
        with reading(self._engine) as connection:
            found = connection.execute(query.order_by(examples.c.position).limit(limit)).scalars()
            return fetch(connection, list(found))

    def sharing(self, example: Example, words: Sequence[str], *, limit: int) -> list[Example]:
        """Other examples of the task that share rare words, or several of the common ones.

        `words` are single words, best first; those with most words in common come first. A text
        that says nearly the same shares nearly all its words, so it is among them, unless more
        than `limit` others are as close or each of its rare words is another one.
        """
        with reading(self._engine) as connection:
            hits = Counter(_rare_and_common(connection, words))
            hits.pop(example.position, None)
            best = [position for position, _ in hits.most_common(limit)]
            return [one for one in fetch(connection, best) if one.task == example.task]


def _rare_and_common(connection: Connection, words: Sequence[str]) -> Iterable[int]:
    common: list[str] = []
    for word in words:
        found = _hits(connection, [word], MOST_HITS + 1)
        if len(found) > MOST_HITS:
            common.append(word)
        else:
            yield from found
    # In several groups: one changed word spoils only the group that it belongs to.
    for start in range(COMMON_GROUPS):
        group = common[start:COMMON_WORDS:COMMON_GROUPS]
        if group:
            yield from _hits(connection, group, MOST_HITS)


def _hits(connection: Connection, words: Sequence[str], most: int) -> list[int]:
    phrase = " ".join(f'"{word}"' for word in words)
    return list(connection.execute(_FOUND, {"phrase": phrase, "most": most}).scalars())
