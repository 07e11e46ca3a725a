"""Shapes of the generated messages, by what they hold; slots are filled by `messages`.

Slots: `{O1}` amount and food as in a sentence ("12 cases of kale"), `{T1}` terse ("12 cs kale"),
`{A1}` amount after the food ("kale 12 cs"), `{I1}` food without amount, `{Q1}` the amount of food 1
on its own, `{P}` the place of every food, `{P1}` the place of food 1 alone. `{i0}` and `{p0}` are
named but not picked up. `{n}` person, `{t}` time, `{d}` and `{on}` day, `{m}` a small number that
is no amount. `{hi}` and `{bye}` are an optional greeting and sign-off.
"""

from __future__ import annotations

TEMPLATES: dict[str, tuple[str, ...]] = {
    "one": (
        "{hi}{T1} - {P}{bye}",
        "{hi}{T1} from {P}{bye}",
        "{hi}{P}: {T1}{bye}",
        "{P} - {A1}{bye}",
        "{hi}Picked up {O1} from {P}{bye}",
        "{hi}just picked up {O1} at {P}{bye}",
        "{hi}got {O1} from {P} this morning{bye}",
        "{hi}{n} grabbed {O1} at {P}{bye}",
        "We have {O1} from {P} in the van{bye}",
        "{hi}pickup done at {P}, {O1}{bye}",
        "{hi}{P} gave us {O1} today{bye}",
        "{hi}{P} donated {O1}{bye}",
        "{hi}{O1} collected from {P} by {n}",
        "Food: {I1}\nHow much: {Q1}\nWhere: {P}{bye}",
        "{n} here, I have {O1} from {P}{bye}",
    ),
    "no_place": (
        "{hi}Picked up {O1} today{bye}",
        "{hi}{T1} in the van",
        "Bringing {O1} to the hub at {t}",
        "{hi}picked up {T1} and {T2}",
    ),
    "no_amount": (
        "{hi}Picked up {I1} from {P}{bye}",
        "{hi}{I1} from {P}{bye}",
        "{hi}{P} had {I1} for us again today{bye}",
    ),
    "several": (
        "{hi}{T1}, {T2} - {P}{bye}",
        "{hi}{P}: {T1}, {T2}{bye}",
        "{hi}Picked up {O1} and {O2} from {P}{bye}",
        "{hi}{P} gave us {O1}, plus {O2}{bye}",
        "{T1} - {P1}\n{T2} - {P2}{bye}",
    ),
    "chatter": (
        "{hi}is anyone covering {p0} {on}?",
        "Thanks {n}, you saved the day",
        "{hi}running {m} minutes late, sorry",
        "{hi}does {p0} open at {t} now?",
        "{hi}I can take the {t} shift {on}",
        "{hi}nothing at {p0} today{bye}",
        "{p0} had nothing for us this time{bye}",
        "{hi}{p0} is closed until {d}",
        "{hi}no {i0} at {p0} today",
        "Great job this week {n} and {n}!",
    ),
}

# Out of 100 messages; the rest of the counts follow from the draw.
SHARES: dict[str, int] = {"one": 50, "no_place": 9, "no_amount": 9, "several": 19, "chatter": 13}
