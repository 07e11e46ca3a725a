"""JSON and JSON Lines: the parsing suite, bounds, containers, faults with their line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hone.errors import HoneError, InvalidInput
from hone.importers import json_file, jsonl
from hone.importers._json_stream import MAX_BESIDE_CHARACTERS
from hone.importers._json_window import NotJson, Window, looks_like_lines
from hone.importers._rows import MAX_DEPTH, MAX_ROW_CHARACTERS
from tests.importers.reading import read, read_text


def outcome(path: Path) -> str:
    try:
        found = read("json", path)
    except HoneError as error:
        assert error.hint
        return "refused"
    return "refused" if found.refused else "read"


def test_the_parsing_suite_is_read_refused_or_either_as_its_names_say(test_data: Path) -> None:
    wrong = []
    files = sorted((test_data / "malformed" / "jsontestsuite").glob("*.json"))
    for path in files:
        wanted = {"y": {"read"}, "n": {"refused"}, "i": {"read", "refused"}}[path.name[0]]
        if outcome(path) not in wanted:
            wrong.append(path.name)
    assert not wrong
    assert len(files) == 189


def test_what_the_suite_allows_is_read_with_the_values_of_the_standard_reader(
    test_data: Path,
) -> None:
    for path in sorted((test_data / "malformed" / "jsontestsuite").glob("y_*.json")):
        if path.name == "y_object_long_strings.json":
            continue  # its first member is a list of objects, taken as the rows: see below
        value = json.loads(path.read_bytes())
        expected = value if isinstance(value, list) else [value]
        rows = [one if isinstance(one, dict) else {"value": one} for one in expected]
        assert read("json", path).fields == rows, path.name


def test_a_hundred_thousand_open_arrays_are_refused_as_too_deep_or_cut(test_data: Path) -> None:
    path = test_data / "malformed" / "jsontestsuite" / "n_structure_100000_opening_arrays.json"
    found = read("json", path)
    assert not found.rows
    assert found.refused[-1].kind == "broken"


def test_a_deep_record_is_refused_and_the_next_one_is_read(tmp_path: Path) -> None:
    deep = '{"a": ' + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1) + "}"
    found = read_text("json", tmp_path, f'[{{"a": 1}}, {deep}, {{"a": 2}}]')
    assert found.fields == [{"a": 1}, {"a": 2}]
    assert found.reasons == [f"the record is nested deeper than {MAX_DEPTH}"]
    lines = read_text("jsonl", tmp_path, f'{{"a": 1}}\n{deep}\n{{"a": 2}}\n')
    assert (lines.fields, lines.reasons) == (found.fields, found.reasons)


def test_brackets_in_texts_are_no_depth(tmp_path: Path) -> None:
    text = json.dumps([{"a": '[{"' * 500}, {"b": ["x"] * 100}])
    assert len(read_text("json", tmp_path, text).rows) == 2


def test_a_record_of_any_depth_that_is_nested_beyond_the_decoder_is_refused(
    tmp_path: Path,
) -> None:
    deep = "[" * 50_000 + "]" * 50_000
    found = read_text("json", tmp_path, f'[{{"a": {deep}}}, {{"a": 2}}]')
    assert found.fields == [{"a": 2}]


def test_an_oversized_record_is_refused_and_the_next_one_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    with path.open("w") as stream:
        stream.write('[{"a": 1}, {"a": "')
        for _ in range(MAX_ROW_CHARACTERS // 1000 + 9):
            stream.write('\\"[{' * 250)
        stream.write('\\\\"}, {"a": 2}]')
    found = read("json", path)
    assert found.fields == [{"a": 1}, {"a": 2}]
    assert "larger than 8,000,000 characters" in found.reasons[0]


def test_an_oversized_line_is_refused_and_the_next_one_is_read(tmp_path: Path) -> None:
    large = '{"a": "' + "x" * (MAX_ROW_CHARACTERS + 10) + '"}'
    found = read_text("jsonl", tmp_path, f'{{"a": 1}}\n{large}\n{{"a": 2}}\n')
    assert [(row.fields, row.row) for row in found.rows] == [({"a": 1}, 1), ({"a": 2}, 3)]
    assert found.refused[0].line == 2


def test_a_cut_file_gives_what_stands_before_the_cut(tmp_path: Path) -> None:
    whole = json.dumps([{"q": n, "a": "text"} for n in range(100)], indent=1)
    found = read_text("json", tmp_path, whole[: len(whole) // 2])
    assert 40 < len(found.rows) < 60
    assert found.refused[0].kind == "broken"
    assert found.refused[0].line is not None and found.refused[0].line > 150


def test_a_fault_is_named_with_its_line(tmp_path: Path) -> None:
    found = read_text("json", tmp_path, '[\n{"a": 1},\n{"a": 2,}\n]')
    assert found.fields == [{"a": 1}]
    assert found.refused[0].line == 3
    assert found.reasons[0].startswith("not JSON from here on: ")


def test_bad_lines_are_refused_one_by_one_and_blank_ones_left_out(tmp_path: Path) -> None:
    text = '{"a": 1}\n\n{"a": }\n[1]\nNaN\n"text"\n{"a": 2}'
    found = read_text("jsonl", tmp_path, text)
    assert found.fields == [{"a": 1}, {"value": [1]}, {"value": "text"}, {"a": 2}]
    assert [(one.row, one.line) for one in found.refused] == [(2, 3), (4, 5)]
    assert found.refused[0].content == '{"a": }'


def test_a_number_of_ten_thousand_digits_is_refused(tmp_path: Path) -> None:
    found = read_text("jsonl", tmp_path, '{"a": ' + "9" * 10_000 + '}\n{"a": 1}\n')
    assert found.fields == [{"a": 1}]


@pytest.mark.parametrize(
    ("text", "rows", "note"),
    [
        ('{"version": 1, "data": [{"a": 1}, {"a": 2}], "more": 0}', 2, "version, more"),
        ('{"train": [{"a": 1}], "test": [{"a": 2}, {"a": 3}]}', 3, ""),
        ('{"Intent": [{"data": []}, {"data": []}]}', 2, ""),
        ('{"x": [{"id": 1}], "id": 2}', 1, "id"),
        ('{"question": "q", "answers": [{"text": "a"}]}', 1, ""),
        ('{"conversations": [{"from": "human", "value": "x"}]}', 1, ""),
        ("{}", 1, ""),
    ],
)
def test_objects_hold_rows_or_are_one_record(
    tmp_path: Path, text: str, rows: int, note: str
) -> None:
    found = read_text("json", tmp_path, text)
    assert len(found.rows) == rows
    assert not note or found.notes[-1] == f"left out beside the rows: {note}"


def test_the_key_of_the_rows_can_be_said(tmp_path: Path) -> None:
    text = '{"people": [{"a": 1}], "pets": [{"b": 1}, {"b": 2}]}'
    assert read_text("json", tmp_path, text, rows="pets").fields == [{"b": 1}, {"b": 2}]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_encodings_with_and_without_a_mark_are_read(tmp_path: Path, encoding: str) -> None:
    raw = '[{"q": "café"}, {"q": "ʤ"}]'.encode(encoding)
    assert read_text("json", tmp_path, raw).fields == [{"q": "café"}, {"q": "ʤ"}]


def test_sniffing_tells_an_array_from_lines() -> None:
    lines, array = b'{"a": 1}\n{"a": 2}\n', b'[\n{"a": 1},\n{"a": 2}]'
    for name in ("rows.json", "rows.jsonl", "rows.txt"):
        path = Path(name)
        assert jsonl.sniff(path, lines) > json_file.sniff(path, lines)
    for name in ("rows.json", "rows.txt"):
        assert json_file.sniff(Path(name), array) > jsonl.sniff(Path(name), array)
    assert looks_like_lines(lines) and not looks_like_lines(array)


class Drops(io.StringIO):
    """A stream that gives only a few characters at a time, as a slow one may."""

    size = 1

    def read(self, size: int | None = -1, /) -> str:
        return super().read(self.size)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(values, st.integers(1, 9), st.booleans())
def test_a_value_is_the_same_however_the_stream_is_cut(
    value: Any, size: int, is_ascii: bool
) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii)
    stream = Drops(f" {text} ,tail")
    stream.size = size
    window = Window(stream)
    assert window.value() == value
    assert window.take(",") == ","
    assert window.peek() == "t"


@settings(max_examples=150, deadline=None)
@given(values, st.integers(1, 9))
def test_skipping_steps_over_exactly_one_container(value: Any, size: int) -> None:
    stream = Drops(json.dumps([value, {"k": value}]) + ',"next"')
    stream.size = size
    window = Window(stream)
    window.peek()
    window.skip()
    assert window.take(",") == ","
    assert window.value() == "next"


def test_skipping_a_container_that_never_ends_says_so() -> None:
    window = Window(io.StringIO('[{"a": "x'))
    window.peek()
    with pytest.raises(NotJson, match="the text ends"):
        window.skip()


def test_one_object_that_never_comes_to_its_rows_is_refused_before_memory_is_full(
    tmp_path: Path,
) -> None:
    path, long = tmp_path / "one.json", "x" * (MAX_ROW_CHARACTERS - 100)
    count = MAX_BESIDE_CHARACTERS // len(long) + 1
    with path.open("w") as file:
        file.write("{")
        file.writelines(f'"key {n}": "{long}", ' for n in range(count))
        file.write('"rows": []}')
    with pytest.raises(InvalidInput, match="One JSON object of more than 32,000,000") as caught:
        list(json_file.run(path, json_file.Options()))
    assert caught.value.hint == "write its records as JSON Lines, one object per line"
