"""Values of every role: things, places, people, times, amounts; English or invented."""

from __future__ import annotations

import random

from . import filler
from .words import (
    FIRST_NAMES,
    NUMBER_PHRASES,
    NUMBER_WORDS,
    PLACE_HEADS,
    SINGULAR,
    STREET_KINDS,
    SYLLABLE_ENDS,
    SYLLABLE_MIDDLES,
    SYLLABLE_STARTS,
    UNITS,
    Lexicon,
)

DAYS = (
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Wed Thu Fri Sat Sun".split()
)
MONTHS = (
    "January February March April May June July August September October November December"
).split()


class Values:
    """Draws values of every role; the same generator state gives the same values."""

    def __init__(self, lexicon: Lexicon, rng: random.Random) -> None:
        self.lexicon, self.rng = lexicon, rng

    def invented(self) -> str:
        """A word that exists in no list: syllables, now and then bare letters."""
        rng = self.rng
        if rng.random() < 0.15:
            return "".join(
                rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 8))
            )
        parts = [
            rng.choice(SYLLABLE_STARTS) + rng.choice(SYLLABLE_MIDDLES)
            for _ in range(rng.choice((1, 1, 2, 2, 3)))
        ]
        return "".join(parts) + rng.choice(SYLLABLE_ENDS)

    def noun(self) -> str:
        rng, words = self.rng, self.lexicon
        roll = rng.random()
        if roll < 0.3:
            return self.invented()
        return rng.choice(words.common_goods if roll < 0.7 else words.goods)

    def adjective(self) -> str:
        return (
            self.invented() if self.rng.random() < 0.2 else self.rng.choice(self.lexicon.adjectives)
        )

    def name(self) -> str:
        """One capitalised name."""
        rng = self.rng
        roll = rng.random()
        if roll < 0.25 and not self.lexicon.held_out:
            return rng.choice(FIRST_NAMES)
        if roll < 0.45:
            return rng.choice(rng.choice(self.lexicon.proper).split(" "))
        word = rng.choice(self.lexicon.goods).split(" ")[0] if roll < 0.6 else self.invented()
        if roll > 0.97:
            return f"{rng.choice(('Mc', 'O’', 'De', 'Mac', 'Van '))}{word.capitalize()}"
        return word.capitalize()

    def plain_thing(self) -> str:
        """A thing of one to three words, most of them English."""
        rng, words = self.rng, self.lexicon
        roll = rng.random()
        noun = self.invented() if roll < 0.35 else rng.choice(words.common_goods)
        if rng.random() < 0.5 and not noun.endswith("s"):
            noun += "s"
        first = self.adjective() if rng.random() < 0.6 else self.noun()
        return rng.choice(
            (
                noun,
                noun,
                noun,
                f"{first} {noun}",
                f"{first} {noun}",
                f"{self.adjective()} {first} {noun}",
            )
        )

    def thing(self) -> str:
        rng = self.rng
        if rng.random() < 0.9:
            return self.plain_thing()
        noun = self.noun()
        if rng.random() < 0.45:
            noun = noun if noun.endswith("s") or len(noun) < 3 else noun + "s"
        roll = rng.random()
        if roll < 0.35:
            return noun
        if roll < 0.7:
            return f"{self.adjective()} {noun}"
        if roll < 0.8:
            first, link = self.adjective(), rng.choice(("and", "&", ""))
            return f"{first} {link} {self.adjective()} {noun}".replace("  ", " ")
        if roll < 0.86:
            return f"{self.noun()} {self.noun()} {noun}"
        if roll < 0.9:
            return f"{self.noun()}-{self.adjective()} {noun}"
        if roll < 0.93:
            return f"{noun} {rng.choice(('with', 'and', 'in', '&'))} {self.noun()}"
        if roll < 0.96:
            return f"{self.name()}'s {noun}"
        return f"{self.name()} {noun}"

    def place(self) -> str:
        rng = self.rng
        head = (
            rng.choice(PLACE_HEADS)
            if rng.random() < 0.75
            else self.noun().split(" ")[-1].capitalize()
        )
        roll = rng.random()
        if roll < 0.22:
            return f"{self.name()}'s {head}"
        if roll < 0.30:
            return f"{self.name()}'s"
        if roll < 0.45:
            return f"{self.name()} {head}"
        if roll < 0.55:
            return f"{self.name()} {self.name()} {head}"
        if roll < 0.60:
            return f"{self.name()} & {self.name()}{rng.choice(('', ' ' + head))}"
        if roll < 0.65:
            first = rng.choice(("The", "St.", "Saint", "Old", "New", "North", "Mt.", "Big"))
            return f"{first} {self.name()} {head}"
        return self._rarer_place(roll, head)

    def _rarer_place(self, roll: float, head: str) -> str:
        """Streets, rooms, places named after others: `roll` (0.65 to 1) chooses."""
        rng = self.rng
        if roll < 0.71:
            number = rng.choice(("", str(rng.randint(1, 999)) + " "))
            return f"{number}{self.name()} {rng.choice(STREET_KINDS)}"
        if roll < 0.74:
            return f"{head} {rng.choice(('on', 'of', 'at', 'in'))} {self.name()}"
        if roll < 0.77:
            return f"{self.name()}-{self.name()} {head}"
        if roll < 0.80:
            return (
                f"{self.adjective().capitalize()} {self.noun().split(' ')[-1].capitalize()} {head}"
            )
        if roll < 0.84:
            kind = rng.choice(("Room", "Bay", "Gate", "Unit", "Dock", "Lab", "Aisle"))
            return f"{kind} {rng.randint(1, 99)}"
        if roll < 0.92:
            return rng.choice(self.lexicon.proper)
        return self.name()

    def person(self) -> str:
        roll = self.rng.random()
        if roll < 0.5:
            return self.name()
        if roll < 0.85:
            return f"{self.name()} {self.name()}"
        if roll < 0.93:
            title = ("Dr.", "Mr.", "Mrs.", "Ms", "Prof.", "Aunt", "Captain", "Coach")
            return f"{self.rng.choice(title)} {self.name()}"
        return f"{self.name()} {self.rng.choice('ABCDEFGHJKLMPRST')}."

    def time(self) -> str:
        rng = self.rng
        hour, minute = rng.randint(1, 12), rng.choice(("", "", ":00", ":15", ":30", ":45"))
        return rng.choice(
            (
                f"{hour}{minute}{rng.choice(('am', 'pm', ' am', ' pm', ' p.m.', ''))}",
                f"{hour}:{rng.randint(10, 59)}",
                "noon",
                "midnight",
                f"half past {rng.choice(NUMBER_WORDS[:12])}",
                f"{rng.choice(NUMBER_WORDS[:12])} o'clock",
                f"{rng.randint(13, 23)}:{rng.choice(('00', '30'))}",
                "the evening",
                "lunch",
            )
        )

    def date(self) -> str:
        rng = self.rng
        day = rng.choice(DAYS)
        month = rng.choice(MONTHS)
        number = rng.randint(1, 31)
        suffix = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}.get(
            number, "th"
        )
        text = rng.choice(
            (
                day,
                day,
                f"next {day}",
                "tomorrow",
                "today",
                "tonight",
                f"{month} {number}",
                f"{number} {month}",
                f"{month[:3]} {number}{suffix}",
                f"the {number}{suffix}",
                f"{number}/{rng.randint(1, 12)}",
                f"20{rng.randint(10, 39)}-{rng.randint(1, 12):02}-{number:02}",
                f"{day} the {number}{suffix}",
                f"this {rng.choice(('week', 'weekend', 'month', day))}",
                f"in {rng.choice(NUMBER_WORDS)} days",
            )
        )
        return text

    def price(self) -> str:
        number = self.rng.choice(
            (f"{self.rng.randint(1, 999)}", f"{self.rng.randint(1, 99)}.{self.rng.randint(10, 99)}")
        )
        return self.rng.choice(
            (
                f"${number}",
                f"${number}",
                f"{number} EUR",
                f"€{number}",
                f"{number} dollars",
                f"£{number}",
            )
        )

    def code(self) -> str:
        rng = self.rng
        letters = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(rng.randint(1, 3)))
        return rng.choice(
            (
                f"{letters}-{rng.randint(10, 9999)}",
                f"{letters}{rng.randint(10, 999)}",
                f"{rng.randint(1000, 99999)}",
            )
        )

    def phrase(self) -> str:
        """Two to five loose words: a reason, a topic, a remark."""
        rng = self.rng
        return rng.choice(
            (
                f"{self.adjective()} {rng.choice(filler.NOUNS)}",
                f"{rng.choice(filler.NOUNS)} {rng.choice(('of', 'in', 'about'))} {self.thing()}",
                f"a {self.adjective()} {self.noun()}",
                f"{rng.choice(filler.NOUNS)}",
            )
        )

    def amount(self) -> tuple[str, int | float]:
        """A quantity as it is written, and the number it means."""
        rng = self.rng
        roll = rng.random()
        if roll < 0.5:
            number = rng.choice(
                (
                    rng.randint(1, 12),
                    rng.randint(1, 99),
                    rng.randint(1, 500),
                    rng.choice((1000, 1200, 250, 2000)),
                )
            )
            return str(number), number
        if roll < 0.58:
            number = rng.randint(0, 40) + rng.choice((0.5, 0.25, 0.75, rng.randint(1, 9) / 10))
            return str(number), number
        if roll < 0.92:
            number = rng.randint(1, len(NUMBER_WORDS) if rng.random() < 0.4 else 10)
            return NUMBER_WORDS[number - 1], number
        return rng.choice(list(NUMBER_PHRASES.items()))

    def unit(self, *, single: bool = False) -> tuple[str, str]:
        """A unit as it is written, and its normal name."""
        name = self.rng.choice(list(UNITS))
        written = [u for u in UNITS[name] if (u in SINGULAR) == single] or list(UNITS[name])
        return self.rng.choice(written), name
