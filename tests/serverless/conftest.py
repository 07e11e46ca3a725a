"""An emulated endpoint for a module's tests, with the worker without torch behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.small_disks import small_disk
from tests.serverless.fixtures import emulated, own, volumeless
from tests.serverless.scene import Serverless, set_environment

__all__ = ["emulated", "own", "small_disk", "volumeless"]


@pytest.fixture
def endpoint(emulated: Serverless, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serverless]:
    """The endpoint with its keys in the environment; no fault of it outlives the test."""
    set_environment(emulated, monkeypatch)
    yield emulated
    for one in (emulated.jobs, emulated.s3, emulated.control):
        one.faults.disarm()
