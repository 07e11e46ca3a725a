"""Comparisons: the same examples, pairs, slices, the noise floor, and what is said of few."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hone.errors import Conflict, InvalidInput, NotFound
from hone.metrics._paired import paired_interval, sign_flip_test
from hone.records.comparison import Comparison, Pair
from hone.stages.compare import compare, owed, report_files, wanted, write_report
from hone.stages.compare.gather import Asked
from hone.stages.compare.pairs import Terms, compare_pairs
from hone.workspace.open import Workspace, open_workspace
from tests.stages.answering import register, write_base
from tests.stages.compare.planted import answer, make_planted


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_planted(root) as ws:
        answer(ws, "pickup@v2", further=["pickup@v1", "pickup@v3"])
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(built, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


def compared(ws: Workspace, *refs: str, on: str | None = None, **terms: Any) -> Comparison:
    return compare(ws, wanted(ws, refs, on), **terms)


def pair_of(found: Comparison, one: str, other: str) -> Pair:
    (pair,) = [pair for pair in found.pairs if (pair.one, pair.other) == (one, other)]
    return pair


def test_two_versions_and_the_usual_rows_are_paired_on_the_same_examples(ws: Workspace) -> None:
    found = compared(ws, "pickup@v2", "pickup@v1")
    assert found.on == "pickup@1/test" and found.examples == 100
    assert [row.contender for row in found.rows] == [
        "base", "few-shot", "retrieval", "rules", "pickup@v2", "pickup@v1",
    ]  # fmt: skip
    assert [(pair.one, pair.other) for pair in found.pairs][:2] == [
        ("pickup@v2", "pickup@v1"), ("pickup@v2", "base"),
    ]  # fmt: skip
    assert found.missing == {}
    pair = pair_of(found, "pickup@v2", "pickup@v1")
    (evaluation,) = ws.store.evaluations.list()
    scores = {
        name: {
            one.example_id: one.score for one in ws.store.evaluations.scores(evaluation.id, name)
        }
        for name in ("pickup@v2", "pickup@v1")
    }
    order = list(scores["pickup@v2"])
    differences = np.array([scores["pickup@v2"][e] - scores["pickup@v1"][e] for e in order])
    assert pair.difference.value == pytest.approx(differences.mean())
    expected = paired_interval(differences)
    assert (pair.difference.low, pair.difference.high) == pytest.approx(expected[1:], abs=0.01)
    assert pair.p_value == pytest.approx(sign_flip_test(differences))
    assert set(pair.won) == {e for e in order if scores["pickup@v2"][e] > scores["pickup@v1"][e]}
    assert pair.lost == [] and len(pair.won) + pair.ties == 100
    assert pair.finding == "better" and "better than pickup@v1 by 0." in pair.says
    assert set(pair.further) == {"exact_match"}


def test_a_worse_version_is_called_worse_and_an_equal_one_the_same(ws: Workspace) -> None:
    found = compared(ws, "pickup@v1", "pickup@v2", "pickup@v3")
    assert pair_of(found, "pickup@v1", "pickup@v2").finding == "worse"
    same = pair_of(found, "pickup@v1", "pickup@v3")
    assert (same.finding, same.won, same.lost, same.ties) == ("same", [], [], 100)
    assert same.says == (
        "pickup@v1 and pickup@v3 score the same on all 100 examples; on others they may still "
        "differ by up to 0.027."
    )


def test_answers_of_several_evaluations_are_put_side_by_side(ws: Workspace) -> None:
    with pytest.raises(Conflict) as told:
        compared(ws, "pickup@v2", "pickup@v4")
    assert told.value.hint == "hone evaluate pickup@v4 --data pickup@1/test"
    assert owed(ws, wanted(ws, ["pickup@v2", "pickup@v4"], None)).models == ["pickup@v4"]
    answer(ws, "pickup@v4", rows=["tuned"])
    found = compared(ws, "pickup@v2", "pickup@v4")
    assert {row.evaluation for row in found.rows} == {one.id for one in ws.store.evaluations.list()}
    assert pair_of(found, "pickup@v2", "pickup@v4").finding == "better"


def test_quick_samples_and_trained_examples_are_not_compared(ws: Workspace) -> None:
    answer(ws, "pickup@v4", sample=20)
    answer(ws, "pickup@v4", on="pickup@1/train")
    assert owed(ws, wanted(ws, ["pickup@v4", "pickup@v1"], None)).models == ["pickup@v4"]
    with pytest.raises(InvalidInput, match="was trained on"):
        wanted(ws, ["pickup@v4", "pickup@v1"], "pickup@1/train")


def test_a_question_whose_right_answer_changed_is_not_paired(ws: Workspace) -> None:
    answer(ws, "pickup@v4", rows=["tuned"])
    newest = ws.store.evaluations.list()[0]
    file = ws.jobs / newest.id / "inputs" / "examples.jsonl"
    first, *others = file.read_text().splitlines(keepends=True)
    changed = {**json.loads(first), "answer": "[]"}
    file.write_text(json.dumps(changed) + "\n" + "".join(others))
    found = compared(ws, "pickup@v2", "pickup@v4")
    assert found.examples == 99
    assert "pickup@v2 answered 1 more examples, which not all were asked." in found.notes


def test_where_no_question_is_shared_nothing_is_compared(ws: Workspace) -> None:
    answer(ws, "pickup@v4", rows=["tuned"])
    file = ws.jobs / ws.store.evaluations.list()[0].id / "inputs" / "examples.jsonl"
    lines = [{**json.loads(line), "answer": "[]"} for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(InvalidInput) as told:
        compared(ws, "pickup@v2", "pickup@v4")
    on = "pickup@1/test"
    assert told.value.message == (f"No example of {on} was asked of all of them in the same words.")
    assert told.value.hint == (
        f"hone evaluate pickup@v2 --data {on}; hone evaluate pickup@v4 --data {on}"
    )


def test_the_noise_floor_is_measured_by_asking_the_base_again(ws: Workspace) -> None:
    found = compared(ws, "pickup@v2", "pickup@v1")
    assert found.noise.value is None and "answers are greedy" in found.noise.says
    due = owed(ws, wanted(ws, ["pickup@v2", "pickup@v1"], None))
    assert due.models == [] and due.repeat is not None
    base, batch_size = due.repeat
    answer(ws, base, on="pickup@1/test", rows=["base"], batch_size=batch_size)
    assert owed(ws, wanted(ws, ["pickup@v2", "pickup@v1"], None)) == ([], None)
    again = compared(ws, "pickup@v2", "pickup@v1").noise
    assert (again.value, again.changed, again.examples) == (0.0, 0, 100)
    assert again.says.startswith("0: the base asked again, 7 instead of 16 questions at once")


def test_a_base_can_be_compared_by_its_name_and_stands_there_once(ws: Workspace) -> None:
    found = compared(ws, "pickup@v2", "small")
    assert [row.contender for row in found.rows] == [
        "few-shot", "retrieval", "rules", "pickup@v2", "small",
    ]  # fmt: skip
    assert pair_of(found, "pickup@v2", "small").finding == "better"


def test_the_base_of_another_version_is_not_shown_as_the_leads(ws: Workspace) -> None:
    write_base(ws.root / "larger")
    other = register(ws, "other", base="larger")
    answer(ws, "pickup@v4", further=[other], max_new_tokens=300)
    found = compared(ws, other, "pickup@v1")
    assert [row.contender for row in found.rows] == ["retrieval", "rules", other, "pickup@v1"]
    assert found.missing["base"] == (
        "not asked when other@v1 was: hone evaluate other@v1 --data pickup@1/test"
    )
    assert any(note.startswith("Not all could answer at the same length") for note in found.notes)


def test_what_is_not_told_names_the_pair_and_how_many_would_tell() -> None:
    asked = [Asked(f"e{n}", {"message": "m"}, "[]") for n in range(100)]
    values = {
        "a": {"score": np.array([1.0] * 12 + [0.0] * 88)},
        "b": {"score": np.array([0.0] * 12 + [1.0] * 8 + [0.0] * 80)},
        "c": {"score": np.array([0.0] * 80 + [1.0] * 20)},
    }
    couples = [("a", "b"), ("c", "a")]
    unclear, other = compare_pairs(values, asked, couples, Terms(0.95, 0.0, 0, "x", "pickup"))
    assert (unclear.finding, unclear.needed) == ("unclear", 984)
    assert unclear.says == (
        "a against b: not enough examples to tell: there are 100; about 984 would show a "
        "difference of 0.040 four times out of five."
    )
    assert unclear.won == [f"e{n}" for n in range(12)] and len(unclear.lost) == 8
    assert other.p_adjusted == 2 * other.p_value < 1
    # As much as the same contender moves by when it is asked again: no win, though no chance.
    sure = {"a": {"score": np.ones(100)}, "b": {"score": np.array([0.0] * 10 + [1.0] * 90)}}
    (noisy,) = compare_pairs(sure, asked, [("a", "b")], Terms(0.95, 0.1, 0, "x", "pickup"))
    assert noisy.finding == "unclear" and noisy.p_value == 2 / 2**10
    assert noisy.says == "a against b: 0.100 is not beyond what chance and repeating explain."


def test_slices_are_by_origin_and_length_and_judged_together(ws: Workspace) -> None:
    found = compared(ws, "pickup@v2", "pickup@v1")
    by = {(one.by, one.value): one for one in found.slices}
    assert {key[0] for key in by} == {"origin", "length"}
    origins = [one for one in found.slices if one.by == "origin"]
    assert {one.value for one in origins} == {"a.csv", "b.csv"}
    assert sum(one.examples for one in origins) == 100
    assert sum(one.examples for one in found.slices if one.by == "length") == 100
    large = by["origin", "b.csv"]
    assert large.finding == "better" and large.p_adjusted <= 0.05


@pytest.mark.parametrize("refs", [["pickup@v1"], ["pickup@v1", "pickup"], ["pickup@v1"] * 3])
def test_one_version_is_no_comparison(ws: Workspace, refs: list[str]) -> None:
    with pytest.raises(InvalidInput, match="two different") as told:
        wanted(ws, refs, None)
    assert told.value.hint == "hone compare pickup@v1 hone-nano"


def test_wrong_names_are_answered_with_the_nearest(ws: Workspace) -> None:
    with pytest.raises(NotFound, match="pickpu"):
        wanted(ws, ["pickup@v1", "pickpu"], None)
    with pytest.raises(NotFound, match="pikup"):
        wanted(ws, ["pickup@v1", "pickup@v2"], "pikup@1/test")
    with pytest.raises(InvalidInput, match="what to compare on"):
        wanted(ws, ["small", "hone-nano"], None)


def test_reports_are_written_in_three_forms(ws: Workspace) -> None:
    found = compared(ws, "pickup@v2", "pickup@v1")
    files = write_report(ws, found)
    assert files == report_files(ws, found)
    assert Comparison.model_validate_json(files.json.read_text()) == found
    said = files.markdown.read_text()
    assert "| pickup@v2 - pickup@v1 | +0." in said and "- `hone examples show e" in said
    page = files.page.read_text()
    shown = {one.id for one in found.shown}
    assert f'href="#example-{1}"' in page and all(name in page for name in shown)


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def test_what_records_and_models_say_stays_text(ws: Workspace) -> None:
    found = compared(ws, "pickup@v2", "pickup@v1")
    bad = "<script>alert(1)</script><img src=x onerror=y>`|*"
    shown = [one.model_copy(update={"asked": bad, "texts": {bad: bad}, "scores": {bad: 1.0}})
             for one in found.shown]  # fmt: skip
    pairs = [
        one.model_copy(update={"says": bad, "won": [bad], "lost": [bad]}) for one in found.pairs
    ]
    slices = [one.model_copy(update={"value": bad}) for one in found.slices]
    hostile = found.model_copy(
        update={"shown": shown, "pairs": pairs, "slices": slices, "notes": [bad], "on": bad}
    )
    files = write_report(ws, hostile)
    elements = _Elements()
    elements.feed(files.page.read_text())
    assert not {"script", "img"} & set(elements.tags)
    said = files.markdown.read_text()
    assert "\\<script\\>" in said
    assert all("<script>" not in line or line.startswith("- `") for line in said.splitlines())


def test_five_examples_are_scored_and_said_to_be_too_few(tmp_path: Path) -> None:
    with make_planted(tmp_path / "ws", count=12, versions=2) as ws:
        file = ws.root / "five.jsonl"
        file.write_text(
            "".join(
                json.dumps({"input": {"message": f"{n} cases of corn"}, "output": [
                    {"item": "corn", "quantity": n, "unit": "cases"}]}) + "\n"
                for n in (101, 103, 105, 107, 109)
            )
        )  # fmt: skip
        answer(ws, "pickup@v2", on=str(file), further=["pickup@v1"], rows=["base", "tuned"])
        found = compared(ws, "pickup@v2", "pickup@v1", on=str(file))
        assert found.examples == 5 and found.on == "five.jsonl"
        pair = found.pairs[0]
        assert pair.finding in ("unclear", "same") and pair.p_value >= 0.0625
        assert any(note.startswith("Only 5 examples") for note in found.notes)
        base = pair_of(found, "pickup@v2", "base")
        assert "not enough examples to tell: with 5 no difference can be shown at 95%" in base.says
