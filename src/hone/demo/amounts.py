"""How much of a food: the figure and unit of the label, and how a person writes them."""

from __future__ import annotations

from dataclasses import dataclass

from hone.demo import words
from hone.demo.dice import Dice


@dataclass(frozen=True)
class Amount:
    """An amount as written; `number` is None where the label leaves quantity and unit out."""

    number: int | float | None
    unit: str
    written: str


def draw_amount(kind: str, dice: Dice, *, terse: bool) -> Amount:
    """An amount that suits a kind of food: terse ("12 cs") or as in a sentence ("12 cases of")."""
    if not terse and dice.chance(8):
        countable = kind in ("bakery", "handheld")
        return Amount(None, "", dice.pick(words.VAGUE_COUNTS if countable else words.VAGUE_AMOUNTS))
    unit = dice.pick(words.UNITS_OF_KIND[kind])
    if unit == "each" and not terse:
        # "24 ea of bagels" is not English: a cake is counted in pieces, bagels by a bare number.
        unit = {"piece": "each", "bakery": "", "handheld": ""}.get(kind, "cases")
    whole = _whole_number(unit, dice)
    if unit == "":
        word = words.NUMBER_WORDS.get(whole) if whole > 1 and dice.chance(50) else None
        return Amount(whole, "", word or str(whole))
    if unit == "each" and not terse:
        return Amount(whole, unit, f"{whole} pieces of")
    return _with_unit(whole, unit, dice) if terse else _in_a_sentence(whole, unit, dice)


def _whole_number(unit: str, dice: Dice) -> int:
    if unit == "lbs":
        usual = (5, 10, 15, 20, 25, 40, 50, 60, 75, 100, 120, 150, 200)
        return dice.pick((*usual, 3 + dice.below(140)))
    if unit in ("", "each"):
        usual = (2, 3, 4, 5, 6, 8, 10, 12, 12, 15, 20, 24, 30, 36, 48, 60)
        return dice.pick((*usual, 2 + dice.below(98)))
    few = 2 + dice.below(11)
    return dice.pick((1 + dice.below(12), few, few, 2 + dice.below(40)))


def _with_unit(whole: int, unit: str, dice: Dice) -> Amount:
    """`12 cs`, `12cs`, `12 cases`, `40#`, `12.5 lbs`, `24 ea`."""
    spelling = dice.pick(words.UNIT_SPELLINGS[unit])
    number = _perhaps_a_half(whole, unit, dice)
    if unit in ("cases", "bags"):
        full = unit[:-1] if whole == 1 else unit
        loose = spelling == "cs" or (spelling == unit[:-1] and dice.chance(40))
        spelling = spelling if loose else full
    return Amount(number, unit, f"{number}{_space(spelling, dice)}{spelling}")


def _in_a_sentence(whole: int, unit: str, dice: Dice) -> Amount:
    """`12 cases of`, `three bags of`, `a case of`, `half a bag of`, `12.5 pounds of`."""
    if unit == "lbs":
        spelling = dice.pick(words.UNIT_SPELLINGS[unit])
        number = _perhaps_a_half(whole, unit, dice)
        return Amount(number, unit, f"{number}{_space(spelling, dice)}{spelling} of")
    if dice.chance(8):
        number, written = dice.pick(((1, "a"), (0.5, "half a")))
        return Amount(number, unit, f"{written} {unit[:-1]} of")
    full = unit[:-1] if whole == 1 else unit
    if whole in words.NUMBER_WORDS and dice.chance(25):
        return Amount(whole, unit, f"{words.NUMBER_WORDS[whole]} {full} of")
    return Amount(whole, unit, f"{whole} {full} of")


def _perhaps_a_half(whole: int, unit: str, dice: Dice) -> int | float:
    return whole + 0.5 if unit == "lbs" and dice.chance(8) else whole


def _space(spelling: str, dice: Dice) -> str:
    """Between number and unit: people write `12cs` as well as `12 cs`, but always `40#`."""
    tight = spelling == "#" or (spelling in ("cs", "lb", "lbs") and dice.chance(30))
    return "" if tight else " "
