"""The normal form of a text: what counts as the same words."""

from __future__ import annotations

import unicodedata


def normal(text: str) -> str:
    """NFKC, case folded, every run of white space as one space."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
