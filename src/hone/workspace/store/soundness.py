"""Whether the store is sound: its pages, and the journal against what is derived from it."""

from __future__ import annotations

import time
from typing import NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from hone.workspace.store.connection import reading
from hone.workspace.store.projection import STANDING

# How many steps of SQLite's machine pass between two looks at the clock.
STEPS_BETWEEN_LOOKS = 20_000
MOST_SENTENCES = 20
NEWEST_DECISIONS = 500

_COUNTED = (
    "SELECT coalesce(s.task, t.task), coalesce(s.status, t.status), coalesce(s.number, 0),"
    " coalesce(t.examples, 0)"
    " FROM (SELECT task, status, count(*) AS number FROM states GROUP BY task, status) s"
    " FULL JOIN tally t ON t.task = s.task AND t.status = s.status"
    " WHERE coalesce(s.number, 0) <> coalesce(t.examples, 0) ORDER BY 1, 2"
)
_AWRY = (
    "SELECT count(*) FROM states s LEFT JOIN effects e"
    f" ON e.position = s.position AND e.seq = {STANDING}"
    " WHERE s.position IN (SELECT position FROM operations WHERE position IS NOT NULL"
    f" ORDER BY seq DESC LIMIT {NEWEST_DECISIONS})"
    " AND (s.last_operation IS NOT e.seq OR s.status IS NOT coalesce(e.status, 'pending'))"
)


class Damage(NamedTuple):
    """What SQLite says of its file; `is_whole`: all of it was looked at."""

    said: list[str]
    is_whole: bool


class Soundness:
    """`store.soundness`; nothing is changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def damage(self, *, seconds: float) -> Damage:
        """SQLite's own quick check, as far as it comes within so many seconds."""
        deadline = time.monotonic() + seconds
        with reading(self._engine) as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_LOOKS)
            try:
                query = f"PRAGMA quick_check({MOST_SENTENCES})"
                said = [str(text) for text in connection.exec_driver_sql(query).scalars()]
            except OperationalError as error:
                if "interrupted" not in str(error.orig):
                    raise
                return Damage([], is_whole=False)
            finally:
                raw.set_progress_handler(None, 0)
        return Damage([text for text in said if text != "ok"], is_whole=True)

    def drift(self) -> list[str]:
        """Where what is derived differs from the journal, in sentences.

        All counts, and of the newest decisions where their examples stand; the rest is not walked.
        `store.journal.rebuild` derives it anew.
        """
        with reading(self._engine) as connection:
            return [*_miscounted(connection), *_awry(connection)]

    def lost(self) -> int:
        """Examples that stand nowhere, so that no screen shows them; no journal knows of them."""
        with reading(self._engine) as connection:
            stored = connection.exec_driver_sql("SELECT count(*) FROM examples").scalar() or 0
            standing = connection.exec_driver_sql("SELECT count(*) FROM states").scalar() or 0
            return int(stored - standing)


def _miscounted(connection: Connection) -> list[str]:
    return [
        f"{counted:,} examples of {task} are counted as {status}, and {number:,} are"
        for task, status, number, counted in connection.exec_driver_sql(_COUNTED)
    ]


def _awry(connection: Connection) -> list[str]:
    number = connection.exec_driver_sql(_AWRY).scalar() or 0
    if not number:
        return []
    return [f"{number:,} of the newest decisions stand otherwise than the journal says"]
