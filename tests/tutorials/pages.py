"""Tutorial pages as tests read them: marked blocks, and what in them may differ from run to run.

A block is a comment and what follows it:

    <!-- told: NAME [within=0.05] [counts=3] [exits=3] [file=PATH] [dark] -->

then a fence, a table, a picture, or a paragraph or list up to the next empty line. `within` is the
tolerance of figures with a decimal point, `counts` that of whole numbers. A line that is only `…`
stands for any lines at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from itertools import groupby

CUT = "…"
HOME = "/home/me"
MARKER = re.compile(r"<!-- told: (?P<name>[\w-]+)(?P<choices>(?: [\w-]+(?:=\S+)?)*) -->")
PICTURE = re.compile(r"!\[[^]]*\]\((?P<path>[^)]+\.png)\)")
NUMBER = re.compile(r"(?<![\w.@])[-+]?\d(?:[\d,]*\d)?(?:\.\d+)?(?!\w)")
CLICKED = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")
CHOICES = ("within", "counts", "exits", "file", "dark")
SECONDS = r"(?:ms|s|min|h|seconds?|minutes?|hours?)"
VARYING = (
    (r"127\.0\.0\.1:\d+", "<address>"),
    (r"\b[a-z]+-\d{8}-\d{6}-\w+", "<job>"),
    (r"\d{8}-\d{6}-\w{4}", "<id>"),
    (r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w* \d{1,2}, \d{4}", "<date>"),
    (r"\b(?:better|worse|no clear difference)$", "<verdict>"),
    (r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?)?", "<date>"),
    (r"\b\d{1,2}:\d{2}(?::\d{2})?(?: [AP]M)?\b", "<time>"),
    (r"\d+ (?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)\w*(?: \d{4})?", "<date>"),
    (r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,64}\b", "<hash>"),
    (r"[\d,.]+ tokens/s", "<rate>"),
    (r"[\d.]+ to [\d.]+ of [\d.]+ GiB", "<memory>"),
    (r"[\d,.]+ (?:[KMG]i?B|bytes)\b", "<memory>"),
    (rf"(?:\d[\d,]*(?:\.\d+)? {SECONDS}(?= |\b))(?: \d+ {SECONDS}\b)*", "<time>"),
    (r"\$\d+\.\d+", "<price>"),
    (r"\b(?:x86_64|aarch64|arm64)\b", "<processor>"),
)


class BadPage(AssertionError):
    """A page that cannot be played as it is written."""


@dataclass
class Slack:
    """How far figures may be from those in the page."""

    within: float = 0.0
    counts: float = 0.0


@dataclass
class Block:
    """One marked block: its lines, where they begin in the page, and what its marker says."""

    name: str
    kind: str  # console, file, table, shot or words
    first: int
    lines: list[str]
    choices: dict[str, str]

    @property
    def slack(self) -> Slack:
        return Slack(*(float(self.choices.get(name, 0)) for name in ("within", "counts")))

    def commands(self) -> list[tuple[str, list[str]]]:
        """The commands of a console block, each with the lines of output below it."""
        found: list[tuple[str, list[str]]] = []
        is_open = False
        for line in self.lines:
            if line.startswith("$ ") or is_open:
                if is_open:
                    found[-1] = (f"{found[-1][0]}\n{line}", [])
                else:
                    found.append((line[2:], []))
                is_open = line.endswith("\\")
            elif found:
                found[-1][1].append(line)
            else:
                raise BadPage(f"{self.name}: a console block begins with a line `$ command`.")
        return found

    def picture(self) -> str:
        found = PICTURE.search("\n".join(self.lines))
        if not found:
            raise BadPage(f"{self.name}: there is no picture.")
        return found["path"]

    def clicks(self) -> list[str]:
        """What is said to be clicked (**bold**) and typed (`code`), in order."""
        return [found[1] or found[2] for found in CLICKED.finditer("\n".join(self.lines))]


def blocks(text: str) -> list[Block]:
    """The marked blocks of a page; fails where something that is to be told is not marked."""
    lines = text.splitlines()
    found: list[Block] = []
    at = 0
    while at < len(lines):
        marker = MARKER.fullmatch(lines[at].strip())
        if marker:
            at, block = _block(lines, at + 1, marker)
            found.append(block)
        elif "told:" in lines[at] and "<!--" in lines[at]:
            raise BadPage(f"line {at + 1} is no marker: {lines[at]}")
        elif lines[at].startswith("```console") or PICTURE.search(lines[at]):
            raise BadPage(f"line {at + 1} has no marker above it: {lines[at]}")
        at += 1
    names = [block.name for block in found]
    if len(set(names)) < len(names):
        raise BadPage(f"two blocks have one name: {sorted(names)}")
    return found


def _block(lines: Sequence[str], at: int, marker: re.Match[str]) -> tuple[int, Block]:
    """The block below a marker, and the number of its last line."""
    name = marker["name"]
    pairs = (word.partition("=") for word in marker["choices"].split())
    choices = {key: value for key, _, value in pairs}
    if wrong := set(choices) - set(CHOICES):
        raise BadPage(f"{name}: {sorted(wrong)} is none of {', '.join(CHOICES)}.")
    if at >= len(lines) or not lines[at].strip():
        raise BadPage(f"{name}: nothing stands below its marker.")
    is_fence = lines[at].startswith("```")
    first = end = at + is_fence
    while end < len(lines) and (lines[end] != "```" if is_fence else lines[end].strip()):
        end += 1
    kind = "words"
    if is_fence:
        kind = "console" if lines[at] == "```console" else "file"
    elif lines[at].startswith("|"):
        kind = "table"
    elif PICTURE.search(lines[at]):
        kind = "shot"
    return end, Block(name, kind, first, list(lines[first:end]), choices)


def rewritten(text: str, changed: Sequence[tuple[Block, Sequence[str]]]) -> str:
    """The page with other lines in these blocks."""
    lines = text.splitlines()
    for block, new in sorted(changed, key=lambda one: -one[0].first):
        lines[block.first : block.first + len(block.lines)] = new
    return "\n".join(lines) + "\n"


def masked(line: str) -> str:
    """A line without what differs from run to run, and with single spaces."""
    for pattern, mask in VARYING:
        line = re.sub(pattern, mask, line)
    return " ".join(re.sub(r"[─━-]{4,}", "────", line).split())


def is_same(told: str, seen: str, slack: Slack) -> bool:
    """Whether a line says what the page says, figures within their tolerance."""
    told, seen = masked(told), masked(seen)
    if told == seen:
        return True
    if NUMBER.sub("#", told) != NUMBER.sub("#", seen):
        return False
    pairs = zip(NUMBER.findall(told), NUMBER.findall(seen), strict=True)
    return all(_is_near(one, other, slack) for one, other in pairs)


def _is_near(one: str, other: str, slack: Slack) -> bool:
    allowed = slack.within if "." in one or "." in other else slack.counts
    far = abs(float(one.replace(",", "")) - float(other.replace(",", "")))
    return far <= allowed + 1e-9


def differs(told: Sequence[str], seen: Sequence[str], slack: Slack) -> str:
    """Nothing where the lines say what the page says, else both beside each other."""
    told, seen = trimmed(told), trimmed(seen)
    if _is_matched(_pieces(told), seen, slack):
        return ""
    lines = unified_diff(
        [masked(line) for line in told], [masked(line) for line in seen],
        "the page", "what happened", lineterm="", n=1,
    )  # fmt: skip
    return "\n".join(lines) or "only figures differ, further than the marker allows"


def _is_matched(pieces: list[list[str]], seen: Sequence[str], slack: Slack) -> bool:
    first, *rest = pieces
    if not _stands_at(first, seen, 0, slack):
        return False
    if not rest:
        return len(first) == len(seen)
    *middle, last = rest
    at = len(first)
    for piece in middle:
        places = range(at, len(seen) - len(piece) + 1)
        found = next((place for place in places if _stands_at(piece, seen, place, slack)), None)
        if found is None:
            return False
        at = found + len(piece)
    end = len(seen) - len(last)
    return end >= at and _stands_at(last, seen, end, slack)


def _stands_at(piece: Sequence[str], seen: Sequence[str], at: int, slack: Slack) -> bool:
    there = seen[at : at + len(piece)]
    return len(there) == len(piece) and all(
        is_same(told, line, slack) for told, line in zip(piece, there, strict=True)
    )


def retold(told: Sequence[str], seen: Sequence[str]) -> list[str]:
    """What was seen, cut where the page cuts."""
    first, *rest = _pieces(trimmed(told))
    seen = trimmed(seen)
    if not rest:
        return seen
    *middle, last = rest
    end = len(seen) - len(last)
    kept = [*seen[: len(first)], CUT]
    at = len(first)
    for piece in middle:
        places = range(at, max(at, end - len(piece)) + 1)
        place = max(places, key=lambda place: _likeness(piece, seen[place : place + len(piece)]))
        kept += [*seen[place : place + len(piece)], CUT]
        at = place + len(piece)
    return [*kept, *seen[max(at, end) :]]


def _likeness(piece: Sequence[str], there: Sequence[str]) -> float:
    one, other = ("\n".join(map(masked, lines)) for lines in (piece, there))
    return SequenceMatcher(None, NUMBER.sub("#", one), NUMBER.sub("#", other)).ratio()


def _pieces(lines: Sequence[str]) -> list[list[str]]:
    """The lines between the cuts; one more than there are cuts."""
    found: list[list[str]] = [[]]
    for is_cut, run in groupby(lines, lambda line: line.strip() == CUT):
        if is_cut:
            found.append([])
        else:
            found[-1] = list(run)
    return found


def trimmed(lines: Sequence[str]) -> list[str]:
    """Without empty lines around, and blanks at ends."""
    return "\n".join(line.rstrip() for line in lines).strip("\n").splitlines()


def words(text: str) -> str:
    """The words of a screen, with every number masked."""
    return " ".join(_words(text))


def _words(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.strip():
            yield re.sub(r"\d+(?:[.,]\d+)*", "#", masked(line))
