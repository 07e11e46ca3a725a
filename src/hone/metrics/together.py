"""Several metrics of the shelf over the same pairs in one walk: each text is split only once.

Needs: predictions, references, and the wanted metrics with their options.
Gives: the scores of each metric, the same as its own `run` gives.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from hone.metrics._scores import References, Scores, score_all
from hone.metrics._sharing import score_shared
from hone.shelf import load

# Each process loads its libraries first: 100,000 pairs take one less time than that on busy cores.
MANY = 500_000
MOST_PROCESSES = 4


def run_together(
    predictions: Sequence[str],
    references: References,
    wanted: Mapping[str, BaseModel | None],
    *,
    processes: int | None = None,
) -> dict[str, Scores]:
    """Scores by name of metric; `wanted` gives the options of each, None for the defaults.

    A plug-in metric without a `Scorer` is run by itself. From 500,000 pairs on several processes
    share them, at most four and no more than there are processors, unless a number is given.
    """
    if processes is None:
        processes = min(MOST_PROCESSES, os.cpu_count() or 1) if len(predictions) >= MANY else 1
    if processes > 1:
        return _in_processes(predictions, references, wanted, processes)
    modules = {name: load("metrics", name) for name in wanted}
    scorers = {
        name: module.Scorer(len(predictions), wanted[name] or module.Options())
        for name, module in modules.items()
        if hasattr(module, "Scorer")
    }
    found = score_all(predictions, references, list(scorers.values()))
    scores = dict(zip(scorers, found, strict=True))
    for name, module in modules.items():
        if name not in scores:
            options = wanted[name] or module.Options()
            scores[name] = module.run(predictions, references, options)
    return {name: scores[name] for name in wanted}


def _in_processes(
    predictions: Sequence[str],
    references: References,
    wanted: Mapping[str, BaseModel | None],
    processes: int,
) -> dict[str, Scores]:
    can_share = {
        name: options
        for name, options in wanted.items()
        if hasattr(getattr(load("metrics", name), "Scorer", None), "absorb")
    }
    alone = {name: options for name, options in wanted.items() if name not in can_share}
    found: dict[str, Scores] = {}
    if can_share:
        scorers = score_shared(predictions, references, can_share, processes=processes)
        found = {name: scorer.finish() for name, scorer in scorers.items()}
    if alone:
        found |= run_together(predictions, references, alone, processes=1)
    return {name: found[name] for name in wanted}
