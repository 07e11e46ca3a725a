"""The review journal: append-only, idempotent, and what every state of an example comes from.

An operation is answered after the commit, so what was acknowledged survives a kill. The same
`op_id` again gives the same receipt with the outcome "duplicate". A decision made on an older
version of an example is a "conflict" and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from hone.errors import InvalidInput, NotFound
from hone.records.review import Decision, Operation, Receipt, Verdict
from hone.workspace import clock
from hone.workspace.store import decisions, projection, requests, tallies
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.filters import Filter
from hone.workspace.store.journal_rows import Request
from hone.workspace.store.json_text import from_text
from hone.workspace.store.requests import Bulk, Snapshot
from hone.workspace.store.tables import effects, examples, operations, taken_back

_target = operations.alias("target")
_undo = operations.alias("undo")


class Journal:
    """`store.journal`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def decide(self, wanted: Sequence[Decision]) -> list[Receipt]:
        """Decides in one transaction; a receipt for each, in order, after the commit."""
        at = clock.as_text(clock.now())
        with writing(self._engine) as connection:
            return [decisions.decide(connection, one, at) for one in wanted]

    def bulk(
        self,
        op_id: str,
        verdict: Verdict,
        wanted: Filter,
        reviewer: str,
        expected_count: int | None = None,
    ) -> Receipt:
        """Decides every example that fits, as one operation that is undone as one.

        With `expected_count` (what the person was shown) another number is a conflict. Accept
        leaves out examples that have nothing to accept.
        """
        return self.decide_many(op_id, Bulk(verdict, wanted, expected_count), reviewer=reviewer)

    def decide_many(self, op_id: str, asked: Bulk, *, reviewer: str) -> Receipt:
        """Decides every example that fits and that was shown.

        With a snapshot, what came later or was touched since is left as it is and counted in
        `kept`; so nothing is decided that was not shown. Without one, another number than
        `expected_count` is a conflict.
        """
        if asked.verdict == "edit":
            raise InvalidInput(
                "Many examples cannot be edited at once.", hint="Edit them one by one."
            )
        request = Request(op_id, reviewer, clock.as_text(clock.now()))
        with writing(self._engine) as connection:
            return requests.bulk(connection, request, asked)

    def count_bulk(self, verdict: Verdict, wanted: Filter) -> int:
        """How many examples `bulk` would decide: the number to show before asking."""
        return self.preview_bulk(verdict, wanted)[0]

    def preview_bulk(self, verdict: Verdict, wanted: Filter) -> tuple[int, Snapshot]:
        """How many examples `bulk` would decide, and the state of the store they stand in."""
        with reading(self._engine) as connection:
            count = requests.count_fitting(connection, verdict, wanted)
            return count, requests.snapshot(connection)

    def undo(self, op_id: str, *, reviewer: str, target: str | None = None) -> Receipt:
        """Takes an operation back: the named one, or the reviewer's newest that stands.

        Its examples stand again exactly as before it, except where a later decision stands:
        that one stays, and the receipt counts it in `kept`.
        """
        request = Request(op_id, reviewer, clock.as_text(clock.now()))
        with writing(self._engine) as connection:
            return requests.undo(connection, request, target)

    def redo(self, op_id: str, *, reviewer: str, target: str | None = None) -> Receipt:
        """Repeats what was taken back: the named operation, or the reviewer's newest undo.

        Without a target there is nothing to repeat once the reviewer has decided anew.
        """
        request = Request(op_id, reviewer, clock.as_text(clock.now()))
        with writing(self._engine) as connection:
            return requests.redo(connection, request, target)

    def operations(self, after: int = 0) -> Iterator[Operation]:
        """Every operation after a number, in order."""
        query = _operation_query().order_by(operations.c.seq).limit(500)
        while True:
            with reading(self._engine) as connection:
                rows = connection.execute(query.where(operations.c.seq > after)).all()
            yield from map(_operation_of, rows)
            if not rows:
                return
            after = rows[-1].seq

    def history(self, example_id: str) -> list[Operation]:
        """What was decided about one example, oldest first, with what was taken back since."""
        with reading(self._engine) as connection:
            position = connection.execute(
                select(examples.c.position).where(examples.c.id == example_id)
            ).scalar()
            if position is None:
                raise NotFound(
                    f'There is no example "{example_id}".', hint="hone examples list shows the ids."
                )
            query = (
                _operation_query()
                .join(effects, effects.c.seq == operations.c.seq)
                .where(effects.c.position == position)
                .order_by(effects.c.seq)
            )
            return [_operation_of(row) for row in connection.execute(query)]

    def by_reviewer(self, task: str | None = None) -> dict[str, dict[str, int]]:
        """How many examples stand where because of whom; kept, not counted."""
        with reading(self._engine) as connection:
            return tallies.by_reviewer(connection, task)

    def last_seq(self) -> int:
        """The number of the newest operation; 0 before the first."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.max(operations.c.seq))).scalar() or 0

    def rebuild(self) -> int:
        """Puts every example where the journal says, from nothing; gives the operations replayed.

        The live projection is equal to this at every moment; it is for the doctor and for tests.
        """
        with writing(self._engine) as connection:
            projection.clear(connection)
            return sum(1 for row in _all_rows(connection) if requests.replay(connection, row))


def _all_rows(connection: Connection) -> Iterator[Row[Any]]:
    after = 0
    while True:
        query = select(operations).where(operations.c.seq > after).order_by(operations.c.seq)
        rows = connection.execute(query.limit(500)).all()
        yield from rows
        if not rows:
            return
        after = rows[-1].seq


def _operation_query() -> Any:
    joined = (
        operations.outerjoin(examples, examples.c.position == operations.c.position)
        .outerjoin(_target, _target.c.seq == operations.c.target)
        .outerjoin(taken_back, taken_back.c.seq == operations.c.seq)
        .outerjoin(_undo, _undo.c.seq == taken_back.c.by)
    )
    return select(
        operations,
        examples.c.id.label("example_id"),
        _target.c.op_id.label("target_op_id"),
        _undo.c.op_id.label("undone_by"),
    ).select_from(joined)


def _operation_of(row: Row[Any]) -> Operation:
    return Operation(
        seq=row.seq,
        op_id=row.op_id,
        kind=row.kind,
        at=row.at,
        reviewer=row.reviewer,
        verdict=row.verdict,
        example_id=row.example_id,
        old_output=from_text(row.old_output),
        new_output=from_text(row.new_output),
        note=row.note,
        members=from_text(row.members),
        target=row.target_op_id,
        changed=row.changed,
        undone_by=row.undone_by,
    )
