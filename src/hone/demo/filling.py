"""Fills the slots of a template with foods, amounts, places and what people say around them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hone.demo import words
from hone.demo.amounts import draw_amount
from hone.demo.dice import Dice

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass
class Piece:
    """A stretch of text; `name` is set where a label copies it."""

    text: str
    name: str = ""


@dataclass
class Draft:
    """A message being written: its pieces, and number and unit by food number."""

    pieces: list[Piece] = field(default_factory=list)
    amounts: dict[str, tuple[int | float, str]] = field(default_factory=dict)


class Filler:
    """Fills the slots of one message; a food or a place is named once per message."""

    def __init__(
        self, foods: dict[str, tuple[str, ...]], places: tuple[str, ...], dice: Dice
    ) -> None:
        self._pairs = [(kind, food) for kind, names in foods.items() for food in names]
        self._places = list(places)
        self._people = list(words.PEOPLE)
        self._dice = dice
        self._kinds: dict[str, str] = {}
        self._capital_foods = dice.chance(5)

    def fill(self, template: str) -> Draft:
        """The message with every slot filled, and what its labels need."""
        draft = Draft()
        end = 0
        for match in _SLOT.finditer(template):
            draft.pieces.append(Piece(template[end : match.start()]))
            end = match.end()
            self._slot(match[1], draft)
        draft.pieces.append(Piece(template[end:]))
        draft.pieces = [piece for piece in draft.pieces if piece.text]
        return draft

    def _slot(self, slot: str, draft: Draft) -> None:
        kind, number = slot[0], slot[1:]
        if slot == "hi":
            draft.pieces.append(Piece(self._greeting()))
        elif slot == "bye":
            draft.pieces.append(
                Piece(self._sign_off("".join(piece.text for piece in draft.pieces)))
            )
        elif kind in "pP":
            draft.pieces.append(Piece(self._place(), f"place{number}" if kind == "P" else ""))
        elif slot == "i0":
            draft.pieces.append(Piece(self._food("0")))
        elif kind in "OTAI":
            self._report(kind, number, draft)
        elif kind == "Q":
            self._amount_alone(number, draft)
        else:
            draft.pieces.append(Piece(self._around(slot)))

    def _report(self, kind: str, number: str, draft: Draft) -> None:
        food = Piece(self._food(number), f"item{number}")
        if kind == "I":
            draft.pieces.append(food)
            return
        amount = draw_amount(self._kinds[number], self._dice, terse=kind != "O")
        if amount.number is not None:
            draft.amounts[number] = (amount.number, amount.unit)
        if kind == "A":
            left = self._dice.pick((" ", " ", ", ", ": ", " (", " x "))
            right = ")" if left == " (" else ""
            draft.pieces += [food, Piece(f"{left}{amount.written}{right}")]
        else:
            draft.pieces += [Piece(f"{amount.written} "), food]

    def _amount_alone(self, number: str, draft: Draft) -> None:
        amount = draw_amount(self._kinds[number], self._dice, terse=True)
        if amount.number is not None:
            draft.amounts[number] = (amount.number, amount.unit)
        draft.pieces.append(Piece(amount.written))

    def _food(self, number: str) -> str:
        kind, food = self._pairs.pop(self._dice.below(len(self._pairs)))
        self._kinds[number] = kind
        if len(food) > 5 and self._dice.chance(1.5):
            # A slip of the fingers; the label copies it.
            cut = 1 + self._dice.below(len(food) - 3)
            if food[cut] != " " and food[cut + 1] != " ":
                food = food[:cut] + food[cut + 1] + food[cut] + food[cut + 2 :]
        return food[0].upper() + food[1:] if self._capital_foods else food

    def _place(self) -> str:
        return self._places.pop(self._dice.below(len(self._places)))

    def _around(self, slot: str) -> str:
        if slot == "n":
            return self._people.pop(self._dice.below(len(self._people)))
        if slot == "t":
            return self._dice.pick(words.TIMES)
        if slot in ("d", "on"):
            day = self._dice.pick(words.DAYS)
            return f"on {day}" if slot == "on" and day != "tomorrow" else day
        return str(2 + self._dice.below(24))

    def _expand(self, text: str) -> str:
        return _SLOT.sub(lambda match: self._around(match[1]), text)

    def _greeting(self) -> str:
        if not self._dice.chance(22):
            return ""
        return self._expand(self._dice.pick(words.GREETINGS)) + self._dice.pick(
            (", ", ", ", "! ", " - ", ": ")
        )

    def _sign_off(self, before: str) -> str:
        if not self._dice.chance(28):
            return ""
        if self._dice.chance(20):
            return " " + self._dice.pick(words.EMOJI)
        joint = " " if before[-1] in "!?." else self._dice.pick((". ", ". ", "! ", "\n", ", "))
        said = self._dice.pick(words.SIGN_OFFS)
        if joint == ", " and not said.startswith("ETA"):
            said = said[0].lower() + said[1:]
        return joint + self._expand(said)
