"""Emulated endpoints that a module's tests share: with a volume, and with a bucket of one's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulators.rp_s3.app import RunPodS3
from tests.serverless.own_bucket import bucket, equip
from tests.serverless.scene import Serverless, serverless


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serverless]:
    """An endpoint with its volume."""
    with serverless(tmp_path_factory.mktemp("endpoint")) as found:
        yield found


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunPodS3]:
    """A person's own bucket."""
    with bucket(tmp_path_factory.mktemp("own") / "bucket") as found:
        yield found


@pytest.fixture(scope="module")
def volumeless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serverless]:
    """An endpoint that knows no volume and has no key."""
    with serverless(tmp_path_factory.mktemp("volumeless")) as found:
        equip(found)
        yield found
