"""Hone turns people's corrections into better language models. Names load on first use."""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "HoneError": "hone.errors",
    "build_dataset": "hone.loop",
    "decide": "hone.loop",
    "evaluate": "hone.loop",
    "import_examples": "hone.loop",
    "init_workspace": "hone.loop",
    "list_models": "hone.loop",
    "load_model": "hone.loop",
    "open_workspace": "hone.loop",
    "predict": "hone.loop",
    "train": "hone.loop",
}

__all__ = sorted([*_PUBLIC, "__version__"])


def __getattr__(name: str) -> Any:
    module = _PUBLIC.get(name)
    if module is None:
        raise AttributeError(f"module 'hone' has no attribute {name!r}")
    return getattr(importlib.import_module(module), name)


def __dir__() -> list[str]:
    return __all__
