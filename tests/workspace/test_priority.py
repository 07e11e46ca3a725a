"""A process that gives way does so against every other session of the machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hone.workspace.priority import give_way

WAITS = [sys.executable, "-c", "import sys; sys.stdin.read()"]
OWN_SESSION = Path("/proc/self/autogroup")


def shares_between_sessions() -> bool:
    """Whether this kernel does: an emulated one may have the file and nothing in it."""
    return OWN_SESSION.exists() and bool(OWN_SESSION.read_text().strip())


needs_sessions = pytest.mark.skipif(
    not shares_between_sessions(),
    reason="this kernel does not share the processor between sessions",
)


@pytest.fixture(params=[True, False], ids=["its own session", "our session"])
def process(request: pytest.FixtureRequest) -> Iterator[tuple[int, bool]]:
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE, start_new_session=request.param) as child:
        yield child.pid, request.param


def niceness(session: Path) -> int:
    return int(session.read_text().split()[-1])


@needs_sessions
def test_the_session_gives_way_where_the_process_leads_it(process: tuple[int, bool]) -> None:
    pid, leads = process
    ours = niceness(OWN_SESSION)
    give_way(pid, 12)
    assert psutil.Process(pid).nice() == 12
    assert niceness(Path(f"/proc/{pid}/autogroup")) == (12 if leads else ours)
    assert niceness(OWN_SESSION) == ours


def test_a_lower_priority_stays_and_a_process_that_ended_is_no_error() -> None:
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE, start_new_session=True) as child:
        psutil.Process(child.pid).nice(15)
        give_way(child.pid, 10)
        assert psutil.Process(child.pid).nice() == 15
    give_way(child.pid, 10)
