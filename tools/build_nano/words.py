"""Words: English from WordNet, hand-written names and units, and what invented words are made of."""

# ruff: noqa: E501  (lists of words read best as they are)

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from pathlib import Path

from . import filler, phrases, wording

GOODS = ("06", "13", "20", "27", "05")
"""WordNet noun files whose words can be things: artifact, food, plant, substance, animal."""
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
SINGULAR = {
    "lb",
    "pound",
    "kilo",
    "kilogram",
    "ounce",
    "gram",
    "ton",
    "liter",
    "litre",
    "gallon",
    "box",
    "case",
    "bag",
}
SINGULAR |= {
    "tray",
    "crate",
    "pallet",
    "carton",
    "pack",
    "packet",
    "bottle",
    "can",
    "tin",
    "jar",
    "roll",
    "sheet",
}
SINGULAR |= {
    "bundle",
    "bin",
    "bucket",
    "barrel",
    "keg",
    "piece",
    "unit",
    "set",
    "pair",
    "loaf",
    "head",
    "bunch",
}
SINGULAR |= {"tub", "sack", "portion", "serving", "dozen"}
NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
NUMBER_PHRASES = {"a couple": 2, "a couple of": 2, "a dozen": 12, "half a dozen": 6, "two dozen": 24, "thirty": 30,
                  "forty": 40, "fifty": 50, "twenty-five": 25, "sixty": 60, "a hundred": 100}  # fmt: skip
SYLLABLE_STARTS = "b br c ch cl d dr f fl g gr h j k kr l m n p pl pr qu r s sh sk sl sp st t th tr v w y z".split()
SYLLABLE_MIDDLES = (
    "a e i o u ai ea ee oo ou ie ar er or an en in on un al el il am em ac ic".split()
)
SYLLABLE_ENDS = [
    "",
    "",
    "",
    "b",
    "ck",
    "d",
    "g",
    "l",
    "ll",
    "m",
    "n",
    "nd",
    "ng",
    "nt",
    "p",
    "r",
    "rt",
    "s",
    "st",
    "t",
    "x",
]


def _words_of(parts: object) -> set[str]:
    """Every lower-case word in wording, however deeply its lists are nested."""
    if isinstance(parts, str):
        return set(re.findall(r"[a-z]+", parts.lower()))
    values = parts.values() if isinstance(parts, dict) else parts
    return set().union(*map(_words_of, values)) if isinstance(values, Iterable) else set()


TALK = frozenset(
    _words_of(
        [
            getattr(module, name)
            for module in (filler, phrases, wording)
            for name in dir(module)
            if name.isupper()
        ]
    )
)
"""Words that talk is made of: never a value."""


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
        self.goods = [w for f in GOODS for w in self.nouns.get(f, [])]
        self.common_goods = [w for f in GOODS for w in self.common.get(f, [])]

    def _take_noun(self, line: str, counts: dict[str, int]) -> None:
        """File the lemmas of one noun synset by WordNet's own noun file number."""
        fields = line.split(" ")
        kind, amount = fields[1], int(fields[3], 16)
        for lemma in fields[4 : 4 + 2 * amount : 2]:
            word = lemma.replace("_", " ")
            if set(word.lower().split()) & TALK:
                continue
            if is_held_out(word) != self.held_out or not re.fullmatch(
                r"[A-Za-z][A-Za-z' .\-]{2,24}", word
            ):
                continue
            if word[0].isupper() and kind in ("15", "18", "06"):
                self.proper.append(word)
            elif word.islower() and word.count(" ") < 3:
                self.nouns.setdefault(kind, []).append(word)
                if counts.get(lemma, 0) > 0 or (kind == "13" and " " not in word):
                    self.common.setdefault(kind, []).append(word)

    def _plain(self, path: Path, counts: dict[str, int], least: int) -> list[str]:
        """Single lower-case words of one part of speech that WordNet's tagged texts use at least `least` times."""
        found: dict[str, None] = {}
        for line in _rows(path):
            fields = line.split(" ")
            for lemma in fields[4 : 4 + 2 * int(fields[3], 16) : 2]:
                word = lemma.split("(")[0]
                if (
                    re.fullmatch(r"[a-z]{3,12}", word)
                    and counts.get(word, 0) >= least
                    and word not in TALK
                ):
                    found[word] = None
        return [word for word in found if is_held_out(word) == self.held_out]


def _rows(path: Path) -> list[str]:
    return [line for line in path.read_text("latin-1").splitlines() if line[:1].isdigit()]


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
