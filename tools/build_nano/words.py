"""Words and values: English from WordNet, invented words, and the names, places and amounts made of them."""

from __future__ import annotations

import random
import re
import zlib
from pathlib import Path

GOODS = ("06", "13", "20", "27", "05")
"""WordNet noun files whose words can be things: artifact, food, plant, substance, animal."""
ABSTRACT = ("04", "07", "09", "10", "11", "12", "14", "26")
"""WordNet noun files for talk: act, attribute, cognition, communication, event, feeling, group, state."""

FIRST_NAMES = (
    "Ada Amir Ana Anders Asha Basil Bea Ben Bianca Boris Carla Cedric Chen Clara Colin Cora Dan Dara Diego Dora Edith "
    "Eli Elif Emil Erin Esther Farah Felix Fiona Frank Gita Grace Greta Hana Hector Hugo Ida Igor Ines Ivan Jade Jan "
    "Jin Joan Jonas Jude Kai Kamal Karen Kofi Lars Lena Leo Lidia Lin Luca Mabel Mads Maja Marco Mei Milan Mina Nadia "
    "Nell Nils Nora Olga Omar Oscar Otto Pablo Paula Petra Piet Priya Quinn Rafa Ravi Rita Rosa Ruth Sam Sara Sven "
    "Tara Tess Theo Tom Uma Vera Viktor Wanda Wei Will Yara Yusuf Zoe Bob Jim Sue Al Jo Ed Meg Pat Ray Kim"
).split()
PLACE_HEADS = (
    "Depot Store Shop Market Hall Clinic School Library Garage Studio Office Plaza Tower Court Park Garden Farm Mill "
    "Kitchen House Lodge Inn Hotel Bar Pub Grill Diner Cafe Café Bistro Bakery Deli Pantry Center Centre Station "
    "Terminal Dock Yard Warehouse Museum Theatre Chapel Church Temple Abbey Academy College Bank Museum Gallery Gym "
    "Club Pharmacy Hospital Arena Bridge Pier Harbor Gate Square Terrace Corner Works Supply Foods Goods Books Motors "
    "Mart Outlet Co-op Commons Cellar Creamery Brewery Orchard Ranch Nursery Shelter Mission Fund Union Project"
).split()
STREET_KINDS = "Street St St. Ave Avenue Road Rd Lane Blvd Drive Way Row Hill Place".split()
UNITS = {
    "lbs": ("lb", "lbs", "pound", "pounds", "lbs."),
    "kg": ("kg", "kilo", "kilos", "kilogram", "kilograms", "kgs"),
    "oz": ("oz", "ounce", "ounces"),
    "grams": ("g", "gram", "grams"),
    "tons": ("ton", "tons", "tonnes"),
    "liters": ("l", "liter", "liters", "litre", "litres"),
    "gallons": ("gal", "gallon", "gallons"),
    "meters": ("m", "meter", "meters", "metres"),
    "boxes": ("box", "boxes", "bx"),
    "cases": ("case", "cases", "cs"),
    "bags": ("bag", "bags"),
    "trays": ("tray", "trays"),
    "crates": ("crate", "crates"),
    "pallets": ("pallet", "pallets", "plt"),
    "cartons": ("carton", "cartons", "ctn"),
    "packs": ("pack", "packs", "packet", "packets", "pk"),
    "dozen": ("dozen", "dozens", "dz", "doz"),
    "bottles": ("bottle", "bottles"),
    "cans": ("can", "cans", "tin", "tins"),
    "jars": ("jar", "jars"),
    "rolls": ("roll", "rolls"),
    "sheets": ("sheet", "sheets"),
    "bundles": ("bundle", "bundles"),
    "bins": ("bin", "bins"),
    "buckets": ("bucket", "buckets"),
    "barrels": ("barrel", "barrels", "keg", "kegs"),
    "pieces": ("piece", "pieces", "pcs", "pc", "pcs."),
    "units": ("unit", "units", "ea", "each"),
    "sets": ("set", "sets"),
    "pairs": ("pair", "pairs"),
    "loaves": ("loaf", "loaves"),
    "heads": ("head", "heads"),
    "bunches": ("bunch", "bunches"),
    "tubs": ("tub", "tubs"),
    "sacks": ("sack", "sacks"),
    "portions": ("portion", "portions", "serving", "servings"),
}
SINGULAR = {"lb", "pound", "kilo", "kilogram", "ounce", "gram", "ton", "liter", "litre", "gallon", "box", "case", "bag"}
SINGULAR |= {"tray", "crate", "pallet", "carton", "pack", "packet", "bottle", "can", "tin", "jar", "roll", "sheet"}
SINGULAR |= {"bundle", "bin", "bucket", "barrel", "keg", "piece", "unit", "set", "pair", "loaf", "head", "bunch"}
SINGULAR |= {"tub", "sack", "portion", "serving", "dozen"}
NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
NUMBER_PHRASES = {"a couple": 2, "a couple of": 2, "a dozen": 12, "half a dozen": 6, "two dozen": 24, "thirty": 30,
                  "forty": 40, "fifty": 50, "twenty-five": 25, "sixty": 60, "a hundred": 100}  # fmt: skip
SYLLABLE_STARTS = "b br c ch cl d dr f fl g gr h j k kr l m n p pl pr qu r s sh sk sl sp st t th tr v w y z".split()
SYLLABLE_MIDDLES = "a e i o u ai ea ee oo ou ie ar er or an en in on un al el il am em ac ic".split()
SYLLABLE_ENDS = ["", "", "", "b", "ck", "d", "g", "l", "ll", "m", "n", "nd", "ng", "nt", "p", "r", "rt", "s", "st", "t", "x"]


def is_held_out(word: str) -> bool:
    """True for the tenth of all words that training never uses."""
    return zlib.crc32(word.lower().encode()) % 10 == 0


class Lexicon:
    """English words by kind, read from the WordNet 3.0 database folder."""

    def __init__(self, folder: Path, *, held_out: bool = False) -> None:
        self.held_out = held_out
        self.nouns: dict[str, list[str]] = {}
        self.common: dict[str, list[str]] = {}
        self.proper: list[str] = []
        counts = _tag_counts(folder)
        for line in _rows(folder / "data.noun"):
            self._take_noun(line, counts)
        self.adjectives = self._plain(folder / "data.adj", counts, 1)
        self.adverbs = self._plain(folder / "data.adv", counts, 0)
        self.verbs = self._plain(folder / "data.verb", counts, 1, skip=_first_column(folder / "verb.exc", 1))
        self.goods = [w for f in GOODS for w in self.nouns.get(f, [])]
        self.common_goods = [w for f in GOODS for w in self.common.get(f, [])]
        self.talk = [w for f in ABSTRACT for w in self.common.get(f, [])]

    def _take_noun(self, line: str, counts: dict[str, int]) -> None:
        """File the lemmas of one noun synset by WordNet's own noun file number."""
        fields = line.split(" ")
        kind, amount = fields[1], int(fields[3], 16)
        for lemma in fields[4 : 4 + 2 * amount : 2]:
            word = lemma.replace("_", " ")
            if is_held_out(word) != self.held_out or not re.fullmatch(r"[A-Za-z][A-Za-z' .\-]{2,24}", word):
                continue
            if word[0].isupper() and kind in ("15", "18", "06"):
                self.proper.append(word)
            elif word.islower() and word.count(" ") < 3:
                self.nouns.setdefault(kind, []).append(word)
                if counts.get(lemma, 0) > 0 or (kind == "13" and " " not in word):
                    self.common.setdefault(kind, []).append(word)

    def _plain(self, path: Path, counts: dict[str, int], least: int, skip: frozenset[str] = frozenset()) -> list[str]:
        """Single lower-case words of one part of speech that WordNet's tagged texts use at least `least` times."""
        found: dict[str, None] = {}
        for line in _rows(path):
            fields = line.split(" ")
            for lemma in fields[4 : 4 + 2 * int(fields[3], 16) : 2]:
                word = lemma.split("(")[0]
                if re.fullmatch(r"[a-z]{3,12}", word) and counts.get(word, 0) >= least and word not in skip:
                    found[word] = None
        return [word for word in found if is_held_out(word) == self.held_out]


def _rows(path: Path) -> list[str]:
    return [line for line in path.read_text("latin-1").splitlines() if line[:1].isdigit()]


def _first_column(path: Path, column: int) -> frozenset[str]:
    return frozenset(line.split()[column] for line in path.read_text("latin-1").splitlines())


def _tag_counts(folder: Path) -> dict[str, int]:
    """How often each lemma occurs in the texts that WordNet's makers tagged."""
    counts: dict[str, int] = {}
    for line in (folder / "cntlist.rev").read_text("latin-1").splitlines():
        key, _, count = line.split()
        lemma = key.split("%")[0]
        counts[lemma] = counts.get(lemma, 0) + int(count)
    return counts


def glosses(folder: Path) -> list[str]:
    """Every definition and example sentence of WordNet, as running text."""
    texts = []
    for name in ("data.noun", "data.verb", "data.adj", "data.adv"):
        for line in _rows(folder / name):
            lemma = line.split(" ")[4].replace("_", " ").split("(")[0]
            texts.append(f"{lemma}: {line.split('|', 1)[1].strip()}")
    return texts


class Values:
    """Draws values of every role; the same generator state gives the same values."""

    def __init__(self, lexicon: Lexicon, rng: random.Random) -> None:
        self.lexicon, self.rng = lexicon, rng

    def invented(self) -> str:
        """A word that exists in no list: syllables, now and then bare letters."""
        rng = self.rng
        if rng.random() < 0.15:
            return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 8)))
        parts = [rng.choice(SYLLABLE_STARTS) + rng.choice(SYLLABLE_MIDDLES) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
        return "".join(parts) + rng.choice(SYLLABLE_ENDS)

    def noun(self) -> str:
        rng, words = self.rng, self.lexicon
        roll = rng.random()
        if roll < 0.4:
            return self.invented()
        return rng.choice(words.common_goods if roll < 0.7 else words.goods)

    def adjective(self) -> str:
        return self.invented() if self.rng.random() < 0.3 else self.rng.choice(self.lexicon.adjectives)

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

    def thing(self) -> str:
        rng = self.rng
        noun = self.noun()
        if rng.random() < 0.45:
            noun = noun if noun.endswith("s") or len(noun) < 3 else noun + "s"
        roll = rng.random()
        if roll < 0.35:
            return noun
        if roll < 0.7:
            return f"{self.adjective()} {noun}"
        if roll < 0.8:
            return f"{self.adjective()} {rng.choice(('and', '&', ''))} {self.adjective()} {noun}".replace("  ", " ")
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
        head = rng.choice(PLACE_HEADS) if rng.random() < 0.75 else self.noun().split(" ")[-1].capitalize()
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
            return f"{rng.choice(('The', 'St.', 'Saint', 'Old', 'New', 'North', 'Mt.', 'Big'))} {self.name()} {head}"
        if roll < 0.71:
            return f"{rng.choice(('', str(rng.randint(1, 999)) + ' '))}{self.name()} {rng.choice(STREET_KINDS)}"
        if roll < 0.74:
            return f"{head} {rng.choice(('on', 'of', 'at', 'in'))} {self.name()}"
        if roll < 0.77:
            return f"{self.name()}-{self.name()} {head}"
        if roll < 0.80:
            return f"{self.adjective().capitalize()} {self.noun().split(' ')[-1].capitalize()} {head}"
        if roll < 0.84:
            return f"{rng.choice(('Room', 'Bay', 'Gate', 'Unit', 'Dock', 'Lab', 'Aisle'))} {rng.randint(1, 99)}"
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
            return f"{self.rng.choice(('Dr.', 'Mr.', 'Mrs.', 'Ms', 'Prof.', 'Aunt', 'Captain', 'Coach'))} {self.name()}"
        return f"{self.name()} {self.rng.choice('ABCDEFGHJKLMPRST')}."

    def time(self) -> str:
        rng = self.rng
        hour, minute = rng.randint(1, 12), rng.choice(("", "", ":00", ":15", ":30", ":45"))
        return rng.choice((f"{hour}{minute}{rng.choice(('am', 'pm', ' am', ' pm', ' p.m.', ''))}", f"{hour}:{rng.randint(10, 59)}",
                           "noon", "midnight", f"half past {rng.choice(NUMBER_WORDS[:12])}", f"{rng.choice(NUMBER_WORDS[:12])} o'clock",
                           f"{rng.randint(13, 23)}:{rng.choice(('00', '30'))}", "the evening", "lunch"))  # fmt: skip

    def date(self) -> str:
        rng = self.rng
        day = rng.choice("Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Wed Thu Fri Sat Sun".split())
        month = rng.choice("January February March April May June July August September October November December".split())
        number = rng.randint(1, 31)
        suffix = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}.get(number, "th")
        text = rng.choice((day, day, f"next {day}", "tomorrow", "today", "tonight", f"{month} {number}", f"{number} {month}",
                           f"{month[:3]} {number}{suffix}", f"the {number}{suffix}", f"{number}/{rng.randint(1, 12)}",
                           f"20{rng.randint(10, 39)}-{rng.randint(1, 12):02}-{number:02}", f"{day} the {number}{suffix}",
                           f"this {rng.choice(('week', 'weekend', 'month', day))}", f"in {rng.choice(NUMBER_WORDS)} days"))  # fmt: skip
        return text

    def price(self) -> str:
        number = self.rng.choice((f"{self.rng.randint(1, 999)}", f"{self.rng.randint(1, 99)}.{self.rng.randint(10, 99)}"))
        return self.rng.choice((f"${number}", f"${number}", f"{number} EUR", f"€{number}", f"{number} dollars", f"£{number}"))

    def code(self) -> str:
        rng = self.rng
        letters = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(rng.randint(1, 3)))
        return rng.choice((f"{letters}-{rng.randint(10, 9999)}", f"{letters}{rng.randint(10, 999)}", f"{rng.randint(1000, 99999)}"))

    def phrase(self) -> str:
        """Two to five loose words: a reason, a topic, a remark."""
        rng, words = self.rng, self.lexicon
        return rng.choice((f"{self.adjective()} {rng.choice(words.talk)}", f"{rng.choice(words.talk)} {rng.choice(('of', 'in', 'about'))} {self.thing()}",
                           f"a {self.adjective()} {self.noun()}", f"{rng.choice(words.talk)}"))  # fmt: skip

    def amount(self) -> tuple[str, int | float]:
        """A quantity as it is written, and the number it means."""
        rng = self.rng
        roll = rng.random()
        if roll < 0.5:
            number = rng.choice((rng.randint(1, 12), rng.randint(1, 99), rng.randint(1, 500), rng.choice((1000, 1200, 250, 2000))))
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
