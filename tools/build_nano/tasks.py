"""Every pretraining task as (system, user, answer); only the event task resembles extraction."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass

from . import filler, phrases
from .events import EventWriter, Record, Schema, typo
from .plain import PlainWriter
from .reports import ReportWriter
from .values import Values
from .words import Lexicon


@dataclass(frozen=True)
class Sample:
    """One thing to learn from; a sample without a user turn is running text."""

    task: str
    system: str | None
    user: str | None
    answer: str


def as_json(value: object) -> str:
    """JSON exactly as Hone asks for it."""
    return json.dumps(value, ensure_ascii=False)


LIST_ASKS = (
    "as a list|as a JSON list|as JSON list|one record each|list|JSON array|an array of records"
).split("|")
OBJECT_ASKS = "as one object|as JSON|as a JSON object|object|one record|single record".split("|")
COPY_ASKS = "Repeat the text.|Copy.|Say it again.|Repeat exactly.|Echo|Write the same.".split("|")


class TaskWriter:
    """Draws samples of a named task; words and wording come from one side of the held-out split."""

    def __init__(
        self,
        lexicon: Lexicon,
        prose: list[str],
        seed: int,
        *,
        held_out_wording: bool = False,
        width: float = 1.0,
    ) -> None:
        self.rng, self.width = random.Random(seed), width
        self.values = Values(lexicon, self.rng)
        self.events = EventWriter(self.values, held_out=held_out_wording, width=width)
        self.reports = ReportWriter(self.values, held_out=held_out_wording)
        self.plain = PlainWriter(self.values, held_out=held_out_wording)
        self.prose_texts = prose

    def draw(self, task: str) -> Sample:
        """One sample; every task is a method of this class."""
        system, user, answer = getattr(self, f"_{task}")()
        return Sample(task, system, user, answer)

    # -- copying --

    def _value(self) -> str:
        values = self.values
        makers = (values.thing, values.place, values.person, values.code, values.date)
        maker = self.rng.choices(makers, (50, 34, 10, 3, 3))[0]
        text = maker()
        return typo(text, self.rng) if self.rng.random() < 0.05 * self.width else text

    def _copy(self) -> tuple[str | None, str, str]:
        rng = self.rng
        text = " ".join(self._value() for _ in range(rng.choice((1, 1, 2, 3))))
        if rng.random() < 0.4:
            return rng.choice(COPY_ASKS), text, text
        return rng.choice(("Quote.", "As a JSON string.")), text, as_json(text)

    def _list(self) -> tuple[str | None, str, str]:
        rng = self.rng
        items = [self._value() for _ in range(rng.choice((1, 2, 2, 3, 4, 5)))]
        joined = rng.choice((", ", "; ", "\n", " / ", " | ")).join(items)
        if rng.random() < 0.5:
            joined = self.events.join(items)
        if rng.random() < 0.3:
            joined = self.events.surround(joined)
            return "List what is between the small talk.", joined, as_json(items)
        return rng.choice(("List.", "As a list.", "JSON list")), joined, as_json(items)

    def _pairs(self) -> tuple[str | None, str, str]:
        """Written pairs to an object: all of them, or the asked ones in the asked order."""
        rng = self.rng
        keys = [self._key() for _ in range(rng.choice((1, 2, 3, 3, 4, 5)))]
        pairs = {key: self._value() for key in keys}
        form = rng.choice(
            (
                "{k}: {v}",
                "{k} = {v}",
                "{k} is {v}",
                "{k} {v}",
                "{v} ({k})",
                "{k} -> {v}",
                "the {k} is {v}",
            )
        )
        text = rng.choice((", ", "; ", "\n", " / ", " and ")).join(
            form.format(k=k, v=v) for k, v in pairs.items()
        )
        if rng.random() < 0.4:
            return rng.choice(("Pairs to JSON.", "Object.")), text, as_json(pairs)
        asked = rng.sample(list(pairs), rng.randint(1, len(pairs)))
        if rng.random() < 0.2:
            asked.insert(rng.randint(0, len(asked)), self._key())
        return (
            f"Fields: {', '.join(asked)}",
            text,
            as_json({key: pairs[key] for key in asked if key in pairs}),
        )

    def _key(self) -> str:
        rng = self.rng
        if rng.random() < 0.4:
            return rng.choice(rng.choice(list(phrases.NAMES.values())))
        if rng.random() < 0.3:
            first = rng.choice(filler.NOUNS)
            return f"{first}_{rng.choice(('name', 'type', 'number', 'kind', 'id'))}"
        return self.values.noun().split(" ")[0]

    def _lookup(self) -> tuple[str | None, str, str]:
        rng = self.rng
        pairs = {self._key(): self._value() for _ in range(rng.choice((2, 3, 4, 5)))}
        form = rng.choice(("{k}: {v}", "{k} = {v}", "{k} is {v}", "{k} has {v}"))
        text = rng.choice((", ", "; ", "\n")).join(form.format(k=k, v=v) for k, v in pairs.items())
        key = rng.choice(list(pairs))
        answer = pairs[key]
        if rng.random() < 0.4:
            return f"Find {key}.", text, as_json(answer)
        return None, f"{text}\n{key}?", answer

    def _span(self) -> tuple[str | None, str, str]:
        """Take out what stands between two marks in running words."""
        rng = self.rng
        left, right = self._filler(rng.randint(0, 5)), self._filler(rng.randint(0, 5))
        first, last = rng.choice(
            (
                ("between", "and"),
                ("<", ">"),
                ("(", ")"),
                ('"', '"'),
                ("*", "*"),
                ("[", "]"),
                ("", ""),
            )
        )
        value = self._value()
        if first == "between" or not first:
            first, last = self._filler(1), self._filler(1)
            user = f"{left} {first} {value} {last} {right}".strip()
            return f"What stands between {first} and {last}?", user, as_json(value)
        user = f"{left} {first}{value}{last} {right}".strip()
        return f"What is in {first} {last}?", user, as_json(value)

    def _filler(self, amount: int) -> str:
        pick = (filler.VERBS, filler.ADVERBS, filler.ADJECTIVES, filler.NOUNS)
        return " ".join(self.rng.choice(self.rng.choice(pick)) for _ in range(amount))

    def _amounts(self) -> tuple[str | None, str, str]:
        """Numbers and units to their normal form."""
        rng = self.rng
        if rng.random() < 0.5:
            written = [self.values.amount() for _ in range(rng.randint(1, 4))]
            return (
                "Numbers.",
                ", ".join(text for text, _ in written),
                as_json([number for _, number in written]),
            )
        both = [(self.values.amount(), self.values.unit()) for _ in range(rng.randint(1, 3))]
        text = self.events.join([f"{amount[0]} {unit[0]}" for amount, unit in both])
        return "Amounts.", text, as_json([[amount[1], unit[1]] for amount, unit in both])

    # -- events --

    def _event(self) -> tuple[str | None, str, str]:
        schema = self.events.schema()
        user, records = self._message(schema)
        rows = [{schema.names[r]: rec[r][1] for r in schema.roles if r in rec} for rec in records]
        rows = [row for row in rows if row]
        answer = rows if schema.shape == "list" else (rows[0] if rows else {})
        return self._event_system(schema), user, as_json(answer)

    def _message(self, schema: Schema) -> tuple[str, list[Record]]:
        """A message and the records it states, in the order it states them."""
        rng = self.rng
        if rng.random() < 0.03 + 0.09 * self.width:
            return self._slip(self.events.surround(self.events.talk()), []), []
        counts = (45, 30, 18, 7) if self.width > rng.random() else (75, 25, 0, 0)
        amount = 1 if schema.shape == "object" else rng.choices((1, 2, 3, 4), counts)[0]
        records = [self._written(self.events.record(schema)) for _ in range(amount)]
        cut = rng.randint(1, amount - 1) if amount > 2 and rng.random() < 0.4 else amount
        groups = [self._share(part) for part in (records[:cut], records[cut:]) if part]
        lowered = rng.random() < 0.14 * self.width
        if lowered:
            for record in records:
                record.update(
                    {
                        r: (t.lower(), v.lower() if isinstance(v, str) else v)
                        for r, (t, v) in record.items()
                    }
                )
            groups = [(part, {r: t.lower() for r, t in shared.items()}) for part, shared in groups]
        text = self.events.message(groups)
        return self._slip(text.lower() if lowered else text, records), records

    def _written(self, record: Record) -> Record:
        """The record with a slip of the finger in some of its values, which the answer keeps."""
        rng = self.rng
        for role, (text, _) in record.items():
            if role not in ("amount", "unit") and rng.random() < 0.04 * self.width:
                words = text.split(" ")
                at = rng.randrange(len(words))
                words[at] = typo(words[at], rng)
                record[role] = (" ".join(words), " ".join(words))
        return record

    def _share(self, records: list[Record]) -> tuple[list[Record], dict[str, str]]:
        """Several records that are said together share what is said once."""
        rng = self.rng
        if len(records) < 2 or rng.random() < 0.4:
            return records, {}
        said = {r: pair for r, pair in records[0].items() if r not in ("thing", "amount", "unit")}
        for record in records:
            for role in [role for role in record if role not in ("thing", "amount", "unit")]:
                del record[role]
            record.update(said)
        return records, {role: text for role, (text, _) in said.items()}

    def _slip(self, text: str, records: list[Record]) -> str:
        """Typing slips in the words that no answer needs."""
        rng = self.rng
        if rng.random() > 0.2 * self.width:
            return text
        needed = {
            word
            for record in records
            for written, _ in record.values()
            for word in re.findall(r"\w+", written)
        }
        return re.sub(
            r"[A-Za-z]{4,}",
            lambda m: typo(m[0], rng) if m[0] not in needed and rng.random() < 0.12 else m[0],
            text,
        )

    def _report(self) -> tuple[str | None, str, str]:
        ask, user, records = self.reports.draw()
        return ask, user, as_json(records)

    def _plain(self) -> tuple[str | None, str, str]:
        ask, user, records = self.plain.draw()
        return ask, user, as_json(records)

    def _event_system(self, schema: Schema) -> str | None:
        rng = self.rng
        names = [schema.names[role] for role in schema.roles]
        shape = rng.choice(LIST_ASKS if schema.shape == "list" else OBJECT_ASKS)
        listed = rng.choice((", ".join(names), " ".join(names), as_json(names), " | ".join(names)))
        if schema.domain == "notes" and rng.random() < 0.6:
            return None
        if schema.domain:
            ask = rng.choice(
                (
                    "Extract {d}.",
                    "Extract the {d}.",
                    "{d}",
                    "Find all {d} in the message.",
                    "You read messages about {d}. Answer with JSON.",
                    "Task: {d}",
                    "You extract {d} from a message. Answer with JSON only.",
                    "{d} {s}",
                )
            )
            ask = ask.format(d=schema.domain, s=shape)
            return f"{ask} Fields: {listed}" if rng.random() < 0.3 else ask
        style = (" Numbers as written." if schema.verbatim else "") + (
            " Units as written." if schema.units_as_written else ""
        )
        ask = rng.choice(
            (
                "Fields: {f}. {s}",
                "Extract {f} {s}.",
                "Return {s} with {f}.",
                "Read the message and give {f} {s}.",
                "{s}: {f}",
                "You turn a message into JSON ({s}). Fields: {f}. Leave out what is missing.",
                "Fill {f} {s}.",
            )
        )
        return ask.format(f=listed, s=shape) + style

    def _role(self) -> tuple[str | None, str, str]:
        """A question for one role of an event: where, who, what …"""
        schema = self.events.schema()
        schema.extras = []
        user, records = self._message(schema)
        role = self.rng.choice(schema.roles)
        found: list[object] = []
        for record in records:
            if role in record and record[role][1] not in found:
                found.append(record[role][1])
        style = (" Numbers as written." if schema.verbatim else "") + (
            " Units as written." if schema.units_as_written else ""
        )
        return f"Only {self.rng.choice(phrases.NAMES[role])}.{style}", user, as_json(found)

    # -- running text, and tasks that need no copying --

    def _prose(self) -> tuple[str | None, str | None, str]:
        return None, None, self.rng.choice(self.prose_texts)[:220]

    def _chat(self) -> tuple[str | None, str | None, str]:
        """A report or a note as plain text, for language modelling only."""
        return None, None, self.rng.choice((self.reports, self.plain)).draw()[1]

    def _tally(self) -> tuple[str | None, str, str]:
        _, user, records = self.rng.choice((self.reports, self.plain)).draw()
        return "How many records?", user, as_json(len(records))

    def _present(self) -> tuple[str | None, str, str]:
        """Which roles a message states, by the builder's own role names."""
        schema = self.events.schema()
        user, records = self._message(schema)
        return (
            "Which roles?",
            user,
            as_json([[role for role in phrases.NAMES if role in record] for record in records]),
        )

    def _kind(self) -> tuple[str | None, str, str]:
        """What kind of value stands alone in the message."""
        role = self.rng.choice([role for role in phrases.TAILS if role != "dest"])
        maker = self.values.phrase if role == "reason" else getattr(self.values, role)
        return "Which kind?", maker(), as_json(role)

    def _normal(self) -> tuple[str | None, str, str]:
        written = [self.values.unit() for _ in range(self.rng.randint(1, 4))]
        return (
            "Normal units.",
            ", ".join(text for text, _ in written),
            as_json([name for _, name in written]),
        )
