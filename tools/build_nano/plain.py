"""Plain notes of what was received: short, said as people say it, values of one to three words.

The narrow end of `reports`: the same records, but no random verb stands where a value could end,
places have ordinary names, and one message says one thing, or two or three that share a place.
"""

from __future__ import annotations

import re

from . import plain_wording
from .phrases import keep
from .reports import AMOUNT, PLACE, THING, UNIT, ReportWriter, Said
from .values import Values
from .words import PLACE_HEADS

COUNTS, COUNT_SHARES = (1, 2, 3), (66, 24, 10)
ENDS_LIKE_A_WORD = "of of at in on by an us from and it up".split()
STARTS = frozenset(
    (
        "got i we have collected received brought loaded took found bought counted everything "
        "all stopped went was done finished first only leaving coming what place in at picked "
        "grabbed fetched bringing taking so just here total some a half one two three four five "
        "six seven eight nine ten"
    ).split()
)
FIRSTS = ("The", "St", "Old", "New", "North", "Big", "Mount")


class PlainWriter(ReportWriter):
    """Draws plain notes; most of the wording is its own, the rest that of the reports."""

    LOWERED = 0.2
    OPENED = 0.3
    """Share of messages with a greeting or the like before what they report."""

    def __init__(self, values: Values, *, held_out: bool = False) -> None:
        super().__init__(values, held_out=held_out)
        self.lists |= {
            name: keep(texts, held_out=held_out) for name, texts in plain_wording.LISTS.items()
        }

    def _reported(self) -> tuple[str, list[dict[str, object]]]:
        rng = self.rng
        if rng.random() < 0.05:
            return self._form()
        said = [self._thing() for _ in range(rng.choices(COUNTS, COUNT_SHARES)[0])]
        if len(said) > 1 and rng.random() < 0.3:
            return self._several_places(said)
        place = self.places.pop() if rng.random() < 0.83 else None
        frames = self._frames(len(said)) if place else self.lists["PLAIN_NOWHERE"]
        text = self._fill(rng.choice(frames)).replace(
            "{r}", self._listed([one.text for one in said])
        )
        records = [one.record | ({PLACE: place} if place else {}) for one in said]
        return self._around(text.replace("{x}", place or "")), records

    def _frames(self, count: int) -> list[str]:
        """Frames of the plain notes, and also those of the reports."""
        if self.rng.random() < (0.5 if count == 1 else 0.75):
            return self.lists["PLAIN"]
        return self.lists[self.rng.choice(("TERSE", "GOT", "GAVE", "THERE"))]

    def _form(self) -> tuple[str, list[dict[str, object]]]:
        """One record as a form: a label and a value in each line, some of them of no interest."""
        rng = self.rng
        text, number, unit = self._measured()
        record: dict[str, object] = {THING: self._name(), AMOUNT: number, UNIT: unit}
        lines = {"FORM_THING": str(record[THING]), "FORM_AMOUNT": text}
        if rng.random() < 0.85:
            record[PLACE] = self.places.pop()
            lines["FORM_PLACE"] = str(record[PLACE])
        if rng.random() < 0.3:
            lines["FORM_OTHER"] = rng.choice((self.values.name, self.values.time, self._talk))()
        parts = [
            f"{self._pick(name)}{rng.choice((': ', ': ', ' - '))}{lines[name]}" for name in lines
        ]
        if rng.random() < 0.4:
            rng.shuffle(parts)
        if rng.random() < 0.6:
            parts = [part[0].upper() + part[1:] for part in parts]
        return self._around(rng.choice(("\n", "\n", ", ")).join(parts)), [record]

    def _several_places(self, said: list[Said]) -> tuple[str, list[dict[str, object]]]:
        """Each thing with the place that it came from."""
        rng = self.rng
        form, link = rng.choice(self.lists["EACH"]), rng.choice(self.lists["EACH_LINKS"])
        if form[0] in "-*":
            link = "\n"
        parts, records = [], []
        for one in said:
            place = self.places.pop()
            parts.append(self._fill(form).replace("{r}", one.text).replace("{x}", place))
            records.append(one.record | {PLACE: place})
        return self._around(link.join(parts)), records

    def _around(self, text: str) -> str:
        """What is said before and after, less often than in the wide reports."""
        rng = self.rng
        if rng.random() < self.OPENED:
            opener = self._fill(self._pick(rng.choice(("OPENERS", "HELLOS"))))
            joint = rng.choice((", ", "! ", ": ", " - ", ". "))
            # A capital after a greeting begins a sentence, and no name.
            if rng.random() < 0.4 and text[0].islower() and text.split(" ")[0] in STARTS:
                text = text[0].upper() + text[1:]
            if rng.random() < 0.5:
                opener = opener[0].upper() + opener[1:]
            text = opener + joint + text
        if rng.random() < 0.32:
            text += rng.choice((", ", ". ", ". ", "! ", "\n")) + self._fill(self._pick("CLOSERS"))
        elif rng.random() < 0.1:
            text += ". " + self._talk()
        if rng.random() < 0.06:
            return text + " " + rng.choice("🙏👍😊🎉🚚✅🙌💪")
        if rng.random() < 0.25 and text[-1].isalnum():
            text += rng.choice((".", ".", "!"))
        return text

    def _thing(self) -> Said:
        """A thing with number and unit, with a bare number, or without."""
        rng = self.rng
        name, roll = self._name(), rng.random()
        if roll < 0.1:
            return Said(self._pick("PLAIN_OPEN").format(t=name), {THING: name})
        if roll < 0.28:
            written, number = self._number()
            return Said(
                self._pick("PLAIN_BARE").format(q=written, t=name), {THING: name, AMOUNT: number}
            )
        text, number, unit = self._measured()
        form = "{q} {t}" if text.endswith("#") else self._pick("PLAIN_MEASURED")
        return Said(form.format(q=text, t=name), {THING: name, AMOUNT: number, UNIT: unit})

    def _name(self) -> str:
        """Mostly English: a noun, or a noun after one or two words that describe it."""
        rng, words = self.rng, self.values.lexicon
        noun = self.values.invented() if rng.random() < 0.25 else rng.choice(words.common_goods)
        if rng.random() < 0.1:
            # Words that end like a little word, which a copy may go on from in the wrong place.
            noun = noun[: rng.randint(2, 5)].strip() + rng.choice(ENDS_LIKE_A_WORD)
            return noun if rng.random() < 0.3 else f"{noun} {rng.choice(words.common_goods)}"
        if rng.random() < 0.6 and not noun.endswith("s"):
            noun += "s"
        if noun.count(" ") > 1 or rng.random() < 0.5:
            return noun
        first = self.values.adjective() if rng.random() < 0.5 else self._word()
        return f"{self._word()} {first} {noun}" if rng.random() < 0.08 else f"{first} {noun}"

    def _word(self) -> str:
        return self.values.noun().split(" ")[0]

    def _place(self) -> str:
        """A name, mostly with a word that says what kind of place it is."""
        rng, name = self.rng, self._place_name
        head = rng.choice(PLACE_HEADS) if rng.random() < 0.85 else self._word().capitalize()
        return rng.choice(
            (
                f"{name()}'s {head}",
                f"{name()}'s {head}",
                f"{name()}'s",
                f"{name()} {head}",
                f"{name()} {head}",
                f"{name()} {head}",
                f"{name()} {name()} {head}",
                f"{name()} {name()}",
                f"{name()} {head} {rng.choice(PLACE_HEADS)}",
                f"{name()} & {name()}{rng.choice(('', ' ' + head))}",
                f"{rng.choice(FIRSTS)} {name()} {head}",
                f"{name()}-{name()}{rng.choice(('', ' ' + head))}",
                f"{name()} {rng.randint(1, 99)} {head}" if rng.random() < 0.5 else name(),
                name(),
            )
        )

    def _place_name(self) -> str:
        """One capitalised word."""
        rng, values = self.rng, self.values
        if rng.random() < 0.45:
            return re.split(r"[ '’.-]", values.name())[0].capitalize() or self._place_name()
        return (self._word() if rng.random() < 0.5 else values.adjective()).capitalize()
