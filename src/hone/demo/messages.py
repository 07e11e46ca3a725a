"""Seeded food-pickup messages with their true labels, for training and two held-out tests."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from hone.demo import unseen_words, words
from hone.demo.dice import Dice
from hone.demo.filling import Draft, Filler
from hone.demo.templates import SHARES, TEMPLATES

Split = Literal["train", "held_out", "unseen_words"]
Value = str | int | float

COUNT_OF_SPLIT: dict[Split, int] = {"train": 6000, "held_out": 300, "unseen_words": 300}

# The hash of a normalised text names its split, so no count or seed can make two splits overlap.
_BUCKETS: dict[Split, tuple[int, ...]] = {
    "train": (0, 1, 2),
    "held_out": (3,),
    "unseen_words": (4,),
}
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True)
class Message:
    """One chat message, the foods it reports in order of mention, and the shape it came from."""

    text: str
    items: list[dict[str, Value]]
    template_id: str

    @property
    def answer(self) -> str:
        """The exact string that a model must give."""
        return json.dumps(self.items, ensure_ascii=False)


def normalise(text: str) -> str:
    """Letters and figures only, in lower case: what tells two messages apart."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def generate(split: Split, count: int, seed: int) -> list[Message]:
    """Distinct messages of a split; a larger `count` continues the same list."""
    dice = Dice(f"{split}-{seed}")
    shapes = [name for name, share in SHARES.items() for _ in range(share)]
    taken: set[str] = set()
    messages: list[Message] = []
    while len(messages) < count:
        shape = dice.pick(shapes)
        number = dice.below(len(TEMPLATES[shape]))
        message = _write(f"{shape}-{number + 1:02d}", TEMPLATES[shape][number], split, dice)
        key = normalise(message.text)
        if key in taken or _bucket(key) not in _BUCKETS[split]:
            continue
        taken.add(key)
        messages.append(message)
    return messages


def wording() -> list[Message]:
    """The messages written by hand: no template, food or place of theirs is in the training set."""
    path = resources.files("hone.demo") / "wording.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [Message(row["text"], row["items"], "by-hand") for row in rows]


def _bucket(key: str) -> int:
    return hashlib.sha256(key.encode()).digest()[0] % 5


def _write(template_id: str, template: str, split: Split, dice: Dice) -> Message:
    foods = unseen_words.UNSEEN_ITEMS if split == "unseen_words" else words.ITEMS
    places = unseen_words.UNSEEN_PLACES if split == "unseen_words" else words.PLACES
    filler = Filler(foods, places, dice)
    draft = filler.fill(template)
    _age(draft, dice)
    return Message("".join(piece.text for piece in draft.pieces), _labels(draft), template_id)


def _age(draft: Draft, dice: Dice) -> None:
    """Make a clean message look typed on a phone: a typo in an ordinary word, no capitals."""
    first, last = draft.pieces[0], draft.pieces[-1]
    if first.text[0].islower() and dice.chance(45):
        first.text = first.text[0].upper() + first.text[1:]
    if not last.name and last.text[-1].isalnum() and dice.chance(12):
        last.text += "."
    if dice.chance(14):
        _mistype(draft, dice)
    if dice.chance(5):
        for piece in draft.pieces:
            piece.text = piece.text.lower()


def _mistype(draft: Draft, dice: Dice) -> None:
    found = [
        (piece, match)
        for piece in draft.pieces
        if not piece.name
        for match in _WORD.finditer(piece.text)
        if match[0].lower() in words.TYPOS
    ]
    if not found:
        return
    piece, match = dice.pick(found)
    wrong = dice.pick(words.TYPOS[match[0].lower()])
    wrong = wrong.capitalize() if match[0][0].isupper() else wrong
    piece.text = piece.text[: match.start()] + wrong + piece.text[match.end() :]


def _labels(draft: Draft) -> list[dict[str, Value]]:
    texts = {piece.name: piece.text for piece in draft.pieces if piece.name}
    items: list[dict[str, Value]] = []
    for number in sorted(name[4:] for name in texts if name.startswith("item")):
        record: dict[str, Value] = {"item": texts[f"item{number}"]}
        amount = draft.amounts.get(number)
        if amount is not None:
            record["quantity"] = amount[0]
            if amount[1]:
                record["unit"] = amount[1]
        place = texts.get(f"place{number}", texts.get("place"))
        if place is not None:
            record["location"] = place
        items.append(record)
    return items
