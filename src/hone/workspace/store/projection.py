"""What the journal adds up to: where every example stands.

The rule: an example stands where its newest operation that is not taken back put it. Each
operation records for each of its examples what it put there (`effects`), as it was at that
time; so taking one back or repeating it never changes what another one meant. Undo marks an
operation as taken back, redo removes the mark, and both then *settle* the examples concerned.
Where a later decision stands, settling finds that one again and nothing moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, Integer, MetaData, Row, Table

from hone.records.review import STATUS_OF, Verdict
from hone.workspace.store import tallies
from hone.workspace.store.json_text import to_text
from hone.workspace.store.tallies import Place

PROPOSAL = 0  # `answer` of an example whose truth is its first suggestion

# An accepted answer that a person wrote stays an edit: it is more than an accepted suggestion.
_BULK_STATUS = (
    "CASE WHEN :verdict = 'accept' AND (SELECT o.verdict FROM operations o"
    " WHERE o.seq = states.answer) = 'edit' THEN 'edited' ELSE :status END"
)
_BULK_REVIEWER = "(SELECT o.reviewer FROM operations o WHERE o.seq = :seq)"
_BULK_ANSWER = {
    "accept": f"COALESCE(answer, {PROPOSAL})",
    "reject": "NULL",
    "reset": "NULL",
}
# The examples of one step, and the operation that each of them shall stand by; it lives as long
# as the connection and is no part of the schema.
concerned = Table(
    "concerned",
    MetaData(),
    Column("position", Integer, primary_key=True),
    Column("seq", Integer),
    prefixes=["TEMPORARY"],
)
_IN_CONCERNED = "position IN (SELECT position FROM concerned)"
# The newest effect on a row `s` of states that stands; NULL where none does.
STANDING = (
    "(SELECT f.seq FROM effects f WHERE f.position = s.position"
    " AND f.seq NOT IN (SELECT seq FROM taken_back) ORDER BY f.seq DESC LIMIT 1)"
)
_NUMBERS = "count(*), sum(agreement IS NULL)"


class Standing(NamedTuple):
    """Where one example stands."""

    status: str
    answer: int | None
    note_operation: int | None


def status_after(connection: Connection, verdict: Verdict, answer: int | None) -> str:
    """The status that a verdict leads to; accepting somebody's edit keeps it an edit."""
    if verdict == "accept" and answer:
        written = connection.exec_driver_sql(
            "SELECT verdict FROM operations WHERE seq = ?", (answer,)
        ).scalar()
        if written == "edit":
            return "edited"
    return STATUS_OF[verdict]


def apply_decision(connection: Connection, seq: int, before: Row[Any], standing: Standing) -> None:
    """Puts one example where a decision says; `before` is its row of `states` until then."""
    reviewer = connection.exec_driver_sql(
        "SELECT reviewer FROM operations WHERE seq = ?", (seq,)
    ).scalar()
    connection.exec_driver_sql(
        "INSERT INTO effects (position, seq, status, answer, note_operation) VALUES (?,?,?,?,?)",
        (before.position, seq, *standing),
    )
    connection.exec_driver_sql(
        "UPDATE states SET status=?, answer=?, note_operation=?, last_operation=?,"
        " reviewer=?, version=version+1 WHERE position=?",
        (*standing, seq, reviewer, before.position),
    )
    if (before.status, before.reviewer) != (standing.status, reviewer):
        old = Place(before.task, before.status, before.reviewer)
        unscored = int(before.agreement is None)
        tallies.add(connection, old, -1, -unscored)
        tallies.add(connection, Place(before.task, standing.status, reviewer), 1, unscored)


def apply_bulk(connection: Connection, seq: int, verdict: Verdict, *, is_noted: bool) -> int:
    """Puts every concerned example where a bulk operation says; gives their number."""
    answer = _BULK_ANSWER.get(verdict, "answer")
    note_operation = ":seq" if is_noted else "note_operation"
    bound = {"seq": seq, "verdict": verdict, "status": STATUS_OF[verdict]}
    _count_bulk(connection, bound)
    connection.exec_driver_sql(
        f"UPDATE states SET status={_BULK_STATUS}, answer={answer},"
        f" note_operation={note_operation}, last_operation=:seq, reviewer={_BULK_REVIEWER},"
        f" version=version+1 WHERE {_IN_CONCERNED}",
        bound,
    )
    return connection.exec_driver_sql(
        "INSERT INTO effects (position, seq, status, answer, note_operation)"
        " SELECT position, last_operation, status, answer, note_operation"
        f" FROM states WHERE {_IN_CONCERNED} ORDER BY position"
    ).rowcount


def take_back(connection: Connection, target: Row[Any], by: int) -> tuple[int, int]:
    """Marks an operation as taken back; (examples changed, examples with a later decision)."""
    connection.exec_driver_sql("INSERT INTO taken_back (seq, by) VALUES (?, ?)", (target.seq, by))
    concern_members(connection, target, f"s.last_operation = {target.seq:d}", STANDING)
    changed = _settle(connection)
    return changed, target.changed - changed


def repeat(connection: Connection, target: Row[Any]) -> tuple[int, int]:
    """Removes the mark; (examples changed, examples with a later decision)."""
    connection.exec_driver_sql("DELETE FROM taken_back WHERE seq = ?", (target.seq,))
    which = f"coalesce(s.last_operation, 0) < {target.seq:d}"
    concern_members(connection, target, which, STANDING)
    changed = _settle(connection)
    return changed, target.changed - changed


def concern(connection: Connection) -> None:
    """An empty list of the examples that the next step is about."""
    concerned.create(connection, checkfirst=True)
    connection.execute(concerned.delete())


def concern_members(
    connection: Connection, operation: Row[Any], which: str = "TRUE", seq: str = "NULL"
) -> None:
    """Lists the examples of an operation, or those of them whose row `s` of states fits.

    `seq` gives, from the same row, the operation that each of them shall stand by.
    """
    concern(connection)
    members = operation.members or to_text([[operation.position, operation.position]])
    connection.exec_driver_sql(
        f"INSERT INTO concerned (position, seq) SELECT s.position, {seq} FROM json_each(?) r"
        " JOIN states s ON s.position BETWEEN json_extract(r.value, '$[0]')"
        f" AND json_extract(r.value, '$[1]') WHERE {which}",
        (members,),
    )


def clear(connection: Connection) -> None:
    """Puts every example back to where it stood when it was imported."""
    connection.exec_driver_sql("DELETE FROM taken_back")
    connection.exec_driver_sql("DELETE FROM effects")
    connection.exec_driver_sql(
        "UPDATE states SET status='pending', version=1, last_operation=NULL, answer=NULL,"
        " note_operation=NULL, reviewer=NULL WHERE version > 1"
    )
    tallies.recount(connection)


def _settle(connection: Connection) -> int:
    """Moves the concerned examples to the effect that each shall stand by; gives their number."""
    _count(connection, -1)
    # Each row is written once, with all that changes: every write moves it in three indices.
    changed = connection.exec_driver_sql(
        "UPDATE states SET version = states.version + 1, last_operation = f.seq, status = f.status,"
        " answer = f.answer, note_operation = f.note_operation, reviewer = o.reviewer"
        " FROM concerned c JOIN effects f ON f.position = c.position AND f.seq = c.seq"
        " JOIN operations o ON o.seq = f.seq WHERE states.position = c.position"
    ).rowcount
    changed += connection.exec_driver_sql(
        "UPDATE states SET version = version + 1, last_operation = NULL, status = 'pending',"
        " answer = NULL, note_operation = NULL, reviewer = NULL"
        " WHERE position IN (SELECT position FROM concerned WHERE seq IS NULL)"
    ).rowcount
    _count(connection, 1)
    return changed


def _count(connection: Connection, sign: int) -> None:
    counted = connection.exec_driver_sql(
        f"SELECT task, status, reviewer, {_NUMBERS} FROM states"
        f" WHERE {_IN_CONCERNED} GROUP BY 1, 2, 3"
    ).all()
    for task, status, reviewer, number, unscored in counted:
        tallies.add(connection, Place(task, status, reviewer), sign * number, sign * unscored)


def _count_bulk(connection: Connection, bound: Mapping[str, Any]) -> None:
    """Moves the counts of what a bulk operation is about to move, in one walk."""
    counted = connection.exec_driver_sql(
        f"SELECT task, status, reviewer, {_BULK_STATUS}, {_NUMBERS} FROM states"
        f" WHERE {_IN_CONCERNED} GROUP BY 1, 2, 3, 4",
        dict(bound),
    ).all()
    by = connection.exec_driver_sql(f"SELECT {_BULK_REVIEWER}", {"seq": bound["seq"]}).scalar()
    for task, status, reviewer, after, number, unscored in counted:
        tallies.add(connection, Place(task, status, reviewer), -number, -unscored)
        tallies.add(connection, Place(task, after, by), number, unscored)
