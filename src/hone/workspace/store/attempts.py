"""Attempts as rows: the one way in which anything asks the supervisor to carry a job out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from hone.errors import Conflict
from hone.records.attempt import Attempt
from hone.workspace import clock
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.work_tables import attempts


class Attempts:
    """`store.attempts`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ask(
        self, job: str, *, queue: str, after_seq: int, environment: Mapping[str, str]
    ) -> Attempt:
        """Adds an attempt at the end of its queue; Conflict while the job has an open one."""
        values = {
            "job": job,
            "queue": queue,
            "after_seq": after_seq,
            "environment": json.dumps(dict(environment), sort_keys=True),
        }
        with writing(self._engine) as connection:
            still = attempts.c.ended_at.is_(None)
            query = select(attempts.c.seq).where(attempts.c.job == job, still)
            if connection.execute(query).first() is not None:
                raise Conflict(f"Job {job} is in hand already.", hint=f"hone jobs watch {job}")
            return _add(connection, values)

    def replace(self, attempt: Attempt, outcome: str, *, after_seq: int) -> Attempt | None:
        """Ends an attempt and adds the next one like it, so that its job is never in no hands.

        None where it had ended before: nothing is changed then.
        """
        mine = attempts.c.seq == attempt.seq
        query = update(attempts).where(mine, attempts.c.ended_at.is_(None))
        ended = {"ended_at": clock.as_text(clock.now()), "outcome": outcome}
        with writing(self._engine) as connection:
            if not connection.execute(query.values(**ended)).rowcount:
                return None
            row = connection.execute(select(attempts).where(mine)).one()
            values = {name: getattr(row, name) for name in ("job", "queue", "environment")}
            return _add(connection, {**values, "after_seq": after_seq})

    def open(self) -> list[Attempt]:
        """Every attempt that has not ended, in the order in which they were asked for."""
        query = select(attempts).where(attempts.c.ended_at.is_(None)).order_by(attempts.c.seq)
        with reading(self._engine) as connection:
            return [_record(row) for row in connection.execute(query)]

    def newest(self, job: str) -> Attempt | None:
        """The last attempt of a job, open or not; None where nobody ever asked."""
        query = select(attempts).where(attempts.c.job == job).order_by(attempts.c.seq.desc())
        with reading(self._engine) as connection:
            row = connection.execute(query.limit(1)).first()
            return None if row is None else _record(row)

    def get(self, job: str, number: int) -> Attempt | None:
        """One attempt of a job, or None."""
        query = select(attempts).where(attempts.c.job == job, attempts.c.number == number)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
            return None if row is None else _record(row)

    def note(self, seq: int, *, step: str | None = None, trouble: str | None = None) -> None:
        """What the supervisor is at, or why it does not get on; nothing once it has ended."""
        said = {"step": step, "trouble": trouble}
        values = {name: value for name, value in said.items() if value is not None}
        self._change(seq, values)

    def end(self, seq: int, outcome: str, *, is_untouched: bool = False) -> bool:
        """Ends an attempt, perhaps only if no step was taken; whether this call did."""
        ended = {"ended_at": clock.as_text(clock.now()), "outcome": outcome}
        return self._change(seq, ended, *([attempts.c.step == ""] if is_untouched else []))

    def _change(self, seq: int, values: Mapping[str, Any], *only: Any) -> bool:
        still_open = (attempts.c.seq == seq, attempts.c.ended_at.is_(None), *only)
        query = update(attempts).where(*still_open)
        with writing(self._engine) as connection:
            return bool(connection.execute(query.values(**values)).rowcount)


def _add(connection: Connection, values: Mapping[str, Any]) -> Attempt:
    mine = attempts.c.job == values["job"]
    earlier = connection.execute(select(func.max(attempts.c.number)).where(mine)).scalar()
    more = {"number": (earlier or 0) + 1, "asked_at": clock.as_text(clock.now())}
    empty = {"step": "", "trouble": "", "outcome": ""}
    added = connection.execute(insert(attempts), {**values, **more, **empty})
    (seq,) = added.inserted_primary_key or (0,)
    return _record(connection.execute(select(attempts).where(attempts.c.seq == seq)).one())


def _record(row: Any) -> Attempt:
    fields = dict(row._mapping)
    fields["environment"] = json.loads(fields["environment"])
    fields["asked_at"] = datetime.fromisoformat(fields["asked_at"])
    ended = fields["ended_at"]
    fields["ended_at"] = None if ended is None else datetime.fromisoformat(ended)
    return Attempt.model_validate(fields)
