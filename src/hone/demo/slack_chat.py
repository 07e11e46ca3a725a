"""Who is in the made-up Slack, and what is said there that reports no pickup."""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]

# Id, name, name shown; none of them is anybody.
_PEOPLE = (
    ("U01", "rosa.marin", "Rosa Marin"), ("U02", "dan.okafor", "Dan Okafor"),
    ("U03", "ivy", "Ivy"), ("U04", "tomasz.b", "Tomasz B"), ("U05", "lena.h", "Lena Holm"),
    ("U06", "sam", "Sam"), ("U07", "priya.n", "Priya N"), ("U08", "marcus", "Marcus"),
)  # fmt: skip
USERS: tuple[Record, ...] = tuple(
    {
        "id": id,
        "name": name,
        "deleted": False,
        "is_bot": False,
        "real_name": shown,
        "profile": {"real_name": shown, "display_name": shown},
    }
    for id, name, shown in _PEOPLE
)
BOT: Record = {
    "id": "U0B", "name": "vanbot", "deleted": False, "is_bot": True, "real_name": "Van Bot",
    "profile": {"real_name": "Van Bot", "display_name": "Van Bot", "bot_id": "B01"},
}  # fmt: skip
CHANNELS: tuple[Record, ...] = tuple(
    {
        "id": id,
        "name": name,
        "is_archived": False,
        "members": [user["id"] for user in USERS],
        "topic": {"value": topic},
        "purpose": {"value": ""},
    }
    for id, name, topic in (
        ("C01", "pickups", "What you picked up, and where"),
        ("C02", "random", "Everything else"),
    )
)

_SPOKEN_BY_THE_BOT = {"subtype": "bot_message", "bot_id": "B01", "username": "Van Bot"}
_PICTURE = {"files": [{"id": "F900", "name": "dock.jpg", "mimetype": "image/jpeg"}], "upload": True}

# `shown`: the text as it is imported, where that differs; empty where nothing is imported.
IN_PICKUPS: tuple[Record, ...] = (
    {"text": "<@U04> has joined the channel", "subtype": "channel_join", "user": "U04",
     "shown": ""},
    {"text": "<@U02> can you take the big van tomorrow?",
     "shown": "@Dan Okafor can you take the big van tomorrow?"},
    {"text": "Route 3 goes into this thread please", "user": "U01", "reply_count": 3},
    {"text": "Van 2 is back at the hub.", **_SPOKEN_BY_THE_BOT},
    {"text": "", **_PICTURE, "shown": ""},
    {"text": "who has the key for the cold room?"},
    {"text": "Scale is broken again, please guess weights until Friday"},
    {"text": "This message was deleted.", "subtype": "tombstone", "user": "USLACKBOT",
     "shown": ""},
    {"text": "Thank you <@U07>, great save at the dock!",
     "shown": "Thank you @Priya N, great save at the dock!"},
    {"text": "Late stops into this thread, so that I find them", "user": "U01", "reply_count": 2},
    {"text": "Van 1 has a flat tyre, <@U08> waits for the truck",
     "shown": "Van 1 has a flat tyre, @Marcus waits for the truck"},
    {"text": "Van 1 is back at the hub.", **_SPOKEN_BY_THE_BOT},
    {"text": "set the channel topic: What you picked up, and where", "subtype": "channel_topic",
     "user": "U01", "shown": ""},
    {"text": "Parking at the deli is round the back now: <https://example.org/map|map>",
     "shown": "Parking at the deli is round the back now: map"},
    {"text": "ok"},
    {"text": "Can somebody count the crates that are left?"},
    {"text": "<!here> gloves are in the blue box",
     "shown": "@here gloves are in the blue box"},
    {"text": "<@U05> has joined the channel", "subtype": "channel_join", "user": "U05",
     "shown": ""},
    {"text": "Sorry, wrong channel"},
    {"text": "Forgot to say: nobody was there at the second stop"},
    {"text": "Van 2 is back at the hub.", **_SPOKEN_BY_THE_BOT},
    {"text": "Who can drive on Saturday?"},
    {"text": "I can", "user": "U03"},
    {"text": "ok"},
    {"text": "Please write the place into every report, it saves me an hour", "user": "U01"},
    {"text": "Will do"},
    {"text": "Fridge 2 is at 9 degrees, <@U06> looks at it",
     "shown": "Fridge 2 is at 9 degrees, @Sam looks at it"},
    {"text": "Fridge 2 is fine again"},
)  # fmt: skip
REPORTS_IN_A_THREAD = {18, 19, 20, 67, 68}
"""By their place: the reports that answer the two messages above that ask for a thread."""

IN_RANDOM: tuple[Record, ...] = (
    {"text": "<@U08> has joined the channel", "subtype": "channel_join", "user": "U08",
     "shown": ""},
    {"text": "Welcome <@U08>!", "user": "U01", "shown": "Welcome @Marcus!"},
    {"text": "Board meeting is moved to Thursday 6 pm"},
    {"text": "The new volunteer forms are in the office"},
    {"text": "Has anybody seen my blue jacket?"},
    {"text": "Cake in the kitchen, Ivy turns 30 today"},
    {"text": "The 14 bus does not stop at the hub this week"},
    {"text": "We reached 400 families in September, thank you all", "user": "U01"},
    {"text": "Please return the reading glasses from the desk"},
    {"text": "First aid course on the 20th, 8 places left"},
    {"text": "Door code changes on Monday, ask Rosa"},
)  # fmt: skip
