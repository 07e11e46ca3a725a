"""Peaks of memory that others published, and what the estimate says of the same runs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hone.stages.train.memory import GIB, NF4_BYTES, Load, Span, estimate_memory
from hone.stages.train.shape import shape_of
from hone.workspace.bases import FoundBase
from hone.workspace.catalogue import tensor_shapes
from hone.workspace.yaml_file import read_yaml

FILE = Path(__file__).parent / "memory_points.yaml"
WEIGHT_BYTES = {"bf16": 2, "nf4": 4.5 / 8, "nf4-dq": NF4_BYTES}
UNITS = {"GiB": 1.0, "GB": 1e9 / GIB}


class Point(NamedTuple):
    """One published peak per card, and the estimate of what its source counts."""

    number: int
    name: str
    source: str
    published: float
    estimate: Span
    is_fitted_on: bool
    set_aside: str | None
    kept_inputs: float  # of its 4-bit matrices, which the library kept until 0.44

    @property
    def error(self) -> float:
        """Of what is likely, relative to what was published."""
        return self.estimate.likely / self.published - 1

    @property
    def is_held(self) -> bool:
        """Whether the range holds what was published."""
        return self.estimate.low <= self.published <= self.estimate.high


def published_points() -> list[Point]:
    """Every point of the file, in its order, set-aside ones included."""
    facts = read_yaml(FILE)
    return [_point(facts, number, entry) for number, entry in enumerate(facts["points"], start=1)]


def halves() -> tuple[list[Point], list[Point]]:
    """(the half on which constants were fitted, the half that was held out)."""
    counted = [point for point in published_points() if point.set_aside is None]
    return (
        [point for point in counted if point.is_fitted_on],
        [point for point in counted if not point.is_fitted_on],
    )


def median_error(points: Sequence[Point]) -> float:
    """The median of the absolute relative errors."""
    return statistics.median(abs(point.error) for point in points)


def median_error_with_kept_inputs(points: Sequence[Point]) -> float:
    """The same, with the inputs of 4-bit matrices added by hand."""
    return statistics.median(
        abs((point.estimate.likely + point.kept_inputs) / point.published - 1) for point in points
    )


def _point(facts: dict[str, Any], number: int, entry: dict[str, Any]) -> Point:
    source = facts["sources"][entry["source"]]
    config = dict(facts["bases"][entry["base"]])
    if source.get("ties") is False:
        config["tie_word_embeddings"] = False
    shapes = tensor_shapes(config)
    base = FoundBase(id=entry["base"], path=Path(entry["base"]), shapes=shapes, config=config)
    estimate = estimate_memory(shape_of(base), _load(base, entry))
    return Point(
        number=number,
        name=_name(entry),
        source=entry["source"],
        published=entry["published"] * UNITS[entry["unit"]],
        estimate=estimate.allocated if entry["counts"] == "allocated" else estimate.reserved,
        is_fitted_on=number % 2 == 1,
        set_aside=entry.get("set_aside"),
        kept_inputs=entry["rows"] * entry["length"] * _inputs(base) * 2 / GIB,
    )


def _inputs(base: FoundBase) -> int:
    # queries, keys and values are one matrix there, with one input.
    return sum(
        inputs
        for name, _, inputs in base.layer_matrices
        if not name.endswith(("k_proj.weight", "v_proj.weight"))
    )


def _load(base: FoundBase, entry: dict[str, Any]) -> Load:
    is_full = entry["run"] == "full"
    rank, names, dropout, adapter_bytes = entry.get("adapter", [0, "", 0, 2])
    ends = tuple(f"{name}_proj.weight" for name in names.split())
    adapted = [one for one in base.layer_matrices if one[0].endswith(ends)] if names else []
    trained = rank * sum(outputs + inputs for _, outputs, inputs in adapted)
    if "head" in names.split():
        trained += rank * (base.config["hidden_size"] + base.config["vocab_size"])
    return Load(
        batch_size=entry["rows"],
        length=entry["length"],
        device="cuda",
        weight_bytes=WEIGHT_BYTES[entry["weights"]],
        compute_bytes=2,
        trained_parameters=base.parameters if is_full else trained,
        is_full=is_full,
        is_checkpointed=entry["checkpointing"],
        is_accumulating=entry.get("accumulating", False),
        trained_bytes=adapter_bytes,
        moment_bytes=entry["moments"],
        adapted_inputs=sum(inputs for _, _, inputs in adapted),
        has_dropout=dropout > 0,
        logit_positions=entry["rows"] * entry["length"] if entry["logits"] else 0,
        logit_bytes=entry["logits"],
        cards=entry["cards"],
    )


def _name(entry: dict[str, Any]) -> str:
    kind = entry["run"] if entry["weights"] == "bf16" else f"{entry['run']} {entry['weights']}"
    shared = f", {entry['cards']} cards" if entry["cards"] > 1 else ""
    saved = ", checkpointing" if entry["checkpointing"] else ""
    return f"{entry['base']} {kind}, {entry['rows']} x {entry['length']}{saved}{shared}"


def span_of_errors(points: Sequence[Point]) -> tuple[float, float]:
    """(lowest, highest) error."""
    errors = [point.error for point in points]
    return min(errors, default=math.nan), max(errors, default=math.nan)
