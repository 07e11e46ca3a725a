"""Example data of the template qa: what people ask a tool library that does not exist.

Every item has a card of three rules. A row asks for one of them and holds the card, which says the
answer word for word. As in a real export some answers are wrong or careless, so that there is
something to correct and to reject; the later questions, about other items, are clean.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

from hone.demo.dice import Dice
from hone.demo.example_data import Written

QUESTIONS, LATER, CLOSED = "tool-library.csv", "later.csv", "later-without-cards.csv"
ITEMS, LATER_ITEMS = 220, 40
WRONG_PERCENT, CARELESS_PERCENT, MOOT_PERCENT = 3, 4, 2
FIRST_ROWS = ("right", "right", "careless", "right", "wrong", "moot")
"""What the first rows are: whoever begins to review meets each kind soon."""

KINDS = (
    "drill", "ladder", "saw", "sander", "tent", "mower", "pump", "loom", "easel", "kettle",
    "canoe", "trailer", "press", "lathe", "projector", "generator", "wheelbarrow", "scaffold",
    "chisel", "vice", "oven", "mixer", "camera", "tripod", "telescope", "anvil", "blender",
    "heater", "freezer", "compressor",
)  # fmt: skip
MAKES = (
    "small", "large", "old", "new", "red", "blue", "green", "long", "short", "heavy", "light",
    "grey", "narrow", "wide", "quiet",
)  # fmt: skip
PLACES = ("shelf", "cupboard", "rack", "bay", "locker")
PEOPLE = (
    "Ada Brook", "Ben Castle", "Clara Dunn", "David Ember", "Ella Frost", "Finn Garner",
    "Grace Holt", "Hugo Ivory", "Ida Jordan", "Jonas Keller", "Kate Lowell", "Leo Marsh",
    "Mona North", "Nils Olsen", "Olga Petri", "Paul Quill", "Rosa Stone", "Sam Tiller",
    "Tara Urban", "Vera Winter",
)  # fmt: skip
MOOT = ("see above", "?", "ask at the desk", "n/a")

T = TypeVar("T")


class Rule(NamedTuple):
    """One thing that a card says: its note and the ways in which people ask for it."""

    note: str
    questions: tuple[str, ...]


# A card says its rules in notes, people ask in sentences: the word of the rule is in both.
RULES: dict[str, Rule] = {
    "days": Rule(
        "Loan: {}.",
        ("How long is the loan of the {}?", "how long is a loan of the {}"),
    ),
    "deposit": Rule(
        "Deposit: {}.",
        ("What is the deposit for the {}?", "How much deposit does the {} need?"),
    ),
    "place": Rule(
        "Place: {}.",
        ("What is the place of the {}?", "In what place is the {}?"),
    ),
    "person": Rule(
        "Help: {}.",
        ("Who can help me with the {}?", "Whom do I ask for help with the {}?"),
    ),
}


class Card(NamedTuple):
    """What the library says of an item, and the facts in it by rule."""

    item: str
    text: str
    facts: dict[str, str]


class Line(NamedTuple):
    """A row of an export; `right` is the answer that its card gives."""

    question: str
    answer: str
    passage: str
    item: str
    right: str


def write(folder: Path, seed: int = 0) -> list[Written]:
    """An export to learn from, and later questions with and without their cards."""
    asked, later = lines(seed)
    with_cards = ("Question", "Answer", "Passage", "Item")
    _write(folder / QUESTIONS, with_cards, (one[:4] for one in asked))
    _write(folder / LATER, with_cards, (one[:4] for one in later))
    _write(folder / CLOSED, with_cards[:2], (one[:2] for one in later))
    return [
        Written(folder / QUESTIONS, f"{len(asked)} questions about a tool library, with its cards"),
        Written(folder / LATER, f"{len(later)} later ones, about other items, to measure on"),
        Written(folder / CLOSED, "the same without the cards"),
    ]


def lines(seed: int = 0) -> tuple[list[Line], list[Line]]:
    """The rows of the export, in its order, and the later ones; no item is in both."""
    dice = Dice(f"tool-library-{seed}")
    names = _shuffled([f"{make} {kind}" for kind in KINDS for make in MAKES], dice)
    cards = [_card(name, dice) for name in names[: ITEMS + LATER_ITEMS]]
    asked = _shuffled([one for card in cards[:ITEMS] for one in _asked(card, dice)], dice)
    later = _shuffled([one for card in cards[ITEMS:] for one in _asked(card, dice)], dice)
    return [_typed(one, place, dice) for place, one in enumerate(asked)], later


def _card(item: str, dice: Dice) -> Card:
    values = {
        "days": f"{2 + dice.below(40)} days",
        "deposit": f"{5 * (1 + dice.below(30))} euros",
        "place": f"{dice.pick(PLACES)} {1 + dice.below(40)}",
        "person": dice.pick(PEOPLE),
    }
    facts = {name: values[name] for name in _shuffled(list(RULES), dice)[:3]}
    said = [RULES[name].note.format(fact) for name, fact in facts.items()]
    return Card(item, " ".join([f"The {item}.", *said]), facts)


def _asked(card: Card, dice: Dice) -> list[Line]:
    found: list[Line] = []
    for name, fact in card.facts.items():
        question = dice.pick(RULES[name].questions).format(card.item)
        found.append(Line(question, fact, card.text, card.item, fact))
    return found


def _typed(line: Line, place: int, dice: Dice) -> Line:
    """As somebody typed it into the list: mostly right."""
    drawn = dice.below(100)
    kind = "right"
    for name, percent in (
        ("wrong", WRONG_PERCENT), ("careless", CARELESS_PERCENT), ("moot", MOOT_PERCENT),
    ):  # fmt: skip
        if 0 <= drawn < percent:
            kind = name
        drawn -= percent
    if place < len(FIRST_ROWS):
        kind = FIRST_ROWS[place]
    if kind == "wrong":
        # Another fact of the same card: what somebody in a hurry reads off the wrong line.
        others = [
            word.rstrip(".") for word in line.passage.split(". ")[1:] if line.right not in word
        ]
        return line._replace(answer=others[0])
    if kind == "careless":
        return line._replace(answer=f"I think it is {line.right} but not sure")
    return line._replace(answer=dice.pick(MOOT)) if kind == "moot" else line


def _write(path: Path, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def _shuffled(found: list[T], dice: Dice) -> list[T]:
    left = list(found)
    return [left.pop(dice.below(len(left))) for _ in range(len(left))]
