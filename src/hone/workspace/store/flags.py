"""What was said of flagged examples: append-only, each with the review that it made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, func, insert, select

from hone.errors import NotFound
from hone.records.flag import FlagVerdict, Resolution
from hone.records.review import Decision, Receipt
from hone.workspace import clock
from hone.workspace.store import decisions, requests
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.feedback_tables import flag_resolutions
from hone.workspace.store.journal_rows import Request, find
from hone.workspace.store.rows import in_chunks
from hone.workspace.store.tables import examples, operations, taken_back


class Said(NamedTuple):
    """What a person says of a flag, with what they looked at."""

    op_id: str
    example_id: str
    reviewer: str
    verdict: FlagVerdict
    evaluation: str
    model: str
    answer: str
    reference: str
    score: float
    note: str = ""


class Kept(NamedTuple):
    """The receipt of the review, where there was one to make, and whether it was kept."""

    receipt: Receipt
    resolution: Resolution | None


class Flags:
    """`store.flags`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def resolve(self, said: Said, decision: Decision | None = None) -> Kept:
        """Keeps what was said together with the review that it makes, all or nothing.

        The same `op_id` again changes nothing. A review that is refused or meets a later version
        keeps nothing; its receipt says why.
        """
        at = clock.as_text(clock.now())
        with writing(self._engine) as connection:
            known = _named(connection, said.op_id)
            if known is not None:
                return Kept(Receipt(op_id=said.op_id, outcome="duplicate"), known)
            position = _position(connection, said.example_id)
            receipt = Receipt(op_id=said.op_id, outcome="applied")
            if decision is not None:
                receipt = decisions.decide(connection, decision, at)
                if receipt.outcome not in ("applied", "duplicate"):
                    return Kept(receipt, None)
            elif said.verdict == "reopen":
                receipt = _take_back(connection, said, position, at)
            made = find(connection, decision.op_id) if decision is not None else None
            _add(connection, said, at, (position, made.seq if made is not None else None))
            return Kept(receipt, _named(connection, said.op_id))

    def standing(self, ids: Iterable[str] | None = None) -> dict[str, list[Resolution]]:
        """Example -> what was said of it and still counts, oldest first.

        A reopened flag begins anew; where the review was taken back, what made it does not count.
        """
        found: dict[str, list[Resolution]] = {}
        for row in self._rows(ids):
            said = found.setdefault(row.example_id, [])
            if row.verdict == "reopen":
                said.clear()
            elif row.is_taken_back is None:
                said.append(_resolution(row))
        return {example_id: said for example_id, said in found.items() if said}

    def history(self, example_id: str) -> list[Resolution]:
        """Everything that was ever said of a flagged example, oldest first."""
        return [_resolution(row) for row in self._rows([example_id])]

    def _rows(self, ids: Iterable[str] | None) -> Iterator[Row[Any]]:
        query = _query().order_by(flag_resolutions.c.seq)
        with reading(self._engine) as connection:
            if ids is None:
                yield from connection.execute(query)
                return
            rows: list[Row[Any]] = []
            for chunk in in_chunks(_positions(connection, ids), 500):
                rows += connection.execute(query.where(flag_resolutions.c.position.in_(chunk)))
            yield from sorted(rows, key=lambda row: row.seq)


def _query() -> Any:
    joined = (
        flag_resolutions.join(examples, examples.c.position == flag_resolutions.c.position)
        .outerjoin(operations, operations.c.seq == flag_resolutions.c.operation)
        .outerjoin(taken_back, taken_back.c.seq == flag_resolutions.c.operation)
    )
    return select(
        flag_resolutions,
        examples.c.id.label("example_id"),
        operations.c.op_id.label("operation_op_id"),
        operations.c.version.label("version"),
        taken_back.c.by.label("is_taken_back"),
    ).select_from(joined)


def _resolution(row: Row[Any]) -> Resolution:
    return Resolution(
        seq=row.seq,
        op_id=row.op_id,
        at=datetime.fromisoformat(row.at),
        reviewer=row.reviewer,
        example_id=row.example_id,
        evaluation=row.evaluation,
        model=row.model,
        verdict=row.verdict,
        answer=row.answer,
        reference=row.reference,
        score=row.score,
        note=row.note,
        operation=row.operation_op_id,
        version=row.version,
    )


def _named(connection: Connection, op_id: str) -> Resolution | None:
    row = connection.execute(_query().where(flag_resolutions.c.op_id == op_id)).first()
    return _resolution(row) if row is not None else None


def _position(connection: Connection, example_id: str) -> int:
    query = select(examples.c.position).where(examples.c.id == example_id)
    position = connection.execute(query).scalar()
    if position is None:
        raise NotFound(f'There is no example "{example_id}".', hint="hone flags list")
    return position


def _positions(connection: Connection, ids: Iterable[str]) -> Iterator[int]:
    wanted = list(ids)
    for start in range(0, len(wanted), 500):
        query = select(examples.c.position).where(examples.c.id.in_(wanted[start : start + 500]))
        yield from connection.execute(query).scalars()


def _take_back(connection: Connection, said: Said, position: int, at: str) -> Receipt:
    """Take back the review that the newest resolution of this example made, if there is one."""
    row = connection.execute(
        _query()
        .where(flag_resolutions.c.position == position, operations.c.seq.is_not(None))
        .where(taken_back.c.seq.is_(None))
        .order_by(flag_resolutions.c.seq.desc())
        .limit(1)
    ).first()
    if row is None:
        return Receipt(op_id=said.op_id, outcome="applied")
    request = Request(f"flag-{said.op_id}", said.reviewer, at)
    return requests.undo(connection, request, row.operation_op_id)


def _add(connection: Connection, said: Said, at: str, places: tuple[int, int | None]) -> None:
    position, operation = places
    newest = connection.execute(select(func.max(flag_resolutions.c.seq))).scalar() or 0
    connection.execute(
        insert(flag_resolutions),
        {
            "seq": newest + 1,
            "at": at,
            "position": position,
            "operation": operation,
            **{name: value for name, value in said._asdict().items() if name != "example_id"},
        },
    )
