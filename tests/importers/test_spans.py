"""Messages with marked parts: restaurant8k, SNIPS and the other common spellings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hone.importers import spans
from tests.importers.reading import read, read_text


@pytest.mark.parametrize(
    ("row", "message", "slots"),
    [
        (
            {
                "userInput": {"text": "5 adults at 7pm"},
                "labels": [
                    {"slot": "people", "valueSpan": {"endIndex": 8}},
                    {"slot": "time", "valueSpan": {"startIndex": 12, "endIndex": 15}},
                ],
            },
            "5 adults at 7pm",
            {"people": "5 adults", "time": "7pm"},
        ),
        ({"userInput": {"text": "Hello"}}, "Hello", {}),
        (
            {"data": [{"text": "Book "}, {"text": "a diner", "entity": "type"}, {"text": "!"}]},
            "Book a diner!",
            {"type": "a diner"},
        ),
        ({"text": "Ada met Bo", "label": [[0, 3, "who"]]}, "Ada met Bo", {"who": "Ada"}),
        (
            {"text": "Ada met Bo", "entities": [{"start": 8, "end": 10, "label": "whom"}]},
            "Ada met Bo",
            {"whom": "Bo"},
        ),
        ({"message": "x", "slots": {"a": "1", "b": None}}, "x", {"a": "1"}),
        ({"text": "🥕 carrots", "spans": [[2, 9, "item"]]}, "🥕 carrots", {"item": "carrots"}),
    ],
)
def test_each_spelling_becomes_a_message_with_slots(
    tmp_path: Path, row: dict[str, Any], message: str, slots: dict[str, str]
) -> None:
    found = read_text("spans", tmp_path, json.dumps([row]))
    assert [one["message"] for one in found.fields] == [message]
    assert [one["slots"] for one in found.fields] == [slots]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": "abc", "spans": [[0, 9, "x"]]}, "the span 0 to 9 of x lies outside the message"),
        ({"text": "abc", "spans": [[2, 2, "x"]]}, "the span 2 to 2 of x lies outside the message"),
        ({"text": "abc", "spans": [[0, 1]]}, "a span is not understood: [0, 1]"),
        (
            {"text": "ab", "spans": [[0, 1, "x"], [1, 2, "x"]]},
            'the slot x is filled twice: "a" and "b"',
        ),
        ({"data": [{"entity": "x"}]}, "a chunk has no text"),
        ({"other": 1}, "no message with spans, chunks or slots"),
        ({"userInput": {}}, "the message is missing"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(
    tmp_path: Path, row: dict[str, Any], reason: str
) -> None:
    found = read_text("spans", tmp_path, json.dumps([row, {"text": "a", "spans": []}]))
    assert found.reasons == [reason]
    assert len(found.rows) == 1
    assert found.refused[0].content == row


def test_lines_are_read_as_well_as_arrays(tmp_path: Path) -> None:
    row = json.dumps({"text": "abc", "spans": [[0, 1, "x"]]})
    assert len(read_text("spans", tmp_path, f"{row}\n{row}\n").rows) == 2


@pytest.mark.parametrize(
    ("file", "rows", "refused", "counts"),
    [
        (
            "restaurant8k/train_3.json",
            1024,
            0,
            {"people": 277, "time": 236, "date": 211, "first_name": 93, "last_name": 91},
        ),
        (
            "snips/validate_BookRestaurant.json",
            100,
            0,
            {"restaurant_type": 62, "party_size_number": 57, "timeRange": 34, "city": 33},
        ),
        ("snips/train_BookRestaurant.json", 299, 1, {"restaurant_type": 181, "state": 84}),
    ],
)
def test_real_files_give_their_counts_and_a_task(
    test_data: Path, file: str, rows: int, refused: int, counts: dict[str, int]
) -> None:
    path = test_data / "messages" / file
    found = read("spans", path)
    assert (len(found.rows), len(found.refused)) == (rows, refused)
    task, slots = spans.propose_task("booking", found.rows)
    assert counts.items() <= slots.items()
    assert (task.kind, list(task.fields)) == ("extract", list(slots))
    assert spans.sniff(path, path.read_bytes()[:100_000]) > 0.9
