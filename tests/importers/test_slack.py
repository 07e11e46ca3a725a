"""Slack exports: messages, threads, changes, notices, bots and files, from a zip or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hone import shelf
from hone.errors import InvalidInput
from hone.importers import slack
from hone.importers._rows import LeftOut, RawRow
from tests.importers.reading import Reading, read
from tests.importers.slack_exports import CHANNELS, USERS, export_of, folder, packed, said

THREAD = "1700000000.000100"


def day(tmp_path: Path, *messages: Any, **options: Any) -> Reading:
    return read("slack", folder(tmp_path / "export", export_of(*messages)), **options)


def left_out(path: Path, **options: Any) -> list[str]:
    items = slack.run(path, slack.Options(**options))
    return [item.reason for item in items if isinstance(item, LeftOut)]


def texts(found: Reading) -> list[str]:
    return [fields["message"] for fields in found.fields]


def test_a_message_brings_all_that_is_known_of_it(tmp_path: Path) -> None:
    found = day(tmp_path, said("2 cases of kale", "1700000000.000200", thread_ts=THREAD))
    (row,) = found.rows
    assert row.fields == {
        "message": "2 cases of kale",
        "channel": "pickups",
        "user": "Ada",
        "thread": f"C1/{THREAD}",
        "at": "2023-11-14T22:13:20.000200+00:00",
        "tags": ["channel:pickups"],
    }
    assert row.origin == {
        "part": "pickups/2023-11-14.json",
        "message": "C1/1700000000.000200",
        "channel": "pickups",
        "user": "Ada",
        "parent": f"C1/{THREAD}",
    }
    assert (row.row, row.line) == (1, 1)
    assert found.notes == ["Slack export: 1 channel, 1 day"]


@pytest.mark.parametrize("above", ["", "Acme Slack export Jan 1 2024 - Feb 1 2024/"])
def test_a_zip_and_a_folder_give_the_same_also_one_level_down(tmp_path: Path, above: str) -> None:
    members = {above + name: content for name, content in export_of(said("kale")).items()}
    zipped = packed(tmp_path / "export.zip", members | {f"__MACOSX/{above}x/._y.json": ""})
    unpacked = folder(tmp_path / "export", members)
    assert texts(read("slack", zipped)) == texts(read("slack", unpacked)) == ["kale"]
    for path, head in ((zipped, zipped.read_bytes()), (unpacked, b"")):
        assert slack.sniff(path, head) > 0.9


def test_days_alone_are_an_export_too_and_ids_stay_without_users(tmp_path: Path) -> None:
    path = folder(tmp_path / "e", {"pickups/2023-11-14.json": [said("<@U1> and <#C9>")]})
    assert slack.sniff(path, b"") > 0.9
    found = read("slack", path)
    assert (texts(found), found.fields[0]["thread"]) == (["@U1 and #C9"], f"pickups/{THREAD}")
    assert found.notes[1:] == ["no users.json: the ids of people stay as they are"]


def test_channels_come_in_order_and_days_by_date_whatever_kind_they_are(tmp_path: Path) -> None:
    members = {
        "users.json": USERS,
        "groups.json": [{"id": "G1", "name": "secret"}],
        "dms.json": [{"id": "D1", "members": ["U1", "U2"]}],
        "mpims.json": [{"id": "G2", "name": "mpdm-ada--boole1-1"}],
        "secret/2024-01-02.json": [said("two")],
        "secret/2023-12-31.json": [said("one")],
        "D1/2023-12-31.json": [said("dm")],
        "mpdm-ada--boole1-1/2023-12-31.json": [said("talk")],
        "canvas_in_the_conversation/notes.json": [],
    }
    found = read("slack", folder(tmp_path / "e", members))
    assert texts(found) == ["dm", "talk", "one", "two"]
    assert [fields["thread"].split("/")[0] for fields in found.fields] == ["D1", "G2", "G1", "G1"]


def test_a_thread_is_one_group_from_its_first_message_on(tmp_path: Path) -> None:
    found = day(
        tmp_path,
        said("who has kale?", THREAD),  # exports of old name no thread at its beginning
        said("I have", "1700000001.000100", thread_ts=THREAD, user="U2"),
        said("me too", "1700000002.000100", thread_ts=THREAD, subtype="thread_broadcast"),
        said("something else", "1700000003.000100"),
        said("no thread", "1700000004.000100", thread_ts="never"),
    )
    groups = [fields["thread"] for fields in found.fields]
    assert groups[:3] == [f"C1/{THREAD}"] * 3
    assert groups[3:] == ["C1/1700000003.000100", "C1/1700000004.000100"]
    parents = [(row.origin or {}).get("parent") for row in found.rows]
    assert parents == [None, f"C1/{THREAD}", f"C1/{THREAD}", None, None]


def test_the_newest_text_of_a_changed_message_stands_where_it_was_said(tmp_path: Path) -> None:
    def changed(text: str, at: str, ts: str = THREAD) -> dict[str, Any]:
        message = {"type": "message", "user": "U1", "text": text, "ts": ts}
        return {"type": "message", "subtype": "message_changed", "ts": at, "message": message}

    members = export_of(said("1 case"), said("bye", "1700000005.000100")) | {
        "pickups/2023-11-15.json": [
            changed("3 cases", "1700090000.000100"),
            changed("2 cases", "1700080000.000100"),
            changed("said long ago", "1700080001.000100", "1600000000.000100"),
        ],
        "pickups/2023-11-16.json": [
            {
                "type": "message",
                "subtype": "message_deleted",
                "ts": "1700100000.000100",
                "deleted_ts": "1700000005.000100",
            }
        ],
    }
    path = folder(tmp_path / "e", members)
    found = read("slack", path)
    assert texts(found) == ["3 cases", "said long ago"]
    assert found.rows[0].origin is not None
    assert found.rows[0].origin["part"] == "pickups/2023-11-14.json"
    carried_out = "word of a change or deletion, which is carried out"
    assert sorted(left_out(path)) == ["deleted message", *[carried_out] * 4]


def test_notices_and_empty_messages_are_counted_by_kind(tmp_path: Path) -> None:
    notices = [
        said("<@U1> has joined", subtype="channel_join"),
        said("<@U1> has left", subtype="channel_leave"),
        said("topic", subtype="channel_topic"),
        said("This message was deleted.", subtype="tombstone"),
        said("x", subtype="\x1b[31mred"),
        said("x", subtype=["list"]),
        said("  "),
        said(None),
        said("", files=[{"name": "list.pdf"}]),
    ]
    path = folder(tmp_path / "e", export_of(*notices, said("kale")))
    assert left_out(path) == [
        "notice channel_join",
        "notice channel_leave",
        "notice channel_topic",
        "notice tombstone",
        "notice of an unknown kind",
        "notice of an unknown kind",
        "empty message",
        "empty message",
        "message of nothing but a file",
    ]
    found = read("slack", path)
    assert (texts(found), found.refused) == (["kale"], [])


def test_bots_are_tagged_and_can_be_left_out(tmp_path: Path) -> None:
    bot = said("New form: kale", subtype="bot_message", bot_id="B1", username="Forms")
    del bot["user"]
    app = said("Reminder", user="U9", bot_id="B2", bot_profile={"name": "Clock"})
    found = day(tmp_path, bot, app)
    assert [fields["user"] for fields in found.fields] == ["Forms", "U9"]
    assert found.fields[0]["tags"] == ["channel:pickups", "bot"]
    assert found.notes[-1] == "ids that are not in users.json stay as they are: 1"
    path = tmp_path / "export"
    assert left_out(path, bots=False) == ["message of a bot"] * 2


def test_channels_can_be_chosen_by_name_or_id(tmp_path: Path) -> None:
    members = export_of(said("kale")) | {"general/2023-11-14.json": [said("hello")]}
    path = folder(tmp_path / "e", members)
    for asked, taken in (
        ("pickups", ["kale"]),
        (" #general, C1", ["hello", "kale"]),
        ("", ["hello", "kale"]),
    ):
        assert texts(read("slack", path, channels=asked)) == taken
    with pytest.raises(InvalidInput, match='No channel "pickup" in the export') as caught:
        read("slack", path, channels="pickup")
    assert "pickups" in caught.value.hint


def test_what_was_said_with_files_is_kept_and_the_files_are_named(tmp_path: Path) -> None:
    link = "<@U1> uploaded a file: <https://x.slack.com/f|list>"
    comment = {"user": "U2", "comment": "looks right"}
    found = day(
        tmp_path,
        said("the list of today", files=[{"name": "list.pdf"}]),
        said(f"{link} and commented: see page 2", subtype="file_share", file={"name": "list"}),
        said(link, subtype="file_share", file={"name": "list"}),
        said("<@U2> commented on …", subtype="file_comment", comment=comment, file={}, user=None),
    )
    assert texts(found) == ["the list of today", "see page 2", "looks right"]
    assert found.fields[2]["user"] == "George Boole"
    assert found.notes[-1] == "3 messages with files, which are not read"


def test_other_records_are_refused_with_file_row_and_reason(tmp_path: Path) -> None:
    found = day(tmp_path, said("kale"), {"content": "hi", "timestamp": "2024"}, said(7), "text")
    assert found.reasons == [
        "pickups/2023-11-14.json: no Slack message: it has no time (ts)",
        "pickups/2023-11-14.json: its text is no text",
        "pickups/2023-11-14.json: no Slack message: it has no time (ts)",
    ]
    assert [one.row for one in found.refused] == [2, 3, 4]
    assert found.refused[0].content == {"content": "hi", "timestamp": "2024"}


def test_a_broken_day_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    broken = "[" + str(said("kale")).replace("'", '"') + ", {"
    members = export_of(said("first")) | {
        "pickups/2023-11-15.json": broken,
        "pickups/2023-11-16.json": "",
        "pickups/2023-11-17.json": [said("last")],
    }
    found = read("slack", packed(tmp_path / "e.zip", members))
    assert texts(found) == ["first", "kale", "last"]
    assert [reason.split(": ")[0] for reason in found.reasons] == [
        "pickups/2023-11-15.json",
        "pickups/2023-11-16.json",
    ]
    assert {one.kind for one in found.refused} == {"refused"}


@pytest.mark.parametrize("ts", ["99999999999.000100", "1700000000"])
def test_a_time_that_no_calendar_holds_costs_only_the_time(tmp_path: Path, ts: str) -> None:
    (fields,) = day(tmp_path, said("kale", ts)).fields
    assert fields["at"] in ("", "2023-11-14T22:13:20+00:00", "5138-11-16T09:46:39.000100+00:00")


def test_memory_does_not_grow_with_the_export(tmp_path: Path) -> None:
    import tracemalloc

    rows = [said(f"message {n} " + "x" * 200, f"17000{n:05}.000100") for n in range(700)]
    few = packed(tmp_path / "few.zip", export_of(*rows))
    many = packed(
        tmp_path / "many.zip",
        {"channels.json": CHANNELS} | {f"pickups/2023-11-{n:02}.json": rows for n in range(1, 8)},
    )

    def peak(path: Path) -> int:
        tracemalloc.start()
        count = sum(
            isinstance(item, RawRow) for item in slack.run(path, slack.Options.model_validate({}))
        )
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count in (700, 4900)
        return most

    peak(few)
    assert peak(many) < peak(few) * 1.5


def test_it_stands_on_the_shelf() -> None:
    assert shelf.load("importers", "slack") is slack
