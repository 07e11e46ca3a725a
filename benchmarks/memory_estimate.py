"""The estimate of memory beside published measurements: what was fitted on, and what was held out.

    python benchmarks/memory_estimate.py

Nothing is trained or timed, so the machine does not matter. The points, their settings and sources
stand in `tests/stages/memory_points.yaml`; every second one, the first included, is the half on
which the fitted constants of `hone/stages/train/memory.py` were chosen. A point's estimate is of
what its source counts: allocated by tensors, or reserved by the allocator.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

# The root of the checkout in place of this folder, so that `tests` can be imported.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from hone.stages.train import memory  # noqa: E402
from tests.stages.published_memory import (  # noqa: E402
    Point,
    halves,
    median_error,
    median_error_with_kept_inputs,
    published_points,
    span_of_errors,
)


def main() -> None:
    """Print the constants, every point, and both halves in one line each."""
    print(f"hone {version('hone-studio')}, Python {platform.python_version()}")
    over = memory.OVERHEADS["cuda"]
    print(f"fitted: reserved = {over.share[1]:g} x allocated + {over.reserved_gib[1]:g} GiB")
    print(f"fitted: activations x {memory.ACTIVATIONS_LOW:g} to {memory.ACTIVATIONS_HIGH:g}\n")
    print("| | run (per card) | source | published, GiB | low | likely | high | error | |")
    print("|---|---|---|---|---|---|---|---|---|")
    for point in published_points():
        print(_row(point))
    print()
    fitted, held_out = halves()
    _say("fitted on", fitted)
    _say("held out", held_out)
    for source in dict.fromkeys(point.source for point in held_out):
        _say(f"held out, {source}", [point for point in held_out if point.source == source])
    aside = [point for point in published_points() if point.set_aside]
    _say("set aside", aside)
    print(f"the same with the inputs kept then: {median_error_with_kept_inputs(aside):.1%}")


def _row(point: Point) -> str:
    half = point.set_aside or ("fitted on" if point.is_fitted_on else "held out")
    found = point.estimate
    ends = f"{found.low:.2f} | {found.likely:.2f} | {found.high:.2f}"
    mark = "" if point.is_held or point.set_aside else ", outside"
    return (
        f"| {point.number} | {point.name} | {point.source} | {point.published:.2f} | {ends} "
        f"| {point.error:+.1%} | {half}{mark} |"
    )


def _say(name: str, points: Sequence[Point]) -> None:
    lowest, highest = span_of_errors(points)
    print(
        f"{name}: {len(points)} points, median |error| {median_error(points):.1%}, "
        f"from {lowest:+.1%} to {highest:+.1%}; the range holds {sum(p.is_held for p in points)}"
    )


if __name__ == "__main__":
    main()
