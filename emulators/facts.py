"""What each emulator takes for true about its provider, with source, date and how sure that is."""

from __future__ import annotations

from typing import Literal, NamedTuple

Confidence = Literal["published", "library", "recorded", "report", "assumed"]
MEANING: dict[Confidence, str] = {
    "published": "the provider's own documents or schema say so",
    "library": "the provider's own client library is written for it",
    "recorded": "seen in a recorded answer of the live service",
    "report": "a third party reports it",
    "assumed": "not documented; the emulator had to choose",
}


class Fact(NamedTuple):
    """One sentence that a live mismatch would turn into a difference."""

    sentence: str
    source: str
    date: str
    confidence: Confidence


DOCS = "runpod/docs a900806e"
DOCS_DATE = "2026-08-20"
SDK = "runpod 1.12.0"
SDK_DATE = "2026-08-10"
FIELD = "public report"
FIELD_DATE = "2026-11-20"
OURS = "none"
OURS_DATE = "2026-11-28"


def published(sentence: str, where: str) -> Fact:
    """From RunPod's documents."""
    return Fact(sentence, f"{DOCS}: {where}", DOCS_DATE, "published")


def library(sentence: str, where: str) -> Fact:
    """From RunPod's SDK."""
    return Fact(sentence, f"{SDK}: {where}", SDK_DATE, "library")


def reported(sentence: str) -> Fact:
    """From a third party."""
    return Fact(sentence, FIELD, FIELD_DATE, "report")


def assumed(sentence: str) -> Fact:
    """A choice of ours."""
    return Fact(sentence, OURS, OURS_DATE, "assumed")
