"""Parquet through slices: types as text, nested values, files that are not what they say."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import polars
import pytest

from hone.errors import InvalidInput
from tests.importers.reading import read


def test_rows_come_in_order_over_several_slices(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    rows = [{"question": f"q{n}", "answer": "ʤ\0\n" * (n % 3)} for n in range(1003)]
    polars.DataFrame(rows).write_parquet(path, row_group_size=100)
    found = read("parquet", path, slice_rows=64)
    assert found.fields == rows
    assert [row.row for row in found.rows] == list(range(1, 1004))
    assert found.notes == ["Parquet, 1,003 rows: question, answer"]


def test_times_decimals_lists_and_structs_become_plain_values(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    moment = datetime.datetime(2026, 11, 20, 15, 30, tzinfo=datetime.UTC)
    row = {
        "at": moment,
        "day": moment.date(),
        "price": Decimal("1.50"),
        "messages": [{"role": "user", "content": "Hi"}],
        "flag": True,
        "none": None,
    }
    polars.DataFrame([row]).write_parquet(path)
    fields = read("parquet", path).fields[0]
    assert fields == row | {
        "at": "2026-11-20T15:30:00+00:00",
        "day": "2026-11-20",
        "price": "1.50",
    }


def test_columns_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    polars.DataFrame({"a": [1], "b": [2], "c": [3]}).write_parquet(path)
    assert read("parquet", path, columns=["c", "a"]).fields == [{"c": 3, "a": 1}]


def test_binary_cells_are_refused_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    polars.DataFrame({"a": ["x", "y"], "image": [b"\x89PNG", None]}).write_parquet(path)
    found = read("parquet", path)
    assert found.reasons == ["a cell holds bytes, which is not text"]
    assert found.fields == [{"a": "y", "image": None}]


def test_a_cut_parquet_file_is_an_error_with_a_mend(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    polars.DataFrame({"a": list(range(1000))}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InvalidInput, match="cannot be read as Parquet") as caught:
        read("parquet", path)
    assert caught.value.hint


def test_another_kind_of_file_is_an_error_with_a_mend(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidInput, match="is not a Parquet file"):
        read("parquet", path)


def test_a_name_with_a_star_is_a_name_not_a_pattern(tmp_path: Path) -> None:
    path = tmp_path / "rows[1]*.parquet"
    polars.DataFrame({"a": [1]}).write_parquet(path)
    polars.DataFrame({"a": [2]}).write_parquet(tmp_path / "rows1x.parquet")
    assert read("parquet", path).fields == [{"a": 1}]
