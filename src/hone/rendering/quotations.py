"""Answers that quote: the marks around a quotation, and the answer that stands behind it.

Source: the form of an answer in RAFT (Zhang et al. 2024, arXiv:2403.10131), where reasons and
quotations come before the answer.
"""

from __future__ import annotations

BEGIN, END = "##begin_quote##", "##end_quote##"
REASON, ANSWER = "##Reason:", "##Answer:"


def quoted(answer: str) -> list[str]:
    """What an answer quotes between the marks; ValueError where a mark has no partner."""
    found: list[str] = []
    for place, piece in enumerate(answer.split(BEGIN)):
        inside, *after = piece.split(END)
        if len(after) != (1 if place else 0):
            raise ValueError(f"a {BEGIN} has no {END}, or the other way round")
        if place:
            found.append(inside.strip())
    if any(not text for text in found):
        raise ValueError("a quotation is empty")
    return found


def with_quote(quote: str, answer: str) -> str:
    """The answer behind the quotation that it rests on."""
    return f"{REASON} {BEGIN} {quote} {END}\n{ANSWER} {answer}"


def answer_alone(answer: str) -> str | None:
    """What stands behind the last answer mark; the whole of an answer without marks, else None."""
    before, mark, after = answer.rpartition(ANSWER)
    if mark:
        return after.strip()
    return None if BEGIN in after or END in before else answer
