"""Which examples are meant: a filter, from what a person chose or a dataset asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from hone.errors import InvalidInput, nearest
from hone.records.choice import Choice
from hone.records.dataset import ExampleQuery
from hone.workspace.clock import as_text
from hone.workspace.store.tallies import STATUSES

_WORD = re.compile(r"\w+", re.UNICODE)


@dataclass(frozen=True)
class Filter:
    """Every condition must hold; an empty one asks nothing.

    `first` and `last` are positions, both inclusive. `since` and `before` are UTC text of
    `clock.as_text` about the operation that an example stands by: since ≤ at < before. Scores
    are those of the first suggestion; an example without one never fits them.
    """

    status: tuple[str, ...] = ()
    task: str | None = None
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    text: str = ""
    first: int | None = None
    last: int | None = None
    reviewer: str | None = None
    since: str | None = None
    before: str | None = None
    min_score: float | None = None
    max_score: float | None = None
    ids: tuple[str, ...] | None = None

    @classmethod
    def of(cls, query: ExampleQuery, *, task: str | None = None) -> Filter:
        """The filter of a dataset's query (its `limit` is the caller's business)."""
        return cls(tuple(query.status), task, tuple(query.tags), tuple(query.files))

    @classmethod
    def chosen(cls, choice: Choice) -> Filter:
        """The filter of a choice; InvalidInput names an unknown status."""
        for status in choice.status:
            if status not in STATUSES:
                raise InvalidInput(
                    f'There is no status "{status}".', hint=nearest(status, STATUSES)
                )
        return cls(
            status=tuple(choice.status),
            task=choice.task,
            tags=tuple(choice.tags),
            files=tuple(choice.files),
            text=choice.text,
            reviewer=choice.reviewer,
            since=None if choice.since is None else _begin(choice.since),
            before=None if choice.until is None else _end(choice.until),
            min_score=choice.min_score,
            max_score=choice.max_score,
            ids=None if choice.ids is None else tuple(choice.ids),
        )

    @property
    def is_tallied(self) -> bool:
        """Whether the kept counts answer it without looking at examples."""
        asked = (self.first, self.last, self.reviewer, self.since, self.before, self.ids)
        scores = (self.min_score, self.max_score)
        return not (self.tags or self.files or self.text.strip()) and all(
            one is None for one in (*asked, *scores)
        )

    @property
    def has_time(self) -> bool:
        """Whether it asks when an example was decided."""
        return self.since is not None or self.before is not None


def search_phrase(typed: str) -> str:
    """What a person typed as an FTS5 query: every word must occur, the last may be unfinished."""
    words = _WORD.findall(typed)
    return " ".join(f'"{word}"' for word in words[:-1]) + (f' "{words[-1]}"*' if words else "")


def _begin(moment: date | datetime) -> str:
    return as_text(_moment(moment))


def _end(moment: date | datetime) -> str:
    # A whole day counts, and so does the very moment that is named.
    is_day = not isinstance(moment, datetime)
    return as_text(_moment(moment) + (timedelta(days=1) if is_day else timedelta(microseconds=1)))


def _moment(moment: date | datetime) -> datetime:
    if not 1970 <= moment.year <= 9998:
        raise InvalidInput(
            f"The year {moment.year} is out of reach.", hint="Give a year from 1970 to 9998."
        )
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
