"""What every importer promises, held over all of them."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import polars
import pytest
from pydantic import BaseModel, ValidationError

from hone import shelf
from hone.errors import HoneError, InvalidInput, NotFound
from hone.importers._rows import Note, RawRow, Refusal

NAMES = shelf.names("importers")
QUESTIONS = [{"question": f"What is {n}?", "answer": f"It is {n}: ʤ"} for n in range(250)]


def sample(name: str, folder: Path) -> Path:
    """A small good file for each importer."""
    path = folder / f"rows.{name}"
    if name == "csv":
        lines = [f'{row["question"]},"{row["answer"]}"' for row in QUESTIONS]
        path.write_text("\n".join(["question,answer", *lines]), "utf-8")
    elif name == "json":
        path.write_text(json.dumps(QUESTIONS), "utf-8")
    elif name == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in QUESTIONS), "utf-8")
    elif name == "parquet":
        polars.DataFrame(QUESTIONS).write_parquet(path)
    elif name == "session":
        items = [row | {"status": "pending", "original_answer": "x"} for row in QUESTIONS]
        path.write_text(json.dumps({"hone": 1, "kind": "session", "items": items}), "utf-8")
    elif name == "slack":
        lines = [
            {"type": "message", "ts": f"1700000{n:03}.000100", "user": "U1", "text": row["answer"]}
            for n, row in enumerate(QUESTIONS)
        ]
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("users.json", json.dumps([{"id": "U1", "name": "ada"}]))
            archive.writestr("general/2023-11-14.json", json.dumps(lines))
    else:
        rows = [{"userInput": {"text": row["answer"]}, "labels": []} for row in QUESTIONS]
        path.write_text(json.dumps(rows), "utf-8")
    return path


@pytest.fixture(params=NAMES)
def importer(request: pytest.FixtureRequest) -> tuple[str, ModuleType]:
    return request.param, shelf.load("importers", request.param)


def test_it_says_what_it_needs_and_gives_and_where_it_is_from(
    importer: tuple[str, ModuleType],
) -> None:
    text = importer[1].__doc__ or ""
    assert all(word in text for word in ("Needs:", "Gives:", "Source:"))


def test_its_options_are_described_and_refuse_unknown_names(
    importer: tuple[str, ModuleType],
) -> None:
    options: type[BaseModel] = importer[1].Options
    assert options.model_config.get("extra") == "forbid"
    assert all(field.description for field in options.model_fields.values())
    assert options()
    with pytest.raises(ValidationError):
        options.model_validate({"no_such_option": 1})


def test_its_limits_are_sentences(importer: tuple[str, ModuleType]) -> None:
    limits = importer[1].LIMITS
    assert isinstance(limits, tuple) and limits
    assert all(limit.endswith(".") and limit[0].isupper() for limit in limits)


def test_it_reads_every_row_of_a_good_file_with_its_place(
    importer: tuple[str, ModuleType], tmp_path: Path
) -> None:
    name, module = importer
    items = list(module.run(sample(name, tmp_path), module.Options()))
    rows = [item for item in items if isinstance(item, RawRow)]
    assert len(rows) == len(QUESTIONS)
    assert [row.row for row in rows] == list(range(1, len(rows) + 1))
    assert not [item for item in items if isinstance(item, Refusal)]
    assert isinstance(items[0], Note) or name == "parquet"


def test_it_is_the_surest_of_its_own_file(importer: tuple[str, ModuleType], tmp_path: Path) -> None:
    path = sample(importer[0], tmp_path)
    head = path.read_bytes()[:65536]
    sure = {name: shelf.load("importers", name).sniff(path, head) for name in NAMES}
    assert all(0 <= value <= 1 for value in sure.values())
    assert max(sure, key=lambda name: sure[name]) == importer[0]


def test_it_closes_the_file_when_reading_stops_early(
    importer: tuple[str, ModuleType], tmp_path: Path
) -> None:
    name, module = importer
    items = module.run(sample(name, tmp_path), module.Options())
    next(item for item in items if isinstance(item, RawRow))
    items.close()
    del items
    gc.collect()  # an open file would warn here, and warnings are errors


def test_a_missing_file_is_not_found(importer: tuple[str, ModuleType], tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        list(importer[1].run(tmp_path / "none", importer[1].Options()))
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + b"\0\x01\x02" * 200])
def test_an_empty_or_binary_file_is_an_error_with_a_mend(
    importer: tuple[str, ModuleType], tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        list(importer[1].run(path, importer[1].Options()))
    assert caught.value.hint


def test_a_folder_is_an_error_with_a_mend(importer: tuple[str, ModuleType], tmp_path: Path) -> None:
    reads_folders = getattr(importer[1], "READS_FOLDERS", False)
    said = "it holds neither" if reads_folders else "is a folder"
    with pytest.raises(HoneError, match=said):
        list(importer[1].run(tmp_path, importer[1].Options()))


def test_loading_it_loads_no_heavy_library(importer: tuple[str, ModuleType]) -> None:
    code = (
        f"import sys, {importer[1].__name__}; "
        "print([name for name in ('polars', 'pyarrow', 'torch', 'sqlalchemy', "
        "'charset_normalizer') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
