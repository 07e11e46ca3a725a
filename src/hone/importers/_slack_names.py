"""Names of the people and channels of a Slack export, and what stands for them when hidden."""

from __future__ import annotations

import hmac
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, cast

MAX_NAME_CHARACTERS = 80
MAX_NAME_WORDS = 4
MAX_UNKNOWN = 10_000
WORDS_TOO = frozenset(
    "april art august bill bob buck chase chip daisy dawn dean don drew faith frank gene ginger "
    "grace grant guy herb hope ivy jack jay jean josh joy june lance lily mark max may miles nick "
    "olive pat peg penny ray reed rich rob rose rusty sage sandy skip stone sue summer victor ward "
    "wade will".split()
)
"""Names that are words as well: in lower case they stay what they are."""
SLACKBOT = "USLACKBOT"
# Without vowels a pseudonym is never a word, without digits rules never take it for an amount.
_LETTERS, _LENGTH = "bcdfghjklmnpqrstvwxz", 7
_BETWEEN = frozenset((" ", "  ", ".", "-", "_"))
"""What stands between the words of one name."""
_WORD = re.compile(r"[^\W_]+")
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_PHONE = re.compile(
    r"(?<![\w.])(?!\d{4}-\d\d-\d\d(?!\d))(?:\+\d(?:[ ()./-]{0,2}\d){6,14}"
    r"|\(?\d{2,5}\)?[ /-]{1,2}\(?\d{2,8}\)?(?:[ ./-]{1,2}\d{2,8}){0,4}"
    r"|\d{2,5}(?:\.\d{2,5}){2,4}|\d{10,11})(?![\w-])"
)
_FEWEST_DIGITS, _MOST_DIGITS = 9, 15


class Names:
    """Who is who, and which channel is which; `hiding` replaces people by pseudonyms."""

    def __init__(
        self,
        people: Mapping[str, str],
        channels: Mapping[str, tuple[str, str]],
        hiding: Hiding | None,
    ) -> None:
        self._people, self._channels, self._hiding = people, channels, hiding
        self._labels = dict(channels.values())
        self.unknown: set[str] = set()

    def person(self, id: str, label: str = "") -> str:
        """The display name of a person, else what the mention says, else the id."""
        if id == SLACKBOT:
            return "slackbot"
        if id not in self._people and len(self.unknown) < MAX_UNKNOWN:
            self.unknown.add(id)
        if self._hiding is not None:
            return self._hiding.pseudonym(id)
        return self._people.get(id) or clean_name(label) or clean_name(id)

    def channel(self, id: str, label: str = "") -> str:
        """What is written for a channel that is mentioned."""
        return self._shown(self._labels.get(id) or clean_name(label) or clean_name(id))

    def of_folder(self, folder: str) -> tuple[str, str]:
        """Id and name of the channel whose days lie in a folder."""
        known = self._channels.get(folder)
        if known is None:
            shown = self._shown(clean_name(folder))
            return shown, shown
        return clean_name(known[0]), self._shown(known[1])

    def mention(self, kind: str, id: str, label: str) -> str:
        """What stands after the `@` or `#` of a mention."""
        return self.person(id, label) if kind == "@" else self.channel(id, label)

    def text(self, text: str) -> str:
        """A text as it is kept."""
        return text if self._hiding is None else self._hiding.text(text)

    def _shown(self, name: str) -> str:
        if self._hiding is None:
            return name
        # Slack names the talks of several people after them.
        is_talk = name.startswith("mpdm-")
        return self._hiding.pseudonym(name, "talk") if is_talk else self._hiding.text(name)


class Hiding:
    """Replaces known names, e-mail addresses and telephone numbers; the same way every time."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._known: dict[tuple[str, ...], str] = {}
        self._single: dict[str, str] = {}
        self._made: dict[str, str] = {}

    def pseudonym(self, id: str, kind: str = "person") -> str:
        """`person-…`, the same for an id under one key; without the key nobody can work it out."""
        known = self._made.get(id)
        if known is None:
            number = int.from_bytes(hmac.digest(self._key, id.encode("utf-8", "replace"), "sha256"))
            letters = ""
            for _ in range(_LENGTH):
                number, place = divmod(number, len(_LETTERS))
                letters += _LETTERS[place]
            known = f"{kind}-{letters}"
            if len(self._made) < MAX_UNKNOWN * 10:
                self._made[id] = known
        return known

    def learn(self, id: str, names: Iterator[str]) -> None:
        """Names of a person that texts may hold written out."""
        pseudonym = self.pseudonym(id)
        self._known.setdefault((id.casefold(),), pseudonym)
        for name in names:
            words = _WORD.findall(name)[:MAX_NAME_WORDS]
            if len(words) > 1 or any(character.isdigit() for character in name):
                self._known.setdefault(tuple(word.casefold() for word in words), pseudonym)
            for word in words:
                # One word may be a common one: with its capital, or as the only name there is.
                if len(word) > 2 and (len(words) == 1 or word[0].isupper()):
                    self._single.setdefault(word.capitalize(), pseudonym)
                    if len(words) == 1 and word not in WORDS_TOO:
                        self._single.setdefault(word, pseudonym)

    def text(self, text: str) -> str:
        """`text` without what is known of people."""
        text = _MAIL.sub("[e-mail]", text)
        return self._without_names(_PHONE.sub(_phone, text))

    def _without_names(self, text: str) -> str:
        words = list(_WORD.finditer(text))
        pieces: list[str] = []
        done = place = 0
        while place < len(words):
            count, pseudonym = self._at(text, words, place)
            if count:
                pieces += (text[done : words[place].start()], pseudonym)
                done = words[place + count - 1].end()
            place += count or 1
        return "".join((*pieces, text[done:]))

    def _at(self, text: str, words: list[re.Match[str]], place: int) -> tuple[int, str]:
        """How many words from here on are a name, the longest first, and what stands for it."""
        folded: list[str] = []
        for word in words[place : place + MAX_NAME_WORDS]:
            before = words[place + len(folded) - 1].end()
            if folded and text[before : word.start()] not in _BETWEEN:
                break
            folded.append(word[0].casefold())
        for count in range(len(folded), 0, -1):
            if found := self._known.get(tuple(folded[:count])):
                return count, found
        first = words[place]
        is_pseudonym = text[max(0, first.start() - 7) : first.start()] == "person-"
        found = "" if is_pseudonym else self._single.get(first[0], "")
        return (1, found) if found else (0, "")


def _phone(found: re.Match[str]) -> str:
    digits = sum(character.isdigit() for character in found[0])
    return "[phone]" if _FEWEST_DIGITS <= digits <= _MOST_DIGITS else found[0]


def clean_name(name: str) -> str:
    """A name on one line: without control characters, marks of direction and half characters."""
    kept = "".join(
        " " if one.isspace() else one for one in name[:1000] if unicodedata.category(one)[0] != "C"
        or one.isspace()
    )  # fmt: skip
    return " ".join(kept.split())[:MAX_NAME_CHARACTERS].strip()


def place_name(member: str) -> str:
    """The name of a file in an export, on one line; of a long one the end."""
    return clean_name(member[-MAX_NAME_CHARACTERS:])


def display_name(user: Mapping[str, Any]) -> str:
    """The name that Slack shows for an entry of users.json."""
    return next((name for name in _names(user) if name), "")


def all_names(user: Mapping[str, Any]) -> Iterator[str]:
    """Every name of an entry of users.json."""
    profile = user.get("profile")
    further = cast("Mapping[str, Any]", profile) if isinstance(profile, dict) else {}
    yield from _names(user)
    for name in ("first_name", "last_name"):
        if isinstance(further.get(name), str):
            yield clean_name(further[name])


def _names(user: Mapping[str, Any]) -> Iterator[str]:
    profile = user.get("profile")
    further = cast("Mapping[str, Any]", profile) if isinstance(profile, dict) else {}
    for source, name in (
        (further, "display_name"), (further, "real_name"), (user, "real_name"), (user, "name"),
    ):  # fmt: skip
        if isinstance(source.get(name), str):
            yield clean_name(source[name])
