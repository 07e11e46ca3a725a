"""Plain reports: who got how much of what, and where; the answer is a list of records.

Narrower than `events`: always the same four fields in the same order, whatever the words of the
request, and wording that means what it says. What was received is reported; what is asked for,
planned, missing or on its way somewhere else is not. Units outside a fixed list are left out with
their number. The lists that decide where a value ends are closed, and a twelfth of each is kept
back for measuring.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from . import filler, report_wording, wording
from .events import inflect, typo
from .phrases import keep
from .values import Values
from .words import NUMBER_WORDS, SINGULAR, UNITS

FIELDS = THING, AMOUNT, UNIT, PLACE = ("thing", "amount", "measure", "place")
NAMED_UNITS = ("cases", "lbs", "bags", "units", "kg", "packs", "pallets", "bottles")
ASKS = (
    "List the {w} as JSON.|List the {w} {v}ed as JSON.|{w}: JSON list|Which {w} did they {v}?|"
    "As JSON: {w}.|List {w} with place.|{v} the {w}.|Give the {w} {v}ed.|{w}|All {w}, as a list.|"
    "Extract the {w}.|What {w} were {v}ed? Answer in JSON.|You list the {w}.|JSON records of {w}"
).split("|")


@dataclass
class Said:
    """One thing as it is written, and its record so far."""

    text: str
    record: dict[str, object]


class ReportWriter:
    """Draws reports with the one generator of its `Values`."""

    LOWERED = 0.16
    """Share of messages in small letters."""

    def __init__(self, values: Values, *, held_out: bool = False) -> None:
        self.values, self.rng = values, values.rng
        self.lists = {
            name: keep(texts, held_out=held_out) for name, texts in report_wording.LISTS.items()
        }

    def draw(self) -> tuple[str, str, list[dict[str, object]]]:
        """What is asked, the message, and the records that it reports, in its order."""
        rng = self.rng
        self.places = [self._place() for _ in range(5)]
        if rng.random() < 0.13:
            text, records = self._idle(), []
        else:
            text, records = self._reported()
        text, records = self._aged(text, records)
        ordered = [{name: one[name] for name in FIELDS if name in one} for one in records]
        ask = rng.choice(ASKS).replace("{w}", self._subject())
        return self._fill(ask), text, ordered

    # -- a message --

    def _reported(self) -> tuple[str, list[dict[str, object]]]:
        rng = self.rng
        segments = rng.choices((1, 2, 3), (90, 9, 1))[0]
        parts: list[str] = []
        records: list[dict[str, object]] = []
        for _ in range(segments):
            amount = rng.choices((1, 2, 3), (75, 18, 7) if segments == 1 else (95, 5, 0))[0]
            said = [self._thing() for _ in range(amount)]
            place = self.places.pop() if rng.random() < 0.86 else None
            parts.append(self._segment([one.text for one in said], place))
            for one in said:
                records.append(one.record | ({PLACE: place} if place else {}))
        link = self._pick("LINKS") if segments > 1 else ""
        return self._surround(link.join(parts)), records

    def _idle(self) -> str:
        """A message that reports nothing; things and places may be named all the same."""
        rng = self.rng
        said = [self._fill(self._pick("IDLE")) if rng.random() < 0.75 else self._talk()]
        if rng.random() < 0.3:
            said.append(self._talk())
        return rng.choice((". ", ", ", "! ", " - ", "\n")).join(said)

    def _thing(self) -> Said:
        """A thing with its amount: named with its unit, a bare number, or left open."""
        rng = self.rng
        name = self._name()
        record: dict[str, object] = {THING: name}
        roll = rng.random()
        if roll < 0.10:
            return Said(self._pick("OPEN").format(t=name), record)
        if roll < 0.19:
            others = [one for one in UNITS if one not in NAMED_UNITS]
            text = f"{rng.randint(2, 30)} {rng.choice(UNITS[rng.choice(others)])}"
            return Said(self._pick("MEASURED").format(q=text, t=name), record)
        if roll < 0.34:
            written, number = self._number()
            record[AMOUNT] = number
            return Said(self._pick("BARE").format(q=written, t=name), record)
        text, record[AMOUNT], record[UNIT] = self._measured()
        return Said(self._pick("MEASURED").format(q=text, t=name), record)

    def _subject(self) -> str:
        """What a request is about: one word or two."""
        word = self.values.noun().split(" ")[0]
        return word if self.rng.random() < 0.6 else f"{self.rng.choice(filler.NOUNS)} {word}"

    def _name(self) -> str:
        """A thing of one or two words, rarely three."""
        name = self.values.plain_thing()
        while name.count(" ") > 1 and self.rng.random() < 0.75:
            name = self.values.plain_thing()
        return name

    def _place(self) -> str:
        """A place by a name; streets, rooms and bare numbers are for the wider tasks."""
        place = self.values.place()
        while any(letter.isdigit() for letter in place) or place.count(" ") > 3:
            place = self.values.place()
        return place

    def _number(self) -> tuple[str, int | float]:
        rng = self.rng
        roll = rng.random()
        if roll < 0.16:
            whole = rng.randint(1, 12)
            return NUMBER_WORDS[whole - 1], whole
        if roll < 0.2:
            return rng.choice((("a dozen", 12), ("two dozen", 24), ("a couple of", 2)))
        whole = rng.choice((rng.randint(2, 12), rng.randint(2, 30), rng.randint(10, 250)))
        return str(whole), whole

    def _measured(self) -> tuple[str, int | float, str]:
        """Number and unit as written, the number, the unit's name."""
        rng = self.rng
        name = rng.choice(NAMED_UNITS)
        one = [spelling for spelling in UNITS[name] if spelling in SINGULAR]
        if one and rng.random() < 0.07:
            written, number = rng.choice((("a", 1), ("one", 1), ("half a", 0.5), ("1", 1)))
            return f"{written} {rng.choice(one)}", number, name
        many = [spelling for spelling in UNITS[name] if spelling not in SINGULAR] or one
        spelling = rng.choice(many if rng.random() < 0.9 else list(UNITS[name]))
        written, number = self._number()
        if written.isdigit() and rng.random() < 0.08:
            number += rng.choice((0.5, 0.25, 0.1, 0.8))
            written = str(number)
        if name == "lbs" and written[0].isdigit() and rng.random() < 0.22:
            return f"{written}#", number, name
        tight = written[0].isdigit() and rng.random() < 0.1
        return f"{written}{'' if tight else ' '}{spelling}", number, name

    def _segment(self, things: list[str], place: str | None) -> str:
        """A sentence, or less than one, that says all the things and where they are from."""
        rng = self.rng
        listed = self._listed(things)
        if place is None:
            return self._fill(self._pick("NOWHERE")).replace("{r}", listed)
        shapes = ("TERSE", "TERSE", "GOT", "GOT", "GAVE", "THERE")
        frame = self._fill(self._pick(rng.choice(shapes)))
        if rng.random() < 0.15:
            frame += " " + self._adverbial()
        return frame.replace("{r}", listed).replace("{x}", place)

    def _listed(self, things: list[str]) -> str:
        rng = self.rng
        if len(things) == 1:
            return things[0]
        roll = rng.random()
        if roll < 0.12:
            bullet = rng.choice(("- ", "* ", "", ""))
            return "\n" + "\n".join(bullet + thing for thing in things)
        if roll < 0.16:
            return " ".join(f"{at}) {thing}" for at, thing in enumerate(things, 1))
        between = rng.choice((", ", ", ", ", ", "; ", " + ", " and ", "\n", " & "))
        last = rng.choice((between, " and ", " and ", ", and ", " plus ", ", plus ", " and also "))
        return between.join(things[:-1]) + last + things[-1]

    # -- what stands around --

    def _surround(self, text: str) -> str:
        rng = self.rng
        if rng.random() < 0.27:
            opener = self._fill(self._pick("OPENERS"))
            text = opener + rng.choice((", ", "! ", ": ", " - ", " ", ". ", "\n", "... ")) + text
        if rng.random() < 0.07:
            text = self._talk() + rng.choice((". ", ", ", "; ", "! ", "\n", ": ", " so ")) + text
        if rng.random() < 0.3:
            joint = rng.choice((", ", ". ", " - ", "! ", "\n", "; ", ". "))
            text += joint + self._fill(self._pick("CLOSERS"))
        if rng.random() < 0.08:
            text += rng.choice((". ", ", ", ", but ", "! ", "... ", " ")) + self._talk()
        if rng.random() < 0.06:
            text += " " + rng.choice("🙏👍😊🎉🚚✅🙌💪")
        elif rng.random() < 0.35 and text[-1].isalnum():
            text += rng.choice((".", ".", "!", "!!", "..."))
        return text

    def _talk(self) -> str:
        """A sentence or a bit of one; the places, people and numbers in it are no answer."""
        rng = self.rng
        if rng.random() < 0.55:
            return self._fill(self._pick("TALK"))
        return self._fill(wording.sentence(rng))

    def _adverbial(self) -> str:
        rng = self.rng
        if rng.random() < 0.5:
            return self._fill(self._pick("WHEN"))
        noun = rng.choice(filler.NOUNS)
        noun = f"{rng.choice(filler.ADJECTIVES)} {noun}" if rng.random() < 0.3 else noun
        first = rng.choice(
            ("in the", "before", "after the", "with my", "on the", "by the", "for the", "in my")
        )
        return f"{first} {noun}"

    def _pick(self, name: str) -> str:
        return self.rng.choice(self.lists[name])

    def _fill(self, text: str) -> str:
        """Random words in the free slots; `{r}` and `{x}` are left for the report."""
        rng, values = self.rng, self.values
        makers = {
            "j": lambda: rng.choice(filler.ADJECTIVES),
            "a": lambda: rng.choice(filler.ADVERBS),
            "m": lambda: rng.choice(filler.NOUNS),
            "p": values.name,
            "l": lambda: self.places.pop() if self.places else self._place(),
            "d": values.date,
            "h": values.time,
            "w": lambda: (
                str(rng.randint(2, 60)) if rng.random() < 0.7 else NUMBER_WORDS[rng.randint(0, 11)]
            ),
            "t": self._name,
            "s": lambda: rng.choice(self.lists["SUBJECTS"]),
            "g": lambda: rng.choice(self.lists["GOT_VERBS"]),
            "k": lambda: rng.choice(self.lists["PAST"]),
            "f": lambda: rng.choice(self.lists["FROM"]),
            "e": self._adverbial,
        }
        for _ in range(2):  # What fills a slot may hold slots of its own.
            text = re.sub(r"\{([jampldhwtsgkfe])\}", lambda match: makers[match[1]](), text)
        text = re.sub(
            r"\{v\}(s|ed|ing)?",
            lambda match: inflect(rng.choice(filler.VERBS), match[1] or ""),
            text,
        )
        return " ".join(text.split(" ")).replace("  ", " ").strip()

    def _aged(
        self, text: str, records: list[dict[str, object]]
    ) -> tuple[str, list[dict[str, object]]]:
        """As typed on a phone: all small letters, all capitals, slips in words no answer needs."""
        rng = self.rng
        roll = rng.random()
        change = None
        if roll < self.LOWERED:
            change = str.lower
        elif roll < self.LOWERED + 0.04 and len(text) < 80:
            change = str.upper
        needed = {
            word
            for record in records
            for value in record.values()
            for word in re.findall(r"\w+", str(value).lower())
        }
        if rng.random() < 0.1:
            text = re.sub(
                r"[A-Za-z]{4,}",
                lambda m: (
                    typo(m[0], rng) if m[0].lower() not in needed and rng.random() < 0.2 else m[0]
                ),
                text,
            )
        if change is None:
            starts_sentence = rng.random() < 0.5 and text[:1].islower()
            if starts_sentence and not any(
                text.startswith(str(v)) for r in records for v in r.values()
            ):
                text = text[0].upper() + text[1:]
            return text, records
        changed: list[dict[str, object]] = []
        for record in records:
            copied = {
                key: change(value) if isinstance(value, str) and value not in UNITS else value
                for key, value in record.items()
            }
            changed.append(copied)
        return change(text), changed


def main() -> None:
    """Print some reports, to be read."""
    import sys
    from pathlib import Path

    from .words import Lexicon

    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    writer = ReportWriter(Values(Lexicon(Path(sys.argv[1])), rng))
    for _ in range(40):
        print(*writer.draw(), sep="\n   ")


if __name__ == "__main__":
    main()
