"""Several processes open, import and decide at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hone.workspace.store import Store

WORK = """
import sys
from pathlib import Path
from hone.records.review import Decision
from hone.workspace.store import Store
from tests.workspace.conftest import row

sys.stdin.readline()
store = Store.open(Path(sys.argv[1]))
who = sys.argv[2]
taken = store.examples.add_many(row(number) for number in range(400)).taken
applied = 0
for start in range(0, 200, 20):
    wanted = [
        Decision(op_id=f"{who}-{n}", example_id=f"e{n}", verdict="accept", reviewer=who,
                 base_version=1)
        for n in range(start, start + 20)
    ]
    applied += sum(one.outcome == "applied" for one in store.journal.decide(wanted))
print(taken, applied)
store.close()
"""


def test_processes_that_start_at_once_make_one_store_and_lose_nothing(
    tmp_path: Path, repository: Path
) -> None:
    path = tmp_path / "hone.db"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WORK, str(path), f"r{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=repository,
        )
        for number in range(3)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    done = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0] * 3, done
    counts = [tuple(map(int, out.split())) for out, _ in done]
    assert tuple(map(sum, zip(*counts, strict=True))) == (400, 200)
    store = Store.open(path)
    assert store.examples.counters()["accepted"] == 200
    assert store.journal.last_seq() == 200
    store.close()
