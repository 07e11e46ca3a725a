"""What every test gets: a clean environment, no network, and the folder of real test data."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.faults.gates import Gate
    from tests.targets.machines import Line, Machine

REPOSITORY = Path(__file__).resolve().parent.parent
REAL_DATA = Path(os.environ.get("HONE_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
OFF_UNLESS_ASKED = ("long", "gpu", "live")
SHORT_LIFE = ("HONE_SUPERVISOR_IDLE_SECONDS", "1")
"""A supervisor that a command starts does not outlive its test for long."""
MANY_MODULES = 100
"""So many more than before, and what they brought is set aside."""
SET_ASIDE = pytest.StashKey[int]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the markers that need asking for, unless `-m` names them.

    Where several processes share the tests out by file, files that train come first: begun last,
    one of them would leave the others idle.
    """
    asked = config.getoption("markexpr") or ""
    left_out = {name for name in OFF_UNLESS_ASKED if name not in asked}
    kept, dropped = [], []
    for item in items:
        (dropped if left_out & {mark.name for mark in item.iter_markers()} else kept).append(item)
    if hasattr(config, "workerinput"):
        training = {item.path for item in kept if item.get_closest_marker("loop")}
        kept.sort(key=lambda item: item.path not in training)
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Set aside what large libraries brought: a million objects that live to the end.

    Every training collects garbage when it begins, and would look through all of them each time.
    Garbage is collected before, so that none is set aside with them.
    """
    yield
    set_aside = item.session.stash.get(SET_ASIDE, 0)
    if len(sys.modules) > set_aside + MANY_MODULES:
        item.session.stash[SET_ASIDE] = len(sys.modules)
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _short_lives() -> Iterator[None]:
    """For what is started for several tests, before each has its own environment."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(*SHORT_LIFE)
        yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("HONE_") and name != "HONE_TEST_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HONE_CONFIG_HOME", str(tmp_path / "user-config"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv(*SHORT_LIFE)


@pytest.fixture(autouse=True)
def _no_network(_only_loopback: None) -> None:
    """Nothing that a test does leaves this machine."""


def is_loopback(host: str) -> bool:
    """Whether an address stays on this machine; emulated machines have addresses of their own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def only_loopback(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(host):
            raise AssertionError(f"a test tried to reach {address!r}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", only_loopback)
    yield


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real files that `HONE_TEST_DATA` names; skips where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real test data at {REAL_DATA} (set HONE_TEST_DATA)")
    return REAL_DATA


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """Through which a worker says where it is."""
    from tests.faults.gates import Gate

    opened = Gate(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Another machine, with an SSH server of its own."""
    from tests.targets.machines import machine

    with machine(tmp_path_factory.mktemp("there")) as found:
        yield found


@pytest.fixture
def line(there: Machine) -> Iterator[Line]:
    """The line to it, which can be cut."""
    from tests.targets.machines import Line

    opened = Line(there.port)
    yield opened
    opened.close()
