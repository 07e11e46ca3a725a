"""The commands flags and feedback: what they print, what they ask, and how they refuse."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hone.cli.completion import candidates
from hone.cli.run import run
from hone.workspace.open import open_workspace
from tests.stages.answering import output, register
from tests.stages.flags.flagged import answer, make_flagged, wrong_on

Hone = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_flagged(root) as ws:
        answer(ws, "pickup@v1", wrong_on(3))
        answer(ws, "pickup@v1", wrong_on(3), on="pickup@1/test")
    return root


@pytest.fixture
def hone(
    built: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Hone:
    shutil.copytree(built, tmp_path / "ws")

    def call(*words: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code = run([*words, "--workspace", str(tmp_path / "ws")])
        return (code, *capsys.readouterr())

    return call


def listed(hone: Hone, *words: str) -> list[dict[str, object]]:
    code, out, _ = hone("flags", "list", "--json", *words)
    assert code == 0
    return json.loads(out)["flags"]


def test_list_says_what_to_look_at_and_what_is_held_back(hone: Hone) -> None:
    flags = listed(hone)
    code, out, err = hone("flags", "list")
    assert (code, err) == (0, "")
    assert out.startswith(f"pickup: {len(flags)} to look at, 0 resolved, of ")
    assert str(flags[0]["id"]) in out and "hone flags promote ID moves one for ever" in out
    code, out, _ = hone("flags", "list", "--limit", "1")
    assert f"{len(flags) - 1} more: --limit {len(flags)}" in out
    tested = listed(hone, "--tested")
    assert tested and not {one["id"] for one in tested} & {one["id"] for one in flags}


def test_next_shows_everything_that_one_needs_to_judge(hone: Hone) -> None:
    code, out, _ = hone("flags", "next", "--show")
    first = listed(hone)[0]
    assert code == 0
    for part in (
        f"{first['id']} · pickup@v1 on pickup@1/probe · ",
        "message: ",
        f"expected: {first['expected']}",
        f"got:      {first['got']}",
        "changes:  ",
        "why: It scores ",
        "like it in the training set of pickup@1:",
    ):
        assert part in out, part
    code, out, _ = hone("flags", "next", "--json")
    said = json.loads(out)
    assert said["flag"]["id"] == first["id"] and said["neighbours"][0]["similarity"] > 0


def test_next_goes_through_the_queue_by_keys(hone: Hone) -> None:
    before = [one["id"] for one in listed(hone)]
    code, out, _ = hone(
        "flags", "next", "--reviewer", "eve", typed="x\nn\nthe unit is cases\nc\nm\nu\ns\nq\n"
    )
    assert code == 0
    assert "c the expected answer is right" in out and "Taken back." in out
    assert "2 said, " in out
    after = listed(hone)
    assert [one["id"] for one in after][-1] == before[1]
    assert [one["id"] for one in after][:-1] == before[2:]
    code, out, _ = hone("examples", "show", str(before[0]), "--json")
    assert "the unit is cases" in out and "eve" in out


def test_an_answer_is_written_where_no_editor_is_set(
    hone: Hone, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    first = str(listed(hone)[0]["id"])
    typed = 'e\nnonsense\ne\n[{"item": "rye"}]\nq\n'
    code, out, _ = hone("flags", "next", typed=typed)
    assert code == 0 and "This cannot be read as an answer of the task pickup" in out
    code, out, _ = hone("examples", "show", first, "--json")
    assert json.loads(out)["example"]["output"] == [{"item": "rye"}]


def test_resolve_says_one_thing_of_one_flag(hone: Hone) -> None:
    first, second, third = (str(one["id"]) for one in listed(hone)[:3])
    code, out, _ = hone("flags", "resolve", first, "--verdict", "confirm")
    assert code == 0 and out.startswith(f"{first}: confirm; it is resolved now.")
    right = json.dumps([{"item": "rye"}])
    code, out, _ = hone("flags", "resolve", second, "--output", right, "--json")
    assert json.loads(out)["resolution"]["verdict"] == "edit"
    code, out, _ = hone("flags", "resolve", third, "--verdict", "reference-wrong", "--note", "so")
    assert (code, "reference wrong" in out) == (0, True)
    resolved = listed(hone, "--state", "resolved")
    assert {one["id"] for one in resolved} == {first, second, third}


def test_what_cannot_be_is_refused_in_two_lines(hone: Hone) -> None:
    first = str(listed(hone)[0]["id"])
    for words, what in (
        (("flags", "resolve", first), "Say what is right."),
        (("flags", "resolve", first, "--verdict", "maybe"), 'There is no verdict "maybe".'),
        (("flags", "resolve", first, "--output", "nonsense"), "cannot be read as an answer"),
        (("flags", "resolve", first, "--output", "[]", "--verdict", "skip"), "belongs to an edit"),
        (("flags", "resolve", "nobody", "--verdict", "skip"), '"nobody" is not flagged'),
        (("flags", "list", "other"), "other was not evaluated yet."),
        (("flags", "list", "--state", "gone"), 'There is no state "gone".'),
        (("flags", "promote", first, "--note", "x", "--yes"), "stands in no val or test split"),
        (("feedback", "apply"), "No flag was corrected yet"),
        (("feedback", "report", "pickup"), "pickup@1, which holds no corrections"),
    ):
        code, _, err = hone(*words)
        assert code == 1 and what in err, (words, err)
        assert len(err.strip().splitlines()) == 2, err
    tested = str(listed(hone, "--tested")[0]["id"])
    code, _, err = hone("flags", "resolve", tested, "--verdict", "confirm")
    assert code == 1 and f"hone flags promote {tested}" in err


def test_promote_asks_first_and_says_what_took_its_place(hone: Hone) -> None:
    tested = str(listed(hone, "--tested")[0]["id"])
    code, out, _ = hone("flags", "promote", tested, "--note", "mislabelled", typed="n\n")
    assert code == 0 and "for ever?" in out
    assert tested in {one["id"] for one in listed(hone, "--tested")}
    code, out, _ = hone("flags", "promote", tested, "--note", "mislabelled", typed="y\n")
    assert code == 0 and "pickup@2 takes the place of pickup@1." in out
    assert tested in {one["id"] for one in listed(hone)}


def test_apply_says_what_changed_and_how_to_go_on(hone: Hone) -> None:
    first, second = (str(one["id"]) for one in listed(hone)[:2])
    hone("flags", "resolve", first, "--verdict", "confirm")
    hone("flags", "resolve", second, "--output", '[{"item": "rye"}]')
    code, out, err = hone("feedback", "apply")
    assert (code, err) == (0, "")
    for part in (
        "pickup@2 goes on from pickup@1: 2 corrections train (1 confirm, 1 edit).",
        "2 decided anew, 2 from probe to train.",
        "Control: pickup-control@1 is the same without the corrections.",
        "Next: hone train RECIPE --set dataset=pickup@2 --confirm-run",
        "--set dataset=pickup-control@1 --set name=pickup-control",
    ):
        assert part in out, part
    code, out, _ = hone("feedback", "apply", "--json")
    assert json.loads(out)["is_new"] is False


def test_report_prints_both_columns(hone: Hone, tmp_path: Path) -> None:
    for one in listed(hone)[:3]:
        hone("flags", "resolve", str(one["id"]), "--verdict", "confirm")
    hone("feedback", "apply")
    with open_workspace(tmp_path / "ws") as ws:
        register(ws, dataset="pickup@2")
        register(ws, "pickup-control", dataset="pickup-control@1")
        further = ["pickup@v1", "pickup-control@v1"]
        only = list(ws.store.flags.standing())

        def plan(contender: str, example: object) -> str:
            right = wrong_on(999) if contender == "pickup@v2" else wrong_on(3)
            return right(contender, example)  # type: ignore[arg-type]

        for place, more in (
            ("train", {"only": only, "includes_trained": True}), ("probe", {}), ("test", {}),
        ):  # fmt: skip
            answer(ws, "pickup@v2", plan, on=f"pickup@2/{place}", further=further, **more)
        assert ws.store.examples.get(only[0]).output == output(int(only[0][1:]))
    code, out, err = hone("feedback", "report", "pickup")
    assert (code, err) == (0, "")
    for part in (
        "pickup@v2, trained on pickup@2; before: pickup@v1; control: pickup-control@v1",
        "corrected rows",
        "look-alikes",
        "Of 3 corrections 3 fixed.",
        "more than training again explains",
    ):
        assert part in out, part
    file = out.splitlines()[-1].removeprefix("Report: ").partition(",")[0]
    assert Path(file).read_text().startswith("# What corrections did: pickup@v2")


def test_words_are_completed() -> None:
    assert candidates(["flags", ""]) == ["list", "next", "promote", "resolve"]
    assert candidates(["feedback", "re"]) == ["report"]
    assert candidates(["feedback", "apply", "--format", "d"]) == ["dpo"]
    assert "--verdict" in candidates(["flags", "resolve", "--v"])
