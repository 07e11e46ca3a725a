"""`hone import`, `hone examples` and `hone sessions` as a person meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hone.cli.run import run

Captured = pytest.CaptureFixture[str]
TALK = [
    {
        "userInput": {"text": "2 at 7pm"},
        "labels": [{"slot": "time", "valueSpan": {"startIndex": 5, "endIndex": 8}}],
    },
    {"userInput": {"text": "Hello"}},
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Path:
    """A workspace with files beside it, and the terminal inside it."""
    made = tmp_path / "ws"
    assert run(["init", str(made)]) == 0
    monkeypatch.chdir(made)
    (made / "q.csv").write_text("Frage;Antwort;Teil\nWas?;Das;I\nWer?;;I\nWo?;Hier;II\n")
    (made / "talk.json").write_text(json.dumps(TALK))
    capsys.readouterr()
    return made


def as_json(capsys: Captured) -> Any:
    return json.loads(capsys.readouterr().out)


MAPPED = ["--map", "question=Frage", "--map", "answer=Antwort", "--map", "group=Teil"]


def test_an_unclear_file_is_answered_by_the_command_that_it_proposes(
    folder: Path, capsys: Captured
) -> None:
    assert run(["import", "q.csv"]) == 1
    message, mend = capsys.readouterr().err.splitlines()
    assert message == (
        "q.csv: it is not clear which columns hold the question and the answer: "
        "Frage, Antwort, Teil"
    )
    assert mend == "Try: hone import q.csv --map question=Frage --map answer=Antwort"
    assert run(mend.removeprefix("Try: hone ").split()) == 0


def test_an_import_says_what_it_read_took_and_refused(folder: Path, capsys: Captured) -> None:
    assert run(["import", "q.csv", *MAPPED]) == 0
    said = capsys.readouterr().out
    assert "q.csv: 3 rows read, 2 taken, 0 duplicate, 1 refused" in said
    assert "question <- Frage, answer <- Antwort, group <- Teil" in said
    assert "encoding utf-8; delimiter ';'" in said
    assert "refused 1: the answer is empty" in said
    assert "refused rows are kept in" in said
    assert run(["import", "q.csv", *MAPPED, "--json"]) == 0
    again = as_json(capsys)
    assert (again["read"], again["taken"], again["duplicate"], again["refused"]) == (3, 0, 2, 1)
    assert Path(again["files"][0]["refused_file"]).is_file()


def test_a_plan_shows_the_columns_and_takes_nothing(folder: Path, capsys: Captured) -> None:
    assert run(["import", "q.csv", *MAPPED, "--plan"]) == 0
    assert "into task qa, about 3 rows" in capsys.readouterr().out
    assert run(["import", "q.csv", "--plan", "--json"]) == 0
    assert as_json(capsys)["files"][0]["question"]
    assert run(["import", "talk.json", "--plan", "--new-task", "booking"]) == 0
    assert "found: time 1" in capsys.readouterr().out
    assert run(["examples", "stats", "--json"]) == 0
    assert as_json(capsys)["total"] == 0


def test_options_accept_and_new_task_are_carried_through(folder: Path, capsys: Captured) -> None:
    (folder / "p.txt").write_text("question@answer\nWas?@Das\n")
    assert run(["import", "p.txt", "--option", "delimiter=@", "--accept", "ada", "--json"]) == 0
    assert as_json(capsys)["accepted"] == 1
    assert run(["import", "talk.json", "--as", "spans", "--new-task", "booking", "--json"]) == 0
    assert as_json(capsys)["taken"] == 2
    assert (folder / "tasks" / "booking.yaml").is_file()


def test_rows_before_a_fault_are_taken_and_the_exit_code_tells(
    folder: Path, capsys: Captured
) -> None:
    (folder / "cut.json").write_text('[{"question": "q", "answer": "a"}, {"question"')
    assert run(["import", "cut.json"]) == 1
    said = capsys.readouterr().out
    assert "1 taken" in said
    assert "stopped: line 1: not JSON from here on" in said


@pytest.mark.parametrize("words", [["--map", "question"], ["--map", "a=b", "--map", "a=c"]])
def test_a_malformed_mapping_is_an_error(folder: Path, capsys: Captured, words: list[str]) -> None:
    assert run(["import", "q.csv", *words]) == 1
    assert "Try: --map" in capsys.readouterr().err


def test_examples_are_listed_found_shown_counted_and_exported(
    folder: Path, capsys: Captured
) -> None:
    assert run(["import", "q.csv", *MAPPED, "--accept", "ada"]) == 0
    capsys.readouterr()
    assert run(["examples", "list", "--limit", "1"]) == 0
    said = capsys.readouterr().out
    assert "Was?" in said and "more: --after 1" in said
    words = ["examples", "list", "--order", "newest", "--reviewer", "ada", "--since", "2026-01-01"]
    assert run([*words, "--limit", "1"]) == 0
    first, place = capsys.readouterr().out.split("more: --after ")
    assert run([*words, "--after", place.strip(), "--text", "was"]) == 0
    assert "Was?" in capsys.readouterr().out and "Was?" not in first
    assert run(["examples", "list", "--since", "soon", "--min-score", "1"]) == 1
    assert "since" in capsys.readouterr().err
    assert run(["examples", "search", "hier", "--json"]) == 0
    (found,) = as_json(capsys)["items"]
    assert found["group"] == "II"
    assert run(["examples", "show", found["id"]]) == 0
    assert "ada: accept" in capsys.readouterr().out
    assert run(["examples", "show", "2", "--json"]) == 0
    assert as_json(capsys)["example"]["id"] == found["id"]
    assert run(["examples", "stats"]) == 0
    assert "accepted" in capsys.readouterr().out
    assert run(["examples", "export", "out.jsonl", "--layout", "alpaca"]) == 0
    assert len((folder / "out.jsonl").read_text().splitlines()) == 2


def test_a_hostile_text_cannot_drive_the_terminal(folder: Path, capsys: Captured) -> None:
    row = {"question": "\x1b[2J clear \u202e", "answer": "[bold]a[/bold]"}
    (folder / "h.json").write_text(json.dumps([row]))
    assert run(["import", "h.json"]) == 0
    for words in (["list"], ["show", "1"], ["search", "clear"]):
        assert run(["examples", *words]) == 0
        said = capsys.readouterr().out
        assert "\x1b" not in said and "\u202e" not in said
        assert "clear" in said and "[bold]a" in said


def test_sessions_are_saved_and_loaded(folder: Path, tmp_path: Path, capsys: Captured) -> None:
    assert run(["import", "q.csv", *MAPPED, "--accept", "ada"]) == 0
    assert run(["sessions", "save", "monday.json", "--position", "1"]) == 0
    assert "Wrote 2 examples" in capsys.readouterr().out
    other = tmp_path / "other"
    assert run(["init", str(other)]) == 0
    capsys.readouterr()
    words = ["sessions", "load", "monday.json", "--workspace", str(other), "--reviewer", "bo"]
    assert run([*words, "--json"]) == 0
    loaded = as_json(capsys)
    assert (loaded["taken"], loaded["decided"], loaded["position"]) == (2, 2, 1)
    assert run(words) == 0
    assert "2 items: 0 new, 2 here already, 0 decisions taken up" in capsys.readouterr().out
