"""Looking at examples: pages, one in full, counts, and files for other trainers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput, NotFound
from hone.records.choice import ORDERS
from hone.stages.examples import (
    Choice,
    chosen,
    count_examples,
    export_examples,
    list_examples,
    show_example,
)
from hone.stages.ingest import import_examples
from hone.workspace.open import Workspace, init_workspace


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "workspace") as opened:
        for name, count in (("one", 5), ("two", 3)):
            rows = [{"question": f"{name} {n}", "answer": "a", "kind": name} for n in range(count)]
            (tmp_path / f"{name}.json").write_text(json.dumps(rows))
            accept_as = "ada" if name == "two" else None
            import_examples(
                opened, [tmp_path / f"{name}.json"], mapping={"tags": "kind"}, accept_as=accept_as
            )
        yield opened


def questions(found: Any) -> list[str]:
    return [example.input["question"] for example in found.items]


def test_pages_follow_each_other_in_the_order_of_import(ws: Workspace) -> None:
    first = list_examples(ws, limit=3)
    assert (questions(first), first.has_more) == (["one 0", "one 1", "one 2"], True)
    rest = list_examples(ws, after=first.items[-1].position, limit=10)
    assert (len(rest.items), rest.has_more) == (5, False)
    assert first.counters["accepted"] == 3


def test_pages_follow_each_other_in_every_order(ws: Workspace) -> None:
    for order in ORDERS:
        first = list_examples(ws, order=order, limit=3)
        rest = list_examples(ws, order=order, after=first.last, limit=10)
        assert (first.has_more, rest.has_more) == (True, False)
        assert sorted(questions(first) + questions(rest)) == sorted(questions(list_examples(ws)))
    assert questions(list_examples(ws, order="newest"))[0] == "two 2"


def test_conditions_that_cannot_be_are_told_together(ws: Workspace) -> None:
    with pytest.raises(InvalidInput) as caught:
        chosen({"since": "yesterday", "min_score": "high", "tags": None})
    assert len(caught.value.problems) >= 2
    with pytest.raises(InvalidInput, match="order"):
        list_examples(ws, order="best")
    with pytest.raises(InvalidInput, match="no cursor"):
        list_examples(ws, order="newest", after=3)


@pytest.mark.parametrize(
    ("choice", "count"),
    [
        (Choice(), 8),
        (Choice(status=["accepted"]), 3),
        (Choice(files=["one.json"]), 5),
        (Choice(tags=["two"]), 3),
        (Choice(text="one 3"), 1),
        (Choice(task="qa", status=["pending", "accepted"]), 8),
        (Choice(task="none"), 0),
    ],
)
def test_a_choice_narrows_what_is_listed_and_counted(
    ws: Workspace, choice: Choice, count: int
) -> None:
    assert len(list_examples(ws, choice).items) == count
    assert count_examples(ws, choice).total == count


def test_an_unknown_status_is_an_error_with_the_nearest(ws: Workspace) -> None:
    with pytest.raises(InvalidInput) as caught:
        list_examples(ws, Choice(status=["acepted"]))
    assert 'Did you mean "accepted"?' in caught.value.hint


def test_counts_are_by_status_task_file_and_tag(ws: Workspace) -> None:
    counted = count_examples(ws)
    assert counted.by_status == {"pending": 5, "accepted": 3}
    assert counted.by_file == {"one.json": 5, "two.json": 3}
    assert counted.by_tag == {"one": 5, "two": 3}
    assert counted.by_task == {"qa": 8}


def test_an_example_is_shown_by_id_and_by_position(ws: Workspace) -> None:
    last = list_examples(ws, Choice(status=["accepted"])).items[-1]
    for name in (last.id, str(last.position)):
        example, history = show_example(ws, name)
        assert example == last
        assert [operation.reviewer for operation in history] == ["ada"]
    for name in ("999", "no-such-id", "9" * 30):
        with pytest.raises(NotFound):
            show_example(ws, name)


def test_an_export_holds_every_field(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    assert export_examples(ws, path) == 8
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert rows == [one.model_dump(mode="json") for one in list_examples(ws).items]


def test_an_export_of_every_field_is_read_back_as_the_same_examples(
    ws: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "all.jsonl"
    export_examples(ws, path)
    assert import_examples(ws, [path]).duplicate == 8
    with init_workspace(tmp_path / "other") as other:
        report = import_examples(other, [path])
        assert (report.taken, report.files[0].shape) == (8, "hone")
        kept = {"id", "input", "suggestions", "tags", "group", "fingerprint", "context"}
        there, here = list_examples(other).items, list_examples(ws).items
        assert [one.model_dump(include=kept) for one in there] == [
            one.model_dump(include=kept) for one in here
        ]


def test_exported_rows_that_were_damaged_are_refused(ws: Workspace, tmp_path: Path) -> None:
    good = {"input": {"question": "q"}, "output": {"answer": "a"}}
    rows = [
        good,
        good | {"input": {"question": ""}},
        good | {"output": {"answer": 7}},
        good | {"output": "a"},
        good | {"suggestions": [{"agent": "x"}]},
        good | {"context": [{"source": "x"}]},
    ]
    path = tmp_path / "rows.json"
    path.write_text(json.dumps(rows))
    report = import_examples(ws, [path])
    assert (report.read, report.taken, report.refused) == (6, 1, 5)


@pytest.mark.parametrize("layout", ["alpaca", "sharegpt", "messages"])
def test_an_export_for_other_trainers_is_read_back_as_the_same_examples(
    ws: Workspace, tmp_path: Path, layout: str
) -> None:
    path = tmp_path / "accepted.jsonl"
    # Only what has an output can be learned, whatever else is asked for.
    assert export_examples(ws, path, layout=layout) == 3
    with init_workspace(tmp_path / "other") as other:
        report = import_examples(other, [path])
        assert report.files[0].shape == layout
        accepted = list_examples(ws, Choice(status=["accepted"])).items
        assert [one.id for one in list_examples(other).items] == [one.id for one in accepted]


def test_extract_and_chat_tasks_are_read_back_as_well(tmp_path: Path) -> None:
    talk = [
        {"role": role, "content": role}
        for role in ("system", "user", "assistant", "user", "assistant")
    ]
    rows = {
        "chat": {"messages": talk},
        "extract": {"message": "2 kale", "slots": {"item": "kale", "quantity": 2}},
    }
    for kind, row in rows.items():
        source, path = tmp_path / f"{kind}.json", tmp_path / f"{kind}.jsonl"
        source.write_text(json.dumps([row]))
        for layout in ("messages", "sharegpt", "alpaca"):
            with init_workspace(tmp_path / f"{kind}-{layout}", template=kind) as one:
                import_examples(one, [source], accept_as="ada")
                export_examples(one, path, layout=layout)
                assert import_examples(one, [path]).duplicate == 1


def test_an_unknown_layout_is_an_error_with_the_nearest(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        export_examples(ws, tmp_path / "x.jsonl", layout="alpacca")
    assert 'Did you mean "alpaca"?' in caught.value.hint
