"""What a Slack message says: its text, its attachments, its blocks, the names of its files.

Source: https://docs.slack.dev/messaging/formatting-message-text (what stands between < and >),
https://docs.slack.dev/reference/events/message (subtypes), and exports as they occur.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

MAX_PIECES = 500
"""So many texts are taken of attachments and blocks of one message."""
_TOKEN = re.compile(r"<([^<>\s][^<>]*)>|&(amp|lt|gt);")
_ESCAPES = {"amp": "&", "lt": "<", "gt": ">"}
# How files were shared until 2018: the text is Slack's own, a comment may stand at its end.
_SHARED = re.compile(
    r"<@[^>]+> (?:uploaded|shared) a file: <[^>]*>(?:\s*and commented: (.*))?", re.DOTALL
)
_COMMENTED = re.compile(r"<@[^>]+> commented on .{0,200}? file <[^>]*>: (.*)", re.DOTALL)
_MARKS = {
    "user": ("@", "user_id"),
    "channel": ("#", "channel_id"),
    "usergroup": ("!subteam^", "usergroup_id"),
}

Json = Mapping[str, Any]


class Said(NamedTuple):
    """What a message says, still in Slack's own marks."""

    text: str
    files: int = 0
    previews: int = 0
    """Previews of links, which are not part of what was said."""


def said_by(message: Json) -> Said:
    """The text of a message; where it has none that of its attachments, else of its blocks."""
    text, files = _own_text(message), len(_list(message, "files")) + ("file" in message)
    attachments, previews = _list(message, "attachments"), 0
    if text.strip():
        own = [one for one in attachments if not (one.get("from_url") or one.get("original_url"))]
        attachments, previews = own, len(attachments) - len(own)
    pieces = [text, *(piece for one in attachments for piece in _attachment(one))]
    whole = "\n".join(piece for piece in pieces[:MAX_PIECES] if piece.strip())
    if not whole:
        whole = "".join(_blocks(_list(message, "blocks"), 0)).strip()
    return Said(whole, files, previews)


def speaker_of(message: Json) -> str:
    """The id of who wrote a message; empty for a bot and where it is not known."""
    comment = message.get("comment")
    for one in (message, comment if isinstance(comment, dict) else {}):
        if isinstance(one.get("user"), str):
            return cast("str", one["user"])
    return ""


def plain(text: str, name_of: Callable[[str, str, str], str]) -> str:
    """`text` as people see it: marks replaced, `&amp;` and its like undone, each exactly once.

    `name_of(kind, id, label)` gives what is written for `@` (a person) and `#` (a channel).
    """

    def replaced(found: re.Match[str]) -> str:
        if found[2]:
            return _ESCAPES[found[2]]
        inside, bar, label = found[1].partition("|")
        label = _unescaped(label)
        if not inside:
            return label or found[0]
        if inside[0] in "@#":
            return inside[0] + name_of(inside[0], inside[1:], label)
        if inside[0] == "!":
            return _broadcast(inside[1:], label)
        return label if bar and label.strip() else _unescaped(inside)

    return _TOKEN.sub(replaced, text)


def _broadcast(command: str, label: str) -> str:
    name, _, _ = command.partition("^")
    if name in ("subteam", "date"):
        # A group of people, or a moment with the text for whoever cannot show it.
        return label or ("@group" if name == "subteam" else command)
    return f"@{name}"


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _own_text(message: Json) -> str:
    text = _text(message, "text")
    kind = message.get("subtype")
    if kind == "file_comment":
        comment = message.get("comment")
        found = _COMMENTED.fullmatch(text)
        written = _text(comment, "comment") if isinstance(comment, dict) else ""
        return written or (found[1] if found else text)
    if kind == "file_share" and (found := _SHARED.fullmatch(text)):
        file = message.get("file")
        comment = file.get("initial_comment") if isinstance(file, dict) else None
        return found[1] or (_text(comment, "comment") if isinstance(comment, dict) else "")
    return text


def _attachment(one: Json) -> Iterator[str]:
    """The texts of an attachment in reading order; its plain-text stand-in where it has none."""
    pieces = [_text(one, name) for name in ("pretext", "title", "text")]
    for field in _list(one, "fields"):
        pieces.append(": ".join(filter(None, (_text(field, "title"), _text(field, "value")))))
    if not any(piece.strip() for piece in pieces):
        pieces = ["".join(_blocks(_list(one, "blocks"), 0)).strip()]
    yield from pieces if any(piece.strip() for piece in pieces) else [_text(one, "fallback")]


def _blocks(blocks: list[Json], depth: int) -> Iterator[str]:
    """The texts of blocks, each on a line; what cannot be read as text is passed over."""
    for block in blocks[:MAX_PIECES]:
        inner = block.get("text")
        if isinstance(inner, dict):
            yield _text(cast("Json", inner), "text") + "\n"
        for field in _list(block, "fields"):
            yield _text(field, "text") + "\n"
        if depth < 4:
            yield from _elements(_list(block, "elements"), depth)


def _elements(elements: list[Json], depth: int) -> Iterator[str]:
    for one in elements[:MAX_PIECES]:
        kind = _text(one, "type")
        if kind in _MARKS:
            mark, name = _MARKS[kind]
            yield f"<{mark}{_text(one, name)}>"
        elif kind == "link":
            # Texts of blocks are not escaped; those of messages are, so they are made alike.
            yield _escaped(_text(one, "text") or _text(one, "url"))
        elif kind == "broadcast":
            yield f"<!{_text(one, 'range') or 'here'}>"
        elif kind == "emoji":
            yield f":{_text(one, 'name')}:"
        elif kind in ("text", "plain_text"):
            yield _escaped(_text(one, "text"))
        elif kind == "mrkdwn":
            yield _text(one, "text")
        elif kind.startswith("rich_text") and depth < 4:
            yield from _elements(_list(one, "elements"), depth + 1)
            yield "\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(source: Json, name: str) -> str:
    value = source.get(name)
    return value if isinstance(value, str) else ""


def _list(source: Json, name: str) -> list[Json]:
    value = source.get(name)
    if not isinstance(value, list):
        return []
    return [cast("Json", one) for one in cast("list[Any]", value) if isinstance(one, dict)]
