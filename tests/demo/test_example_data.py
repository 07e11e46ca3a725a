"""The example data of a new workspace: a made-up Slack export and what its coordinator decided."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hone import loop, shelf
from hone.cli.run import run
from hone.demo.slack_export import AUDITED, EXPORT, LATER, NEW, write
from hone.loop import Workspace
from hone.stages.audited import audited
from hone.stages.review import apply_decisions

Captured = pytest.CaptureFixture[str]


def made(tmp_path: Path, capsys: Captured) -> Path:
    folder = tmp_path / "pickups"
    assert run(["init", str(folder), "--template", "extract", "--example", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [Path(one).name for one in said["example"]] == [EXPORT, AUDITED, LATER, NEW]
    return folder


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def agreed(ws: Workspace, decided: dict[str, Any]) -> tuple[float, float]:
    """How many proposals are wholly right, and their mean score."""
    task = ws.task()
    kind = shelf.load("tasks", task.kind)
    found = list(ws.store.examples.iterate(None))
    scores = [
        kind.score(task, kind.answer_text(task, one.proposal), decided[one.id]) for one in found
    ]
    right = sum(one.proposal == decided[one.id] for one in found)
    return right / len(found), sum(scores) / len(found)


def test_the_export_is_imported_and_rules_find_most_but_not_all(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(tmp_path, capsys)
    monkeypatch.chdir(folder)
    assert run(["import", f"data/raw/{EXPORT}", "--as", "slack", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["refused"] == 0 and report["duplicate"] == 2
    (file,) = report["files"]
    assert set(file["left_out"]) == {
        "notice channel_join", "notice channel_topic", "notice tombstone",
        "message of nothing but a file",
    }  # fmt: skip
    decided = {one["id"]: one["output"] for one in lines(folder / "data" / "raw" / AUDITED)}
    with loop.open_workspace(folder) as ws:
        assert {one.id for one in ws.store.examples.iterate(None)} == set(decided)
        whole, score = agreed(ws, decided)
        assert 0.7 < whole < 0.85 and 0.75 < score < 0.9
        assert audited(ws).is_ready is False


def test_what_the_coordinator_decided_fits_and_leaves_what_was_decided_before(
    tmp_path: Path, capsys: Captured
) -> None:
    folder = made(tmp_path, capsys)
    with loop.open_workspace(folder) as ws:
        loop.import_examples(ws, folder / "data" / "raw" / EXPORT)
        first = next(iter(ws.store.examples.iterate(None)))
        mine = tmp_path / "mine.jsonl"
        mine.write_text(json.dumps({"id": first.id, "verdict": "skip"}) + "\n")
        apply_decisions(ws, mine, reviewer="ada")
        done = apply_decisions(ws, folder / "data" / "raw" / AUDITED, reviewer="ada")
        assert done.outcomes["conflict"] == 1 and done.outcomes["refused"] == 0
        assert done.outcomes["applied"] == done.read - 1
        assert ws.store.examples.get(first.id).status == "skipped"
        found = audited(ws)
        assert found.is_ready and found.total == done.read and found.audited == done.read - 1
        assert set(found.by) == {"location", "subcategory"}
        # A weight that nobody told is counted apart.
        assert found.weight.pounds > 0 and found.weight.unknown > 0
        assert set(found.by["subcategory"]) == {
            "produce", "bakery", "dairy", "meat", "prepared", "pantry",
        }  # fmt: skip


def test_threads_a_bot_and_an_edit_are_in_it_and_it_is_the_same_every_time(tmp_path: Path) -> None:
    one, other = (write(tmp_path / name) for name in ("one", "other"))
    assert [file.path.read_bytes() for file in one] == [file.path.read_bytes() for file in other]
    with zipfile.ZipFile(tmp_path / "one" / EXPORT) as archive:
        days = [name for name in archive.namelist() if "/" in name]
        said = [message for name in days for message in json.loads(archive.read(name))]
        assert {"users.json", "channels.json"} == set(archive.namelist()) - set(days)
    asking = {one["ts"] for one in said if one.get("reply_count")}
    replies = [one["thread_ts"] for one in said if one.get("thread_ts", one["ts"]) != one["ts"]]
    assert set(replies) == asking and len(replies) == 5 == sum(
        one.get("reply_count", 0) for one in said
    )
    assert any("edited" in one for one in said) and any("bot_id" in one for one in said)
    for name in days:
        moments = [float(one["ts"]) for one in said if one["text"]]
        assert len(moments) == len(set(moments)), name


def test_nothing_of_what_is_tested_on_was_said_before(tmp_path: Path) -> None:
    write(tmp_path)
    with zipfile.ZipFile(tmp_path / EXPORT) as archive:
        said = "".join(
            archive.read(name).decode() for name in archive.namelist() if name.startswith("pick")
        )
    later = [one["message"] for one in lines(tmp_path / LATER) + lines(tmp_path / NEW)]
    assert len(later) == 92 == len(set(later))
    assert not [one for one in later if json.dumps(one, ensure_ascii=False) in said]


def test_a_template_without_example_data_says_which_have_some_and_makes_nothing(
    tmp_path: Path, capsys: Captured
) -> None:
    assert run(["init", str(tmp_path / "w"), "--template", "score", "--example"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].endswith("There is no example data for the template score.")
    assert told[1] == "Try: --example goes with: qa, extract"
    assert not (tmp_path / "w").exists()


def test_init_says_what_it_wrote_and_what_comes_next(tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "pickups"
    assert run(["init", str(folder), "--template", "extract", "--example"]) == 0
    told = capsys.readouterr().out
    assert f"Wrote data/raw/{EXPORT}: a Slack export" in told
    assert told.splitlines()[-1] == f"Next: cd {folder} && hone import data/raw/{EXPORT}"
