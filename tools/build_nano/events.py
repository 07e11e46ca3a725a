"""Event messages of many domains and the JSON that says what happened."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from . import filler, phrases, wording
from .values import Values
from .words import NUMBER_WORDS, SINGULAR

Record = dict[str, tuple[str, object]]
"""Role to (text as written, value in the answer)."""

AMOUNT_ALONE = ("of them", "people", "of us", "in total", "units", "")


@dataclass
class Schema:
    """Which roles are asked for, what their fields are called, and the shape of the answer."""

    roles: list[str]
    names: dict[str, str]
    shape: str
    verbatim: bool = False
    units_as_written: bool = False
    domain: str | None = None
    extras: list[str] = field(default_factory=list)


class EventWriter:
    """Draws schemas, records and messages, all with the one generator of its `Values`."""

    def __init__(self, values: Values, *, held_out: bool = False, width: float = 1.0) -> None:
        self.width = width
        self.values, self.rng = values, values.rng
        kept = {
            name: phrases.keep(getattr(phrases, name), held_out=held_out)
            for name in (
                "AMOUNT_UNIT_THING",
                "AMOUNT_THING",
                "UNIT_THING",
                "ONE_UNIT_THING",
                "THING",
                "PLACE_FIRST",
                "PERSON_FIRST",
                "FRAMES",
                "OPENERS",
                "CLOSERS",
                "TALK",
            )
        }
        self.lists = kept
        self.tails = {
            role: phrases.keep(list(texts), held_out=held_out)
            for role, texts in phrases.TAILS.items()
        }

    # -- schemas and records --

    def schema(self) -> Schema:
        rng = self.rng
        if rng.random() < 0.95:
            domain = rng.choice(phrases.FOCUS)
            shape, pairs = phrases.DOMAINS[domain]
            names = {pair.split(":")[1]: pair.split(":")[0] for pair in pairs}
            schema = Schema(list(names), names, shape, domain=domain)
        else:
            roles = self._roles()
            names = {role: rng.choice(phrases.NAMES[role]) for role in roles}
            while len(set(names.values())) < len(names):
                names = {role: rng.choice(phrases.NAMES[role]) for role in roles}
            schema = Schema(roles, names, rng.choice(("list", "list", "object")))
            schema.verbatim = rng.random() < 0.25
            schema.units_as_written = rng.random() < 0.3
        others = [role for role in phrases.TAILS if role not in schema.roles]
        schema.extras = [role for role in others if rng.random() < 0.07 * self.width]
        return schema

    def _roles(self) -> list[str]:
        rng = self.rng
        roles = ["thing", "place"] if rng.random() < 0.6 else ["thing"]
        if rng.random() < 0.65:
            roles.append("amount")
            if rng.random() < 0.75:
                roles.append("unit")
        rest = [role for role in phrases.NAMES if role not in ("thing", "amount", "unit", *roles)]
        roles += rng.sample(rest, rng.choice((0, 0, 1, 1, 2, 3)))
        rng.shuffle(roles)
        return roles

    def record(self, schema: Schema) -> Record:
        """One record; every role may be missing, and unasked ones may be there to distract."""
        rng, values = self.rng, self.values
        found: Record = {}
        for role in [*schema.roles, *schema.extras]:
            if rng.random() < (0.03 if role == "thing" else 0.15):
                continue
            if role == "unit" and "amount" not in found and rng.random() < 0.9:
                continue
            if role == "amount":
                text, number = values.amount()
                found[role] = (text, text if schema.verbatim else number)
            elif role == "unit":
                text, name = values.unit(single=found.get("amount", ("", 0))[1] == 1)
                found[role] = (text, text if schema.units_as_written else name)
            else:
                text = getattr(
                    values, "place" if role == "dest" else "phrase" if role == "reason" else role
                )()
                found[role] = (text, text)
        return found

    # -- wording --

    def fill(self, text: str) -> str:
        """Put random words into the free slots of a piece of wording."""
        rng, values = self.rng, self.values
        text = re.sub(
            r"\{v\}(s|ed|ing)?",
            lambda match: inflect(rng.choice(filler.VERBS), match[1] or ""),
            text,
        )
        makers = {
            "j": lambda: rng.choice(filler.ADJECTIVES),
            "a": lambda: rng.choice(filler.ADVERBS),
            "m": lambda: rng.choice(filler.NOUNS),
            "p": values.name,
            "l": values.place,
            "d": values.date,
            "w": lambda: rng.choice(NUMBER_WORDS),
        }
        return re.sub(r"\{([jampldw])\}", lambda match: makers[match[1]](), text)

    def noun_phrase(self, record: Record) -> str | None:
        """The thing with its amount and unit; None where the record has none of the three."""
        rng = self.rng
        thing, amount, unit = (record.get(role) for role in ("thing", "amount", "unit"))
        if thing is None:
            if amount is None:
                return (
                    self.fill(rng.choice(("some {u}", "a few {u}", "the {u}"))).format(u=unit[0])
                    if unit
                    else None
                )
            return (
                f"{amount[0]} {unit[0]}"
                if unit
                else f"{amount[0]} {rng.choice(AMOUNT_ALONE)}".strip()
            )
        slots = {"t": thing[0]}
        if amount and unit:
            slots |= {"q": amount[0], "u": unit[0], "u1": unit[0]}
            if amount[1] == 1 and unit[0] in SINGULAR and rng.random() < 0.5:
                return rng.choice(self.lists["ONE_UNIT_THING"]).format(**slots)
            form = rng.choice(self.lists["AMOUNT_UNIT_THING"])
            if amount[0][0].isdigit() and rng.random() < 0.1:
                form = "{q}{u} {t}" if rng.random() < 0.6 else "{q}{u} of {t}"
            return form.format(**slots)
        if amount:
            return rng.choice(self.lists["AMOUNT_THING"]).format(q=amount[0], **slots)
        if unit:
            return rng.choice(self.lists["UNIT_THING"]).format(u=unit[0], u1=unit[0], **slots)
        return rng.choice(self.lists["THING"]).format(**slots)

    def tail(self, role: str, text: str) -> str:
        return (
            rng_tail
            if (rng_tail := self.rng.choice(self.tails[role]).format(x=text))[0] == ","
            else " " + rng_tail
        )

    def clause(self, noun: str, rest: dict[str, str]) -> str:
        """A sentence around the noun phrase that says every role in `rest`."""
        rng = self.rng
        roles = list(rest)
        rng.shuffle(roles)
        subject = next((role for role in roles if role in ("place", "person")), None)
        if subject and rng.random() < 0.4:
            roles.remove(subject)
            text = self.fill(self.subject_frame(subject)).replace("{x}", rest[subject])
        elif roles and rng.random() < 0.15:
            first = roles.pop(0)
            start = self.tail(first, rest[first]).strip(" ,")
            gap = rng.choice((", ", " ", ": ", " - "))
            text = f"{start}{gap}{self.fill(self.frame())}"
        else:
            text = self.fill(self.frame())
        text = text.replace("{n}", noun)
        if roles and rng.random() < 0.2 * self.width:
            text += self.fill(wording.middle(rng))
        return text + "".join(self.tail(role, rest[role]) for role in roles)

    def frame(self) -> str:
        """A sentence around {n}: hand-written, or put together when wording is wide."""
        return (
            wording.frame(self.rng)
            if self.rng.random() < 0.4 * self.width
            else self.rng.choice(self.lists["FRAMES"])
        )

    def subject_frame(self, role: str) -> str:
        """The same with a place or person {x} as the subject."""
        if role == "place" and self.rng.random() < 0.4 * self.width:
            return wording.place_frame(self.rng)
        return self.rng.choice(self.lists["PLACE_FIRST" if role == "place" else "PERSON_FIRST"])

    def body(self, records: list[Record], shared: dict[str, str]) -> str:
        """All records in one run of text; roles in `shared` are said once for all of them."""
        rng = self.rng
        nouns = [self.noun_phrase(record) or "" for record in records]
        if shared or all(not _others(record) for record in records):
            return self.clause(self.join(nouns), shared)
        clauses = []
        for noun, record in zip(nouns, records, strict=True):
            rest = _others(record)
            if clauses and rng.random() < 0.5:
                clauses.append(noun + "".join(self.tail(role, rest[role]) for role in rest))
            else:
                clauses.append(self.clause(noun, rest))
        return self.link().join(clauses)

    def link(self) -> str:
        """What stands between two statements."""
        return self.rng.choice(
            (
                ". ",
                "; ",
                ", ",
                " and ",
                ", and ",
                "\n",
                ". Also ",
                ", plus ",
                " as well as ",
                ", then ",
                " while ",
            )
        )

    def message(self, groups: list[tuple[list[Record], dict[str, str]]]) -> str:
        """A whole message: one body for each group of records, with talk around it."""
        text = self.link().join(self.body(records, shared) for records, shared in groups)
        return self.surround(re.sub(r" +", " ", text).strip() or self.talk())

    def join(self, parts: list[str]) -> str:
        rng = self.rng
        if len(parts) == 1:
            return parts[0]
        if rng.random() < 0.1 * self.width:
            bullet = rng.choice(("- ", "* ", "• ", "", "+ ", "> "))
            return "\n" + "\n".join(bullet + part for part in parts) + "\n"
        last = rng.choice(
            (" and ", " and ", ", and ", " plus ", ", ", " & ", " + ", ", along with ", ", also ")
        )
        between = rng.choice((", ", ", ", ", ", "; ", " + ", " and ", "\n", " / "))
        return between.join(parts[:-1]) + last + parts[-1]

    def surround(self, text: str) -> str:
        """Openers, closers, small talk and punctuation around the heart of a message."""
        rng = self.rng
        if rng.random() < 1 - 0.6 * self.width:
            return text
        if rng.random() < 0.45:
            opener = self.fill(rng.choice(self.lists["OPENERS"]))
            text = opener + rng.choice((", ", "! ", ": ", " - ", " ", ". ", "\n", "... ")) + text
        if rng.random() < 0.12:
            text = self.talk() + rng.choice((". ", ", ", " but ", "; ", "! ", "\n", " so ")) + text
        if rng.random() < 0.35:
            text += rng.choice((", ", ". ", " - ", " ", "! ", "\n", "; ")) + self.fill(
                rng.choice(self.lists["CLOSERS"])
            )
        if rng.random() < 0.1:
            text += rng.choice((". ", ", ", " and ", "! ")) + self.talk()
        if rng.random() < 0.55 and text[-1] not in ".!?":
            text += rng.choice(("", ".", ".", "!", "?", "...", "!!", " :)"))
        return (
            text[0].upper() + text[1:]
            if rng.random() < 0.5 and not re.match(r"[A-Z]?[a-z]*\d", text)
            else text
        )

    def talk(self) -> str:
        """A sentence that reports nothing."""
        rng = self.rng
        if rng.random() < 0.25:
            pick = {
                "n": filler.NOUNS,
                "v": filler.VERBS,
                "a": filler.ADVERBS,
                "j": filler.ADJECTIVES,
            }
            shape = rng.choice(
                (
                    "the j n will v a",
                    "we v a",
                    "n and n v the j n",
                    "it is a j",
                    "v the n",
                    "j n , j n",
                    "i v the n a",
                    "to v is j",
                )
            )
            return " ".join(
                rng.choice(pick[part]) if part in pick else part for part in shape.split()
            )
        if rng.random() < 0.5 * self.width:
            return self.fill(wording.sentence(rng))
        return self.fill(rng.choice(self.lists["TALK"]))


def _others(record: Record) -> dict[str, str]:
    return {
        role: text for role, (text, _) in record.items() if role not in ("thing", "amount", "unit")
    }


def inflect(verb: str, ending: str) -> str:
    if not ending:
        return verb
    if ending == "s":
        if verb.endswith(("s", "x", "z", "ch", "sh")):
            return verb + "es"
        return verb[:-1] + "ies" if re.search("[^aeiou]y$", verb) else verb + "s"
    if ending == "ed" and re.search("[^aeiou]y$", verb):
        return verb[:-1] + "ied"
    return verb[:-1] + ending if verb.endswith("e") else verb + ending


def typo(word: str, rng: random.Random) -> str:
    """The word with one slip of the finger."""
    if len(word) < 4:
        return word
    at = rng.randrange(1, len(word) - 1)
    return rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at] + word[at:],
            word[:at] + rng.choice("aeiourstnl") + word[at + 1 :],
        )
    )
