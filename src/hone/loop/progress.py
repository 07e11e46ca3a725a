"""How those who wait are told of progress: what is done, and of how many, where that is known."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
