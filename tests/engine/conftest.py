"""One small base for all tests of the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.small import make_small_base


@pytest.fixture(scope="session")
def small_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Never changed; tests that change it take a copy."""
    return make_small_base(tmp_path_factory.mktemp("bases") / "small")
