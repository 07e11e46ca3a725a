"""Hone turns people's corrections into better language models. Names load on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hone.errors import HoneError
    from hone.loop import (
        build_dataset,
        compare,
        decide,
        evaluate,
        import_examples,
        init_workspace,
        learning_curve,
        list_models,
        load_model,
        open_workspace,
        plan_learning_curve,
        predict,
        train,
    )

__version__ = "0.1.0"

__all__ = [
    "HoneError",
    "__version__",
    "build_dataset",
    "compare",
    "decide",
    "evaluate",
    "import_examples",
    "init_workspace",
    "learning_curve",
    "list_models",
    "load_model",
    "open_workspace",
    "plan_learning_curve",
    "predict",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'hone' has no attribute {name!r}")
    home = "hone.errors" if name == "HoneError" else "hone.loop"
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return __all__
