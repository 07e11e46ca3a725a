"""Scores of one answer by the metrics that also score thousands, and replies in plain text."""

from __future__ import annotations

from typing import Any

from hone import shelf

MAX_CHARACTERS = 100_000
"""A longer reply is cut off there."""


def token_f1(prediction: str, reference: str) -> float:
    """Shared words of two texts, 0 to 1, as the metric `token_f1` counts them in version 2.0."""
    metric = shelf.load("metrics", "token_f1")
    options = metric.Options(squad_version="2.0")
    return float(metric.run([prediction], [reference], options).per_example[0])


def field_f1(prediction: str, reference: str) -> float:
    """Right fields of two JSON texts, 0 to 1, as the metric `json_fields` counts them."""
    metric = shelf.load("metrics", "json_fields")
    return float(metric.run([prediction], [reference]).per_example[0])


def reply(name: str, text: str) -> dict[str, Any] | None:
    """A reply in plain text as an output with one field; None where nothing is written."""
    stripped = text[:MAX_CHARACTERS].strip()
    # A lone half of a character can stand in no file.
    cleaned = stripped.encode(errors="replace").decode()
    return {name: cleaned} if cleaned else None
