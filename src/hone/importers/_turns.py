"""Conversations: who spoke, what they said, and which reply is the one to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hone.importers._rows import RowUnfit

ROLE_KEYS = ("role", "from", "speaker")
TEXT_KEYS = ("content", "value", "text")
SPEAKER = {
    "user": "user",
    "human": "user",
    "prompter": "user",
    "customer": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "system": "system",
    "developer": "system",
}


class Turn(NamedTuple):
    """One thing said; `speaker` is system, user or assistant."""

    speaker: str
    text: str


def is_conversation(value: Any) -> bool:
    """Whether a value is a list of turns with a speaker and a text each."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) for turn in value)
        and bool(_key(value[0], ROLE_KEYS) and _key(value[0], TEXT_KEYS))
    )


def turns_of(value: Any) -> list[Turn]:
    """The turns of a conversation, turns of one speaker in a row joined by a blank line."""
    if not isinstance(value, list) or not value:
        raise RowUnfit("the conversation has no turns")
    turns: list[Turn] = []
    for item in value:
        turn = turn_of(item)
        if turns and turns[-1].speaker == turn.speaker:
            turns[-1] = Turn(turn.speaker, f"{turns[-1].text}\n\n{turn.text}")
        else:
            turns.append(turn)
    return turns


def turn_of(item: Any) -> Turn:
    """One turn of any of the common spellings."""
    role_key = _key(item, ROLE_KEYS) if isinstance(item, dict) else None
    text_key = _key(item, TEXT_KEYS) if isinstance(item, dict) else None
    if role_key is None or text_key is None:
        raise RowUnfit("a turn has no speaker or no text")
    role = str(item[role_key])
    speaker = SPEAKER.get(role.casefold())
    if speaker is None:
        raise RowUnfit(f'a turn is spoken by "{role}": only system, user and assistant are known')
    return Turn(speaker, text_of(item[text_key]))


def text_of(content: Any) -> str:
    """The text of a turn; content parts are joined, parts that are no text are refused."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise RowUnfit("a turn has no text")
    pieces: list[str] = []
    for part in content:
        kind = part.get("type", "text") if isinstance(part, dict) else "text"
        text = part if isinstance(part, str) else None
        if isinstance(part, dict) and kind == "text":
            text = part.get("text", part.get("value"))
        if not isinstance(text, str):
            raise RowUnfit(f'a turn holds a part of type "{kind}": only text is taken')
        pieces.append(text)
    return "".join(pieces)


def split_reply(turns: Sequence[Turn]) -> tuple[list[Turn], str]:
    """What was said before the last reply, and that reply; later turns have no reply to learn."""
    for index in range(len(turns) - 1, -1, -1):
        if turns[index].speaker == "assistant":
            before = list(turns[:index])
            if not any(turn.speaker == "user" for turn in before):
                raise RowUnfit("nobody says anything before the reply")
            return before, turns[index].text
    raise RowUnfit("the conversation holds no reply")


def best_path(prompt: Any) -> list[Turn]:
    """The best ranked branch of a message tree (Open Assistant): lowest rank first at each fork."""
    path: list[Turn] = []
    node: Any = prompt
    while node is not None:
        path.append(turn_of(node))
        replies = node.get("replies") or []
        if not isinstance(replies, list) or not all(isinstance(one, Mapping) for one in replies):
            raise RowUnfit("the replies are no list of objects")
        node = min((one for one in replies if not one.get("deleted")), key=_rank, default=None)
    return path


def _rank(reply: Mapping[str, Any]) -> tuple[bool, float]:
    # min() keeps the first of equals, so unranked replies keep the order of the file.
    rank = reply.get("rank")
    if isinstance(rank, bool) or not isinstance(rank, (int, float)):
        return (True, 0.0)
    return (False, float(rank))


def _key(item: Mapping[str, Any], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in item), None)
