"""What is decided on a blind repeat: compared with the decision of then, and nothing else."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Row, exists, func, select

from hone.records.review import STATUS_OF, Decision, Receipt
from hone.workspace.store import decisions
from hone.workspace.store.journal_rows import OP_ID_USED, Request, find, next_seq
from hone.workspace.store.json_text import from_text
from hone.workspace.store.repeat_offers import rows_where
from hone.workspace.store.tables import (
    effects,
    examples,
    operations,
    repeat_acts,
    repeats,
    taken_back,
)

DECIDED_ALREADY = "this was decided already"
_JUDGED = ("verdict", "output", "is_same_verdict", "is_same_answer")


def decide(connection: Connection, decision: Decision, at: str) -> Receipt:
    """One decision about a repeat; the first one counts, until it is taken back."""
    known = _again(connection, decision.op_id, "decide")
    if known is not None:
        return known
    row = _repeat(connection, repeats.c.alias == decision.example_id)
    if row is None or row.reviewer != decision.reviewer:
        reason = f"no example {decision.example_id}"
        return Receipt(op_id=decision.op_id, outcome="missing", reason=reason)
    if row.verdict is not None:
        return Receipt(op_id=decision.op_id, outcome="conflict", version=2, reason=DECIDED_ALREADY)
    try:
        chosen = decisions.choose(decision, _undecided(connection, row.position), seq=1)
    except decisions.Refused as error:
        return Receipt(op_id=decision.op_id, outcome="refused", version=1, reason=str(error))
    status, answer = then(connection, row)
    judged = {
        "verdict": chosen.verdict,
        "output": chosen.new_output,
        "is_same_verdict": int(STATUS_OF[chosen.verdict] == status),
        "is_same_answer": int(is_same_answer(from_text(chosen.new_output), from_text(answer))),
    }
    _write(connection, Request(decision.op_id, decision.reviewer, at), row, ("decide", judged))
    return Receipt(op_id=decision.op_id, outcome="applied", version=2)


def undo(connection: Connection, request: Request, target: str | None) -> Receipt | None:
    """Takes a decision about a repeat back; None where something else is meant."""
    known = _again(connection, request.op_id, "undo")
    if known is not None or find(connection, request.op_id) is not None:
        return known
    row = _named(connection, target) if target else _newest_decided(connection, request.reviewer)
    if row is None:
        return None
    if row.verdict is None:
        reason = f"{target} is already taken back"
        return Receipt(op_id=request.op_id, outcome="conflict", version=1, reason=reason)
    _write(connection, request, row, ("undo", dict.fromkeys(_JUDGED)))
    return Receipt(op_id=request.op_id, outcome="applied", version=1)


def redo(connection: Connection, request: Request, target: str | None) -> Receipt | None:
    """Lets what was taken back count again; None where something else is meant."""
    known = _again(connection, request.op_id, "redo")
    if known is not None or find(connection, request.op_id) is not None:
        return known
    row = _named(connection, target) if target else _newest_undone(connection, request.reviewer)
    if row is None:
        return None
    if row.kind != "undo":
        reason = f"{target} stands, it is not taken back"
        return Receipt(op_id=request.op_id, outcome="conflict", version=2, reason=reason)
    judged = (
        select(*(repeat_acts.c[name] for name in _JUDGED))
        .where(repeat_acts.c.repeat == row.number, repeat_acts.c.verdict.is_not(None))
        .order_by(repeat_acts.c.number.desc())
        .limit(1)
    )
    found = connection.execute(judged).one()
    _write(connection, request, row, ("redo", dict(zip(_JUDGED, found, strict=True))))
    return Receipt(op_id=request.op_id, outcome="applied", version=2)


def is_same_answer(first: Any, second: Any) -> bool:
    """Whether two answers are the same but for white space."""
    if isinstance(first, str) and isinstance(second, str):
        return first.split() == second.split()
    if isinstance(first, dict) and isinstance(second, dict):
        one, two = cast("dict[str, Any]", first), cast("dict[str, Any]", second)
        return one.keys() == two.keys() and all(is_same_answer(one[key], two[key]) for key in one)
    if isinstance(first, list) and isinstance(second, list):
        some, others = cast("list[Any]", first), cast("list[Any]", second)
        return len(some) == len(others) and all(map(is_same_answer, some, others))
    return first == second


class _Undecided(NamedTuple):
    """An example as it stood before anybody decided it."""

    proposal: str | None
    suggestions: str | None
    answer: None = None
    output: None = None


def _undecided(connection: Connection, position: int) -> Any:
    query = select(examples.c.proposal, examples.c.suggestions)
    return _Undecided(*connection.execute(query.where(examples.c.position == position)).one())


def then(connection: Connection, row: Row[Any]) -> tuple[str, str | None]:
    """Status and answer that the decision of then led to."""
    query = select(effects.c.status, effects.c.answer).where(
        effects.c.position == row.position, effects.c.seq == row.seq
    )
    effect = connection.execute(query).one()
    if effect.answer is None:
        return effect.status, None
    held = select(examples.c.proposal).where(examples.c.position == row.position)
    if effect.answer:
        held = select(operations.c.new_output).where(operations.c.seq == effect.answer)
    return effect.status, connection.execute(held).scalar()


def _again(connection: Connection, op_id: str, kind: str) -> Receipt | None:
    """The receipt for a name that is known already."""
    query = select(repeat_acts.c.kind).where(repeat_acts.c.op_id == op_id)
    known = connection.execute(query).scalar()
    if known == kind:
        return Receipt(op_id=op_id, outcome="duplicate", version=1 if kind == "undo" else 2)
    if known is not None or (kind == "decide" and find(connection, op_id) is not None):
        return Receipt(op_id=op_id, outcome="refused", reason=OP_ID_USED)
    return None


def _repeat(connection: Connection, asked: Any) -> Row[Any] | None:
    return next(iter(rows_where(connection, asked)), None)


def _named(connection: Connection, op_id: str) -> Row[Any] | None:
    query = select(repeat_acts.c.repeat).where(repeat_acts.c.op_id == op_id)
    number = connection.execute(query).scalar()
    return None if number is None else _repeat(connection, repeats.c.number == number)


def _newest_act(connection: Connection, reviewer: str, *asked: Any) -> Row[Any] | None:
    query: Any = (
        select(repeat_acts.c.repeat, repeat_acts.c.kind, repeat_acts.c.after_seq)
        .join(repeats, repeats.c.number == repeat_acts.c.repeat)
        .where(repeats.c.reviewer == reviewer, *asked)
    )
    return connection.execute(query.order_by(repeat_acts.c.number.desc()).limit(1)).first()


def _newest_decided(connection: Connection, reviewer: str) -> Row[Any] | None:
    """The reviewer's newest decision on a repeat that stands, where nothing newer stands."""
    later = repeat_acts.alias("later")
    is_last = ~exists().where(
        later.c.repeat == repeat_acts.c.repeat, later.c.number > repeat_acts.c.number
    )
    act = _newest_act(connection, reviewer, repeat_acts.c.verdict.is_not(None), is_last)
    if act is None:
        return None
    newer = select(func.count()).where(
        operations.c.reviewer == reviewer,
        operations.c.seq > act.after_seq,
        operations.c.kind.in_(("decide", "bulk")),
        ~exists().where(taken_back.c.seq == operations.c.seq),
    )
    if connection.execute(newer).scalar():
        return None
    return _repeat(connection, repeats.c.number == act.repeat)


def _newest_undone(connection: Connection, reviewer: str) -> Row[Any] | None:
    """What the reviewer's very last act took back, where they did nothing else since."""
    act = _newest_act(connection, reviewer)
    if act is None or act.kind != "undo":
        return None
    newer = select(operations.c.seq).where(
        operations.c.reviewer == reviewer, operations.c.seq > act.after_seq
    )
    if connection.execute(newer.limit(1)).first() is not None:
        return None
    return _repeat(connection, repeats.c.number == act.repeat)


def _write(
    connection: Connection, request: Request, row: Row[Any], act: tuple[str, dict[str, Any]]
) -> None:
    kind, judged = act
    connection.execute(
        repeat_acts.insert(),
        {
            "op_id": request.op_id,
            "repeat": row.number,
            "kind": kind,
            "at": request.at,
            "after_seq": next_seq(connection) - 1,
            **judged,
        },
    )
