"""What is like an example is found among many, and the work does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from hone.errors import NotFound
from hone.records.example import Example, Suggestion
from hone.records.identity import fingerprint_of
from hone.stages import review
from hone.stages.review.similar import MOST_NEAR, MOST_OF_GROUP, MOST_SAME
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import new_example
from hone.workspace.store.likeness import COMMON_GROUPS, MOST_HITS

ASKED = "How do I return the unopened parcel that was delivered to my neighbour last Thursday?"


def example(name: str, question: str, answer: str = "Yes.", **more: Any) -> Example:
    asked, told = {"question": question}, {"answer": answer}
    return Example(
        id=name,
        task="qa",
        input=asked,
        suggestions=[Suggestion(agent="import", output=told)],
        fingerprint=fingerprint_of(asked, told),
        **more,
    )


def add(ws: Workspace, *examples: Example) -> None:
    ws.store.examples.add_many(
        new_example(one, search=f"{one.input['question']} {one.proposal['answer']}")
        for one in examples
    )


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "w") as workspace:
        yield workspace


def test_the_same_the_near_and_the_group_are_told_apart(ws: Workspace) -> None:
    add(
        ws,
        example("asked", ASKED, group="thread"),
        example("same", ASKED.upper() + "  "),
        example("other answer", ASKED, "No."),
        example("one word", ASKED.replace("Thursday", "Tuesday")),
        example("two words", ASKED.replace("Thursday", "week").replace("parcel", "box")),
        example("other question", "Which parcel was delivered to the neighbour?"),
        example("sibling", "And what of the other one?", group="thread"),
        example("stranger", "Is it raining?", group="another"),
    )
    found = review.similar(ws, "asked")
    assert [one.id for one in found.same] == ["same"]
    assert [one.example.id for one in found.near][:2] == ["other answer", "one word"]
    assert found.near[0].similarity == 1.0 > found.near[1].similarity > 0.8
    assert "other question" not in {one.example.id for one in found.near}
    assert [one.id for one in found.group] == ["sibling"]
    assert not found.has_more


def test_messages_of_extract_tasks_are_near_only_when_they_are_equal(tmp_path: Path) -> None:
    with init_workspace(tmp_path / "w", template="extract") as ws:
        name = ws.task().name
        ws.store.examples.add_many(
            new_example(
                Example(id=id, task=name, input={"message": text}, fingerprint=id), search=text
            )
            for id, text in (
                ("a", "Picked up 12 cases of kale"),
                ("b", "picked up  12 CASES of kale"),
                ("c", "Picked up 13 cases of kale"),
            )
        )
        assert [one.example.id for one in review.similar(ws, "a").near] == ["b"]


def test_near_duplicates_are_found_among_many_that_share_the_common_words(ws: Workspace) -> None:
    add(ws, *(example(f"x{n}", f"What of the common matter number {n} here?") for n in range(3000)))
    add(
        ws,
        example("asked", "What of the very common matter of the kumquats here, my friend?"),
        example("near", "What of the very common matter of the kumquats here, my friends?"),
    )
    found = review.similar(ws, "asked").near
    assert [one.example.id for one in found] == ["near"]


def test_where_every_word_is_common_a_changed_one_does_not_hide_it(ws: Workspace) -> None:
    words = "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima".split()
    fillers = [f"{word} stands alone in number {n}" for word in words for n in range(MOST_HITS + 5)]
    add(ws, *(example(f"f{n}", text) for n, text in enumerate(fillers)))
    asked = " ".join(words)
    add(ws, example("asked", asked), example("near", asked.replace("golf", "gulf")))
    assert [one.example.id for one in review.similar(ws, "asked").near] == ["near"]


def test_lists_are_cut_and_it_is_said(ws: Workspace) -> None:
    twins = (
        example(f"t{n}", ASKED + " " * n, group="g", tags=[str(n)]) for n in range(MOST_SAME + 5)
    )
    others = (example(f"o{n}", ASKED, f"Answer {n}.") for n in range(MOST_NEAR + 5))
    siblings = (example(f"s{n}", f"Other {n}?", group="g") for n in range(MOST_OF_GROUP))
    add(ws, *twins, *others, *siblings)
    found = review.similar(ws, "t0")
    lengths = len(found.same), len(found.near), len(found.group)
    assert lengths == (MOST_SAME, MOST_NEAR, MOST_OF_GROUP)
    assert found.has_more


def test_an_example_that_is_like_no_other_is_alone(ws: Workspace) -> None:
    add(ws, example("asked", "?"), example("b", "Something else"))
    assert review.similar(ws, "asked") == ([], [], [], False)
    with pytest.raises(NotFound):
        review.similar(ws, "nobody")


def test_the_questions_asked_of_the_store_are_few_and_walk_indices(ws: Workspace) -> None:
    add(ws, *(example(f"x{n}", f"{ASKED} {n}", group="g") for n in range(400)))
    asked: list[tuple[str, Any]] = []
    engine = ws.store.examples._engine
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _c, _k, statement, parameters, *_: asked.append((statement, parameters)),
    )
    review.similar(ws, "x200")
    by_hash = [one for one in asked if "example_fingerprints MATCH" in one[0]]
    assert len(by_hash) == 1
    searches = [parameters for statement, parameters in asked if "search MATCH" in statement]
    assert len(searches) <= 24 + COMMON_GROUPS
    assert all(one[-1] <= MOST_HITS + 1 for one in searches), "every search has a limit"
    with engine.connect() as connection:
        plan = [
            line.detail
            for statement, parameters in asked
            if statement.startswith("SELECT") and "search MATCH" not in statement
            for line in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]
    assert any("example_fingerprints VIRTUAL TABLE INDEX 0:M" in line for line in plan)
    assert any("ix_examples_group_key_position" in line for line in plan)
    assert not [line for line in plan if line.startswith("SCAN") and "INDEX 0:M" not in line]
