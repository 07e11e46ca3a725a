"""Files that are no Slack export, are damaged, locked, or made to do harm."""

from __future__ import annotations

import json
import random
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hone.errors import HoneError, InvalidInput
from hone.importers import _slack_source, slack
from tests.importers.reading import read
from tests.importers.slack_exports import export_of, folder, packed, said

DISCORD = {"guild": {"id": "1"}, "channel": {"id": "2"}, "messages": [{"id": "3", "content": "x"}]}


def refused(path: Path) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as caught:
        list(slack.run(path, slack.Options.model_validate({})))
    return caught.value.message.removeprefix(f"{path} "), caught.value.hint


def test_an_empty_zip_is_said_to_be_one(tmp_path: Path) -> None:
    path = packed(tmp_path / "e.zip", {})
    assert refused(path)[0] == "is an empty zip file."


@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_a_cut_zip_is_recognised_and_said_to_be_cut(tmp_path: Path, share: float) -> None:
    path = packed(tmp_path / "e.zip", export_of(*[said(f"kale {n}") for n in range(50)]))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert slack.sniff(path, path.read_bytes()) > 0.9
    message, hint = refused(path)
    assert message.startswith("is cut off or damaged: ")
    assert "again" in hint


def test_a_zip_with_a_password_says_what_to_do(tmp_path: Path) -> None:
    path = packed(tmp_path / "e.zip", export_of(said("kale")))
    raw = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.find(mark)
        while at >= 0:
            raw[at + place] |= 1
            at = raw.find(mark, at + 4)
    path.write_bytes(raw)
    message, hint = refused(path)
    assert message == "is locked with a password."
    assert hint.startswith("unzip it with the password")


@pytest.mark.parametrize(
    "members",
    [
        {"general.json": DISCORD, "random.json": DISCORD},
        {"messages/general/1.json": [{"author": "x", "content": "y"}]},
        {"users.json": []},
        {"one/2024-01-01.txt": "x"},
    ],
)
def test_what_other_tools_export_is_no_slack_export(
    tmp_path: Path, members: dict[str, Any]
) -> None:
    for path in (packed(tmp_path / "e.zip", members), folder(tmp_path / "e", members)):
        assert slack.sniff(path, path.read_bytes() if path.is_file() else b"") == 0
        message, hint = refused(path)
        assert message.startswith("is no Slack export: it holds neither channels.json")
        assert hint


def test_a_file_of_another_tool_is_no_slack_export(tmp_path: Path) -> None:
    path = tmp_path / "discord.json"
    path.write_text(json.dumps(DISCORD))
    assert refused(path)[0] == "is no Slack export: it is neither a zip file nor a folder."
    assert slack.sniff(path, path.read_bytes()) == 0


def test_days_of_another_tool_are_refused_record_by_record(tmp_path: Path) -> None:
    path = folder(tmp_path / "e", {"general/2024-01-01.json": DISCORD})
    assert read("slack", path).reasons == [
        "general/2024-01-01.json: no Slack message: it has no time (ts)"
    ]


def test_two_exports_side_by_side_are_not_mixed(tmp_path: Path) -> None:
    members = {f"{top}/{name}": content for top in "ab" for name, content in export_of().items()}
    assert refused(folder(tmp_path / "e", members))[0].startswith("is no Slack export")


def test_channels_without_a_day_are_said(tmp_path: Path) -> None:
    message, _ = refused(packed(tmp_path / "e.zip", {"channels.json": []}))
    assert message == "is a Slack export without a single day of messages."


def test_names_that_lead_outside_and_links_are_refused_and_the_rest_is_read(
    tmp_path: Path,
) -> None:
    path = packed(tmp_path / "e.zip", export_of(said("kale")))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../pickups/2023-11-15.json", "[]")
        archive.writestr("/etc/2023-11-15.json", "[]")
        archive.writestr("..\\pickups\\2023-11-15.json", "[]")
        link = zipfile.ZipInfo("pickups/2023-11-16.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    found = read("slack", path)
    assert [fields["message"] for fields in found.fields] == ["kale"]
    outside = "named as if outside of the archive"
    assert [reason.split(": ")[1] for reason in found.reasons] == [
        *[outside] * 3,
        "a link, which is not followed",
    ]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["e.zip"]


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    secret = folder(tmp_path / "elsewhere", {"private/2023-11-14.json": [said("secret")]})
    path = folder(tmp_path / "e", export_of(said("kale")))
    (path / "private").symlink_to(secret / "private")
    (path / "pickups" / "2023-11-15.json").symlink_to(secret / "private" / "2023-11-14.json")
    found = read("slack", path)
    assert [fields["message"] for fields in found.fields] == ["kale"]
    assert found.reasons == ["pickups/2023-11-15.json: a link, which is not followed"]


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = "[" + " " * (8 * 1024**2) + "]"
    members = export_of(said("kale")) | {"pickups/2023-11-15.json": bomb}
    found = read("slack", packed(tmp_path / "e.zip", members))
    assert [fields["message"] for fields in found.fields] == ["kale"]
    assert found.reasons == [
        "pickups/2023-11-15.json: packed more than 250 times, as no messages are"
    ]


def test_the_size_of_a_member_and_of_the_whole_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = export_of(said("kale")) | {"pickups/2023-11-15.json": [said("x" * 5000)]}
    path, unpacked = packed(tmp_path / "e.zip", members), folder(tmp_path / "e", members)
    monkeypatch.setattr(_slack_source, "MAX_MEMBER_BYTES", 4000)
    for one in (path, unpacked):
        assert read("slack", one).reasons == ["pickups/2023-11-15.json: larger than 0 MiB"]
    monkeypatch.setattr(_slack_source, "MAX_UNPACKED_BYTES", 100)
    assert refused(path)[0].startswith("would unpack to more than ")
    monkeypatch.setattr(_slack_source, "MAX_MEMBERS", 2)
    assert refused(unpacked)[0] == "holds more than 2 files."
    assert refused(path)[0] == "says that it holds an impossible number of files."


def test_a_member_with_a_wrong_checksum_is_refused_alone(tmp_path: Path) -> None:
    members = {"general/2023-11-14.json": [said("first " + "x" * 50)]} | export_of(said("kale"))
    path = tmp_path / "e.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, json.dumps(content))
    path.write_bytes(path.read_bytes().replace(b"first", b"fi\xffst", 1))
    found = read("slack", path)
    assert "kale" in [fields["message"] for fields in found.fields]
    assert [reason.split(": ")[:2] for reason in found.reasons] == [
        ["general/2023-11-14.json", "it is damaged"]
    ]


def test_damage_anywhere_ends_in_rows_refusals_or_two_lines(tmp_path: Path) -> None:
    path = packed(tmp_path / "e.zip", export_of(*[said(f"kale {n}") for n in range(20)]))
    whole, chance = path.read_bytes(), random.Random(0)
    for _ in range(200):
        raw = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        path.write_bytes(raw[: chance.choice([len(raw), chance.randrange(1, len(raw))])])
        slack.sniff(path, path.read_bytes())
        try:
            list(slack.run(path, slack.Options.model_validate({})))
        except HoneError as error:
            assert error.hint


HOSTILE: list[Any] = [
    None, [], {}, 7, "\x00", "\x1b[2J", "\u202e", "\ud800", "x" * 300, [[]], {"id": []}, True,
]  # fmt: skip


def test_any_value_in_any_place_is_taken_left_out_or_refused(tmp_path: Path) -> None:
    keys = (
        "type", "subtype", "user", "text", "ts", "thread_ts", "files", "file", "attachments",
        "blocks", "comment", "bot_id", "username", "bot_profile", "message", "deleted_ts", "edited",
    )  # fmt: skip
    chance = random.Random(1)
    kinds = ["message_changed", "message_deleted", "file_comment", "file_share", "bot_message"]
    messages: list[Any] = list(HOSTILE)
    for _ in range(1000):
        odd = {chance.choice(keys): chance.choice(HOSTILE) for _ in range(3)}
        messages.append(said("<@U1> kale", subtype=chance.choice([*kinds, ""])) | odd)
    users = [*HOSTILE, *({"id": one, "name": one, "profile": one} for one in HOSTILE)]
    channels = [*HOSTILE, *({"id": "C1", "name": one} for one in HOSTILE)]
    lists: dict[str, Any] = {"users.json": users, "channels.json": channels}
    path = folder(tmp_path / "e", export_of(*messages) | lists)
    for hidden in (False, True):
        found = read("slack", path, pseudonymise=hidden)
        assert len(found.rows) > 100
        for row in found.rows:
            told = "".join(
                (row.fields["user"], row.fields["channel"], *(row.origin or {}).values())
            )
            assert told.isprintable()


def test_a_name_cannot_write_on_the_terminal_or_swallow_the_line(tmp_path: Path) -> None:
    users = [{"id": "U1", "name": "a\x1b[31m\n\u202eb" + "c" * 500}]
    path = folder(tmp_path / "e", export_of(said("<@U1>!"), **{"users.json": users}))
    (fields,) = read("slack", path).fields
    assert fields["user"] == ("a[31m b" + "c" * 500)[:80]
    assert fields["message"] == f"@{fields['user']}!"
