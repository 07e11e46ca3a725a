"""An emulated endpoint for a module's tests, with the worker without torch behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serverless.scene import Serverless, serverless, set_environment


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serverless]:
    with serverless(tmp_path_factory.mktemp("endpoint")) as found:
        yield found


@pytest.fixture
def endpoint(emulated: Serverless, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serverless]:
    """The endpoint with its keys in the environment; no fault of it outlives the test."""
    set_environment(emulated, monkeypatch)
    yield emulated
    for one in (emulated.jobs, emulated.s3, emulated.control):
        one.faults.disarm()
