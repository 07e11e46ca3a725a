"""Rows of any contents under the known names: drafts or reasons, never a crash."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hone.errors import HoneError
from hone.importers._column_map import SHAPES
from hone.importers._mapping import drafter
from hone.importers._rows import RowUnfit
from hone.importers._shapes import recognise
from hone.records.task import Task
from tests.importers.reading import read

TASKS = [
    Task.model_validate({"kind": "qa", "name": "qa"}),
    Task.model_validate({"kind": "chat", "name": "chat"}),
    Task.model_validate(
        {
            "kind": "extract",
            "name": "pickup",
            "fields": {"item": {}, "quantity": {"type": "number"}},
        }
    ),
    Task.model_validate({"kind": "score", "name": "score", "dimensions": ["label", "output"]}),
]
NAMES = (
    "question answer answers instruction input output prompt completion response chosen rejected "
    "messages conversations role from content value text label category paragraphs qas context "
    "title history system replies rank deleted is_impossible message slots item quantity data "
    "suggestions tags group occurred_at original_answer status turns choices question_id"
).split()
words = st.sampled_from(["", " ", "q", "user", "assistant", "human", "gpt", '{"item": "x"}', "7"])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | words
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=10,
)
rows = st.dictionaries(st.sampled_from(NAMES), values, min_size=1, max_size=5)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(rows, min_size=1, max_size=3),
    st.sampled_from(TASKS),
    st.none() | st.sampled_from(sorted(SHAPES)),
)
def test_any_row_gives_drafts_or_a_reason(
    sample: list[dict[str, Any]], task: Task, shape: str | None
) -> None:
    found = recognise(sample, task, shape=shape)
    if found.question:
        assert found.mend
        return
    drafts = drafter(found, task)
    for row in sample:
        try:
            made = drafts(row)
        except RowUnfit as unfit:
            assert unfit.reason
            continue
        for draft in made:
            if isinstance(draft, RowUnfit):
                assert draft.reason
            else:
                assert isinstance(draft.input, dict) and isinstance(draft.tags, list)


MARKED = (
    "userInput context requestedSlots labels slot valueSpan startIndex endIndex text entity data "
    "spans start end message slots entities id question answer original_answer status notes origin "
    "input output original_output"
).split()
marked_values = st.recursive(
    leaves | st.sampled_from(["pending", "accepted", "session"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MARKED), inner, max_size=4)
    ),
    max_leaves=10,
)
marked_rows = st.lists(
    st.dictionaries(st.sampled_from(MARKED), marked_values, min_size=1, max_size=5), max_size=3
)


@pytest.mark.parametrize("name", ["spans", "session"])
@settings(max_examples=60, deadline=None)
@given(marked_rows)
def test_any_marked_message_or_item_is_read_or_refused(
    name: str, sample: list[dict[str, Any]]
) -> None:
    whole: Any = sample
    if name == "session":
        whole = {"hone": 1, "kind": "session", "items": sample}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.json"
        path.write_text(json.dumps(whole).replace("NaN", "1").replace("Infinity", "2"))
        try:
            found = read(name, path)
        except HoneError as error:
            assert error.hint
            return
    assert len(found.rows) + len(found.refused) == len(sample)
    assert all(found.reasons)
