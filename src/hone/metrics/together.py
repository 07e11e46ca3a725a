"""Several metrics of the shelf over the same pairs in one walk: each text is split only once.

Needs: predictions, references, and the wanted metrics with their options.
Gives: the scores of each metric, the same as its own `run` gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from hone.metrics._scores import References, Scores, score_all
from hone.shelf import load


def run_together(
    predictions: Sequence[str],
    references: References,
    wanted: Mapping[str, BaseModel | None],
) -> dict[str, Scores]:
    """Scores by name of metric; `wanted` gives the options of each, None for the defaults.

    A plug-in metric without a `Scorer` is run by itself.
    """
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
