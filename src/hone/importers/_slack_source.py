"""Opens a Slack export, packed or as a folder, without trusting what is in it.

Nothing is ever unpacked to the disk. What an archive says of its own sizes is an upper bound of
what is read of it, so the limits below hold before the first byte is unpacked.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

from hone.errors import InvalidInput
from hone.importers._slack_names import place_name
from hone.importers._text import explain_os_error, read_head

MAX_MEMBER_BYTES = 1024**3
MAX_UNPACKED_BYTES = 64 * 1024**3
MAX_RATIO, RATIO_FROM_BYTES = 250, 1024**2
"""JSON of messages packs 10 to 50 times; a small file of one repeated line may do better."""
MAX_MEMBERS = 500_000
MAX_DIRECTORY_BYTES = 64 * 1024**2
NO_ZIP = (zipfile.BadZipFile, RuntimeError, ValueError)
"""What the reader of archives raises where one is damaged, or packed in a way that it lacks."""
LISTS = ("users", "channels", "groups", "dms", "mpims")
AGAIN = "export or download it again, or unzip what can be read and import the folder"

_LIST = re.compile(rf"((?:[^/]+/)?)({'|'.join(LISTS)})\.json")
_DAY = re.compile(r"((?:[^/]+/)?)([^/]+)/\d{4}-\d\d-\d\d\.json")
_PACKED_NAMES = re.compile(
    rb"PK\x03\x04.{26}(?:[^/\x00]{1,200}/){0,2}"
    rb"(?:channels|groups|dms|mpims|\d{4}-\d\d-\d\d)\.json",
    re.DOTALL,
)
_ABSOLUTE = re.compile(r"/|[A-Za-z]:[/\\]")


class Layout(NamedTuple):
    """Which members of an export are what; empty where it is none."""

    lists: dict[str, str]
    """users, channels … -> member"""
    days: dict[str, list[str]]
    """Folder of a channel -> its members, the earliest day first."""

    @property
    def is_slack(self) -> bool:
        """Whether it is plainly a Slack export."""
        return bool(self.days) or "channels" in self.lists


class Export(NamedTuple):
    """An export that is open: what it holds, and how a member is read."""

    layout: Layout
    open: Callable[[str], IO[bytes]]
    refused: Mapping[str, str]
    """Member -> why it is not read."""
    sizes: Mapping[str, int]


class _Member(NamedTuple):
    size: int
    problem: str = ""


def layout_of(names: Iterable[str]) -> Layout:
    """What is what, also where everything lies in one folder of its own."""
    lists: dict[str, dict[str, str]] = {}
    days: dict[str, dict[str, list[str]]] = {}
    for name in names:
        if found := _LIST.fullmatch(name):
            lists.setdefault(found[1], {})[found[2]] = name
        elif found := _DAY.fullmatch(name):
            days.setdefault(found[1], {}).setdefault(found[2], []).append(name)
    roots = sorted({*days, *(root for root, known in lists.items() if "channels" in known)})
    if "" not in roots and len(roots) != 1:
        return Layout({}, {})  # nothing, or several exports side by side
    root = "" if "" in roots else roots[0]
    ordered = {folder: sorted(days[root][folder]) for folder in sorted(days.get(root, {}))}
    return Layout(lists.get(root, {}), ordered)


def looks_like_slack(path: Path, head: bytes) -> bool:
    """Whether a zip file or a folder is plainly a Slack export; never raises."""
    try:
        if path.is_dir():
            return layout_of(name for name, _ in islice(_walk(path), MAX_MEMBERS)).is_slack
        if not head.startswith(b"PK\x03\x04"):
            return False
        if b"[Content_Types].xml" in head[:4096]:
            return False  # an Office file
        _check_directory(path)
        with zipfile.ZipFile(path) as archive:
            return layout_of(archive.namelist()).is_slack
    except NO_ZIP:
        # Cut off: the list at its end is gone, the names in front of each member are not.
        return _PACKED_NAMES.search(head) is not None
    except (OSError, InvalidInput):
        return False


@contextmanager
def open_export(path: Path) -> Generator[Export]:
    """The export at a path; InvalidInput where it is none, is damaged, locked or a bomb."""
    if path.is_dir():
        try:
            members = dict(islice(_walk(path), MAX_MEMBERS + 1))
        except OSError as error:
            raise explain_os_error(path, error) from error
        yield _export(path, members, lambda name: _open_file(path / name))
        return
    head = read_head(path)
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raise InvalidInput(
            f"{path} is no Slack export: it is neither a zip file nor a folder.",
            hint=f"hone import {path}, without --as slack",
        )
    _check_directory(path)
    try:
        archive = zipfile.ZipFile(path)
    except NO_ZIP as error:
        raise InvalidInput(f"{path} is cut off or damaged: {error}.", hint=AGAIN) from error
    except OSError as error:
        raise explain_os_error(path, error) from error
    with archive:
        members = {info.filename: _Member(info.file_size, _problem(info)) for info in
                   archive.infolist() if not info.is_dir()}  # fmt: skip
        export = _export(path, members, archive.open)
        locked = [name for name in export.sizes if archive.getinfo(name).flag_bits & 1]
        if locked:
            raise InvalidInput(
                f"{path} is locked with a password.",
                hint="unzip it with the password, then: hone import FOLDER --as slack",
            )
        yield export


def _export(
    path: Path, members: Mapping[str, _Member], open_member: Callable[[str], IO[bytes]]
) -> Export:
    if not members and not path.is_dir():
        raise InvalidInput(f"{path} is an empty zip file.", hint="check the export that wrote it")
    if len(members) > MAX_MEMBERS:
        raise InvalidInput(f"{path} holds more than {MAX_MEMBERS:,} files.", hint=AGAIN)
    refused = {name: one.problem for name, one in members.items() if one.problem}
    layout = layout_of(name for name, one in members.items() if not one.problem)
    if not layout.is_slack and not refused:
        raise InvalidInput(
            f"{path} is no Slack export: it holds neither channels.json nor "
            "CHANNEL/YYYY-MM-DD.json.",
            hint="name the zip file that Slack gave out, or the folder that it was unpacked to",
        )
    if not layout.days:
        name, problem = next(iter(refused.items()), ("", ""))
        reason = f": {place_name(name)} is {problem}" if problem else ""
        raise InvalidInput(
            f"{path} is a Slack export without a single day of messages{reason}.",
            hint="check which dates and channels were exported",
        )
    kept = [*layout.lists.values(), *(day for days in layout.days.values() for day in days)]
    sizes = {name: members[name].size for name in kept}
    if sum(sizes.values()) > MAX_UNPACKED_BYTES:
        raise InvalidInput(
            f"{path} would unpack to more than {MAX_UNPACKED_BYTES // 1024**3} GiB.",
            hint="export fewer months at a time",
        )
    return Export(layout, open_member, refused, sizes)


def _walk(folder: Path, above: str = "", depth: int = 3) -> Iterator[tuple[str, _Member]]:
    """The files of a folder, three levels deep; links are named and never followed."""
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        name = above + entry.name
        if entry.is_symlink():
            if name.endswith(".json"):
                yield name, _Member(0, "a link, which is not followed")
        elif entry.is_dir(follow_symlinks=False):
            if depth > 1 and not entry.name.startswith("."):
                yield from _walk(Path(entry.path), f"{name}/", depth - 1)
        elif entry.is_file(follow_symlinks=False) and name.endswith(".json"):
            size = entry.stat(follow_symlinks=False).st_size
            yield name, _Member(size, _too_large(size))


def _open_file(path: Path) -> IO[bytes]:
    # Whoever put a link or a pipe there after the folder was looked at gains nothing.
    flags = ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK")
    opened = os.open(path, os.O_RDONLY | sum(getattr(os, flag, 0) for flag in flags))
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError("not a regular file")
    return os.fdopen(opened, "rb")


def _problem(info: zipfile.ZipInfo) -> str:
    """Why a member of an archive is not read; empty where it is."""
    if not info.filename.endswith(".json"):
        # Pictures, canvases and the like are not looked at.
        return ""
    if _ABSOLUTE.match(info.filename) or ".." in re.split(r"[/\\]", info.filename):
        return "named as if outside of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a link, which is not followed"
    if info.file_size > RATIO_FROM_BYTES and info.file_size > MAX_RATIO * info.compress_size:
        return f"packed more than {MAX_RATIO} times, as no messages are"
    return _too_large(info.file_size)


def _too_large(size: int) -> str:
    return f"larger than {MAX_MEMBER_BYTES // 1024**2:,} MiB" if size > MAX_MEMBER_BYTES else ""


def _check_directory(path: Path) -> None:
    """Refuse an archive whose own list of members is huge, before it is read into memory."""
    with path.open("rb") as stream:
        stream.seek(0, os.SEEK_END)
        stream.seek(max(0, stream.tell() - 65_557))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        return  # cut off: whoever opens it will say so
    count, size = (int.from_bytes(tail[at + n : at + m], "little") for n, m in ((10, 12), (12, 16)))
    if size > MAX_DIRECTORY_BYTES or (count != 0xFFFF and count > MAX_MEMBERS):
        raise InvalidInput(f"{path} says that it holds an impossible number of files.", hint=AGAIN)
