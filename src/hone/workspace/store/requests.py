"""Operations about many: bulk, undo, redo, and the replay of what was journalled."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from hone.records.review import Receipt, Verdict
from hone.workspace.store import decisions, projection
from hone.workspace.store.filters import Filter, list_into
from hone.workspace.store.journal_rows import Request, again, at_seq, find, next_seq, write
from hone.workspace.store.json_text import to_text
from hone.workspace.store.tables import operations, states, taken_back

LATER_STANDS = "a later decision stands and was left as it is"


def bulk(
    connection: Connection,
    request: Request,
    verdict: Verdict,
    wanted: Filter,
    expected_count: int | None,
) -> Receipt:
    """One verdict about everything that fits."""
    earlier = find(connection, request.op_id)
    if earlier is not None:
        return again(earlier, is_same=earlier.kind == "bulk" and earlier.verdict == verdict)
    count = concern_fitting(connection, verdict, wanted)
    if expected_count is not None and count != expected_count:
        reason = f"{expected_count:,} were shown, {count:,} fit now"
        return Receipt(op_id=request.op_id, outcome="conflict", reason=reason)
    if not count:
        return Receipt(op_id=request.op_id, outcome="missing", reason="no example fits")
    seq = next_seq(connection)
    write(
        connection,
        request,
        seq=seq,
        kind="bulk",
        verdict=verdict,
        members=_concerned_ranges(connection),
        changed=count,
    )
    projection.apply_bulk(connection, seq, verdict)
    return Receipt(op_id=request.op_id, outcome="applied", changed=count)


def undo(connection: Connection, request: Request, target: str | None) -> Receipt:
    """Takes one operation back."""
    earlier = find(connection, request.op_id)
    if earlier is not None:
        return again(earlier, is_same=earlier.kind == "undo")
    if target is None:
        row = connection.execute(_newest_standing(request.reviewer)).first()
    else:
        row = find(connection, target)
    if row is None:
        return Receipt(op_id=request.op_id, outcome="missing", reason="there is nothing to undo")
    if row.kind not in ("decide", "bulk"):
        reason = f"{target} is itself an {row.kind}: redo takes an undo back"
        return Receipt(op_id=request.op_id, outcome="refused", reason=reason)
    if _is_taken_back(connection, row.seq):
        reason = f"{row.op_id} is already taken back"
        return Receipt(op_id=request.op_id, outcome="conflict", reason=reason)
    return _carry(connection, request, "undo", row)


def redo(connection: Connection, request: Request, target: str | None) -> Receipt:
    """Repeats one operation that was taken back."""
    earlier = find(connection, request.op_id)
    if earlier is not None:
        return again(earlier, is_same=earlier.kind == "redo")
    if target is None:
        row = _newest_undone(connection, request.reviewer)
    else:
        row = find(connection, target)
        if row is not None and row.kind in ("undo", "redo"):
            row = at_seq(connection, row.target)
    if row is None:
        return Receipt(op_id=request.op_id, outcome="missing", reason="there is nothing to redo")
    if not _is_taken_back(connection, row.seq):
        reason = f"{row.op_id} stands, it is not taken back"
        return Receipt(op_id=request.op_id, outcome="conflict", reason=reason)
    return _carry(connection, request, "redo", row)


def replay(connection: Connection, row: Row[Any]) -> bool:
    """Carries an operation of the journal into the projection once more."""
    if row.kind == "decide":
        before = connection.execute(select(states).where(states.c.position == row.position)).one()
        decisions.carry(connection, row.seq, row.verdict, before, (row.answer, row.note))
    elif row.kind == "bulk":
        projection.concern_members(connection, row)
        projection.apply_bulk(connection, row.seq, row.verdict)
    elif row.kind == "undo":
        projection.take_back(connection, at_seq(connection, row.target), row.seq)
    else:
        projection.repeat(connection, at_seq(connection, row.target))
    return True


def concern_fitting(connection: Connection, verdict: Verdict, wanted: Filter) -> int:
    """Lists the examples that a bulk operation is about; gives their number."""
    projection.concern(connection)
    list_into(connection, projection.concerned, wanted)
    if verdict == "accept":
        connection.exec_driver_sql(
            "DELETE FROM concerned WHERE position IN (SELECT c.position FROM concerned c"
            " JOIN examples e ON e.position=c.position JOIN states s ON s.position=c.position"
            " WHERE e.proposal IS NULL AND s.answer IS NULL)"
        )
    return connection.exec_driver_sql("SELECT count(*) FROM concerned").scalar() or 0


def _carry(connection: Connection, request: Request, kind: str, target: Row[Any]) -> Receipt:
    seq = next_seq(connection)
    # The move comes first, because its counts belong in the row, and a row is never updated.
    if kind == "undo":
        changed, kept = projection.take_back(connection, target, seq)
    else:
        changed, kept = projection.repeat(connection, target)
    write(
        connection,
        request,
        seq=seq,
        kind=kind,
        target=target.seq,
        version=_version_of(connection, target.position),
        changed=changed,
        kept=kept,
    )
    return Receipt(
        op_id=request.op_id,
        outcome="applied",
        version=_version_of(connection, target.position),
        changed=changed,
        kept=kept,
        reason=LATER_STANDS if kept and not changed else "",
    )


def _newest_standing(reviewer: str) -> Any:
    return (
        select(operations)
        .where(
            operations.c.reviewer == reviewer,
            operations.c.kind.in_(("decide", "bulk")),
            ~select(taken_back.c.seq).where(taken_back.c.seq == operations.c.seq).exists(),
        )
        .order_by(operations.c.seq.desc())
        .limit(1)
    )


def _newest_undone(connection: Connection, reviewer: str) -> Row[Any] | None:
    undo_row = operations.alias("undo")
    found = connection.execute(
        select(taken_back.c.seq, taken_back.c.by)
        .join(undo_row, undo_row.c.seq == taken_back.c.by)
        .where(undo_row.c.reviewer == reviewer)
        .order_by(taken_back.c.by.desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    newer = (
        select(operations.c.seq)
        .where(
            operations.c.reviewer == reviewer,
            operations.c.seq > found.by,
            operations.c.kind.in_(("decide", "bulk")),
        )
        .limit(1)
    )
    if connection.execute(newer).first() is not None:
        return None
    return at_seq(connection, found.seq)


def _is_taken_back(connection: Connection, seq: int) -> bool:
    query = select(taken_back.c.seq).where(taken_back.c.seq == seq)
    return connection.execute(query).first() is not None


def _version_of(connection: Connection, position: int | None) -> int | None:
    query = select(states.c.version).where(states.c.position == position)
    return connection.execute(query).scalar() if position is not None else None


def _concerned_ranges(connection: Connection) -> str:
    rows = connection.exec_driver_sql(
        "SELECT min(position), max(position) FROM (SELECT position,"
        " position - row_number() OVER (ORDER BY position) AS island FROM concerned)"
        " GROUP BY island ORDER BY 1"
    )
    return to_text([list(row) for row in rows])
