"""Turns the records of one channel into messages; what is none is left out and counted by kind."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from lzma import LZMAError
from typing import Any, NamedTuple, cast
from zipfile import BadZipFile

from hone.importers._json_stream import rows_in
from hone.importers._json_window import Window
from hone.importers._rows import LeftOut, RawRow, Refusal
from hone.importers._slack_names import Names, clean_name, place_name
from hone.importers._slack_source import Export
from hone.importers._slack_text import plain, said_by, speaker_of

SAID = frozenset(
    ("", "bot_message", "me_message", "thread_broadcast", "file_share", "file_comment")
)
"""Kinds of message in which somebody says something; all others are notices."""
CHANGES = frozenset(("message_changed", "message_deleted"))
MAX_CHANGES = 100_000
"""So many changed and deleted messages of one channel are kept in mind."""
UNREADABLE = (BadZipFile, RuntimeError, EOFError, OSError, zlib.error, LZMAError)
_CHANGE_MARKS = (b"message_changed", b"message_deleted")
_CHUNK_BYTES = 1024 * 1024
_MOMENT = re.compile(r"(\d{1,11})(?:\.(\d{1,9}))?")
_KIND = re.compile(r"[a-z_]{1,40}")

Json = Mapping[str, Any]


@dataclass
class Wanted:
    """What is taken, what stands for names; and what was seen on the way, of all channels."""

    names: Names
    has_bots: bool
    is_hidden: bool
    previews: int = 0
    with_files: int = 0


class _Change(NamedTuple):
    """What became of a message later: its newest text, or None where it was deleted."""

    moment: str
    message: Json | None
    day: str
    row: int


def records_of(export: Export, member: str, place: str = "") -> Iterator[RawRow | Refusal]:
    """The records of one member; where it cannot be read on, the last thing is a Refusal.

    `place` is what refusals call it, by default its name.
    """
    place = place or place_name(member)
    try:
        with (
            export.open(member) as raw,
            io.TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="") as text,
        ):
            for item in rows_in(Window(text)):
                if isinstance(item, Refusal):
                    # One broken day must not end the import, as a broken file would.
                    yield item._replace(reason=f"{place}: {item.reason}", kind="refused")
                elif isinstance(item, RawRow):
                    yield item
    except UNREADABLE as error:
        yield Refusal(f"{place}: it is damaged: {error or type(error).__name__}")


def messages_of(
    export: Export, folder: str, wanted: Wanted
) -> Iterator[RawRow | Refusal | LeftOut]:
    """The messages of a channel, day after day, each with its newest text."""
    reading = _Channel(wanted, *wanted.names.of_folder(folder))
    days = export.layout.days[folder]
    for day in days:
        if _holds_changes(export, day):
            reading.note_changes(reading.place_of(day), records_of(export, day))
    for day in days:
        place = reading.place_of(day)
        for item in records_of(export, day, place):
            if isinstance(item, Refusal):
                yield item._replace(content=None) if wanted.is_hidden else item
            else:
                yield reading.read(place, item)
    yield from reading.without_original()


def _holds_changes(export: Export, day: str) -> bool:
    """Whether a day may speak of messages that were changed or deleted: a look at its bytes."""
    before = b""
    try:
        with export.open(day) as stream:
            while piece := stream.read(_CHUNK_BYTES):
                if any(mark in before + piece for mark in _CHANGE_MARKS):
                    return True
                before = piece[-16:]
    except UNREADABLE:
        pass  # whoever reads it says so
    return False


class _Channel:
    """One channel on its way in."""

    def __init__(self, wanted: Wanted, id: str, name: str) -> None:
        self._wanted, self._names = wanted, wanted.names
        self._id, self._name = id, name
        self._changes: dict[str, _Change] = {}

    def place_of(self, day: str) -> str:
        """What a day file is called: a folder may bear the names of people."""
        return f"{self._name}/{day[-15:]}" if self._wanted.is_hidden else place_name(day)

    def note_changes(self, day: str, records: Iterator[RawRow | Refusal]) -> None:
        """Remember the newest that became of each message."""
        for item in records:
            if not isinstance(item, RawRow) or _kind(item.fields) not in CHANGES:
                continue
            message = item.fields.get("message")
            is_deleted = item.fields["subtype"] == "message_deleted" or (
                isinstance(message, dict) and message.get("subtype") == "tombstone"
            )
            if is_deleted:
                old = item.fields.get("previous_message")
                named = item.fields.get("deleted_ts") or (
                    old.get("ts") if isinstance(old, dict) else None
                )
                message = None
            else:
                named = message.get("ts") if isinstance(message, dict) else None
            moment = str(item.fields.get("ts"))
            known = self._changes.get(named) if isinstance(named, str) else None
            is_new = known is None or _later(moment, known.moment)
            if isinstance(named, str) and is_new and len(self._changes) < MAX_CHANGES:
                self._changes[named] = _Change(moment, message, day, item.row)

    def read(self, day: str, item: RawRow) -> RawRow | Refusal | LeftOut:
        """One record as a message, or why it is none."""
        message = item.fields
        moment, kind = message.get("ts"), _kind(message)
        if not isinstance(moment, str) or not _MOMENT.fullmatch(moment):
            return self._refused(day, item, "no Slack message: it has no time (ts)")
        if not isinstance(message.get("text", ""), (str, type(None))):
            return self._refused(day, item, "its text is no text")
        if kind in CHANGES:
            return LeftOut("word of a change or deletion, which is carried out")
        if kind not in SAID or message.get("type", "message") != "message":
            return LeftOut(_notice(kind or message.get("type")))
        change = self._changes.pop(moment, None)
        if change is not None:
            if change.message is None:
                return LeftOut("deleted message")
            newest = ("text", "attachments", "blocks", "files")
            message = {**{k: v for k, v in message.items() if k not in newest}, **change.message}
        return self._message(day, item, message)

    def without_original(self) -> Iterator[RawRow | Refusal | LeftOut]:
        """Changed messages that stand nowhere as they were: what they became is all there is."""
        changes, self._changes = list(self._changes.values()), {}
        for change in changes:
            if change.message is not None:
                yield self.read(change.day, RawRow(dict(change.message), change.row))

    def _message(self, day: str, item: RawRow, message: Json) -> RawRow | Refusal | LeftOut:
        said = said_by(message)
        is_bot = message.get("subtype") == "bot_message" or isinstance(message.get("bot_id"), str)
        if is_bot and not self._wanted.has_bots:
            return LeftOut("message of a bot")
        text = self._names.text(plain(said.text, self._names.mention))
        if not text.strip():
            return LeftOut("message of nothing but a file" if said.files else "empty message")
        self._wanted.previews += said.previews
        self._wanted.with_files += bool(said.files)
        thread = message.get("thread_ts")
        if not isinstance(thread, str) or not _MOMENT.fullmatch(thread):
            thread = message["ts"]
        user = self._speaker(message, is_bot=is_bot)
        tags = [f"channel:{self._name}", *(["bot"] if is_bot else [])]
        origin = {"part": day, "message": f"{self._id}/{message['ts']}", "channel": self._name}
        origin |= {"user": user} if user else {}
        if thread != message["ts"]:
            origin["parent"] = f"{self._id}/{thread}"
        fields = {"message": text, "channel": self._name, "user": user}
        fields |= {"thread": f"{self._id}/{thread}", "at": _time(message["ts"]), "tags": tags}
        return RawRow(fields, item.row, item.line, origin=origin)

    def _speaker(self, message: Json, *, is_bot: bool) -> str:
        if user := speaker_of(message):
            return self._names.person(user)
        profile = message.get("bot_profile")
        further = cast("Json", profile) if isinstance(profile, dict) else {}
        names = [message.get("bot_id")]
        if not self._wanted.is_hidden:
            # A bot may bear the name of a person.
            names = [message.get("username"), further.get("name"), *names]
        named = next((name for name in names if isinstance(name, str) and name.strip()), "")
        return clean_name(named)

    def _refused(self, day: str, item: RawRow, reason: str) -> Refusal:
        content = None if self._wanted.is_hidden else item.fields
        return Refusal(f"{day}: {reason}", item.row, item.line, content)


def _kind(message: Json) -> str:
    kind = message.get("subtype") or ""
    return kind if isinstance(kind, str) else "?"


def _notice(kind: Any) -> str:
    known = isinstance(kind, str) and _KIND.fullmatch(kind)
    return f"notice {kind}" if known else "notice of an unknown kind"


def _later(one: str, other: str) -> bool:
    first, second = _MOMENT.fullmatch(one), _MOMENT.fullmatch(other)
    if first is None or second is None:
        return first is not None
    return (int(first[1]), (first[2] or "").ljust(9, "0")) > (
        int(second[1]), (second[2] or "").ljust(9, "0"),
    )  # fmt: skip


def _time(moment: str) -> str:
    """A `ts` as ISO text in UTC; empty where no calendar holds it."""
    found = _MOMENT.fullmatch(moment)
    assert found is not None
    try:
        whole = datetime.fromtimestamp(int(found[1]), UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return whole.replace(microsecond=int((found[2] or "0").ljust(6, "0")[:6])).isoformat()
