"""A browser to play tutorials in: the one of the browser tests."""

from __future__ import annotations

from tests.browser.conftest import browser, sit

__all__ = ["browser", "sit"]
