"""The wording that the small model is taught plain notes with."""

from __future__ import annotations

import re

import pytest

from tools.build_nano import plain_frames, plain_talk, plain_wording, report_wording
from tools.build_nano.phrases import keep

FREE = "plhewdktjm"
"""Slots that any sentence may hold beside the one or two that carry the answer."""
NEEDED = {
    "PLAIN": ["r", "x"],
    "EACH": ["r", "x"],
    "PLAIN_NOWHERE": ["r"],
    "IDLE": [],
    "HELLOS": [],
    "CLOSERS": [],
    "EACH_LINKS": [],
    "PLAIN_MEASURED": ["q", "t"],
    "PLAIN_BARE": ["q", "t"],
    "PLAIN_OPEN": ["t"],
}
EVERYDAY = {name: getattr(plain_wording, name, "").split("|") for name in NEEDED} | {
    "PLAIN": [
        frame
        for text in (
            plain_wording.PLAIN,
            report_wording.TERSE,
            report_wording.GOT,
            report_wording.GAVE,
            report_wording.THERE,
        )
        for frame in text.split("|")
    ],
    "IDLE": report_wording.IDLE.split("|"),
    "CLOSERS": (plain_wording.PLAIN_CLOSERS + "|" + report_wording.CLOSERS).split("|"),
}


def slots(text: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", text)


def test_every_list_is_known() -> None:
    assert set(plain_talk.LISTS) == set(NEEDED)


@pytest.mark.parametrize("name", NEEDED)
def test_each_text_holds_exactly_its_slots(name: str) -> None:
    answer = {"r", "x", "q"} | ({"t"} if "t" in NEEDED[name] else set())
    for text in plain_talk.LISTS[name]:
        carried = [slot for slot in slots(text) if slot in answer]
        assert sorted(carried) == sorted(NEEDED[name]), text
        assert set(slots(text)) <= set(FREE) | answer, text
        assert text.count("{") == text.count("}") == len(slots(text)), text


@pytest.mark.parametrize("name", NEEDED)
def test_no_text_is_said_twice(name: str) -> None:
    texts = [text.lower() for text in plain_talk.LISTS[name]]
    assert len(set(texts)) == len(texts)
    assert not set(texts) & {text.lower() for text in EVERYDAY[name]}
    assert all(texts)


@pytest.mark.parametrize("name", ["PLAIN", "PLAIN_NOWHERE", "EACH"])
def test_a_mark_or_a_little_word_stands_next_to_a_value(name: str) -> None:
    """Otherwise nobody could tell where the value begins or ends."""
    for text in plain_talk.LISTS[name]:
        assert not re.search(r"\} \{[rx]\}|\{[rx]\} \{", text), text
        assert not re.search(r"(?i)\b(the|an?|my|our|their) \{[rx]\}", text), text


def test_both_sides_of_the_split_can_speak() -> None:
    kept, held = (keep(plain_frames.PLAIN, held_out=side) for side in (False, True))
    assert len(held) > 50
    assert not set(kept) & set(held)
    assert sorted(kept + held) == sorted(plain_frames.PLAIN)


def test_the_writer_has_the_everyday_and_the_new_wording() -> None:
    for name, texts in plain_talk.LISTS.items():
        assert set(texts) < set(plain_wording.LISTS[name])
        assert len(set(plain_wording.LISTS[name])) > len(set(texts))
