"""The command line as users meet it: exit codes, two-line errors, help, completion."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hone.cli.completion import candidates
from hone.cli.run import run
from hone.records.example import Example
from hone.workspace.open import open_workspace
from hone.workspace.store import new_example

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of questions and answers, with the terminal inside it."""
    folder = tmp_path / "ws"
    assert run(["init", str(folder)]) == 0
    monkeypatch.chdir(folder)
    (folder / "q.csv").write_text(
        "question,answer\n" + "".join(f"What is {n} plus {n}?,It is {2 * n}.\n" for n in range(30))
    )
    return folder


def test_unknown_commands_and_options_are_usage_errors(capsys: Captured) -> None:
    assert run(["tarin"]) == 2
    assert capsys.readouterr().err == 'There is no command "tarin".\nTry: hone train\n'
    assert run(["init"]) == 2
    assert run(["init", "x", "--nonsense"]) == 2


def test_a_users_mistake_is_two_lines_and_exit_1(tmp_path: Path, capsys: Captured) -> None:
    assert run(["examples", "list", "--workspace", str(tmp_path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].endswith("is no workspace: it holds no hone.yaml.")
    assert lines[1].startswith("Try: hone init")


def test_a_bug_shows_its_trace_and_exits_70(
    capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A plug-in command that breaks: a module of our own on the path, named by the table.
    (tmp_path / "broken_command.py").write_text(
        "from hone.cli.options import new_app\napp = new_app()\n"
        "@app.command()\ndef broken():\n    raise ZeroDivisionError('oops')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    from hone.cli import table

    monkeypatch.setitem(table.COMMANDS, "broken", table.Command("broken_command", "Break."))
    assert run(["broken"]) == 70
    assert "ZeroDivisionError: oops" in capsys.readouterr().err


def test_help_is_printed_for_root_group_and_command(capsys: Captured) -> None:
    for words, expected in (
        (["--help"], "Usage: hone COMMAND"),
        (["help", "datasets"], "Usage: hone datasets COMMAND"),
        (["datasets", "build", "--help"], "--train-ratio"),
        (["help", "init"], "--template"),
    ):
        assert run(words) == 0
        assert expected in capsys.readouterr().out


def test_completion_knows_commands_subcommands_and_options() -> None:
    assert candidates(["da"]) == ["datasets"]
    assert candidates(["datasets", "b"]) == ["build"]
    assert candidates(["init", "--te"]) == ["--template"]
    assert candidates(["datasets", "build", "--val"]) == ["--val-ratio"]
    assert candidates(["datasets", "build", "x", "--format", "r"]) == ["raft", "regression"]
    assert candidates(["datasets", "build", "x", "--format", "zz"]) == []
    assert candidates(["nonsense", ""]) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_hone(shell: str, capsys: Captured) -> None:
    assert run(["completion", shell]) == 0
    assert "hone __complete" in capsys.readouterr().out
    assert run(["completion", "tcsh"]) == 1


def test_from_a_file_to_a_frozen_dataset(workspace: Path, capsys: Captured) -> None:
    assert run(["import", "q.csv"]) == 0
    assert run(["review", "--accept-all", "--yes", "--reviewer", "ann"]) == 0
    assert "Reviewed 30 of 30 (0 pending)" in capsys.readouterr().out
    assert run(["datasets", "build", "sums", "--similarity", "1"]) == 0
    out = capsys.readouterr().out
    assert "Froze sums@1" in out
    assert run(["datasets", "build", "sums", "--similarity", "1"]) == 0
    assert "Nothing changed: sums@1" in capsys.readouterr().out
    assert run(["datasets", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["name"], listed["splits"]["train"]["rows"]) == ("sums", 24)
    assert run(["datasets", "show", "sums"]) == 0
    assert run(["datasets", "diff", "sums@1", "sums@1"]) == 0
    assert run(["datasets", "export", "sums", "--out", "out", "--layout", "alpaca"]) == 0
    assert len((workspace / "out" / "train.jsonl").read_text().splitlines()) == 24


def test_every_wrong_option_of_a_build_is_named_at_once(workspace: Path, capsys: Captured) -> None:
    run(["import", "q.csv"])
    capsys.readouterr()
    assert run(["datasets", "build", "x", "--train-ratio", "0.5", "--similarity", "3"]) == 1
    err = capsys.readouterr().err
    assert "add up to 0.7" in err and "similarity" in err


def test_building_before_reviewing_says_what_to_do(workspace: Path, capsys: Captured) -> None:
    run(["import", "q.csv"])
    capsys.readouterr()
    assert run(["datasets", "build", "sums"]) == 1
    err = capsys.readouterr().err
    assert "there are 30 pending" in err and "Try: review first: hone review" in err


def test_review_one_by_one_edits_undoes_and_quits(
    workspace: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import io
    import sys

    run(["import", "q.csv"])
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO("a\nr\nu\ne\nIt is two.\nx\nq\n"))
    assert run(["review", "--reviewer", "ann"]) == 0
    out = capsys.readouterr().out
    assert "Taken back." in out
    assert "Reviewed 2 of 30 (28 pending)" in out
    assert run(["examples", "list", "--status", "edited", "--json"]) == 0
    assert "It is two." in capsys.readouterr().out


def test_review_goes_in_the_order_that_was_asked_for(
    workspace: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    said = ([("a", 0.9)], [("a", 0.2)], [("a", 0.95), ("b", 0.9)], [("a", 0.5)])
    rows = [
        Example.model_validate(
            {
                "id": f"r{n}",
                "task": "qa",
                "input": {"question": f"What is {n}?"},
                "suggestions": [
                    {"agent": agent, "output": {"answer": f"{agent} {n}"}, "score": score}
                    for agent, score in agents
                ],
                "origin": {"file": "q", "row": n},
                "fingerprint": f"f{n}",
            }
        )
        for n, agents in enumerate(said)
    ]
    with open_workspace(workspace) as ws:
        ws.store.examples.add_many(new_example(one, search="") for one in rows)
    # Where two agents disagree somebody has to look, however sure both are.
    for order, expected in (("least_certain", [1, 3, 0, 2]), ("most_valuable", [2, 1, 3, 0])):
        monkeypatch.setattr(sys, "stdin", io.StringIO("s\n" * 4))
        assert run(["review", "--order", order, "--reviewer", "ann"]) == 0
        out = capsys.readouterr().out
        asked = [line for line in out.splitlines() if line.startswith("question: ")]
        assert all(run(["review", "--undo", "--reviewer", "ann"]) == 0 for _ in range(4))
        assert asked == [f"question: What is {n}?" for n in expected]
    assert run(["review", "--order", "newst", "--reviewer", "ann"]) == 1
    assert "order" in capsys.readouterr().err


def test_a_file_of_decisions_is_applied_once(workspace: Path, capsys: Captured) -> None:
    run(["import", "q.csv"])
    capsys.readouterr()
    run(["examples", "list", "--json"])
    ids = [item["id"] for item in json.loads(capsys.readouterr().out)["items"]]
    lines = [{"id": ids[0], "verdict": "accept"}, {"id": "none", "verdict": "reject"}]
    Path("d.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run(["review", "--decisions", "d.jsonl", "--reviewer", "ann"]) == 0
    assert "2 decisions: 1 applied, 1 missing." in capsys.readouterr().out
    assert run(["review", "--decisions", "d.jsonl", "--reviewer", "ann"]) == 0
    assert "1 duplicate, 1 missing" in capsys.readouterr().out


def test_records_cannot_drive_the_terminal(workspace: Path, capsys: Captured) -> None:
    Path("evil.csv").write_text('question,answer\n"What\x1b[2J is\x07 this?",Nothing\n')
    assert run(["import", "evil.csv"]) == 0
    assert run(["examples", "list"]) == 0
    out = capsys.readouterr().out
    assert "\x1b[2J" not in out and "\x07" not in out


def test_a_review_that_changes_nothing_says_so(workspace: Path, capsys: Captured) -> None:
    assert run(["review", "--accept-all", "--yes"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "Nothing is pending that could be accepted."
    assert "hone import FILE" in second and "without a suggestion" in second
    assert run(["review", "--undo", "--reviewer", "ann"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "Nothing was changed: there is nothing to undo."
    assert second.startswith("Try: hone review ")
