"""Files that are no text, or cannot be read, end in an error that says what to do."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path

import pytest

from hone.errors import HoneError, InvalidInput, NotFound
from hone.importers import csv_file
from hone.importers._text import detect, explain_os_error, read_head

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4


def test_a_truncated_gzip_called_csv_is_named_and_has_a_mend(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(gzip.compress(b"question,answer\n" * 1000)[:40])
    with pytest.raises(InvalidInput, match="is a gzip archive, not text") as caught:
        detect(path)
    assert caught.value.hint == f"unpack it first: gunzip --keep {path}"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (PNG, "a PNG image"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"PK\x03\x04rest", "a ZIP archive or an Office file"),
        (b"SQLite format 3\0...", "an SQLite database"),
        (b"PAR1....", "a Parquet file"),
    ],
)
def test_known_binary_formats_are_named(tmp_path: Path, raw: bytes, name: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(raw)
    with pytest.raises(InvalidInput, match=f"is {name}, not text") as caught:
        detect(path)
    assert caught.value.hint


def test_unknown_binary_is_told_by_its_control_codes(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(random.Random(1).randbytes(4000))
    with pytest.raises(InvalidInput, match="is not text"):
        detect(path)


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.touch()
    with pytest.raises(InvalidInput, match="is empty"):
        read_head(path)


def test_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is a folder") as caught:
        read_head(tmp_path)
    assert "name its files" in caught.value.hint


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        read_head(tmp_path / "none.csv")


def test_a_path_through_a_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(HoneError, match="cannot be read"):
        read_head(tmp_path / "file" / "rows.csv")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    with pytest.raises(InvalidInput, match="not a regular file") as caught:
        read_head(path)
    assert "write it to a file first" in caught.value.hint


def test_a_file_that_may_not_be_read_says_which_command_helps() -> None:
    error = explain_os_error(Path("rows.csv"), PermissionError(13, "Permission denied"))
    assert error.message == "rows.csv may not be read."
    assert error.hint == "chmod u+r rows.csv"


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n")
    with pytest.raises(InvalidInput, match='"klingon" is not a known encoding'):
        detect(path, "klingon")


def test_a_codec_that_makes_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b\n")
    with pytest.raises(InvalidInput, match="not a known encoding"):
        detect(path, "base64")


def test_enough_foreign_text_is_recognised_by_statistics(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    text = "вопрос,ответ\n" + "Что такое благодать?,Незаслуженная милость Божья к человеку\n" * 30
    path.write_bytes(text.encode("koi8-r"))
    form = detect(path)
    assert path.read_bytes().decode(form.encoding) == text
    assert "guessed" in form.note


def test_a_bad_byte_far_from_the_head_is_found_by_the_samples(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"plain,ascii\n" * 60_000 + "café,thé\n".encode("cp1252") * 200)
    assert detect(path).encoding == "cp1252"


def test_a_piece_of_the_middle_that_begins_inside_a_character_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("ы" * 400_001, "utf-8")
    assert detect(path).encoding == "utf-8"


def test_a_table_that_is_not_in_the_encoding_of_its_mark_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"\xff\xfe" + "a,b\n1,2\n".encode("utf-16-le") + b"x")
    with pytest.raises(InvalidInput) as caught:
        list(csv_file.run(path, csv_file.Options()))
    assert caught.value.message == f"{path} is not utf-16: truncated data."
    assert caught.value.hint == f"hone import {path} --option encoding=NAME"
