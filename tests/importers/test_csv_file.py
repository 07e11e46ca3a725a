"""Delimited text as it occurs: every file of the collection, and each trouble on its own."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hone.importers import csv_file
from hone.importers._rows import KEPT_CHARACTERS, MAX_ROW_CHARACTERS
from tests.importers.reading import read, read_text

SPECTRUM = (
    "comma_in_quotes empty empty_crlf escaped_quotes json newlines quotes_and_newlines simple "
    "simple_crlf utf8"
).split()


def letters(*rows: str) -> list[dict[str, str]]:
    """Rows under the columns a, b, c… from words."""
    return [dict(zip("abcdef", row.split("|"), strict=False)) for row in rows]


@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum_gives_exactly_the_rows_beside_it(test_data: Path, name: str) -> None:
    folder = test_data / "malformed" / "csv-spectrum"
    expected = json.loads((folder / "json" / f"{name}.json").read_text("utf-8"))
    found = read("csv", folder / "csvs" / f"{name}.csv")
    assert found.fields == expected
    assert not found.refused


def test_csv_spectrum_newlines_survive_when_line_ends_are_carriage_returns(
    test_data: Path, tmp_path: Path
) -> None:
    # The stored file has lost its carriage returns; put back, the published rows come out.
    folder = test_data / "malformed" / "csv-spectrum"
    raw = (folder / "csvs" / "newlines_crlf.csv").read_bytes().replace(b"\n", b"\r\n")
    expected = json.loads((folder / "json" / "newlines_crlf.json").read_text("utf-8"))
    assert read_text("csv", tmp_path, raw).fields == expected


def test_csv_spectrum_coordinates_keep_quotes_inside_unquoted_cells(test_data: Path) -> None:
    # The published row beside this file has another telephone number; all else is equal.
    folder = test_data / "malformed" / "csv-spectrum"
    expected = json.loads((folder / "json" / "location_coordinates.json").read_text("utf-8"))
    found = read("csv", folder / "csvs" / "location_coordinates.csv")
    assert len(found.rows) == 1
    assert found.fields[0] == expected | {"Contact Phone Number": "2095257564"}


ABC_UTF8 = [{"foo": "1", "bar": "2", "baz": "3"}, {"foo": "4", "bar": "5", "baz": "ʤ"}]
ENGLISH = [{"id": "1", "name": "english"}, {"id": "2", "name": "中国人"}]
COLUMNS = ("column_1", "column_2", "column_3", "column_4")
A_TO_D = dict(zip(COLUMNS, "abcd", strict=True))
MALFORMED: dict[str, tuple[list[dict[str, str]] | int, list[str]]] = {
    # file: (rows, or how many; reasons of what is refused)
    "csvkit/bad.csv": (
        [{"column_a": "0", "column_b": "mixed types.... uh oh", "column_c": "17"}],
        [
            "4 cells where there are 3 columns (an unquoted delimiter?)",
            "2 cells where there are 3 columns",
        ],
    ),
    "csvkit/blanks.csv": (letters("|NA|N/A|NONE|NULL|."), []),
    "csvkit/empty.csv": ([], []),
    "csvkit/no_header_row.csv": ([dict(zip(COLUMNS, "123", strict=False))], []),
    "csvkit/optional_quote_characters.csv": (letters("1|2|3"), []),
    "csvkit/test_empty_columns.csv": (
        [
            {"a": "a", "b": "", "c": "", "column_4": "", "column_5": ""},
            {"a": "", "b": "", "c": "", "column_4": "", "column_5": ""},
        ],
        ["4 cells where there are 5 columns"],
    ),
    "csvkit/test_latin1.csv": (letters("1|2|3", "4|5|©"), []),
    "csvkit/test_utf8_bom.csv": (ABC_UTF8, []),
    "docling/csv-comma-in-cell.csv": (
        [
            dict(zip(COLUMNS, "1234", strict=True)),
            A_TO_D,
            A_TO_D | {"column_2": ","},
            A_TO_D,
            A_TO_D,
        ],
        [],
    ),
    "docling/csv-inconsistent-header.csv": ([A_TO_D] * 4, ["3 cells where there are 4 columns"]),
    "docling/csv-pipe.csv": (5, []),
    "docling/csv-semicolon.csv": (5, []),
    "papaparse/utf-8-bom-sample.csv": ([{"A": "X", "B": "Y", "C": "Z"}], []),
    "tabulator/accent.csv": (2, []),
    "tabulator/bom.csv": (ENGLISH, []),
    "tabulator/escaping.csv": (
        [
            {"ID": "1", "Test": "Test line 1"},
            {"ID": "2", "Test": 'Test " line 2'},
            {"ID": "3", "Test": 'Test " line 3'},
        ],
        [],
    ),
    "tabulator/skip-rows.csv": (ENGLISH, ["a comment row", "a comment row"]),
    "unstructured/csv-with-escaped-commas.csv": (
        [{"A": "A", "A_2": "A", "A_3": "A", "A_4": "A,A", "A_5": "A"}] * 2,
        [],
    ),
    "unstructured/semicolon-delimited.csv": (4, []),
    "unstructured/stanley-cups-with-emoji.csv": (5, []),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_each_malformed_file_gives_its_rows_and_refusals(test_data: Path, name: str) -> None:
    rows, reasons = MALFORMED[name]
    found = read("csv", test_data / "malformed" / name)
    assert found.reasons == reasons
    if isinstance(rows, int):
        assert len(found.rows) == rows
    else:
        assert found.fields == rows


def test_every_malformed_csv_of_the_collection_is_in_the_table(test_data: Path) -> None:
    folder = test_data / "malformed"
    there = {str(path.relative_to(folder)) for path in folder.rglob("*.csv")}
    assert {name for name in there if not name.startswith("csv-spectrum")} == set(MALFORMED)


def test_delimiter_and_encoding_are_said(test_data: Path) -> None:
    notes = read("csv", test_data / "malformed" / "docling" / "csv-semicolon.csv").notes
    assert notes == ["encoding utf-8; delimiter ';'"]
    guessed = read("csv", test_data / "malformed" / "csvkit" / "test_latin1.csv").notes[0]
    assert guessed.startswith("encoding cp1252 (guessed: it is not UTF-8")


@pytest.mark.parametrize("delimiter", list(",;\t|^~:\x1f\x01"))
def test_any_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    text = "question,answer\nWhat is it?,A thing\nWho; or: when | or?,Nobody\n".replace(",", "\0")
    for other in ";:|":
        if other != delimiter:
            continue
        text = text.replace(f"{other} ", "")
    found = read_text("csv", tmp_path, text.replace("\0", delimiter))
    assert [set(row) for row in found.fields] == [{"question", "answer"}] * 2


def test_a_comma_file_full_of_semicolons_stays_a_comma_file(tmp_path: Path) -> None:
    text = 'question,answer\n"Which; one; two?","a; b; c"\n"Other; one?","d; e; f"\n'
    assert read_text("csv", tmp_path, text).fields[0]["answer"] == "a; b; c"


def test_one_column_of_prose_is_not_cut_at_its_commas(tmp_path: Path) -> None:
    text = "question\nWhat, then, is it?\nWho is it\nWhen, where and why?\n"
    found = read_text("csv", tmp_path, text, has_header=True, quote="", delimiter="\t")
    assert found.fields[0]["question"] == "What, then, is it?"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
    ],
)
def test_encodings_are_recognised(tmp_path: Path, encoding: str, said: str) -> None:
    text = "question,answer\nWhat is a café?,A naïve place\nWho?,Müller\n"
    found = read_text("csv", tmp_path, text.encode(encoding))
    assert found.fields[0] == {"question": "What is a café?", "answer": "A naïve place"}
    assert found.notes[0].startswith(f"encoding {said}")


def test_a_named_encoding_is_taken_at_its_word(tmp_path: Path) -> None:
    raw = "question,answer\nWas?,Größe\n".encode("cp437")
    assert read_text("csv", tmp_path, raw, encoding="cp437").fields[0]["answer"] == "Größe"


def test_a_single_bad_byte_in_a_utf8_file_does_not_change_the_encoding_of_the_rest(
    tmp_path: Path,
) -> None:
    raw = b"question,answer\n" + "Wo?,Größe über alles überall\n".encode() * 20
    found = read_text("csv", tmp_path, raw + b"Bad?,caf\xe9\n")
    assert found.notes[0].startswith("encoding utf-8;")
    assert found.fields[0]["answer"] == "Größe über alles überall"
    assert found.fields[-1]["answer"] == "caf\udce9"


def test_newlines_tabs_and_nul_inside_cells_survive(tmp_path: Path) -> None:
    answer = 'line 1\nline 2\r\nline 3\ttab "quoted" nul\0end'
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([["question", "answer"], ["q", answer], ["r", "plain"]])
    assert read_text("csv", tmp_path, buffer.getvalue()).fields[0]["answer"] == answer


def test_line_numbers_count_lines_and_rows_count_records(tmp_path: Path) -> None:
    text = 'question,answer\nq1,"a\nb\nc"\nq2,d\nq3\n'
    found = read_text("csv", tmp_path, text)
    assert [(row.row, row.line) for row in found.rows] == [(1, 2), (2, 5)]
    assert [(one.row, one.line) for one in found.refused] == [(3, 6)]


def test_a_backslash_before_a_doubled_quote_is_text_not_an_escape(tmp_path: Path) -> None:
    text = 'question,answer\nq1,"<a href=\\""x\\"">"\nq2,plain\n'
    found = read_text("csv", tmp_path, text)
    assert found.fields[0]["answer"] == '<a href=\\"x\\">'
    assert len(found.rows) == 2


def test_short_rows_are_padded_only_when_asked(tmp_path: Path) -> None:
    text = "a,b,c\n1,2,3\n4,5\n"
    refused = read_text("csv", tmp_path, text)
    assert refused.refused[0].hint == "--option short_rows=pad"
    assert refused.refused[0].content == "4,5\n"
    padded = read_text("csv", tmp_path, text, short_rows="pad")
    assert padded.fields[1] == {"a": "4", "b": "5"}


def test_trailing_empty_cells_are_no_reason_to_refuse(tmp_path: Path) -> None:
    assert read_text("csv", tmp_path, "a,b\n1,2,,\n3,4\n").fields == letters("1|2", "3|4")


def test_columns_without_a_name_and_twice_the_same_name_are_told_apart(tmp_path: Path) -> None:
    found = read_text("csv", tmp_path, "a,,a,a\n1,2,3,4\n")
    assert found.fields == [{"a": "1", "column_2": "2", "a_2": "3", "a_3": "4"}]
    assert len(found.notes) == 4


@pytest.mark.parametrize("first", ["What is grace and whence?,A gift", "1,2", f"{'x' * 120},y"])
def test_a_first_record_that_reads_like_data_is_data(tmp_path: Path, first: str) -> None:
    found = read_text("csv", tmp_path, f"{first}\nmore,rows\n")
    assert len(found.rows) == 2
    assert any("no header" in note for note in found.notes)
    assert len(read_text("csv", tmp_path, f"{first}\nmore,rows\n", has_header=True).rows) == 1


def test_a_quote_that_is_never_closed_costs_its_own_line_only(tmp_path: Path) -> None:
    text = 'question,answer\nq1,a1\nq2,"never closed\nq3,a3\nq4,a4\n'
    found = read_text("csv", tmp_path, text)
    assert [row["question"] for row in found.fields] == ["q1", "q3", "q4"]
    assert found.reasons == ["a quote is opened and never closed"]
    assert found.refused[0].content == 'q2,"never closed\n'
    assert [row.line for row in found.rows] == [2, 4, 5]


def test_a_cell_that_is_quoted_in_part_is_refused_instead_of_losing_its_quotes(
    tmp_path: Path,
) -> None:
    text = 'question,answer\n"q1","a1"\n"q2","yes" he said\n"q3","a3"\n'
    found = read_text("csv", tmp_path, text)
    assert [row["question"] for row in found.fields] == ["q1", "q3"]
    assert found.refused[0].content == '"q2","yes" he said\n'
    assert "quoted in part only" in found.reasons[0]


def test_quotes_that_are_plain_characters_are_read_as_such(tmp_path: Path) -> None:
    text = 'question\tanswer\nq1\t"yes" he said\nq2\t5" pipe\nq3\t"no\n'
    found = read_text("csv", tmp_path, text)
    assert [row["answer"] for row in found.fields] == ['"yes" he said', '5" pipe', '"no']
    assert "no quotes" in found.notes[0]
    assert not found.refused


def test_the_separator_line_of_a_spreadsheet_is_obeyed_and_left_out(tmp_path: Path) -> None:
    found = read_text("csv", tmp_path, "sep=|\r\nquestion|answer\r\nq, r; s|a\r\n")
    assert found.fields == [{"question": "q, r; s", "answer": "a"}]
    assert found.rows[0].line == 3
    assert found.notes[0].endswith("delimiter '|' (its first line says so)")


def test_a_header_of_very_many_columns_is_named_quickly(tmp_path: Path) -> None:
    found = read_text("csv", tmp_path, "a," * 50_000 + "a\n" + "1," * 50_000 + "1\n")
    assert len(found.fields[0]) == 50_001
    assert "a_50001" in found.fields[0]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_understood(tmp_path: Path, line_end: str) -> None:
    text = line_end.join(["question,answer", "q1,a1", 'q2,"a', 'b"', ""])
    found = read_text("csv", tmp_path, text)
    assert [row["answer"] for row in found.fields] == ["a1", f"a{line_end}b"]


@pytest.mark.parametrize("shape", ["one line", "many lines"])
def test_an_oversized_cell_is_refused_and_reading_goes_on(tmp_path: Path, shape: str) -> None:
    filler = "x" * 999 + ("\n" if shape == "many lines" else " ")
    path = tmp_path / "large.csv"
    with path.open("w", newline="") as stream:
        stream.write('question,answer\nq1,a1\nq2,"')
        for _ in range(MAX_ROW_CHARACTERS // 1000 + 500):
            stream.write(filler)
        stream.write('"\nq3,a3\n')
    found = read("csv", path)
    assert [row["question"] for row in found.fields] == ["q1", "q3"]
    assert len(found.refused) == 1
    assert "larger than 8,000,000 characters" in found.reasons[0]
    assert len(found.refused[0].content) == KEPT_CHARACTERS


def test_a_cell_of_100_000_characters_survives(tmp_path: Path) -> None:
    answer = "ὁ λόγος " * 12_500
    found = read_text("csv", tmp_path, f'question,answer\nq,"{answer}"\n')
    assert found.fields[0]["answer"] == answer


def test_sniffing_prefers_names_that_say_so() -> None:
    assert csv_file.sniff(Path("a.csv"), b"a,b\n") > csv_file.sniff(Path("a.txt"), b"a,b\n")
    assert csv_file.sniff(Path("a.txt"), b'{"a": 1}') < 0.3


cells = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\r\t"), max_size=30
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_the_csv_module_writes_is_read_back(
    rows: list[tuple[str, str, str]], delimiter: str, line_end: str, encoding: str
) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([("one", "two", "three"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(buffer.getvalue().encode(encoding))
        found = read("csv", path, delimiter=delimiter, encoding=encoding, has_header=True)
    expected: list[dict[str, Any]] = [
        dict(zip(("one", "two", "three"), row, strict=True)) for row in rows
    ]
    assert not found.refused
    assert found.fields == expected


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=400))
def test_no_bytes_crash_the_reader(raw: bytes) -> None:
    from hone.errors import HoneError

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        path.write_bytes(raw)
        try:
            found = read("csv", path)
        except HoneError as error:
            assert error.hint
        else:
            assert found.notes
