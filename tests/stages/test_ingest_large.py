"""Large files: read by a second process, killed in the middle, in memory that stays flat."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from hone.errors import HoneError, Unavailable
from hone.importers._rows import Note, Refusal
from hone.stages.ingest import import_examples
from hone.stages.ingest.ahead import FEWEST_ROWS, is_worth_it, read_ahead
from hone.stages.ingest.plan import look
from hone.stages.ingest.rows import Reading, read_items
from hone.workspace.open import Workspace, init_workspace, open_workspace
from hone.workspace.store import NewExample

QA = "question,answer\n"


def put(folder: Path, content: str) -> Path:
    path = folder / "q.csv"
    path.write_text(content, encoding="utf-8")
    return path


def rows(count: int) -> str:
    return QA + "".join(f"question {n},answer {n}\n" for n in range(count))


def readers(of: int | None = None) -> list[psutil.Process]:
    """The reading processes that a process (this one) has started."""
    found = psutil.Process(of).children()
    return [one for one in found if "hone.stages.ingest.reader" in one.cmdline()]


def ids(ws: Workspace) -> set[str]:
    return {example.id for example in ws.store.examples.iterate(None)}


def reading(folder: Path, path: Path) -> Reading:
    with init_workspace(folder / "looking") as ws:
        task = ws.task()
    source = look(path, task, {})
    return Reading(path, source.importer, source.options, source.columns, task, "q.csv")


def test_a_second_process_gives_the_same_items_in_the_same_order(tmp_path: Path) -> None:
    odd = '# a comment\n,no question\nwhat?,\n"cut, off'
    asked = reading(tmp_path, put(tmp_path, rows(4_321) + odd))
    ahead, here = list(read_ahead(asked)), list(read_items(asked))
    assert ahead == here
    kinds = {type(item) for item in here}
    assert {NewExample, Refusal} <= kinds <= {NewExample, Refusal, Note}


def test_a_file_of_the_folder_one_stands_in_is_no_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = reading(tmp_path, put(tmp_path, rows(10)))
    (tmp_path / "pickle.py").write_text("raise SystemExit(9)")
    (tmp_path / "hone.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    assert len([one for one in read_ahead(asked) if isinstance(one, NewExample)]) == 10


def test_an_error_of_the_reader_is_the_same_error_here(tmp_path: Path) -> None:
    asked = reading(tmp_path, put(tmp_path, rows(10)))
    asked.path.unlink()
    with pytest.raises(HoneError) as here:
        list(read_items(asked))
    with pytest.raises(type(here.value)) as ahead:
        list(read_ahead(asked))
    assert str(ahead.value) == str(here.value)


def test_a_reader_that_is_killed_is_told_and_nothing_is_half_taken(tmp_path: Path) -> None:
    asked = reading(tmp_path, put(tmp_path, rows(60_000)))
    items = read_ahead(asked)
    taken = [next(items)]
    (reader,) = readers()
    reader.kill()
    with pytest.raises(Unavailable, match="was ended"):
        taken.extend(items)
    assert [one.id for one in taken if isinstance(one, NewExample)] == [
        one.id for one, _ in zip(read_items(asked), taken, strict=False) if hasattr(one, "id")
    ]
    assert 0 < len(taken) < 60_000


def test_who_leaves_early_leaves_no_process(tmp_path: Path) -> None:
    items = read_ahead(reading(tmp_path, put(tmp_path, rows(60_000))))
    next(items)
    items.close()
    assert readers() == []


def test_only_large_files_are_worth_a_process() -> None:
    assert not is_worth_it(FEWEST_ROWS - 1)
    assert is_worth_it(FEWEST_ROWS) == ((os.cpu_count() or 1) > 1)


KILLED = """
import os, sys
from hone.stages.ingest import import_examples
from hone.workspace.open import open_workspace

def say(done, total):
    if done >= 12_000:
        print("now", flush=True)
        sys.stdin.read()  # until the kill comes

with open_workspace(sys.argv[1]) as ws:
    import_examples(ws, [sys.argv[2]], on_progress=say)
"""


@pytest.mark.parametrize("count", [15_000, 45_000])
def test_after_a_kill_in_the_middle_the_same_import_gives_the_same_examples(
    tmp_path: Path, count: int
) -> None:
    path = put(tmp_path, rows(count))
    with init_workspace(tmp_path / "clean") as clean:
        import_examples(clean, [path])
        expected = ids(clean)
    init_workspace(tmp_path / "killed").close()
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "killed"), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "now\n"
        started = readers(child.pid)
        os.kill(child.pid, signal.SIGKILL)
    assert len(started) == is_worth_it(count)
    assert psutil.wait_procs(started, timeout=30)[1] == []
    with open_workspace(tmp_path / "killed") as ws:
        assert len(ids(ws)) == 10_000  # the batch that was acknowledged, and no part of the next
        report = import_examples(ws, [path], accept_as="ada")
        assert (report.taken, report.duplicate) == (count - 10_000, 10_000)
        assert ids(ws) == expected
        assert report.accepted == count


@pytest.mark.long
def test_memory_stays_flat_over_a_million_rows(tmp_path: Path) -> None:
    benchmark = Path(__file__).parents[2] / "benchmarks" / "import.py"
    command = [sys.executable, str(benchmark), "--rows", "1000000", "--only", "hone"]
    done = subprocess.run(
        [*command, "--folder", str(tmp_path)], capture_output=True, text=True, check=True
    )
    peak_mib = int(done.stdout.splitlines()[-1].split()[-1])
    assert peak_mib < 600
