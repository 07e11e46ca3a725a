"""Statistics: do intervals cover, does the gate err as seldom as it says, and what does it see.

    python benchmarks/gate.py                 # minutes, one process
    python benchmarks/gate.py --repeats 100   # rough

Scores are drawn whose truth is known: paired scores of 0 and 1, and F1-like scores, of which many
tie between two versions of one model, as they do in practice. Shown are the coverage of intervals
of nominal 95 % (promised: at least 0.93 from 50 examples on), how often the gate lets through as a
win an equal or a worse version, or as no loss one that has lost as much as is tolerated or more
(promised: at most 0.05), and how often it sees a planted improvement. Seeded; the same seed gives
the same tables. Coverage below 0.93 is missed; a rate is, where it lies beyond its promise by more
than three standard errors of the simulation. Exits 1 where a promise is missed.
"""

from __future__ import annotations

import argparse
import math
import platform
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from hone.metrics._intervals import proportion
from hone.metrics._paired import paired_interval
from hone.stages.compare.judging import must_not_lose, must_win

SIZES = (50, 100, 200, 400)
COVERS = 0.93
LEVEL = 0.05
TOLERANCE = 0.05
# F1 of short answers: wrong, right, and a few values between.
VALUES = np.array([0.0, 0.25, 0.4, 0.5, 0.667, 0.8, 1.0])
CHANCES = np.array([0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.3])

Draw = Callable[[np.random.Generator, int], np.ndarray]


class Made(NamedTuple):
    """Differences of two contenders, whose true mean is known."""

    name: str
    draw: Draw
    truth: float


def zeros_and_ones(won: float, lost: float) -> Made:
    """Exact match: so many examples are won and lost, the others tie."""

    def draw(random: np.random.Generator, amount: int) -> np.ndarray:
        return random.choice([1.0, -1.0, 0.0], amount, p=[won, lost, 1 - won - lost])

    return Made(f"0 and 1, {won:.0%} won, {lost:.0%} lost", draw, won - lost)


def f1_like(differ: float, lift: float) -> Made:
    """F1: a share of examples is answered differently, `lift` of those become wholly right.

    Below 0, so many become wholly wrong.
    """
    end = 1.0 if lift > 0 else 0.0

    def draw(random: np.random.Generator, amount: int) -> np.ndarray:
        before, after = random.choice(VALUES, (2, amount), p=CHANCES)
        after = np.where(random.random(amount) < abs(lift), end, after)
        return np.where(random.random(amount) < differ, after - before, 0.0)

    truth = differ * abs(lift) * (end - float(VALUES @ CHANCES))
    return Made(f"F1, {differ:.0%} differ, {lift:+.0%} of them", draw, truth)


COVERED = (
    zeros_and_ones(0.02, 0.02),
    zeros_and_ones(0.05, 0.01),
    zeros_and_ones(0.15, 0.05),
    zeros_and_ones(0.3, 0.3),
    f1_like(0.05, 0.0),
    f1_like(0.1, 0.5),
    f1_like(0.5, 0.0),
    f1_like(0.5, 0.2),
)
EQUAL = (zeros_and_ones(0.02, 0.02), zeros_and_ones(0.1, 0.1), f1_like(0.1, 0.0), f1_like(0.5, 0.0))
BETTER = (
    zeros_and_ones(0.08, 0.02),
    zeros_and_ones(0.2, 0.1),
    f1_like(0.3, 0.4),
    f1_like(0.5, 0.4),
)
WORSE = (
    zeros_and_ones(0.02, 0.08),
    zeros_and_ones(0.05, 0.25),
    f1_like(0.3, -0.6),
    f1_like(0.5, -0.4),
)
# Exactly as much lost as is tolerated.
AT_THE_BOUND = (zeros_and_ones(0.02, 0.07), zeros_and_ones(0.1, 0.15))


class Tables:
    """Rows of figures, printed as they come, and the promises that were missed."""

    def __init__(self, repeats: int, seed: int) -> None:
        self.repeats = repeats
        self.random = np.random.default_rng(seed)
        self.missed: list[str] = []

    def rate(self, holds: Callable[[], bool]) -> float:
        """How often something holds."""
        return sum(holds() for _ in range(self.repeats)) / self.repeats

    def row(self, name: str, figures: list[float]) -> None:
        """One line of a Markdown table."""
        print(f"| {name} | {' | '.join(f'{one:.3f}' for one in figures)} |", flush=True)

    def head(self, title: str) -> None:
        """The head of a table with a column for each number of examples."""
        print(f"\n{title}\n\n| | {' | '.join(map(str, SIZES))} |\n|---|{'---|' * len(SIZES)}")

    def promise(self, name: str, amount: int, kept: bool, figure: float) -> None:
        """Remember a promise that was missed."""
        if not kept:
            self.missed.append(f"{name}, {amount} examples: {figure:.3f}")

    def error(self, rate: float) -> float:
        """Three standard errors of a rate."""
        return 3 * (rate * (1 - rate) / self.repeats) ** 0.5


def proportions(tables: Tables) -> None:
    """Coverage of the interval of a proportion: summed over all outcomes, nothing is drawn."""
    tables.head("Coverage of a proportion, nominal 0.95")
    for share in (0.01, 0.02, 0.05, 0.2, 0.5, 0.9):
        figures: list[float] = []
        for amount in SIZES:
            covered = 0.0
            for right in range(amount + 1):
                found = proportion(right, amount)
                if found.low <= share <= found.high:
                    ways = math.comb(amount, right)
                    covered += ways * share**right * (1 - share) ** (amount - right)
            figures.append(covered)
            tables.promise(f"a proportion of {share}", amount, covered >= COVERS, covered)
        tables.row(f"{share:.0%}", figures)


def differences(tables: Tables) -> None:
    """Coverage of the paired interval."""
    tables.head("Coverage of a paired difference, nominal 0.95")
    for made in COVERED:
        figures: list[float] = []
        for amount in SIZES:

            def covers(amount: int = amount, made: Made = made) -> bool:
                found = paired_interval(made.draw(tables.random, amount))
                return found.low <= made.truth <= found.high

            figures.append(tables.rate(covers))
            tables.promise(made.name, amount, figures[-1] >= COVERS, figures[-1])
        tables.row(f"{made.name} ({made.truth:+.3f})", figures)


class Asked(NamedTuple):
    """What is asked of the gate in some cases; promised to hold at most so often."""

    title: str
    cases: tuple[Made, ...]
    holds: Callable[[np.ndarray], bool]
    most: float = 1.0


def wins(drawn: np.ndarray) -> bool:
    """Whether the gate lets the first through as a win."""
    return must_win(drawn).verdict == "pass"


def loses_nothing(drawn: np.ndarray) -> bool:
    """Whether the gate lets the first through as no loss."""
    return must_not_lose(drawn, tolerance=TOLERANCE).verdict == "pass"


ASKED = (
    Asked("Equal versions let through as a win", EQUAL, wins, LEVEL),
    Asked(f"A loss of {TOLERANCE} let through as none", AT_THE_BOUND, loses_nothing, LEVEL),
    Asked("A planted regression let through as a win", WORSE, wins, LEVEL),
    Asked(f"… as no loss beyond {TOLERANCE}", WORSE, loses_nothing, LEVEL),
    Asked("A planted improvement let through as a win", BETTER, wins),
    Asked("Equal versions let through as no loss", EQUAL, loses_nothing),
)


def verdicts(tables: Tables, asked: Asked) -> None:
    """How often the gate says so."""
    tables.head(asked.title)
    for made in asked.cases:
        figures: list[float] = []
        for amount in SIZES:

            def does(amount: int = amount, made: Made = made) -> bool:
                return asked.holds(made.draw(tables.random, amount))

            figures.append(tables.rate(does))
            kept = figures[-1] <= asked.most + tables.error(asked.most)
            tables.promise(f"{asked.title}: {made.name}", amount, kept, figures[-1])
        tables.row(f"{made.name} ({made.truth:+.3f})", figures)


def main() -> None:
    """Print the tables; exit 1 where a promise is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1000, help="draws of each case")
    parser.add_argument("--seed", type=int, default=20261130)
    chosen = parser.parse_args()
    print(
        f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}, "
        f"{chosen.repeats} draws of each case, seed {chosen.seed}"
    )
    begun = time.perf_counter()
    tables = Tables(chosen.repeats, chosen.seed)
    proportions(tables)
    differences(tables)
    for one in ASKED:
        verdicts(tables, one)
    print(f"\n{time.perf_counter() - begun:.0f} s")
    for one in tables.missed:
        print(f"Missed: {one}", file=sys.stderr)
    sys.exit(1 if tables.missed else 0)


if __name__ == "__main__":
    main()
