"""Pages in every order: what they hold, how they follow each other, and what they cost."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from sqlalchemy import event

from hone.errors import InvalidInput, NotFound
from hone.records.choice import ORDERS, Order, Span
from hone.records.example import Example
from hone.records.review import Decision
from hone.workspace.store import Filter, NewExample, Store
from hone.workspace.store.json_text import from_text, to_text
from tests.workspace.conftest import row

WORDS = ["red", "green", "blue", "heavy"]
FILTERS: dict[str, dict[str, Any]] = {
    "everything": {},
    "pending": {"status": ("pending",)},
    "one task": {"task": "other"},
    "two statuses of a task": {"status": ("accepted", "flagged"), "task": "qa"},
    "a file": {"files": ("b.csv",)},
    "files and a status": {"files": ("a.csv", "b.csv"), "status": ("pending",)},
    "tag": {"tags": ("red",)},
    "words": {"text": "heavy"},
    "words that an edit wrote": {"text": "rewritten", "status": ("edited",)},
    "a reviewer": {"reviewer": "bob"},
    "a reviewer and a status": {"reviewer": "ann", "status": ("accepted",)},
    "a reviewer and a file": {"reviewer": "ann", "files": ("b.csv",)},
    "low scores": {"max_score": 0.4},
    "scores between": {"min_score": 0.3, "max_score": 0.7, "status": ("pending",)},
    "decided early": {"before": "AT-30"},
    "decided in between": {"since": "AT-20", "before": "AT-60", "task": "qa"},
    "decided late by one": {"since": "AT-50", "reviewer": "bob"},
    "decided since then": {"since": "AT-40"},
    "ids": {"ids": tuple(f"e{number}" for number in range(1, 200, 7))},
    "ids and words": {"ids": tuple(f"e{n}" for n in range(1, 200, 3)), "text": "heavy"},
    "ids of a status": {"ids": tuple(f"e{n}" for n in range(300)), "status": ("rejected",)},
    "positions": {"first": 20, "last": 90},
    "only punctuation": {"text": "?!"},
    "nothing": {"task": "none"},
}


def mixed_rows(count: int) -> list[NewExample]:
    """Rows with and without scores, some with suggestions that contradict each other."""
    chance = random.Random(4)
    found: list[NewExample] = []
    for number in range(1, count + 1):
        plain = row(number)
        further = chance.choice([None, None, plain.proposal, to_text({"answer": "another"})])
        found.append(
            plain._replace(
                task=chance.choice(["qa", "qa", "other"]),
                proposal_score=chance.choice([None, round(chance.random(), 2), 0.5]),
                suggestions=to_text([{"agent": "rules", "output": from_text(further)}])
                if further
                else None,
                file=chance.choice(["a.csv", "b.csv"]),
                tags=to_text(chance.sample(WORDS[:3], 2)),
                search=f"number {number} {chance.choice(WORDS)}",
            )
        )
    return found


class Known(NamedTuple):
    """An example and what a filter may ask of it, found out one by one."""

    example: Example
    file: str
    decided_at: str
    is_heavy: bool


class Reviewed(NamedTuple):
    """A store after a review by two people, and when each operation was made."""

    store: Store
    moments: list[str]
    known: list[Known]


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewed]:
    """200 mixed examples after 90 operations."""
    store = Store.open(tmp_path_factory.mktemp("store") / "hone.db")
    rows = mixed_rows(200)
    store.examples.add_many(rows)
    review(store)
    moments = [f"{one.at:%Y-%m-%dT%H:%M:%S.%f}Z" for one in store.journal.operations()]
    known = [
        Known(one, str(new.file), decided_at(store, one.id), "heavy" in new.search)
        for one, new in zip(store.examples.iterate(), rows, strict=True)
    ]
    yield Reviewed(store, moments, known)
    store.close()


def review(store: Store) -> None:
    chance = random.Random(5)
    for number in range(90):
        who = chance.choice(["ann", "bob"])
        if number % 30 == 29:
            begin = chance.randrange(1, 150)
            wanted = Filter(status=("pending",), first=begin, last=begin + 20)
            store.journal.bulk(f"op{number}", "accept", wanted, who)
        elif number % 11 == 10:
            store.journal.undo(f"op{number}", reviewer=who)
        else:
            verdict = chance.choice(["accept", "reject", "flag", "edit", "skip"])
            decision = Decision(
                op_id=f"op{number}",
                example_id=f"e{chance.randrange(1, 201)}",
                verdict=verdict,
                reviewer=who,
                output={"answer": "all rewritten"} if verdict == "edit" else None,
            )
            store.journal.decide([decision])


def decided_at(store: Store, example_id: str) -> str:
    """When the operation was made that an example stands by; nothing where there is none."""
    standing = [one for one in store.journal.history(example_id) if one.undone_by is None]
    return f"{standing[-1].at:%Y-%m-%dT%H:%M:%S.%f}Z" if standing else ""


def timed(asked: dict[str, Any], moments: list[str]) -> Filter:
    """The filter with "AT-30" replaced by the moment of the 30th operation."""
    return Filter(
        **{
            name: moments[int(value[3:])]
            if isinstance(value, str) and value.startswith("AT-")
            else value
            for name, value in asked.items()
        }
    )


def place(example: Example, order: Order) -> tuple[float, ...]:
    """Where an example belongs in an order, written independently of the store."""
    if order in ("file", "newest"):
        return (example.position if order == "file" else -example.position,)
    first = example.suggestions[0].output if example.suggestions else None
    is_contradicted = any(one.output != first for one in example.suggestions[1:])
    score = example.suggestions[0].score if example.suggestions else None
    is_known = is_contradicted or score is not None
    certainty = 1e300 if score is None else score
    if order == "least_certain":
        return (not is_known, certainty, example.position)
    is_decided = example.status != "pending"
    return (is_decided, not is_contradicted, score is None, certainty, example.position)


def fits(known: Known, wanted: Filter) -> bool:
    """Whether an example fits, written independently of the store."""
    one = known.example
    score = one.suggestions[0].score if one.suggestions else None
    checks = [
        not wanted.status or one.status in wanted.status,
        wanted.task in (None, one.task),
        all(tag in one.tags for tag in wanted.tags),
        not wanted.files or known.file in wanted.files,
        wanted.first is None or one.position >= wanted.first,
        wanted.last is None or one.position <= wanted.last,
        wanted.reviewer in (None, one.reviewer),
        wanted.since is None or (known.decided_at != "" and known.decided_at >= wanted.since),
        wanted.before is None or (known.decided_at != "" and known.decided_at < wanted.before),
        wanted.min_score is None or (score is not None and score >= wanted.min_score),
        wanted.max_score is None or (score is not None and score <= wanted.max_score),
        wanted.ids is None or one.id in wanted.ids,
        wanted.text != "?!",
        wanted.text != "rewritten" or "rewritten" in str(one.output),
        wanted.text != "heavy" or known.is_heavy,
    ]
    return all(checks)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", FILTERS)
def test_pages_walk_forth_and_back_over_everything_in_order(
    reviewed: Reviewed, order: Order, name: str
) -> None:
    store, wanted = reviewed.store, timed(FILTERS[name], reviewed.moments)
    fitting = [one.example for one in reviewed.known if fits(one, wanted)]
    expected = [one.id for one in sorted(fitting, key=lambda one: place(one, order))]
    assert bool(expected) == (name not in ("nothing", "only punctuation"))
    assert store.examples.count(wanted) == len(expected)
    forth: list[str] = []
    span = Span(order=order, limit=17)
    while True:
        page = store.examples.window(wanted, span)
        assert page.has_before == bool(forth)
        forth += [one.id for one in page.items]
        assert page.has_after == (len(forth) < len(expected))
        if not page.has_after:
            break
        span = Span(order=order, limit=17, after=page.last)
    assert forth == expected
    back: list[str] = []
    while page.has_before:
        page = store.examples.window(wanted, Span(order=order, limit=13, before=page.first))
        back = [*(one.id for one in page.items), *back]
        assert page.has_after
    assert back == expected[: len(back)] and len(expected) - len(back) <= 17


@pytest.mark.parametrize("order", ORDERS)
def test_a_page_around_an_example_has_it_in_the_middle(reviewed: Reviewed, order: Order) -> None:
    examples = sorted((one.example for one in reviewed.known), key=lambda one: place(one, order))
    ids = [one.id for one in examples]
    for number, begin in ((0, 0), (3, 0), (5, 0), (100, 95), (197, 190), (199, 190)):
        page = reviewed.store.examples.window(
            Filter(), Span(order=order, around=ids[number], limit=10)
        )
        assert [one.id for one in page.items] == ids[begin : begin + 10], number
        assert (page.has_before, page.has_after) == (begin > 0, begin + 10 < 200)


@pytest.mark.parametrize("order", ["file", "newest"])
@pytest.mark.parametrize("name", ["everything", "pending", "one task", "two statuses of a task"])
def test_a_page_around_an_example_says_how_many_stand_before_it(
    reviewed: Reviewed, order: Order, name: str
) -> None:
    wanted = Filter(**FILTERS[name])
    fitting = [one.example for one in reviewed.known if fits(one, wanted)]
    ids = [one.id for one in sorted(fitting, key=lambda one: place(one, order))]
    for middle in (ids[0], ids[len(ids) // 2], ids[-1]):
        page = reviewed.store.examples.window(wanted, Span(order=order, around=middle, limit=10))
        assert page.place == ids.index(page.items[0].id)


@pytest.mark.parametrize(
    ("wanted", "span"),
    [
        (Filter(text="heavy"), Span(around="e100", limit=4)),
        (Filter(), Span(order="least_certain", around="e100", limit=4)),
    ],
)
def test_places_that_cost_a_walk_are_not_counted(
    reviewed: Reviewed, wanted: Filter, span: Span
) -> None:
    assert reviewed.store.examples.window(wanted, span).place is None


def test_a_page_around_an_example_that_no_longer_fits_keeps_the_place(reviewed: Reviewed) -> None:
    wanted = Filter(status=("pending",))
    decided = next(
        one.example
        for one in reviewed.known
        if one.example.position > 100 and one.example.status != "pending"
    )
    page = reviewed.store.examples.window(wanted, Span(around=decided.id, limit=6))
    positions = [one.position for one in page.items]
    assert decided.position not in positions
    assert positions[2] < decided.position < positions[3]


@pytest.mark.parametrize(
    "cursor",
    [
        *("", "file", "file:0:0.0", "file:0:0.0:x", "file:0:nan:3", "newest:0:0.0:3"),
        *("file:0:0.0:99999999999999999999", "file:0:0.0:3:4", "x" * 500),
    ],
)
def test_what_is_no_cursor_of_this_order_is_refused(reviewed: Reviewed, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="no cursor of the order file"):
        reviewed.store.examples.window(Filter(), Span(after=cursor))


def test_a_page_around_nothing_is_an_error(reviewed: Reviewed) -> None:
    with pytest.raises(NotFound, match="nobody"):
        reviewed.store.examples.window(Filter(), Span(around="nobody"))


def test_a_page_in_an_empty_store_is_empty(store: Store) -> None:
    for order in ORDERS:
        page = store.examples.window(Filter(), Span(order=order))
        assert page[:1] + page[2:] == ([], None, None, False, False, 0)


def plans(store: Store, wanted: Filter, span: Span) -> list[str]:
    """How the database would answer every question that one page asks."""
    asked: list[tuple[str, Any]] = []
    engine = store.examples._engine

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    store.examples.window(wanted, span)
    event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        return [
            line.detail
            for statement, parameters in asked
            if statement.startswith("SELECT") and "FROM tally" not in " ".join(statement.split())
            for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


def costly(plan: list[str]) -> list[str]:
    """Steps whose work grows with the number of examples."""
    return [
        line
        for line in plan
        if (line.startswith("SCAN") or "TEMP B-TREE" in line)
        # json_each walks the few tags of one row; the words stand in order of position; what is
        # counted before a window ends at a limit.
        and "json_each" not in line
        and "VIRTUAL TABLE" not in line
        and line != "SCAN counted"
    ]


WALKED = {
    **{name: ORDERS for name in ("everything", "pending", "one task", "two statuses of a task")},
    **{name: ORDERS for name in ("a reviewer and a status", "low scores", "scores between", "tag")},
    **{name: ("file", "newest") for name in ("a file", "files and a status", "positions")},
    **{name: ("file", "newest") for name in ("a reviewer", "a reviewer and a file", "words")},
}


@pytest.mark.parametrize(
    ("name", "order"), [(name, order) for name, orders in WALKED.items() for order in orders]
)
def test_a_page_walks_an_index_without_a_scan_or_a_sort(
    reviewed: Reviewed, name: str, order: Order
) -> None:
    wanted = timed(FILTERS[name], reviewed.moments)
    middle = reviewed.store.examples.window(wanted, Span(order=order, limit=5))
    for span in (
        Span(order=order),
        Span(order=order, after=middle.last),
        Span(order=order, before=middle.last),
        Span(order=order, around="e100"),
    ):
        plan = plans(reviewed.store, wanted, span)
        assert plan
        if span == Span(order=order):
            # From the first row on in the table's own order, until the page is full.
            plan = [line for line in plan if line != "SCAN states"]
        # Edits, which people wrote one by one, are the only ones that are sorted.
        assert len(costly(plan)) <= (6 if name == "words" else 0), costly(plan)


@pytest.mark.parametrize(
    "name",
    [
        *("decided in between", "decided early", "decided late by one", "decided since then"),
        *("ids", "ids of a status", "words"),
    ],
)
@pytest.mark.parametrize("order", ["file", "most_valuable"])
def test_where_hits_are_sorted_only_the_hits_are_looked_at(
    reviewed: Reviewed, name: str, order: Order
) -> None:
    plan = plans(reviewed.store, timed(FILTERS[name], reviewed.moments), Span(order=order))
    tables = ("states", "examples", "operations", "stood", "stand", "answered", "made")
    scanned = [line for line in plan if line.startswith(tuple(f"SCAN {one}" for one in tables))]
    assert plan and scanned == []
    if "decided" in name:
        assert any("ix_operations_at" in line for line in plan)


def test_a_page_looks_no_further_where_the_first_groups_fill_it(reviewed: Reviewed) -> None:
    asked: list[str] = []
    engine = reviewed.store.examples._engine
    event.listen(
        engine, "before_cursor_execute", lambda _c, _k, statement, *_: asked.append(statement)
    )
    wanted = Filter(task="qa", status=("pending",))
    reviewed.store.examples.window(wanted, Span(order="most_valuable", limit=3))
    # The counts of the statuses, one walk over the contradicted, the rows, the counters.
    assert len([one for one in asked if one.startswith("SELECT")]) == 4
