"""A made-up Slack export of a food bank that does not exist, laid out as Slack lays out its own.

Its reports of what was picked up are the seeded messages of `messages`, whose right answers are
known; around them people chat, join, edit, attach pictures, and a bot speaks.
"""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from hone.demo.dice import Dice
from hone.demo.example_data import Written
from hone.demo.messages import Message, generate
from hone.demo.slack_chat import BOT, CHANNELS, IN_PICKUPS, IN_RANDOM, REPORTS_IN_A_THREAD, USERS
from hone.demo.words import ITEMS
from hone.records.identity import example_id

EXPORT, AUDITED, LATER, NEW = (
    "pickup-slack.zip", "audited.jsonl", "later.jsonl", "new-messages.jsonl",
)  # fmt: skip
SEED, REPORTS, LATER_MESSAGES, NEW_MESSAGES = 7, 203, 80, 12
COORDINATOR = "rosa"
PENDING_VERSION = 1
FIRST_DAY = datetime(2026, 9, 7, tzinfo=UTC)
A_DAY, CHAT_EVERY = 7, 7
"""Reports of an ordinary day, and after how many somebody chats."""

Record = dict[str, Any]

CATEGORY_OF_KIND = {
    "produce": "produce", "bakery": "bakery", "loaf": "bakery", "piece": "prepared",
    "dairy": "dairy", "meat": "meat", "prepared": "prepared", "handheld": "prepared",
    "dry": "pantry", "can": "pantry",
}  # fmt: skip
# The kinds of `words` say in which units people count; in a pantry these stand elsewhere.
CATEGORY_OF_ITEM = {
    "chocolate cake": "bakery", "carrot cake": "bakery", "orange juice": "pantry",
    "cheddar cheese": "dairy", "butter": "dairy",
}  # fmt: skip


class Said(NamedTuple):
    """A record of the export, its text as it is imported (empty: it is not), the right answer."""

    record: Record
    text: str
    items: list[Record]


def write(folder: Path) -> list[Written]:
    """The export, what its coordinator decided, and later messages; the same bytes every time."""
    days = {channel["name"]: list(_channel(channel["name"])) for channel in CHANNELS}
    said = [one for channel in days.values() for one in channel]
    later = generate("held_out", LATER_MESSAGES + NEW_MESSAGES, SEED)
    files = {
        EXPORT: _zipped(days),
        AUDITED: _lines(_decisions(said)),
        LATER: _lines({"message": one.text, "output": answer(one)} for one in later[NEW_MESSAGES:]),
        NEW: _lines({"message": one.text} for one in later[:NEW_MESSAGES]),
    }
    says = {
        EXPORT: "a Slack export of a food bank that does not exist",
        AUDITED: f"what its coordinator {COORDINATOR} says of each message",
        LATER: "later messages with the right answers, to test on",
        NEW: "messages that nobody has looked at yet",
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [Written(folder / name, says[name]) for name in files]


def answer(message: Message) -> list[Record]:
    """The right answer to a message, with the category of each food."""
    return [_with_category(item) for item in message.items]


def _with_category(item: Record) -> Record:
    return item | {"subcategory": _CATEGORIES[_letters(str(item["item"]))]}


def _letters(item: str) -> str:
    """The same for a food and its misspellings, which only swap two letters."""
    return "".join(sorted(item.casefold()))


_CATEGORIES = {
    _letters(food): CATEGORY_OF_ITEM.get(food, CATEGORY_OF_KIND[kind])
    for kind, foods in ITEMS.items()
    for food in foods
}


def _decisions(said: list[Said]) -> Iterator[Record]:
    """One line per message, as `hone review --decisions` takes them; what is decided stays."""
    for text, items in {one.text: one.items for one in said if one.text}.items():
        yield {
            "id": example_id("extract", {"message": text}, None),
            "verdict": "edit",
            "output": items,
            "reviewer": COORDINATOR,
            "base_version": PENDING_VERSION,
        }


def _channel(name: str) -> Iterator[Said]:
    dice = Dice(f"slack-{name}-{SEED}")
    if name == "random":
        yield from _spread(IN_RANDOM, dice)
        return
    reports = generate("train", REPORTS, SEED)
    chat = list(IN_PICKUPS)
    clock = FIRST_DAY + timedelta(hours=8)
    thread: str | None = None
    for place, report in enumerate(reports):
        if place and place % A_DAY == 0:
            clock = _next_morning(clock)
        clock += timedelta(minutes=3 + dice.below(55), seconds=dice.below(60))
        more: Record = {}
        if place in REPORTS_IN_A_THREAD:
            more = {"thread_ts": thread}
        elif place % 40 == 17:
            # A message that was changed bears the newest text, and the mark that it was.
            more = {"edited": {"user": "U02", "ts": _moment(clock + timedelta(minutes=1))}}
        elif place % 40 == 31:
            more = {"files": [{"id": f"F{place:03}", "name": "van.jpg", "mimetype": "image/jpeg"}],
                    "upload": True}  # fmt: skip
        who = USERS[dice.below(len(USERS))]["id"]
        yield Said(_record(report.text, clock, who, more), report.text, answer(report))
        if place % CHAT_EVERY == 3 and chat:
            for one in _follow(chat.pop(0), clock, dice):
                thread = one.record["ts"] if one.record.get("reply_count") else thread
                yield one


def _spread(talk: tuple[Record, ...], dice: Dice) -> Iterator[Said]:
    clock = FIRST_DAY + timedelta(hours=7)
    for one in talk:
        clock = _next_morning(clock) + timedelta(minutes=dice.below(300))
        yield from _follow(one, clock, dice)


def _follow(one: Record, clock: datetime, dice: Dice) -> Iterator[Said]:
    """What somebody says that reports nothing; as the chat has it, with a moment."""
    clock += timedelta(minutes=1, seconds=dice.below(50))
    more = {name: value for name, value in one.items() if name not in ("text", "shown")}
    who = str(more.pop("user", USERS[dice.below(len(USERS))]["id"]))
    record = _record(str(one["text"]), clock, who, more)
    yield Said(record, str(one.get("shown", one["text"])), [])


def _record(text: str, clock: datetime, who: str, more: Record) -> Record:
    """A record as Slack exports it: `&`, `<` and `>` of a text that people wrote are escaped."""
    moment = _moment(clock)
    if not text.startswith("<!") and "<@" not in text and "<http" not in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    speaker = {"user": who} if "bot_id" not in more else {}
    mark = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{moment}{text}"))
    record = {"client_msg_id": mark, "type": "message", **speaker, "text": text, "ts": moment,
              "team": "T0PICKUP"}  # fmt: skip
    if more.get("reply_count"):
        more = {**more, "thread_ts": moment}
    return {**record, **more}


def _moment(clock: datetime) -> str:
    return f"{int(clock.timestamp())}.{clock.second:02}{clock.minute:02}19"


def _next_morning(clock: datetime) -> datetime:
    day = clock.replace(hour=8, minute=0, second=0) + timedelta(days=1)
    return day + timedelta(days=1) if day.weekday() == 6 else day


def _zipped(days: dict[str, list[Said]]) -> bytes:
    members: dict[str, Any] = {"users.json": [*USERS, BOT], "channels.json": list(CHANNELS)}
    for channel, said in days.items():
        for one in said:
            day = datetime.fromtimestamp(float(one.record["ts"]), UTC).date().isoformat()
            members.setdefault(f"{channel}/{day}.json", []).append(one.record)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            # A fixed date: the same export has the same bytes.
            info = zipfile.ZipInfo(name, (2026, 11, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, json.dumps(content, ensure_ascii=False, indent=1))
    return packed.getvalue()


def _lines(rows: Iterator[Record]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8")
