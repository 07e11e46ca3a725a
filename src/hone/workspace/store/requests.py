"""One request to the journal: checked, written as a row, and carried into the projection."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Row, func, insert, select

from hone.errors import InvalidInput
from hone.records.review import Decision, Receipt, Verdict
from hone.workspace.store import projection
from hone.workspace.store.filters import Filter, list_into
from hone.workspace.store.json_text import from_text, to_text
from hone.workspace.store.projection import PROPOSAL, Standing
from hone.workspace.store.rows import effective_output, with_answer
from hone.workspace.store.tables import examples, operations, states, taken_back

NOTHING_TO_ACCEPT = "there is no suggestion to accept: edit it, writing the answer"
EMPTY_EDIT = "the edited answer is empty: write it, or reject the example"
KEPT_AS_EDIT = "nobody suggested this answer: it is kept as an edit"
LATER_STANDS = "a later decision stands and was left as it is"
# An accept may have been journalled as an edit, see `_choose`.
_VERDICTS_OF: dict[str, tuple[str, ...]] = {"accept": ("accept", "edit")}
_INDEX_EDIT = (
    "INSERT INTO edit_search (rowid, text)"
    " SELECT ?, coalesce(group_concat(atom, ' '), '') FROM json_tree(?)"
)
OP_ID_USED = "this op_id already stands for another operation: choose a new one"


class Request(NamedTuple):
    """Who asks, when, and the name that makes asking twice harmless."""

    op_id: str
    reviewer: str
    at: str


class _Chosen(NamedTuple):
    """What a decision came to: its verdict, where its output stands, and that output."""

    verdict: Verdict
    answer: int | None
    new_output: str | None


class _Refused(Exception):
    """Why a decision cannot be journalled."""


def decide(connection: Connection, decision: Decision, at: str) -> Receipt:
    """One decision about one example."""
    before = _before(connection, decision.example_id)
    earlier = _earlier(connection, decision.op_id)
    if earlier is not None:
        is_same = (
            earlier.kind == "decide"
            and earlier.verdict in _VERDICTS_OF.get(decision.verdict, (decision.verdict,))
            and before is not None
            and earlier.position == before.position
        )
        return _again(earlier, is_same=is_same)
    if before is None:
        return Receipt(
            op_id=decision.op_id, outcome="missing", reason=f"no example {decision.example_id}"
        )
    if decision.base_version is not None and decision.base_version != before.version:
        reason = f"version {decision.base_version} was seen, {before.version} stands"
        return Receipt(
            op_id=decision.op_id, outcome="conflict", version=before.version, reason=reason
        )
    seq = _next_seq(connection)
    try:
        chosen = _choose(decision, before, seq)
    except _Refused as error:
        return Receipt(
            op_id=decision.op_id, outcome="refused", version=before.version, reason=str(error)
        )
    _write(
        connection,
        Request(decision.op_id, decision.reviewer, at),
        seq=seq,
        kind="decide",
        verdict=chosen.verdict,
        position=before.position,
        old_output=before.output if before.output is not None else before.proposal,
        new_output=chosen.new_output,
        answer=chosen.answer,
        note=decision.note,
        version=before.version + 1,
        changed=1,
    )
    if chosen.verdict == "edit":
        connection.exec_driver_sql(_INDEX_EDIT, (seq, chosen.new_output))
    _carry_decision(connection, seq, chosen.verdict, before, (chosen.answer, decision.note))
    return Receipt(
        op_id=decision.op_id,
        outcome="applied",
        version=before.version + 1,
        changed=1,
        reason=KEPT_AS_EDIT if chosen.verdict != decision.verdict else "",
    )


def bulk(
    connection: Connection,
    request: Request,
    verdict: Verdict,
    wanted: Filter,
    expected_count: int | None,
) -> Receipt:
    """One verdict about everything that fits."""
    earlier = _earlier(connection, request.op_id)
    if earlier is not None:
        return _again(earlier, is_same=earlier.kind == "bulk" and earlier.verdict == verdict)
    count = concern_fitting(connection, verdict, wanted)
    if expected_count is not None and count != expected_count:
        reason = f"{expected_count:,} were shown, {count:,} fit now"
        return Receipt(op_id=request.op_id, outcome="conflict", reason=reason)
    if not count:
        return Receipt(op_id=request.op_id, outcome="missing", reason="no example fits")
    seq = _next_seq(connection)
    _write(
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
    earlier = _earlier(connection, request.op_id)
    if earlier is not None:
        return _again(earlier, is_same=earlier.kind == "undo")
    if target is None:
        row = connection.execute(_newest_standing(request.reviewer)).first()
    else:
        row = _earlier(connection, target)
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
    earlier = _earlier(connection, request.op_id)
    if earlier is not None:
        return _again(earlier, is_same=earlier.kind == "redo")
    if target is None:
        row = _newest_undone(connection, request.reviewer)
    else:
        row = _earlier(connection, target)
        if row is not None and row.kind in ("undo", "redo"):
            row = _operation(connection, row.target)
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
        _carry_decision(connection, row.seq, row.verdict, before, (row.answer, row.note))
    elif row.kind == "bulk":
        projection.concern_members(connection, row)
        projection.apply_bulk(connection, row.seq, row.verdict)
    elif row.kind == "undo":
        projection.take_back(connection, _operation(connection, row.target), row.seq)
    else:
        projection.repeat(connection, _operation(connection, row.target))
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
    seq = _next_seq(connection)
    # The move comes first, because its counts belong in the row, and a row is never updated.
    if kind == "undo":
        changed, kept = projection.take_back(connection, target, seq)
    else:
        changed, kept = projection.repeat(connection, target)
    _write(
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


def _carry_decision(
    connection: Connection,
    seq: int,
    verdict: Verdict,
    before: Row[Any],
    made: tuple[int | None, str | None],
) -> None:
    answer, note = made
    status = projection.status_after(connection, verdict, answer)
    note_operation = before.note_operation if note is None else seq
    projection.apply_decision(connection, seq, before, Standing(status, answer, note_operation))


def _choose(decision: Decision, before: Row[Any], seq: int) -> _Chosen:
    """Which output a decision leaves: its operation's own, the proposal, the one before, none.

    An accept that brings an answer which nobody suggested is what it is: an edit.
    """
    verdict = decision.verdict
    if verdict in ("reject", "reset"):
        return _Chosen(verdict, None, None)
    if verdict not in ("accept", "edit"):
        return _Chosen(verdict, before.answer, before.output)
    if verdict == "accept" and decision.output is None:
        if before.answer is not None:
            return _Chosen(verdict, before.answer, before.output)
        if before.proposal is None:
            raise _Refused(NOTHING_TO_ACCEPT)
        return _Chosen(verdict, PROPOSAL, before.proposal)
    if _is_empty(decision.output):
        raise _Refused(EMPTY_EDIT)
    try:
        own = to_text(decision.output)
    except InvalidInput as error:
        raise _Refused(error.message) from error
    if verdict == "edit":
        return _Chosen(verdict, seq, own)
    if before.proposal is not None and decision.output == from_text(before.proposal):
        return _Chosen(verdict, PROPOSAL, before.proposal)
    further = [one["output"] for one in from_text(before.suggestions, [])]
    return _Chosen("accept" if decision.output in further else "edit", seq, own)


def _is_empty(output: Any) -> bool:
    """Nothing, blank text, or an object of nothing but blank texts; an empty list is an answer."""
    if isinstance(output, dict):
        values = list(cast("dict[str, Any]", output).values())
        return bool(values) and all(map(_is_empty, values))
    return output is None or (isinstance(output, str) and not output.strip())


def _before(connection: Connection, example_id: str) -> Row[Any] | None:
    query = with_answer(
        examples.c.position,
        examples.c.proposal,
        examples.c.suggestions,
        states.c.task,
        states.c.status,
        states.c.version,
        states.c.answer,
        states.c.note_operation,
        effective_output.label("output"),
    )
    return connection.execute(query.where(examples.c.id == example_id)).first()


def _earlier(connection: Connection, op_id: str) -> Row[Any] | None:
    return connection.execute(select(operations).where(operations.c.op_id == op_id)).first()


def _operation(connection: Connection, seq: int) -> Row[Any]:
    return connection.execute(select(operations).where(operations.c.seq == seq)).one()


def _again(earlier: Row[Any], *, is_same: bool) -> Receipt:
    if not is_same:
        return Receipt(op_id=earlier.op_id, outcome="refused", reason=OP_ID_USED)
    return Receipt(
        op_id=earlier.op_id,
        outcome="duplicate",
        version=earlier.version,
        changed=earlier.changed,
        kept=earlier.kept,
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
    return _operation(connection, found.seq)


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


def _next_seq(connection: Connection) -> int:
    return (connection.execute(select(func.max(operations.c.seq))).scalar() or 0) + 1


def _write(connection: Connection, request: Request, **columns: Any) -> None:
    connection.execute(
        insert(operations),
        {
            "op_id": request.op_id,
            "reviewer": request.reviewer,
            "at": request.at,
            "kept": 0,
            **columns,
        },
    )
