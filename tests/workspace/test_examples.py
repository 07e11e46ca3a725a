"""Examples go in once, come out in order, and are found without reading them all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from hone.errors import InvalidInput, NotFound
from hone.records.dataset import ExampleQuery
from hone.records.example import Example, Origin, Passage, Suggestion
from hone.records.review import Decision
from hone.workspace.store import Filter, Store, new_example
from hone.workspace.store.json_text import from_text, to_text
from tests.workspace.conftest import row

Fill = Callable[[int], Store]


def ids(examples: list[Example]) -> list[str]:
    return [one.id for one in examples]


def test_the_same_rows_again_add_nothing(store: Store) -> None:
    rows = [row(number) for number in range(1, 26)]
    assert store.examples.add_many(rows)[:2] == (25, 0)
    assert store.examples.add_many([*rows, row(99)]) == (1, 25, 26, 26)
    assert store.examples.counters()["pending"] == 26


def test_a_twin_in_the_same_batch_is_a_duplicate_and_is_found_once(store: Store) -> None:
    added = store.examples.add_many([row(1), row(2), row(1, search="other words"), row(3)])
    assert (added.taken, added.duplicate) == (3, 1)
    assert ids(store.examples.search("number")) == ["e1", "e2", "e3"]
    assert store.examples.search("other") == []


def test_everything_about_an_example_comes_back(store: Store) -> None:
    example = Example(
        id="x",
        task="qa",
        input={"question": "Wer? 😀"},
        suggestions=[
            Suggestion(agent="import", output={"answer": "a"}, score=0.25),
            Suggestion(agent="rules", output={"answer": "b"}),
        ],
        context=[Passage(text="so", source="book", is_golden=False)],
        origin=Origin(file="a.csv", row=3, line=9),
        tags=["one", "two"],
        occurred_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        group="thread",
        fingerprint="f",
    )
    store.examples.add_many([new_example(example, search="wer")])
    assert store.examples.get("x") == example.model_copy(update={"position": 1})


def test_a_missing_example_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="nobody"):
        store.examples.get("nobody")


def test_pages_walk_forth_and_back_over_every_example_once(filled: Fill) -> None:
    store = filled(23)
    store.journal.bulk("b", "accept", Filter(status=("pending",), last=9), "ann")
    store.journal.bulk("r", "reject", Filter(status=("pending",), first=15, last=17), "ann")
    for wanted in (
        Filter(),
        Filter(status=("accepted",)),
        Filter(status=("accepted", "rejected")),
        Filter(status=("pending",), task="qa"),
        Filter(task="qa"),
        Filter(files=("q.csv",)),
        Filter(text="number"),
    ):
        forth: list[int] = []
        after = 0
        while True:
            page = store.examples.page(wanted, after=after, limit=4)
            forth += [one.position for one in page.items]
            if not page.has_more:
                break
            after = page.items[-1].position
        back: list[int] = []
        before = 1_000
        while True:
            page = store.examples.page(wanted, before=before, limit=4)
            back = [one.position for one in page.items] + back
            if not page.has_more:
                break
            before = page.items[0].position
        assert forth == back == store.examples.positions(wanted)
        assert len(forth) == store.examples.count(wanted) == len(set(forth))


def test_a_filter_asks_for_everything_in_it(filled: Fill) -> None:
    store = filled(3)
    store.examples.add_many(
        [
            row(10, tags=to_text(["red", "big"]), file="b.csv"),
            row(11, tags=to_text(["red"]), file="b.csv", task="other"),
        ]
    )
    found = store.examples.iterate
    assert ids(list(found(Filter(tags=("red",))))) == ["e10", "e11"]
    assert ids(list(found(Filter(tags=("red", "big"))))) == ["e10"]
    assert ids(list(found(Filter(files=("b.csv",), task="other")))) == ["e11"]
    assert ids(list(found(Filter(text="number", files=("b.csv",))))) == ["e10", "e11"]
    assert ids(list(found(Filter(text="number", tags=("big",))))) == ["e10"]
    assert ids(list(found(Filter(first=2, last=4)))) == ["e2", "e3", "e10"]
    assert list(found(Filter(status=("accepted",)))) == []


def test_a_dataset_query_takes_what_was_accepted_up_to_its_limit(filled: Fill) -> None:
    store = filled(6)
    store.journal.bulk("b", "accept", Filter(status=("pending",), first=2), "ann")
    assert ids(list(store.examples.iterate(ExampleQuery(limit=3)))) == ["e2", "e3", "e4"]
    assert store.examples.count(ExampleQuery()) == 5


def test_reading_on_while_somebody_decides_shows_one_consistent_view(filled: Fill) -> None:
    store = filled(1200)
    reading = store.examples.iterate(Filter(status=("pending",)))
    first = next(reading)
    store.journal.bulk("b", "accept", Filter(status=("pending",)), "ann")
    rest = list(reading)
    assert len(rest) == 1199
    assert {one.status for one in (first, *rest)} == {"pending"}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Kürbis", ["e1"]),
        ("kurb", ["e1"]),
        ('"', []),
        ("NEAR(", []),
        ("what AND drop-table;", []),
        ("what is num", ["e1", "e2"]),
        ("*", []),
        ("text:what", []),
    ],
)
def test_a_search_takes_words_and_never_syntax(store: Store, typed: str, found: list[str]) -> None:
    store.examples.add_many(
        [row(1, search="What is number one, Kürbis?"), row(2, search="what is NUMBER two")]
    )
    assert ids(store.examples.search(typed)) == found


def test_a_search_finds_the_edit_that_stands_and_not_the_one_taken_back(filled: Fill) -> None:
    store = filled(3)

    def edit(op_id: str, answer: str) -> None:
        store.journal.decide(
            [
                Decision(
                    op_id=op_id,
                    example_id="e2",
                    verdict="edit",
                    reviewer="ann",
                    output={"answer": answer},
                )
            ]
        )

    edit("a", "a wonderful pumpkin")
    assert ids(store.examples.search("wonder")) == ["e2"]
    edit("b", "a plain number")
    assert store.examples.search("wonder") == []
    assert ids(store.examples.search("number")) == ["e1", "e2", "e3"]
    store.journal.undo("c", reviewer="ann")
    assert ids(store.examples.search("pumpkin")) == ["e2"]


def test_a_page_of_too_many_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput, match="201"):
        store.examples.page(limit=201)


def test_text_that_utf8_cannot_hold_survives(store: Store) -> None:
    text = to_text({"question": "half \ud800 and \x00 and \u2028"})
    store.examples.add_many([row(1, input=text)])
    assert store.examples.get("e1").input == {"question": "half \ud800 and \x00 and \u2028"}


def test_a_number_that_json_lacks_is_refused() -> None:
    with pytest.raises(InvalidInput, match="NaN"):
        to_text({"score": float("nan")})
    assert from_text(to_text({"score": 1e300})) == {"score": 1e300}


def plans(store: Store, wanted: Filter, **asked: int) -> list[str]:
    """How the database would answer every question that one page asks."""
    statements: list[tuple[str, object]] = []
    engine = store.examples._engine

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    store.examples.page(wanted, limit=50, **asked)
    event.remove(engine, "before_cursor_execute", note)
    found: list[str] = []
    with engine.connect() as connection:
        for statement, parameters in statements:
            if statement.startswith("SELECT") and " tally" not in statement:
                explained = connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {statement}",
                    parameters,  # type: ignore[arg-type]
                )
                found += [line.detail for line in explained]
    return found


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(status=("pending",)),
        Filter(status=("pending", "accepted"), task="qa"),
        Filter(files=("q.csv",), status=("pending",)),
        Filter(status=("pending",), tags=("red",)),
    ],
)
@pytest.mark.parametrize("asked", [{"after": 500}, {"before": 700}])
def test_a_page_walks_an_index_without_a_scan_or_a_sort(
    filled: Fill, wanted: Filter, asked: dict[str, int]
) -> None:
    store = filled(1000)
    store.journal.bulk("b", "accept", Filter(status=("pending",), last=300), "ann")
    found = plans(store, wanted, **asked)
    assert found
    wrong = [line for line in found if "TEMP B-TREE" in line or line.startswith("SCAN")]
    # json_each walks the few tags of one row.
    assert [line for line in wrong if "json_each" not in line and "VIRTUAL TABLE" not in line] == []


def test_a_search_page_walks_the_words_in_order_of_position(filled: Fill) -> None:
    found = plans(filled(1000), Filter(text="number", status=("pending",)), after=500)
    imported = [line for line in found if "example_search" in line]
    assert imported and all("VIRTUAL TABLE INDEX" in line for line in imported)
    # Only the edits, which people wrote one by one, are sorted.
    assert sum("TEMP B-TREE" in line for line in found) <= 1


def test_counts_by_status_never_look_at_examples(filled: Fill) -> None:
    store = filled(50)
    asked: list[str] = []
    event.listen(
        store.examples._engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_: asked.append(statement),
    )
    assert store.examples.count(Filter(status=("pending",))) == 50
    assert store.examples.counters()["pending"] == 50
    assert not [one for one in asked if "examples." in one.replace("tally.examples", "")]
