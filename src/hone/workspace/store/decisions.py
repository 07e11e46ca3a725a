"""One decision about one example: checked, journalled, and carried into the projection."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Row, bindparam

from hone.errors import InvalidInput
from hone.records.review import Decision, Receipt, Verdict
from hone.workspace.store import projection
from hone.workspace.store.journal_rows import Request, again, find, next_seq, write
from hone.workspace.store.json_text import from_text, to_text
from hone.workspace.store.projection import PROPOSAL, Standing
from hone.workspace.store.rows import effective_output, with_answer
from hone.workspace.store.tables import examples, states

NOTHING_TO_ACCEPT = "there is no suggestion to accept: edit it, writing the answer"
EMPTY_EDIT = "the edited answer is empty: write it, or reject the example"
KEPT_AS_EDIT = "nobody suggested this answer: it is kept as an edit"
# An accept may have been journalled as an edit, see `choose`.
_VERDICTS_OF: dict[str, tuple[str, ...]] = {"accept": ("accept", "edit")}
_INDEX_EDIT = (
    "INSERT INTO edit_search (rowid, text)"
    " SELECT ?, coalesce(group_concat(atom, ' '), '') FROM json_tree(?)"
)


# Built once: putting a query together costs more than the database needs to answer it.
_BEFORE = with_answer(
    examples.c.position,
    examples.c.proposal,
    examples.c.suggestions,
    states.c.task,
    states.c.status,
    states.c.version,
    states.c.answer,
    states.c.note_operation,
    states.c.reviewer,
    states.c.agreement,
    effective_output.label("output"),
).where(examples.c.id == bindparam("example_id"))


class Chosen(NamedTuple):
    """What a decision came to: its verdict, where its output stands, and that output."""

    verdict: Verdict
    answer: int | None
    new_output: str | None


class Refused(Exception):
    """Why a decision cannot be journalled."""


def decide(connection: Connection, decision: Decision, at: str) -> Receipt:
    """One decision about one example."""
    before = _before(connection, decision.example_id)
    earlier = find(connection, decision.op_id)
    if earlier is not None:
        is_same = (
            earlier.kind == "decide"
            and earlier.verdict in _VERDICTS_OF.get(decision.verdict, (decision.verdict,))
            and before is not None
            and earlier.position == before.position
        )
        return again(earlier, is_same=is_same)
    if before is None:
        return Receipt(
            op_id=decision.op_id, outcome="missing", reason=f"no example {decision.example_id}"
        )
    if decision.base_version is not None and decision.base_version != before.version:
        reason = f"version {decision.base_version} was seen, {before.version} stands"
        return Receipt(
            op_id=decision.op_id, outcome="conflict", version=before.version, reason=reason
        )
    seq = next_seq(connection)
    try:
        chosen = choose(decision, before, seq)
    except Refused as error:
        return Receipt(
            op_id=decision.op_id, outcome="refused", version=before.version, reason=str(error)
        )
    write(
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
    carry(connection, seq, chosen.verdict, before, (chosen.answer, decision.note))
    return Receipt(
        op_id=decision.op_id,
        outcome="applied",
        version=before.version + 1,
        changed=1,
        reason=KEPT_AS_EDIT if chosen.verdict != decision.verdict else "",
    )


def carry(
    connection: Connection,
    seq: int,
    verdict: Verdict,
    before: Row[Any],
    made: tuple[int | None, str | None],
) -> None:
    """Carries a decision into the projection; `made` is where its output stands, and its note."""
    answer, note = made
    status = projection.status_after(connection, verdict, answer)
    note_operation = before.note_operation if note is None else seq
    projection.apply_decision(connection, seq, before, Standing(status, answer, note_operation))


def choose(decision: Decision, before: Row[Any], seq: int) -> Chosen:
    """Which output a decision leaves: its operation's own, the proposal, the one before, none.

    An accept that brings an answer which nobody suggested is what it is: an edit.
    """
    verdict = decision.verdict
    if verdict in ("reject", "reset"):
        return Chosen(verdict, None, None)
    if verdict not in ("accept", "edit"):
        return Chosen(verdict, before.answer, before.output)
    if verdict == "accept" and decision.output is None:
        if before.answer is not None:
            return Chosen(verdict, before.answer, before.output)
        if before.proposal is None:
            raise Refused(NOTHING_TO_ACCEPT)
        return Chosen(verdict, PROPOSAL, before.proposal)
    if _is_empty(decision.output):
        raise Refused(EMPTY_EDIT)
    try:
        own = to_text(decision.output)
    except InvalidInput as error:
        raise Refused(error.message) from error
    if verdict == "edit":
        return Chosen(verdict, seq, own)
    if before.proposal is not None and decision.output == from_text(before.proposal):
        return Chosen(verdict, PROPOSAL, before.proposal)
    further = [one["output"] for one in from_text(before.suggestions, [])]
    return Chosen("accept" if decision.output in further else "edit", seq, own)


def _is_empty(output: Any) -> bool:
    """Nothing, blank text, or an object of nothing but blank texts; an empty list is an answer."""
    if isinstance(output, dict):
        values = list(cast("dict[str, Any]", output).values())
        return bool(values) and all(map(_is_empty, values))
    return output is None or (isinstance(output, str) and not output.strip())


def _before(connection: Connection, example_id: str) -> Row[Any] | None:
    return connection.execute(_BEFORE, {"example_id": example_id}).first()
