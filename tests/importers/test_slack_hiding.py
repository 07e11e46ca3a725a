"""Pseudonyms: who is replaced, what is masked, what stays, and that it is the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hone.importers._slack_names import Hiding
from tests.importers.reading import Reading, read
from tests.importers.slack_exports import USERS, export_of, folder, packed, said

ADA, BOOLE = (Hiding("key").pseudonym(one) for one in ("U1", "U2"))


def hidden(path: Path, key: str = "key") -> Reading:
    return read("slack", path, pseudonymise=True, pseudonym_key=key)


def one_text(tmp_path: Path, text: str) -> str:
    (fields,) = hidden(folder(tmp_path / "e", export_of(said(text)))).fields
    return fields["message"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<@U2> has 2", f"@{BOOLE} has 2"),
        ("ask Ada or ADA LOVELACE's team", f"ask {ADA} or {ADA}'s team"),
        ("george  boole, Ada-Lovelace, ada.lovelace", f"{BOOLE}, {ADA}, {ADA}"),
        ("github.com/boole1 and U2", f"github.com/{BOOLE} and {BOOLE}"),
        ("<mailto:ada@x.org|ada@x.org>, b.c+d@mail.x.org", "[e-mail], [e-mail]"),
        ("call <tel:+15551234567|+1 (555) 123-4567> or 555-123-4567", "call [phone] or [phone]"),
        ("0171 1234567, +49 30 901820, 5551234567", "[phone], [phone], [phone]"),
        # What is no person and no number to call stays.
        ("2023-11-14 12:30, 12 cases, 1,200 lbs", "2023-11-14 12:30, 12 cases, 1,200 lbs"),
        ("555.123.4567, (555) 123.4567", "[phone], [phone]"),
        ("energy 31672.8539", "energy 31672.8539"),
        ("at 40.71 -74.00", "at 40.71 -74.00"),
        ("28919.8689279 at 10.45 from Hill Farm", "28919.8689279 at 10.45 from Hill Farm"),
        ("Adamant people said adagio", "Adamant people said adagio"),
        ("ada and george and Georgie and Boole", f"{ADA} and george and Georgie and {BOOLE}"),
    ],
)  # fmt: skip
def test_people_mail_and_phones_are_hidden(tmp_path: Path, written: str, kept: str) -> None:
    assert one_text(tmp_path, written) == kept


def test_no_name_of_anybody_is_left_anywhere(tmp_path: Path) -> None:
    members: dict[str, Any] = export_of(
        said("hi <@U2|george>", thread_ts="1700000000.000050"),
        said("hi", bot_id="B1", username="Ada's bot", subtype="bot_message", user=None),
        said("joined: Ada", subtype="channel_join"),
        {"text": "Ada Lovelace without a time"},
        **{"mpims.json": [{"id": "G1", "name": "mpdm-ada--boole1-1"}]},
    ) | {
        "mpdm-ada--boole1-1/2023-11-14.json": [said("psst <#G1>")],
        "mpdm-ada--grace-2/2023-11-14.json": [said("psst again")],
        "mpdm-ada--grace-2/2023-11-15.json": "[" + '{"text": "Ada',
        "ada-lovelace-desk/2023-11-14.json": [said("desk")],
    }
    found = hidden(packed(tmp_path / "e.zip", members))
    assert len(found.rows) == 5 and len(found.refused) == 2
    told = repr((found.rows, found.refused, found.notes)).casefold()
    for name in ("ada", "lovelace", "boole", "george", "grace", "u1", "u2"):
        assert name not in told, name
    assert {row.fields["user"] for row in found.rows} == {ADA, "B1"}


def test_a_pseudonym_is_the_same_under_one_key_and_another_under_another(tmp_path: Path) -> None:
    path = folder(tmp_path / "e", export_of(said("<@U2>")))
    first, again, other = hidden(path), hidden(path), hidden(path, "other key")
    assert first.fields == again.fields
    assert first.fields[0]["user"] == ADA
    assert other.fields[0]["user"] not in (ADA, BOOLE)
    assert len({Hiding("key").pseudonym(f"U{n}") for n in range(5000)}) == 5000


def test_without_users_ids_are_hidden_and_it_is_said_what_is_not(tmp_path: Path) -> None:
    members = {"pickups/2023-11-14.json": [said("<@U2> met Ada")]}
    found = hidden(folder(tmp_path / "e", members))
    assert found.fields[0]["message"] == f"@{BOOLE} met Ada"
    assert found.notes[1].endswith("without users.json names that are written out stay")


def test_two_words_are_one_name_only_beside_each_other(tmp_path: Path) -> None:
    users = [*USERS, {"id": "U3", "name": "rose", "profile": {"real_name": "Rose Hill"}}]
    rose = Hiding("key").pseudonym("U3")
    path = folder(
        tmp_path / "e",
        export_of(said("Rose Hill and a rose. hill farm"), **{"users.json": users}),
    )
    # A name that is a word too stays in lower case.
    assert hidden(path).fields[0]["message"] == f"{rose} and a rose. hill farm"


def test_long_texts_are_read_in_one_pass(tmp_path: Path) -> None:
    for text in ("a" * 200_000, "a@" * 50_000, "1-" * 50_000, "1 " * 50_000, "+1" * 50_000):
        assert one_text(tmp_path, text)
    users = [{"id": f"U{n}", "name": f"u{n}", "real_name": f"Common Name {n}"} for n in range(2000)]
    path = folder(
        tmp_path / "many", export_of(said("Common Name 1999 " * 3000), **{"users.json": users})
    )
    assert "Common" not in hidden(path).fields[0]["message"]
