"""Reads Parquet files piece by piece.

Needs: polars.
Gives: one RawRow per record; times as ISO text, lists and structs as lists and objects.
Source: Apache Parquet, through polars.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import InvalidInput
from hone.importers._rows import MAX_ROW_CHARACTERS, Note, RawRow, Refusal, Rows, RowUnfit
from hone.importers._text import read_head


class Options(BaseModel):
    """How a Parquet file is read."""

    model_config = ConfigDict(extra="forbid")

    columns: list[str] | None = Field(None, description="read only these columns")
    slice_rows: int = Field(5000, ge=1, description="records held in memory at once")


LIMITS: tuple[str, ...] = (
    "The smallest piece read is a page of a row group: a cell of 100 MB is loaded, then refused.",
    "Binary columns are refused; embeddings and images are not examples.",
    "A folder of Parquet files is named file by file.",
)


def sniff(path: Path, head: bytes) -> float:
    """How sure it is that this importer reads the file, 0 to 1."""
    return 1.0 if head.startswith(b"PAR1") else 0.0


def run(path: Path, options: Options) -> Rows:
    """Every record in order."""
    import polars

    if not read_head(path, 4).startswith(b"PAR1"):
        raise InvalidInput(f"{path} is not a Parquet file.", hint=f"hone import {path}")
    try:
        table = polars.scan_parquet(path, glob=False)
        if options.columns:
            table = table.select(options.columns)
        total = int(table.select(polars.len()).collect().item())
        yield Note(f"Parquet, {total:,} rows: {', '.join(table.collect_schema().names())}")
        for start in range(0, total, options.slice_rows):
            piece = table.slice(start, options.slice_rows).collect()
            for row, fields in enumerate(piece.iter_rows(named=True), start=start + 1):
                try:
                    yield RawRow({name: _plain(fields[name]) for name in fields}, row)
                except RowUnfit as unfit:
                    yield Refusal(
                        unfit.reason, row, None, {name: str(fields[name])[:1000] for name in fields}
                    )
    except (polars.exceptions.PolarsError, OSError) as error:
        raise InvalidInput(
            f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}",
            hint="check that the file is complete, then write it again",
        ) from error


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        if len(value) > MAX_ROW_CHARACTERS:
            raise RowUnfit(f"a cell is larger than {MAX_ROW_CHARACTERS:,} characters")
        return value
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (Decimal, timedelta)):
        return str(value)
    raise RowUnfit(f"a cell holds {type(value).__name__}, which is not text")
