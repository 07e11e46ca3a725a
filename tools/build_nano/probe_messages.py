"""A small extraction task of its own for judging a base: generated messages, unseen words, and messages written by hand."""

# ruff: noqa: E501  (lists of wording read best as they are)

from __future__ import annotations

import random

SYSTEM = (
    "Extract the surplus from the message as a JSON list with item, quantity, unit and location."
)
ITEMS = (
    "rye bread|carrots|green beans|brown rice|chicken soup|apples|yogurt|oat milk|pasta|blueberry muffins|tomatoes|ham|frozen peas|tuna cans|lettuce|"
    "potatoes|orange juice|bananas|cheddar cheese|tortillas|granola bars|eggs|butter|lentils|grapes|mixed salad|beef stew|crackers|peanut butter|plums"
).split("|")
PLACES = (
    "Miller's Market|Green Street Cafe|Oakland Library|Hill Top Bakery|Sam's|the North Depot|Bell & Sons|Lakeside School|Pine Hall|Rosa's Kitchen|"
    "Union Grocery|Joe's Diner|West End Church|Blue Door|Carter Farm|Maple Inn|Fifth Street Deli|Riverside Hotel|Anna's Place|Corner Store"
).split("|")
NEW_ITEMS = (
    "pumpernickel loaves|shredded kale|jollof rice|smoked trout|quince jam|zucchini bread|halloumi|vegan chili|kumquats|pork dumplings|sweet corn|ginger tea|"
    "mashed turnips|rhubarb pie|fig bars|basil pesto|wild mushrooms|almond flour|hot dog buns|chickpea curry"
).split("|")
NEW_PLACES = (
    "Zimmerman's|Saffron & Thyme|Quarry Lane Pantry|St. Brendan's Hall|Dupont's Cheese Shop|Old Mill Tavern|Velvet Spoon|Harrow Primary|Tanaka Grocers|Nine Elms Depot|"
    "Mo's Fish Bar|The Copper Kettle|Bayview Temple|O'Hara's|Juniper Farm Stand|Kestrel Hotel|Figueroa Market|Lotus Garden|Eastgate Mosque|Wexler & Daughters"
).split("|")
UNITS = {
    "lbs": "lb|lbs|pounds",
    "boxes": "box|boxes",
    "bags": "bag|bags",
    "cases": "case|cases",
    "trays": "tray|trays",
    "gallons": "gallon|gallons|gal",
}
SINGLE = {"lb", "box", "bag", "case", "tray", "gallon"}
NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()
NOUN_FORMS = "{q} {u} of {t}|{q} {u} {t}|{t}, {q} {u}|{t} ({q} {u})|about {q} {u} of {t}|{q} more {u} of {t}|{t} - {q} {u}|{t} x {q} {u}".split(
    "|"
)
ALONE_FORMS = "{q} {t}|{t} ({q})|{q} of the {t}".split("|")
BARE_FORMS = "some {t}|{t}|extra {t}|leftover {t}|a lot of {t}".split("|")
FORMS = (
    "Can someone collect {n} from {p}?|{n} at {p}|{p} has {n}|we have {n} at {p}, first come|{p}: {n}|hey all, {n} available at {p}|{n} left over at {p} after lunch|"
    "Please get {n} from {p} before 6|{p} called, they have {n}|picked up {n} at {p}|{n} ready at {p}|there is {n} at {p} for whoever wants it|got {n} from {p} today|"
    "Driver needed: {n}, {p}|at {p} there are {n}|{n} waiting at {p}, back door|{p} is giving away {n}|anyone near {p}? {n}|I can bring {n} from {p}|{n} to go from {p} asap"
).split("|")
NO_PLACE_FORMS = "we have {n}|anyone want {n}?|{n} up for grabs|got {n} today".split("|")
CHATTER = (
    "thanks everyone|see you tomorrow|who is driving today?|I am running late|great job team|is the van free?|the key is under the mat|happy birthday Ana!|ok|"
    "no pickups today|what time is the meeting|can you call me?|traffic is bad|all done for today|welcome to the group, Ben|the freezer is broken again|I can help on Friday"
).split("|")

BY_HAND: list[tuple[str, list[dict[str, object]]]] = [
    ("Morning! Zimmerman's rang me, they've got nine trays of smoked trout going spare.", [{"item": "smoked trout", "quantity": 9, "unit": "trays", "location": "Zimmerman's"}]),
    ("if anybody passes by Velvet Spoon tonight grab the 14 lb of shredded kale", [{"item": "shredded kale", "quantity": 14, "unit": "lbs", "location": "Velvet Spoon"}]),
    ("Tanaka Grocers would love to get rid of 6 boxes of kumquats and 2 bags of almond flour", [{"item": "kumquats", "quantity": 6, "unit": "boxes", "location": "Tanaka Grocers"}, {"item": "almond flour", "quantity": 2, "unit": "bags", "location": "Tanaka Grocers"}]),
    ("just dropped by Mo's Fish Bar and there's 20 pounds of sweet corn on the counter", [{"item": "sweet corn", "quantity": 20, "unit": "lbs", "location": "Mo's Fish Bar"}]),
    ("rhubarb pie! three boxes! come to Lotus Garden!", [{"item": "rhubarb pie", "quantity": 3, "unit": "boxes", "location": "Lotus Garden"}]),
    ("The fridge over at Harrow Primary still holds 5 gallons of ginger tea", [{"item": "ginger tea", "quantity": 5, "unit": "gallons", "location": "Harrow Primary"}]),
    ("My shift ends at 8 so somebody else should fetch 12 cases of hot dog buns from Old Mill Tavern", [{"item": "hot dog buns", "quantity": 12, "unit": "cases", "location": "Old Mill Tavern"}]),
    ("Quarry Lane Pantry overbaked again: eleven bags of zucchini bread", [{"item": "zucchini bread", "quantity": 11, "unit": "bags", "location": "Quarry Lane Pantry"}]),
    ("Does anyone feel like driving to Dupont's Cheese Shop? They put aside 4 boxes of halloumi for us.", [{"item": "halloumi", "quantity": 4, "unit": "boxes", "location": "Dupont's Cheese Shop"}]),
    ("Wexler & Daughters, 30 lbs wild mushrooms, must be gone by noon", [{"item": "wild mushrooms", "quantity": 30, "unit": "lbs", "location": "Wexler & Daughters"}]),
    ("I left 2 trays of pork dumplings with the doorman of Kestrel Hotel", [{"item": "pork dumplings", "quantity": 2, "unit": "trays", "location": "Kestrel Hotel"}]),
    ("so sorry guys, my tyre is flat and I won't make it", []),
    ("has anyone got the alarm code?", []),
    ("lovely to see so many of you at the party on Sunday", []),
    ("Some vegan chili is sitting in the kitchen of St. Brendan's Hall", [{"item": "vegan chili", "location": "St. Brendan's Hall"}]),
    ("we ended up with far too much basil pesto, 8 gallons of it, please help", [{"item": "basil pesto", "quantity": 8, "unit": "gallons"}]),
    ("From O'Hara's this week: seven cases of fig bars, one bag of jollof rice", [{"item": "fig bars", "quantity": 7, "unit": "cases", "location": "O'Hara's"}, {"item": "jollof rice", "quantity": 1, "unit": "bags", "location": "O'Hara's"}]),
    ("could you swing round Bayview Temple, 3 trays chickpea curry are cooling down there", [{"item": "chickpea curry", "quantity": 3, "unit": "trays", "location": "Bayview Temple"}]),
    ("Juniper Farm Stand reports a surplus of mashed turnips, roughly 40 pounds", [{"item": "mashed turnips", "quantity": 40, "unit": "lbs", "location": "Juniper Farm Stand"}]),
    ("10 boxes pumpernickel loaves - Figueroa Market - ask for Dana", [{"item": "pumpernickel loaves", "quantity": 10, "unit": "boxes", "location": "Figueroa Market"}]),
    ("The folks from Eastgate Mosque cooked too much and want to donate 6 trays of jollof rice", [{"item": "jollof rice", "quantity": 6, "unit": "trays", "location": "Eastgate Mosque"}]),
    ("who took my umbrella??", []),
    ("quince jam, 5 cases, The Copper Kettle, loading dock B", [{"item": "quince jam", "quantity": 5, "unit": "cases", "location": "The Copper Kettle"}]),
    ("On my way home I noticed two bags of fig bars outside Saffron & Thyme", [{"item": "fig bars", "quantity": 2, "unit": "bags", "location": "Saffron & Thyme"}]),
    ("Nine Elms Depot just confirmed 50 lbs of sweet corn plus 4 cases of ginger tea", [{"item": "sweet corn", "quantity": 50, "unit": "lbs", "location": "Nine Elms Depot"}, {"item": "ginger tea", "quantity": 4, "unit": "cases", "location": "Nine Elms Depot"}]),
    ("Heads up, 7 hot dog buns remain at Lotus Garden", [{"item": "hot dog buns", "quantity": 7, "location": "Lotus Garden"}]),
    ("yes! Kestrel Hotel said we may take a case of halloumi", [{"item": "halloumi", "quantity": 1, "unit": "cases", "location": "Kestrel Hotel"}]),
    ("Our friends of Zimmerman's kindly saved us rhubarb pie", [{"item": "rhubarb pie", "location": "Zimmerman's"}]),
    ("It would be a shame to bin 25 lb of shredded kale. It's at Mo's Fish Bar until closing.", [{"item": "shredded kale", "quantity": 25, "unit": "lbs", "location": "Mo's Fish Bar"}]),
    ("when does the training start next week", []),
    ("3 gal basil pesto @ Velvet Spoon", [{"item": "basil pesto", "quantity": 3, "unit": "gallons", "location": "Velvet Spoon"}]),
    ("anyone heading east? Harrow Primary wants us to take eight boxes of kumquats off their hands", [{"item": "kumquats", "quantity": 8, "unit": "boxes", "location": "Harrow Primary"}]),
]  # fmt: skip


class ProbeWriter:
    """Draws messages of the probe task from the words it is given."""

    def __init__(self, rng: random.Random, items: list[str], places: list[str]) -> None:
        self.rng, self.items, self.places = rng, items, places

    def draw(self) -> tuple[str, list[dict[str, object]]]:
        rng = self.rng
        if rng.random() < 0.1:
            return rng.choice(CHATTER), []
        parts = [self._part() for _ in range(rng.choice((1, 1, 1, 2, 2, 3)))]
        nouns = (
            ", ".join(noun for noun, _ in parts)
            if len(parts) > 2
            else " and ".join(noun for noun, _ in parts)
        )
        if rng.random() < 0.15:
            return rng.choice(NO_PLACE_FORMS).format(n=nouns), [row for _, row in parts]
        place = rng.choice(self.places)
        text = rng.choice(FORMS).format(n=nouns, p=place)
        return text, [{**row, "location": place} for _, row in parts]

    def _part(self) -> tuple[str, dict[str, object]]:
        rng = self.rng
        item, roll = rng.choice(self.items), rng.random()
        number = rng.choice((rng.randint(1, 12), rng.randint(2, 60)))
        written = NUMBERS[number - 1] if number <= 12 and rng.random() < 0.4 else str(number)
        if roll < 0.15:
            return rng.choice(BARE_FORMS).format(t=item), {"item": item}
        if roll < 0.3:
            return rng.choice(ALONE_FORMS).format(q=written, t=item), {
                "item": item,
                "quantity": number,
            }
        name = rng.choice(list(UNITS))
        unit = rng.choice(
            [u for u in UNITS[name].split("|") if (u in SINGLE) == (number == 1)]
            or UNITS[name].split("|")
        )
        return rng.choice(NOUN_FORMS).format(q=written, u=unit, t=item), {
            "item": item,
            "quantity": number,
            "unit": name,
        }
