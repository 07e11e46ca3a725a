"""Pairs of contenders and slices of the examples: differences, exact tests, wins and losses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np

from hone.errors import NotFound
from hone.metrics._intervals import Interval
from hone.metrics._paired import holm
from hone.records.comparison import Finding, Pair, Slice
from hone.records.example import Example
from hone.records.model import Measured
from hone.stages.compare.gather import Asked
from hone.stages.compare.judging import Judged, finding_of, judge, too_few
from hone.workspace.open import Workspace

# A slice with fewer examples says nothing: six must differ for an exact test to reach 95 %.
LEAST_IN_SLICE = 6
MOST_SLICES = 40
FEW_EXAMPLES = 500

Values = Mapping[str, Mapping[str, np.ndarray]]
"""Contender -> figure -> its value on every shared example; the task's score is the first."""


class Terms(NamedTuple):
    """What holds for all judgements of one comparison."""

    confidence: float
    floor: float
    seed: int
    on: str
    task: str

    def measured(self, interval: Interval) -> Measured:
        """As reports hold it."""
        return Measured(value=interval.value, low=interval.low, high=interval.high, on=self.on)


def compare_pairs(
    values: Values, asked: Sequence[Asked], couples: Iterable[tuple[str, str]], terms: Terms
) -> list[Pair]:
    """Every couple, judged together: p values are raised for as many as there are (Holm)."""
    chosen = list(couples)
    score = next(iter(next(iter(values.values()))))
    judged = {
        f"{one} - {other}": judge(
            values[one][score] - values[other][score],
            confidence=terms.confidence,
            seed=terms.seed,
        )
        for one, other in chosen
    }
    adjusted = holm({name: found.p_value for name, found in judged.items()})
    return [
        _pair(values, asked, couple, (judged[name], adjusted[name], terms))
        for couple, name in zip(chosen, judged, strict=True)
    ]


def _pair(
    values: Values,
    asked: Sequence[Asked],
    couple: tuple[str, str],
    found: tuple[Judged, float, Terms],
) -> Pair:
    one, other = couple
    judged, adjusted, terms = found
    score, *further = values[one]
    differences = values[one][score] - values[other][score]
    finding = finding_of(judged, adjusted, confidence=terms.confidence, floor=terms.floor)
    is_open = finding in ("same", "unclear")
    return Pair(
        one=one,
        other=other,
        difference=terms.measured(judged.interval),
        p_value=judged.p_value,
        p_adjusted=adjusted,
        finding=finding,
        says=_sentence(one, other, finding, (judged, len(asked), terms)),
        needed=judged.needed if is_open else None,
        ties=judged.tally.ties,
        won=_by_size(asked, differences),
        lost=_by_size(asked, -differences),
        further={
            name: terms.measured(
                judge(
                    values[one][name] - values[other][name],
                    confidence=terms.confidence,
                    seed=terms.seed,
                ).interval
            )
            for name in further
        },
    )


def _by_size(asked: Sequence[Asked], differences: np.ndarray) -> list[str]:
    """The examples with a positive difference, the largest first."""
    order = np.argsort(-differences, kind="stable")
    return [asked[int(place)].id for place in order if differences[place] > 0]


def _sentence(one: str, other: str, finding: Finding, found: tuple[Judged, int, Terms]) -> str:
    judged, amount, terms = found
    size = f"{abs(judged.interval.value):.3f}"
    if finding == "better":
        return f"{one} is better than {other} by {size}."
    if finding == "worse":
        return f"{one} is worse than {other} by {size}."
    if finding == "same":
        reach = max(-judged.interval.low, judged.interval.high)
        return (
            f"{one} and {other} score the same on all {amount:,} examples; on others they may "
            f"still differ by up to {reach:.3f}."
        )
    against = f"{one} against {other}"
    if amount < LEAST_IN_SLICE:
        return (
            f"{against}: not enough examples to tell: with {amount} no difference can be shown at "
            f"{terms.confidence:.0%}, however large; at least {LEAST_IN_SLICE} must differ."
        )
    low, high = judged.interval[1:]
    if judged.p_value <= 1 - terms.confidence and low <= terms.floor and high >= -terms.floor:
        return f"{against}: {size} is not beyond what chance and repeating explain."
    sentence = too_few(judged, amount)
    return f"{against}: {sentence[0].lower()}{sentence[1:]}."


def slices_of(
    ws: Workspace, values: Values, asked: Sequence[Asked], couple: tuple[str, str], terms: Terms
) -> list[Slice]:
    """One couple by tag, length and origin; the largest slices, where there are very many."""
    one, other = couple
    score = next(iter(values[one]))
    differences = values[one][score] - values[other][score]
    places = _slices(ws, terms.task, asked)
    judged = {
        key: judge(differences[rows], confidence=terms.confidence, seed=terms.seed)
        for key, rows in places.items()
    }
    adjusted = holm({"\n".join(key): found.p_value for key, found in judged.items()})
    return [
        Slice(
            one=one,
            other=other,
            by=key[0],
            value=key[1],
            examples=len(places[key]),
            difference=terms.measured(found.interval),
            p_adjusted=adjusted["\n".join(key)],
            finding=finding_of(
                found, adjusted["\n".join(key)], confidence=terms.confidence, floor=terms.floor
            ),
        )
        for key, found in judged.items()
    ]


_Key = tuple[Literal["tag", "length", "origin"], str]


def _examples(ws: Workspace, task: str, wanted: Collection[str]) -> Iterator[Example]:
    """Those that are in the store; many are found in one pass over it. Rows of a file are not."""
    if len(wanted) > FEW_EXAMPLES:
        yield from (one for one in ws.store.examples.iterate(task=task) if one.id in wanted)
        return
    for name in wanted:
        with suppress(NotFound):
            yield ws.store.examples.get(name)


def _slices(ws: Workspace, task: str, asked: Sequence[Asked]) -> dict[_Key, list[int]]:
    found: dict[_Key, list[int]] = defaultdict(list)
    places = {one.id: place for place, one in enumerate(asked)}
    for example in _examples(ws, task, places):
        for tag in example.tags:
            found["tag", tag].append(places[example.id])
        found["origin", example.origin.file or "unknown"].append(places[example.id])
    lengths = np.array([sum(len(str(text)) for text in one.input.values()) for one in asked])
    if len(asked):
        lower, upper = (int(one) for one in np.quantile(lengths, (1 / 3, 2 / 3)))
        for place, length in enumerate(lengths.tolist()):
            name = (
                f"up to {lower} characters"
                if length <= lower
                else f"{lower + 1} to {upper} characters"
                if length <= upper
                else f"over {upper} characters"
            )
            found["length", name].append(place)
    # A slice of all examples is the comparison itself.
    telling = {key: rows for key, rows in found.items() if LEAST_IN_SLICE <= len(rows) < len(asked)}
    largest = sorted(telling, key=lambda key: -len(telling[key]))[:MOST_SLICES]
    return {key: telling[key] for key in sorted(largest)}


def couples_of(models: Sequence[str], usual: Sequence[str]) -> tuple[list[tuple[str, str]], ...]:
    """The couples among the versions, and those of versions with the usual rows."""
    return (
        list(combinations(models, 2)),
        [(model, row) for model in models for row in usual],
    )
