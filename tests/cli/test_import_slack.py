"""`hone import` of a Slack export as a person meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hone.cli.run import run
from tests.importers.slack_exports import export_of, folder, packed, said

Captured = pytest.CaptureFixture[str]
RULES = "rules: 1\npieces: ['(?P<quantity>\\d+) (?P<item>[a-z]+)']\nshapes: ['(?P<list>.+)']\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Path:
    """A workspace of the template extract, and the terminal inside it."""
    made = tmp_path / "ws"
    assert run(["init", str(made), "--template", "extract"]) == 0
    monkeypatch.chdir(made)
    packed(made / "acme.zip", export_of(said("2 melons"), said("x", subtype="channel_join")))
    capsys.readouterr()
    return made


def test_an_export_is_recognised_by_itself_and_what_is_left_out_is_said(
    here: Path, capsys: Captured
) -> None:
    assert run(["import", "acme.zip"]) == 0
    told = capsys.readouterr().out
    assert "acme.zip: 1 rows read, 1 taken, 0 duplicate, 0 refused" in told
    assert "left out 1: notice channel_join" in told
    assert run(["import", "acme.zip", "--as", "slack", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert (again["taken"], again["duplicate"]) == (0, 1)
    assert again["files"][0]["left_out"] == {"notice channel_join": 1}


def test_people_are_hidden_on_request(here: Path, capsys: Captured) -> None:
    folder(here / "acme", export_of(said("<@U2> has 2 melons")))
    assert run(["import", "acme", "--pseudonymise", "--plan"]) == 0
    assert "@person-" in capsys.readouterr().out
    assert run(["import", "acme", "--pseudonymise"]) == 0
    assert run(["examples", "list", "--json"]) == 0
    assert "Boole" not in capsys.readouterr().out


def test_other_files_have_nobody_to_hide(here: Path, capsys: Captured) -> None:
    (here / "q.jsonl").write_text('{"message": "x", "slots": {}}')
    assert run(["import", "q.jsonl", "--pseudonymise"]) == 1
    assert "do not fit the importer jsonl" in capsys.readouterr().err


def test_rules_answer_a_whole_export_without_importing_it(here: Path, capsys: Captured) -> None:
    (here / "rules" / "extract.yaml").write_text(RULES)
    asked = ["predict", "--method", "rules", "--input-file", "acme.zip", "--output", "out.jsonl"]
    assert run(asked) == 0
    (line,) = (here / "out.jsonl").read_text().splitlines()
    assert json.loads(line)["answers"][0]["output"] == [{"quantity": 2, "item": "melons"}]


@pytest.mark.parametrize("wanted", [[], ["--as", "slack"]])
@pytest.mark.parametrize("name", ["empty.zip", "cut.zip", "discord.zip", "discord", "discord.json"])
def test_what_is_no_export_is_refused_in_two_lines(
    here: Path, capsys: Captured, name: str, wanted: list[str]
) -> None:
    discord = {"guild": {}, "channel": {}, "messages": [{"id": "1", "content": "hi"}]}
    packed(here / "empty.zip", {})
    (here / "cut.zip").write_bytes((here / "acme.zip").read_bytes()[:-40])
    packed(here / "discord.zip", {"general.json": discord})
    folder(here / "discord", {"general.json": discord})
    (here / "discord.json").write_text(json.dumps(discord))
    assert run(["import", name, *wanted]) == 1
    what, mend = capsys.readouterr().err.splitlines()
    assert what.startswith(name)
    assert mend.startswith("Try: ")
