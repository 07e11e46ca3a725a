"""Thousands of random operations: the live state, an independent model and a rebuild agree."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from hone.records.choice import Span
from hone.records.review import Decision
from hone.workspace.store import Bulk, Filter, NewExample, Store
from hone.workspace.store.connection import open_engine, reading
from hone.workspace.store.json_text import to_text
from tests.workspace.journal_model import JournalModel

NAMES = [f"e{number}" for number in range(6)]
VERDICTS = ["accept"] * 4 + ["edit"] * 3 + ["reject", "skip", "flag", "unknown", "reset"]
STATUSES = ["pending", "pending", "accepted", "edited", "rejected", "flagged"]
reviewers = st.sampled_from(["ann", "bob"])
op_ids = st.integers(0, 120).map("op-{}".format)
asked = st.fixed_dictionaries(
    {
        "op_id": op_ids,
        "name": st.sampled_from([*NAMES, *NAMES, "nobody"]),
        "verdict": st.sampled_from(VERDICTS),
        "reviewer": reviewers,
        "lateness": st.sampled_from([None, None, None, 0, 1]),
        "note": st.sampled_from([None, None, "", "why"]),
        "text": st.sampled_from(["first e0", "second e0", "mine", " "]),
        "has_output": st.sampled_from([False, False, True]),
    }
)

asked_of_many = st.fixed_dictionaries(
    {
        "op_id": op_ids,
        "verdict": st.sampled_from(["accept", "accept", "reject", "flag", "reset"]),
        "reviewer": reviewers,
        "note": st.sampled_from([None, None, "", "all of them"]),
        "choice": st.sampled_from(["status", "status", "ids", "reviewer"]),
        "status": st.sampled_from(STATUSES),
        "names": st.lists(st.sampled_from([*NAMES, "nobody"]), max_size=4),
        "of_whom": reviewers,
        "is_shown_before": st.booleans(),
    }
)


def proposals() -> dict[str, tuple[Any, Any]]:
    """Two of them without a suggestion, two with a second one."""
    found: dict[str, tuple[Any, Any]] = {}
    for number, name in enumerate(NAMES):
        first = None if number in (2, 3) else {"answer": f"first {name}"}
        second = {"answer": f"second {name}"} if number in (0, 4) else None
        found[name] = (first, second)
    return found


def rows() -> list[NewExample]:
    return [
        NewExample(
            id=name,
            task="qa" if number % 3 else "other",
            input=to_text({"question": name}),
            fingerprint=name,
            proposal=to_text(first) if first else None,
            proposal_agent="import" if first else None,
            suggestions=to_text([{"agent": "rules", "output": second, "score": None}])
            if second
            else None,
            search=name,
        )
        for number, (name, (first, second)) in enumerate(proposals().items())
    ]


def projection(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that the journal adds up to."""
    with reading(store.examples._engine) as connection:
        return {
            table: [
                tuple(row)
                for row in connection.exec_driver_sql(f"SELECT * FROM {table}{where} ORDER BY 1, 2")
            ]
            for table, where in {
                "states": "",
                "effects": "",
                "taken_back": "",
                "tally": " WHERE examples != 0",
                "reviewer_tally": " WHERE examples != 0",
            }.items()
        }


class Reviewing(RuleBasedStateMachine):
    """Two reviewers at one store, with requests that are repeated and requests that are late."""

    operations = 0

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store.open(Path(self.folder.name) / "hone.db")
        self.store.examples.add_many(rows())
        self.model = JournalModel(proposals())
        # What was previewed and may be confirmed later: verdict, filter, the same as a function.
        self.shown: Any = None

    @rule(wanted=st.lists(asked, min_size=1, max_size=6))
    def decide(self, wanted: list[dict[str, Any]]) -> None:
        decisions: list[Decision] = []
        expected: list[tuple[str, int | None]] = []
        for one in wanted:
            known = self.model.examples.get(one["name"])
            lateness = one["lateness"]
            base = None if lateness is None or known is None else known.version - lateness
            takes_output = one["verdict"] == "edit" or (
                one["verdict"] == "accept" and one["has_output"]
            )
            output = {"answer": one["text"]} if takes_output else None
            details = {"base_version": base, "note": one["note"], "output": output}
            who = one["op_id"], one["name"], one["verdict"], one["reviewer"]
            outcome = self.model.decide(*who, **details)
            version = known.version if outcome == "applied" and known else None
            expected.append((outcome, version))
            decisions.append(
                Decision(
                    op_id=one["op_id"],
                    example_id=one["name"],
                    verdict=one["verdict"],
                    reviewer=one["reviewer"],
                    **details,
                )
            )
        receipts = self.store.journal.decide(decisions)
        for receipt, (outcome, version) in zip(receipts, expected, strict=True):
            assert receipt.outcome == outcome, receipt
            if outcome == "applied":
                assert (receipt.version, receipt.changed) == (version, 1)

    @rule(asked=asked_of_many)
    def bulk(self, asked: dict[str, Any]) -> None:
        """Over a status, some ids or a reviewer's examples; as it stands or as it was shown."""
        verdict, wanted, fits = asked["verdict"], *self.choice(asked)
        members = self.model.fitting(verdict, fits)
        count, snapshot = self.store.journal.preview_bulk(verdict, wanted)
        assert (count, snapshot.seq) == (len(members), len(self.model.entries))
        if asked["is_shown_before"] and self.shown is not None:
            verdict, wanted, fits, shown = self.shown
            members = self.model.fitting(verdict, fits)
            touched = self.model.touched_since(shown.snapshot.seq)
            members = [name for name in members if name not in touched]
            bulk, kept = shown, shown.expected_count - len(members)
            assert kept >= 0, "what fits and was not touched was shown"
        else:
            bulk, kept = Bulk(verdict, wanted, count, note=asked["note"]), 0
            shown = Bulk(verdict, wanted, count, snapshot, asked["note"])
            self.shown = verdict, wanted, fits, shown
        who = asked["op_id"], verdict, members, asked["reviewer"], bulk.note
        expected = self.model.bulk(*who)
        receipt = self.store.journal.decide_many(asked["op_id"], bulk, reviewer=asked["reviewer"])
        assert receipt.outcome == expected, receipt
        if expected == "applied":
            assert (receipt.changed, receipt.kept) == (len(members), kept)

    def choice(self, asked: dict[str, Any]) -> tuple[Filter, Any]:
        """A filter, and the same as a function over the model."""
        kind, status, named, reviewer = (
            asked[key] for key in ("choice", "status", "names", "of_whom")
        )
        if kind == "ids":
            return Filter(ids=tuple(named)), lambda name, stand: name in named
        if kind == "reviewer":
            return Filter(reviewer=reviewer), lambda name, stand: stand.reviewer == reviewer
        return Filter(status=(status,)), lambda name, stand: stand.status == status

    @rule(op_id=op_ids, reviewer=reviewers, of=st.none() | op_ids)
    def undo(self, op_id: str, reviewer: str, of: str | None) -> None:
        expected = self.model.undo(op_id, reviewer, of)
        receipt = self.store.journal.undo(op_id, reviewer=reviewer, target=of)
        assert receipt.outcome == expected, receipt

    @rule(op_id=op_ids, reviewer=reviewers, of=st.none() | op_ids)
    def redo(self, op_id: str, reviewer: str, of: str | None) -> None:
        expected = self.model.redo(op_id, reviewer, of)
        receipt = self.store.journal.redo(op_id, reviewer=reviewer, target=of)
        assert receipt.outcome == expected, receipt

    @rule(reviewer=reviewers, number=st.integers(0, 60))
    def undo_then_redo_changes_nothing(self, reviewer: str, number: int) -> None:
        before = {name: self.model.stand(name) for name in NAMES}
        count = len(self.model.entries)
        self.undo(f"back-{number}", reviewer, None)
        if len(self.model.entries) > count:
            self.redo(f"again-{number}-{count}", reviewer, None)
            assert {name: self.model.stand(name) for name in NAMES} == before

    @invariant()
    def every_example_stands_where_the_model_says(self) -> None:
        found = {one.id: one for one in self.store.examples.iterate()}
        for name in NAMES:
            one, expected = found[name], self.model.stand(name)
            shown = (one.status, one.output, one.note, one.reviewer, one.version)
            version = self.model.examples[name].version
            assert shown == (
                expected.status,
                expected.output,
                expected.note,
                expected.reviewer,
                version,
            ), name

    @invariant()
    def the_kept_counts_are_the_counted_ones(self) -> None:
        stands = [self.model.stand(name).status for name in NAMES]
        kept = self.store.examples.counters()
        assert {status: number for status, number in kept.items() if number} == {
            status: stands.count(status) for status in set(stands)
        }

    @invariant()
    def who_decided_what_is_found_and_counted(self) -> None:
        stands = {name: self.model.stand(name) for name in NAMES}
        counted: dict[str, dict[str, int]] = {}
        for stand in stands.values():
            if stand.reviewer is not None:
                of_one = counted.setdefault(stand.reviewer, {})
                of_one[stand.status] = of_one.get(stand.status, 0) + 1
        assert self.store.journal.by_reviewer() == counted
        for reviewer in ("ann", "bob"):
            found = self.store.examples.window(
                Filter(reviewer=reviewer), Span(order="most_valuable")
            )
            assert {one.id for one in found.items} == {
                name for name, stand in stands.items() if stand.reviewer == reviewer
            }

    def teardown(self) -> None:
        live = projection(self.store)
        assert self.store.journal.rebuild() == len(self.model.entries)
        Reviewing.operations += len(self.model.entries)
        assert projection(self.store) == live
        assert [one.op_id for one in self.store.journal.operations()] == [
            one.op_id for one in self.model.entries
        ]
        self.store.close()
        self.folder.cleanup()


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Reviewing,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=examples < 100,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_random_reviews_agree_with_the_model_and_with_a_rebuild() -> None:
    run(examples=15, steps=40)


@pytest.mark.long
def test_ten_thousand_random_operations_agree_with_the_model_and_with_a_rebuild() -> None:
    # Journalled ones: requests that are refused or only repeated do not count.
    before = Reviewing.operations
    while Reviewing.operations - before < 10_000:
        run(examples=100, steps=80)


def test_a_rebuild_mends_a_projection_that_was_damaged(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "hone.db")
    store.examples.add_many(rows())
    store.journal.bulk("all", "accept", Filter(status=("pending",)), "ann")
    live = projection(store)
    engine = open_engine(tmp_path / "hone.db")
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE states SET status = 'rejected', version = 9")
        connection.exec_driver_sql("UPDATE tally SET examples = 1")
    engine.dispose()
    assert projection(store) != live
    store.journal.rebuild()
    assert projection(store) == live
    store.close()
