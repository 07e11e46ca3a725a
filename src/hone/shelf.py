"""The shelves: name -> module, loaded when asked for, with plug-ins by entry point."""

from __future__ import annotations

import importlib
from types import ModuleType

from hone.errors import NotFound, nearest

SHELVES: dict[str, dict[str, str]] = {
    "importers": {
        "csv": "hone.importers.csv_file",
        "json": "hone.importers.json_file",
        "jsonl": "hone.importers.jsonl",
        "parquet": "hone.importers.parquet",
        "session": "hone.importers.session",
        "slack": "hone.importers.slack",
        "spans": "hone.importers.spans",
    },
    "tasks": {
        "qa": "hone.tasks.qa",
        "extract": "hone.tasks.extract",
        "score": "hone.tasks.score",
        "chat": "hone.tasks.chat",
    },
    "formats": {
        "sft": "hone.formats.sft",
        "raft": "hone.formats.raft",
        "dpo": "hone.formats.dpo",
        "kto": "hone.formats.kto",
        "regression": "hone.formats.regression",
    },
    "checks": {
        "duplicate": "hone.checks.duplicate",
        "near_duplicate": "hone.checks.near_duplicate",
        "too_long": "hone.checks.too_long",
    },
    "methods": {
        "sft": "hone.methods.sft",
        "dpo": "hone.methods.dpo",
        "kto": "hone.methods.kto",
        "reward": "hone.methods.reward",
        "grpo": "hone.methods.grpo",
        "regression": "hone.methods.regression",
    },
    "generators": {
        "model": "hone.generators.model",
        "adapter": "hone.generators.adapter",
        "rules": "hone.generators.rules",
        "head": "hone.generators.head",
        "constant": "hone.generators.constant",
        "retrieval": "hone.generators.retrieval",
        "file": "hone.generators.answers_file",
        "endpoint": "hone.generators.endpoint",
        "likelihood": "hone.generators.likelihood",
        "reward": "hone.generators.reward",
    },
    "metrics": {
        "exact_match": "hone.metrics.exact_match",
        "token_f1": "hone.metrics.token_f1",
        "rouge": "hone.metrics.rouge",
        "bleu": "hone.metrics.bleu",
        "json_fields": "hone.metrics.json_fields",
        "regression": "hone.metrics.regression",
    },
    "targets": {
        "local": "hone.targets.local",
        "ssh": "hone.targets.ssh",
        "lambda": "hone.targets.lambda_cloud",
        "runpod": "hone.targets.runpod_pod",
        "runpod-serverless": "hone.targets.runpod_serverless",
    },
}


def names(shelf: str) -> list[str]:
    """The choices on a shelf, the built-in ones first, plug-ins after them."""
    built_in = list(SHELVES[shelf])
    return built_in + sorted(set(_plug_ins(shelf)) - set(built_in))


def load(shelf: str, name: str) -> ModuleType:
    """The module of one choice; NotFound names the nearest choice.

    A plug-in is a module named by an entry point of the group `hone.<shelf>`; it cannot
    replace a built-in choice, so a stray package never changes what a recipe means.
    """
    built_in = SHELVES[shelf].get(name)
    if built_in is not None:
        return importlib.import_module(built_in)
    plug_in = _plug_ins(shelf).get(name)
    if plug_in is not None:
        return importlib.import_module(plug_in)
    raise NotFound(f'No "{name}" among the {shelf}.', hint=nearest(name, names(shelf)))


def _plug_ins(shelf: str) -> dict[str, str]:
    from importlib.metadata import entry_points

    return {point.name: point.value for point in entry_points(group=f"hone.{shelf}")}
