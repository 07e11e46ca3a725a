"""Which tasks the base and its control see, in which proportion, and when."""

from __future__ import annotations

EARLY = {
    "copy": 30,
    "list": 20,
    "pairs": 14,
    "lookup": 5,
    "span": 10,
    "amounts": 3,
    "event": 10,
    "role": 4,
    "prose": 4,
}
LATE = {
    "copy": 3,
    "list": 7,
    "pairs": 7,
    "lookup": 5,
    "span": 7,
    "amounts": 3,
    "event": 52,
    "role": 12,
    "prose": 4,
}
WIDE = {
    "copy": 2,
    "list": 5,
    "pairs": 5,
    "lookup": 6,
    "span": 5,
    "amounts": 3,
    "event": 58,
    "role": 11,
    "prose": 5,
}
FOCUSED = {"copy": 2, "list": 8, "lookup": 3, "amounts": 3, "event": 78, "role": 4, "prose": 2}
CONTROL = {"prose": 30, "chat": 30, "tally": 10, "present": 15, "kind": 7, "normal": 8}
"""The control reads the same words and messages but is never asked to copy."""
MEASURED = ("copy", "list", "pairs", "lookup", "span", "amounts", "event", "role")
MEASURED_CONTROL = ("tally", "present", "kind", "normal")


def weights(kind: str, stage: int, progress: float) -> dict[str, float]:
    """Share of each task at `progress` (0 to 1) of a stage.

    Stage 1 begins with copying and moves on to events and spans; later stages keep WIDE.
    """
    if kind == "control":
        return {task: float(share) for task, share in CONTROL.items()}
    if kind != "base":
        raise ValueError(f"unknown kind {kind!r}: base or control")
    if stage > 1:
        shares = WIDE if stage < 4 else FOCUSED
        return {task: float(share) for task, share in shares.items()}
    late = min(1.0, max(0.0, (progress - 0.04) / 0.2))
    return {task: EARLY[task] * (1 - late) + LATE[task] * late for task in LATE}


def rate(progress: float, step: int, *, warm_up_steps: int = 40, flat: float = 0.55) -> float:
    """Factor on the learning rates: a short rise, flat, then linearly down to 2 % at the end."""
    rise = min(1.0, (step + 1) / warm_up_steps)
    fall = 1.0 if progress < flat else max(0.02, 1 - 0.98 * (progress - flat) / (1 - flat))
    return rise * fall
