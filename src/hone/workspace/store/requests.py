"""Operations about many: bulk, undo, redo, and the replay of what was journalled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, exists, func, select

from hone.records.review import Receipt, Verdict
from hone.workspace.store import decisions, projection, tallies
from hone.workspace.store.filters import Filter
from hone.workspace.store.journal_rows import Request, again, at_seq, find, next_seq, write
from hone.workspace.store.json_text import to_text
from hone.workspace.store.tables import examples, operations, states, taken_back
from hone.workspace.store.walks import list_into

LATER_STANDS = "a later decision stands and was left as it is"


class Snapshot(NamedTuple):
    """The state of the store that a number was counted in."""

    seq: int
    position: int


class Bulk(NamedTuple):
    """One verdict about everything that fits, as it was shown: so many, at that moment."""

    verdict: Verdict
    wanted: Filter
    expected_count: int | None = None
    snapshot: Snapshot | None = None
    note: str | None = None


def bulk(connection: Connection, request: Request, asked: Bulk) -> Receipt:
    """One verdict about everything that fits."""
    earlier = find(connection, request.op_id)
    if earlier is not None:
        return again(earlier, is_same=earlier.kind == "bulk" and earlier.verdict == asked.verdict)
    count, expected = concern_fitting(connection, asked), asked.expected_count
    kept = 0
    if expected is not None and count != expected:
        if asked.snapshot is None or count > expected:
            reason = f"{expected:,} were shown, {count:,} fit now"
            return Receipt(op_id=request.op_id, outcome="conflict", reason=reason)
        # What fits and was not touched since was shown: the difference was decided meanwhile.
        kept = expected - count
    if not count:
        reason = LATER_STANDS if kept else "no example fits"
        return Receipt(op_id=request.op_id, outcome="missing", kept=kept, reason=reason)
    seq = next_seq(connection)
    write(
        connection,
        request,
        seq=seq,
        kind="bulk",
        verdict=asked.verdict,
        members=_concerned_ranges(connection),
        note=asked.note,
        changed=count,
        kept=kept,
    )
    projection.apply_bulk(connection, seq, asked.verdict, is_noted=asked.note is not None)
    return Receipt(
        op_id=request.op_id,
        outcome="applied",
        changed=count,
        kept=kept,
        reason=LATER_STANDS if kept else "",
    )


def count_fitting(connection: Connection, verdict: Verdict, wanted: Filter) -> int:
    """How many examples `bulk` would decide; from the kept counts where they can tell."""
    if not wanted.is_tallied:
        return concern_fitting(connection, Bulk(verdict, wanted))
    counted = tallies.counters(connection, wanted.task)
    total = sum(counted[status] for status in wanted.status or counted)
    if verdict != "accept":
        return total
    unanswered = select(func.count()).select_from(examples).where(examples.c.proposal.is_(None))
    stand = states.alias("stand")
    asked = [stand.c.position == examples.c.position, stand.c.answer.is_(None)]
    if wanted.status:
        asked.append(stand.c.status.in_(wanted.status))
    if wanted.task is not None:
        asked.append(stand.c.task == wanted.task)
    missing = connection.execute(unanswered.where(exists().where(*asked))).scalar() or 0
    return total - missing


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
        projection.apply_bulk(connection, row.seq, row.verdict, is_noted=row.note is not None)
    elif row.kind == "undo":
        projection.take_back(connection, at_seq(connection, row.target), row.seq)
    else:
        projection.repeat(connection, at_seq(connection, row.target))
    return True


def concern_fitting(connection: Connection, asked: Bulk) -> int:
    """Lists the examples that a bulk operation is about; gives their number."""
    projection.concern(connection)
    wanted = asked.wanted
    if asked.snapshot is not None:
        highest = asked.snapshot.position
        last = highest if wanted.last is None else min(wanted.last, highest)
        wanted = replace(wanted, last=last)
    list_into(connection, projection.concerned, wanted)
    if asked.snapshot is not None:
        _leave_touched(connection, asked.snapshot.seq)
    if asked.verdict == "accept":
        connection.exec_driver_sql(
            "DELETE FROM concerned WHERE position IN"
            " (SELECT position FROM examples WHERE proposal IS NULL) AND position NOT IN"
            " (SELECT position FROM states WHERE position = concerned.position"
            " AND answer IS NOT NULL)"
        )
    return connection.exec_driver_sql("SELECT count(*) FROM concerned").scalar() or 0


def snapshot(connection: Connection) -> Snapshot:
    """Where the journal and the examples stand."""
    position = connection.execute(select(func.max(examples.c.position))).scalar() or 0
    return Snapshot(next_seq(connection) - 1, position)


def _leave_touched(connection: Connection, seq: int) -> None:
    """Takes from the list what any operation after `seq` moved, or put back."""
    target = operations.alias("target")
    moved = (
        select(
            func.coalesce(target.c.position, operations.c.position).label("position"),
            func.coalesce(target.c.members, operations.c.members).label("members"),
        )
        .outerjoin(target, target.c.seq == operations.c.target)
        .where(operations.c.seq > seq)
    )
    for row in connection.execute(moved).all():
        connection.exec_driver_sql(
            "DELETE FROM concerned WHERE position IN (SELECT c.position FROM json_each(?) r"
            " JOIN concerned c ON c.position BETWEEN json_extract(r.value, '$[0]')"
            " AND json_extract(r.value, '$[1]'))",
            (row.members or to_text([[row.position, row.position]]),),
        )


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
    ranges: list[list[int]] = []
    last = -1
    rows = connection.exec_driver_sql("SELECT position FROM concerned ORDER BY position")
    for position in rows.scalars():
        if position == last + 1:
            ranges[-1][1] = position
        else:
            ranges.append([position, position])
        last = position
    return to_text(ranges)
