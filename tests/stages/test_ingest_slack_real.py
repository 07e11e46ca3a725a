"""A real Slack export: what is taken and left out of it, by channel, with its texts pinned."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from hone.records.example import Example
from hone.stages.ingest import ImportReport, import_examples
from hone.workspace.open import init_workspace

# Message -> the first digits of the SHA-256 of its text as it is kept, mentions resolved.
TEXTS = {
    "C0JGLMMNX/1452837352.000006": "e91e652c6793",
    "C0JGLMMNX/1458208082.000002": "d7309e3c49a8",
    "C0JL6CGQ2/1458972992.000011": "afdf2e4e18f9",
    "C0JL6CGQ2/1459113341.000019": "16e2ae875b4d",  # numbers that Slack took for telephones
    "C0JGLMMNX/1454892394.000004": "937b43a072fd",  # a bot: nothing but an attachment
    "C0JL6CGQ2/1459106048.000018": "155ab8752f93",  # a comment on a file
}


class Taken:
    """The archive in a workspace of its own."""

    def __init__(self, archive: Path, folder: Path, *, hidden: bool = False) -> None:
        with init_workspace(folder, template="extract") as ws:
            options = {"pseudonymise": hidden}
            self.report: ImportReport = import_examples(ws, [archive], options=options)
            self.again: ImportReport = import_examples(ws, [archive], options=options)
            self.examples: list[Example] = list(ws.store.examples.iterate(None))


@pytest.fixture(scope="module")
def archive(test_data: Path) -> Path:
    return test_data / "messages" / "slack" / "testarchive.zip"


@pytest.fixture(scope="module")
def taken(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Taken:
    return Taken(archive, tmp_path_factory.mktemp("slack") / "ws")


def text_of(example: Example) -> str:
    return str(example.input["message"])


def test_every_record_is_taken_or_left_out_by_its_kind(taken: Taken, archive: Path) -> None:
    report = taken.report
    assert (report.read, report.taken, report.duplicate, report.refused) == (144, 144, 0, 0)
    assert report.files[0].left_out == {
        "notice channel_join": 8,
        "notice bot_add": 3,
        "message of nothing but a file": 3,
    }
    assert report.files[0].importer == "slack"
    assert report.files[0].notes == [
        "Slack export: 2 channels, 17 days",
        "1 message with files, which are not read",
        "previews of links left out: 8",
        "fields are proposed by rules/extract.yaml",
    ]
    with zipfile.ZipFile(archive) as opened:
        days = [name for name in opened.namelist() if re.search(r"/[\d-]+\.json$", name)]
        records = sum(len(json.loads(opened.read(name))) for name in days)
    assert records == 158 == report.read + sum(report.files[0].left_out.values())


def test_again_nothing_is_new(taken: Taken) -> None:
    assert (taken.again.taken, taken.again.duplicate) == (0, 144)


def test_channels_bots_and_people_are_counted(taken: Taken) -> None:
    origins = [example.origin.model_dump() for example in taken.examples]
    channels = Counter(
        (origin["channel"], "bot" in example.tags)
        for origin, example in zip(origins, taken.examples, strict=True)
    )
    assert channels == {
        ("enrique", True): 66,
        ("enrique", False): 30,
        ("traveling-sailor", True): 28,
        ("traveling-sailor", False): 20,
    }
    people = Counter(origin["user"] for origin in origins if origin["user"][:2] != "B0")
    assert people == {"hamza": 32, "doubledeez": 12, "abilinski": 5, "heroeshannibal": 1}


def test_nobody_answered_in_a_thread_so_every_message_is_its_own(taken: Taken) -> None:
    assert len({example.group for example in taken.examples}) == 144
    for example in taken.examples:
        assert example.group == example.origin.message
        assert not example.origin.model_dump().get("parent")


def test_texts_are_those_that_people_saw(taken: Taken, archive: Path) -> None:
    texts = {str(example.origin.message): text_of(example) for example in taken.examples}
    pinned = {name: sha256(texts[name].encode()).hexdigest()[:12] for name in TEXTS}
    assert pinned == TEXTS
    with zipfile.ZipFile(archive) as opened:
        users = json.loads(opened.read("users.json"))
        first = json.loads(opened.read("enrique/2016-01-14.json"))[4]
    names = {user["id"]: user["profile"]["display_name"] for user in users}
    seen = re.sub(r"<@(\w+)>", lambda found: "@" + names[found[1]], first["text"])
    assert texts["C0JGLMMNX/1452837352.000006"] == seen
    assert not [
        text for text in texts.values() if re.search(r"<[@#!]|<https?:|&(amp|lt|gt);", text)
    ]


def test_messages_are_in_order_with_their_times(taken: Taken) -> None:
    for channel, first, last in (
        ("enrique", "2016-01-15 05:55:52.000006", "2016-03-29 06:44:34.000036"),
        ("traveling-sailor", "2016-02-08 00:38:15.000002", "2016-03-29 12:33:06.000027"),
    ):
        times = [
            str(example.occurred_at)
            for example in taken.examples
            if example.origin.model_dump()["channel"] == channel
        ]
        assert times == sorted(times)
        assert times[0].startswith(first) and times[-1].startswith(last)


def test_hidden_nobody_of_the_workspace_is_named(archive: Path, tmp_path: Path) -> None:
    hidden = Taken(archive, tmp_path / "ws", hidden=True)
    assert (hidden.report.taken, hidden.again.duplicate) == (144, 144)
    with zipfile.ZipFile(archive) as opened:
        users = json.loads(opened.read("users.json"))
    names = {
        name
        for user in users
        for name in (user["id"], user["name"], user["real_name"], user["profile"]["display_name"])
        if name
    }
    told = "\n".join(f"{text_of(one)} {one.origin.model_dump()}" for one in hidden.examples)
    assert len(names) >= 10
    assert not [name for name in names if re.search(rf"\b{re.escape(name)}\b", told, re.I)]
    assert len(set(re.findall(r"person-[a-z]{7}\b", told))) == 4
