"""Rows per second and peak memory of importing a CSV of questions and answers, beside peers.

    python benchmarks/import.py --rows 1000000

Writes a seeded file (about 240 bytes a row), then runs each contestant in a process of its own:
Hone's import (checked, deduplicated, durable, searchable when done), `datasets.load_dataset`, csv
with sqlite3 executemany, and polars. The peers do less: none checks, deduplicates or indexes.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = (
    "grace covenant article section tenant court river kitchen pallet lettuce invoice harvest "
    "question answer reason evidence witness morning delivery market charter ordinance mercy"
).split()


def write_rows(path: Path, rows: int) -> None:
    """The same bytes for the same number of rows."""
    chance = random.Random(0)
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write("question,answer\n")
        for row in range(rows):
            asked = " ".join(chance.choices(WORDS, k=8))
            told = " ".join(chance.choices(WORDS, k=21))
            stream.write(f'What of {asked} number {row}?,"It is ""so"": {told}."\n')


def hone(path: Path, folder: Path) -> int:
    from hone.stages.ingest import import_examples
    from hone.workspace.open import init_workspace

    with init_workspace(folder / "workspace") as ws:
        report = import_examples(ws, [path])
        if ws.store.examples.search("number 17"):
            return report.taken
        raise AssertionError("the rows are not searchable")


def hone_again(path: Path, folder: Path) -> int:
    from hone.stages.ingest import import_examples
    from hone.workspace.open import open_workspace

    with open_workspace(folder / "workspace") as ws:
        report = import_examples(ws, [path])
        if report.taken:
            raise AssertionError("a second import added rows")
        return report.duplicate


def hf_datasets(path: Path, folder: Path) -> int:
    import datasets

    datasets.disable_progress_bars()
    loaded = datasets.load_dataset("csv", data_files=str(path), cache_dir=str(folder / "cache"))
    return loaded["train"].num_rows


def csv_sqlite(path: Path, folder: Path) -> int:
    import csv
    import sqlite3

    base = sqlite3.connect(folder / "rows.db")
    base.execute("CREATE TABLE rows (question TEXT, answer TEXT)")
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        next(reader)
        base.executemany("INSERT INTO rows VALUES (?, ?)", reader)
    base.commit()
    return base.execute("SELECT count(*) FROM rows").fetchone()[0]


def polars_read(path: Path, folder: Path) -> int:
    import polars

    return polars.read_csv(path).height


CONTESTANTS = {
    "hone": hone,
    "hone, the same file again": hone_again,
    "datasets.load_dataset": hf_datasets,
    "csv + sqlite3 executemany": csv_sqlite,
    "polars.read_csv": polars_read,
}


def run_one(name: str, path: Path, folder: Path) -> None:
    """In the child: one contestant, its time and the most memory it held."""
    # A process that it started counts too, as if both had held their most at the same time.
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    begin, before = time.perf_counter(), [_cpu_seconds(one) for one in who]
    rows = CONTESTANTS[name](path, folder)
    seconds = time.perf_counter() - begin
    own, others = (_cpu_seconds(one) - old for one, old in zip(who, before, strict=True))
    peak = sum(resource.getrusage(one).ru_maxrss for one in who)
    # Linux counts in KiB, macOS in bytes.
    mib = peak / 1024 if sys.platform != "darwin" else peak / 1024 / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "mib": mib, "own": own, "others": others}))


def _cpu_seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    options.add_argument("--only", choices=list(CONTESTANTS), action="append")
    options.add_argument("--child", nargs=3, metavar=("NAME", "FILE", "FOLDER"))
    chosen = options.parse_args()
    if chosen.child:
        run_one(chosen.child[0], Path(chosen.child[1]), Path(chosen.child[2]))
        return
    with tempfile.TemporaryDirectory(dir=chosen.folder) as made:
        folder = Path(made)
        path = folder / "rows.csv"
        write_rows(path, chosen.rows)
        size = path.stat().st_size / 1e6
        machine = f"{platform.platform()}, Python {platform.python_version()}"
        print(f"{chosen.rows:,} rows, {size:.0f} MB, {machine}")
        print(f"{'':28}{'seconds':>9}{'rows/s':>12}{'peak MiB':>10}{'CPU s per 100,000 rows':>25}")
        for name in chosen.only or CONTESTANTS:
            # -P: a script beside this one must not be taken for the library of its name.
            command = [sys.executable, "-P", __file__, "--child", name, str(path), str(folder)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{name:28}failed: {done.stderr.strip().splitlines()[-1]}")
                continue
            figures = json.loads(done.stdout.splitlines()[-1])
            rate = figures["rows"] / figures["seconds"]
            cost = 100_000 / figures["rows"]
            print(
                f"{name:28}{figures['seconds']:9.1f}{rate:12,.0f}{figures['mib']:10.0f}"
                f"{figures['own'] * cost:12.2f} + {figures['others'] * cost:.2f} (a second process)"
            )


if __name__ == "__main__":
    main()
