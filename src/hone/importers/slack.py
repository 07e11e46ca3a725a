"""Reads a Slack export: every message of every channel, day by day, with names in place of ids.

Needs: the zip file that Slack gives out, or the folder that it was unpacked to.
Gives: RawRow {"message", "channel", "user", "thread", "at", "tags"}, whose origin names day file,
message, channel, user and parent; LeftOut for joins, topics, deleted and empty messages.
Source: https://slack.com/help/articles/220556107-How-to-read-Slack-data-exports (the layout), and
the references that `_slack_text` names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import InvalidInput, nearest
from hone.importers._rows import Note, RawRow, Refusal, Rows
from hone.importers._slack_messages import Wanted, messages_of, records_of
from hone.importers._slack_names import (
    Hiding,
    Names,
    all_names,
    clean_name,
    display_name,
    place_name,
)
from hone.importers._slack_source import LISTS, Export, looks_like_slack, open_export

READS_FOLDERS = True
MAX_PEOPLE = 500_000
BYTES_PER_FIELD_BYTE = 5
"""A record of an export takes about so many times the bytes of what is taken of it."""


class Options(BaseModel):
    """How a Slack export is read."""

    model_config = ConfigDict(extra="forbid")

    pseudonymise: bool = Field(
        False, description="replace people by pseudonyms, mask e-mail addresses and phone numbers"
    )
    bots: bool = Field(True, description="take messages of bots too (tag bot)")
    channels: str = Field("", description="names of the channels to take, with commas; else all")
    pseudonym_key: str = Field(
        "", description="what pseudonyms are made with; by default the workspace's own key"
    )


LIMITS: tuple[str, ...] = (
    "Pictures, canvases and the contents of files are not read.",
    "Of a link with a label the label is kept, as people saw it; previews of links are left out.",
    "A message that was edited since an earlier import is a new example; the old one stays.",
    "Equal texts are one example, wherever they were said.",
    "Pseudonyms do not catch nicknames, misspellings, first names in lower case, people who are "
    "not in users.json and are written out, postal addresses, or what a text tells in its words.",
)


def sniff(path: Path, head: bytes) -> float:
    """How sure it is that this importer reads the file or folder, 0 to 1."""
    return 0.98 if looks_like_slack(path, head) else 0.0


def size_of(path: Path) -> int:
    """About how many bytes the fields of all messages take."""
    with open_export(path) as export:
        days = (day for days in export.layout.days.values() for day in days)
        return sum(export.sizes[day] for day in days) // BYTES_PER_FIELD_BYTE


def run(path: Path, options: Options) -> Rows:
    """Every message, channel after channel; a day that cannot be read is refused alone."""
    with open_export(path) as export:
        layout = export.layout
        days = sum(map(len, layout.days.values()))
        yield Note(
            f"Slack export: {_counted(len(layout.days), 'channel')}, {_counted(days, 'day')}"
        )
        for member, problem in export.refused.items():
            # A folder may bear the names of people.
            place = member[-15:] if options.pseudonymise else member
            yield Refusal(f"{place_name(place)}: {problem}")
        hiding = Hiding(options.pseudonym_key) if options.pseudonymise else None
        people: dict[str, str] = {}
        yield from _people(export, people, hiding)
        channels: dict[str, tuple[str, str]] = {}
        yield from _channels(export, channels)
        names = Names(people, channels, hiding)
        wanted = Wanted(names, options.bots, options.pseudonymise)
        for folder in _chosen(options.channels, layout.days, channels):
            yield from messages_of(export, folder, wanted)
        if wanted.with_files:
            yield Note(f"{_counted(wanted.with_files, 'message')} with files, which are not read")
        if wanted.previews:
            yield Note(f"previews of links left out: {wanted.previews:,}")
        if people and names.unknown and hiding is None:
            yield Note(f"ids that are not in users.json stay as they are: {len(names.unknown):,}")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _people(
    export: Export, people: dict[str, str], hiding: Hiding | None
) -> Iterator[Note | Refusal]:
    """Fills `people` with display names by id."""
    for item in _entries(export, "users"):
        if isinstance(item, Refusal):
            yield item._replace(content=None) if hiding else item
            continue
        id = item.fields.get("id")
        if isinstance(id, str) and id and len(people) < MAX_PEOPLE:
            people[id] = display_name(item.fields)
            if hiding is not None:
                hiding.learn(id, all_names(item.fields))
    if hiding is not None:
        written = "" if people else "; without users.json names that are written out stay"
        yield Note(f"people are pseudonyms, e-mail addresses and phone numbers masked{written}")
    elif not people:
        yield Note("no users.json: the ids of people stay as they are")


def _channels(export: Export, channels: dict[str, tuple[str, str]]) -> Iterator[Refusal]:
    """Fills `channels` with id and name by folder; a folder bears the name or, of two, the id."""
    for kind in LISTS[1:]:
        for item in _entries(export, kind):
            if isinstance(item, Refusal):
                yield item._replace(content=None)
                continue
            id, name = item.fields.get("id"), item.fields.get("name")
            if not isinstance(id, str) or not id:
                continue
            named = name if isinstance(name, str) and name else id
            channels[id] = channels[named] = (id, clean_name(named))


def _chosen(
    asked: str, folders: Iterable[str], channels: Mapping[str, tuple[str, str]]
) -> list[str]:
    """The folders of the channels that were asked for; InvalidInput names what there is not."""
    names = [name.strip().removeprefix("#") for name in asked.split(",") if name.strip()]
    if not names:
        return list(folders)
    known = {folder: {folder, *channels.get(folder, ())} for folder in folders}
    for name in names:
        if not any(name in one for one in known.values()):
            raise InvalidInput(
                f'No channel "{name}" in the export.', hint=nearest(name, sorted(known))
            )
    return [folder for folder, one in known.items() if one & set(names)]


def _entries(export: Export, kind: str) -> Iterator[RawRow | Refusal]:
    member = export.layout.lists.get(kind)
    if member is not None:
        yield from records_of(export, member)
