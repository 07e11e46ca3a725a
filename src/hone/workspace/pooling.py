"""How a head of numbers reads a text, as the model's folder says; JSON alone, no torch.

`last`: the state of the last token, as transformers' AutoModelForSequenceClassification has it.
`mean`: the mean of all tokens' states. An adapter says so in hone.json, a whole model in the
`classifier_pooling` of its config.json. What says nothing was made before there was a choice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from hone.workspace.files import explained

Pooling = Literal["last", "mean"]
OPTION = "training.pooling"
IN_CONFIG = "classifier_pooling"
IN_HONE = "pooling"


def pooling_in(options: Mapping[str, Any]) -> Pooling:
    """What a job's frozen options say; `last` for a job that was planned before the option."""
    return _known(options[OPTION]["value"] if OPTION in options else None)


def pooling_of(folder: Path) -> Pooling | None:
    """How the model in `folder` reads a text; None where it has no head of numbers."""
    adapter = folder / "adapter_config.json"
    if adapter.is_file():
        if _read(adapter).get("task_type") != "SEQ_CLS":
            return None
        about = folder / "hone.json"
        return _known(_read(about).get(IN_HONE) if about.is_file() else None)
    config = _read(folder / "config.json")
    return _known(config.get(IN_CONFIG)) if config.get("problem_type") == "regression" else None


def _known(value: object) -> Pooling:
    return "mean" if value == "mean" else "last"


def _read(path: Path) -> dict[str, Any]:
    with explained("read", path):
        found: Any = json.loads(path.read_bytes())
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
