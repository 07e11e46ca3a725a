"""Which tasks the base and its control see, in which proportion, and when."""

from __future__ import annotations

FIRST = {"copy": 36, "list": 26, "pairs": 4, "span": 10, "amounts": 4, "event": 20}
LAST = {
    "copy": 3,
    "list": 4,
    "pairs": 1,
    "span": 3,
    "amounts": 2,
    "event": 1,
    "report": 12,
    "plain": 73,
    "prose": 1,
}
CONTROL = {"prose": 25, "chat": 35, "tally": 15, "present": 10, "kind": 7, "normal": 8}
"""The control reads the same words and messages but is never asked to copy."""
MEASURED = ("copy", "list", "span", "amounts", "report", "plain")
MEASURED_CONTROL = ("tally", "present", "kind", "normal")


def weights(kind: str, progress: float) -> dict[str, float]:
    """Share of each task at `progress` (0 to 1): copying first, then more and more events."""
    if kind == "control":
        return {task: float(share) for task, share in CONTROL.items()}
    if kind != "base":
        raise ValueError(f"unknown kind {kind!r}: base or control")
    late = _ramp(progress, 0.04, 0.16)
    return {task: FIRST.get(task, 0) * (1 - late) + LAST[task] * late for task in LAST}


def width(progress: float) -> float:
    """How far the wording has opened: 0 is plain short messages, 1 is everything there is."""
    return 0.1 + 0.7 * _ramp(progress, 0.25, 0.7)


def rate(progress: float, step: int, *, warm_up_steps: int = 40, flat: float = 0.6) -> float:
    """Factor on the learning rates: a short rise, flat, then linearly down to 2 % at the end."""
    rise = min(1.0, (step + 1) / warm_up_steps)
    fall = 1.0 if progress < flat else max(0.02, 1 - 0.98 * (progress - flat) / (1 - flat))
    return rise * fall


def _ramp(progress: float, start: float, end: float) -> float:
    return min(1.0, max(0.0, (progress - start) / (end - start)))
