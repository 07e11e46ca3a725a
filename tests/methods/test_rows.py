"""Rows of pairs, judged answers and scores: rendered once, refused with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.methods._rows import read_judged, read_pairs, read_scored
from hone.rendering.tokens import Renderer
from hone.workspace.job_folder import JobFolder
from tests.engine.small import judged_rows, make_job, pair_rows, scored_rows
from tests.rendering.bases import make_base


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = make_base(tmp_path / "base", "qwen_style")
    (folder / "model.safetensors").write_bytes(b"")
    return folder


def job_of(rows: list[dict[str, Any]], base: Path, tmp_path: Path) -> JobFolder:
    return make_job(tmp_path / "train-1", base, rows=(rows, []))


def told(folder: JobFolder) -> str:
    return " ".join(str((event.model_extra or {}).get("text")) for event in folder.events())


def test_a_pair_is_the_prompt_that_evaluation_asks_and_both_answers(
    base: Path, tmp_path: Path
) -> None:
    rows, renderer = pair_rows(3), Renderer.load(base)
    found = read_pairs(job_of(rows, base, tmp_path), "train", renderer, max_length=128)
    for row, ids in zip(rows, found, strict=True):
        assert ids["prompt_ids"] == renderer.prompt(row["prompt"]).ids
        for side in ("chosen", "rejected"):
            whole = renderer.training_row([*row["prompt"], *row[side]], 128)
            assert ids["prompt_ids"] + ids[f"{side}_ids"] == whole.input_ids
            assert ids[f"{side}_ids"][-1] in renderer.stop_ids


def test_equal_answers_and_answers_that_do_not_fit_are_left_out_and_said(
    base: Path, tmp_path: Path
) -> None:
    rows = pair_rows(4)
    rows[1]["rejected"] = rows[1]["chosen"]
    rows[2]["rejected"][0]["content"] = "milk " * 300
    folder = job_of(rows, base, tmp_path)
    assert len(read_pairs(folder, "train", Renderer.load(base), max_length=128)) == 2
    assert "2 rows of train are left out (row 2: both answers are the same; row 3:" in told(folder)


def test_both_answers_follow_the_same_prompt_where_it_was_shortened(
    base: Path, tmp_path: Path
) -> None:
    rows, renderer = pair_rows(1), Renderer.load(base)
    rows[0]["prompt"][1]["content"] = "bread " * 200
    (found,) = read_pairs(job_of(rows, base, tmp_path), "train", renderer, max_length=64)
    longer = max(len(found["chosen_ids"]), len(found["rejected_ids"]))
    assert len(found["prompt_ids"]) + longer == 64


def test_only_pairs_that_are_equal_leave_nothing_to_learn(base: Path, tmp_path: Path) -> None:
    rows = pair_rows(2)
    for row in rows:
        row["rejected"] = row["chosen"]
    with pytest.raises(InvalidInput, match="Not one of 2 training rows can be learned"):
        read_pairs(job_of(rows, base, tmp_path), "train", Renderer.load(base), max_length=128)


def test_judged_answers_keep_their_label(base: Path, tmp_path: Path) -> None:
    rows, renderer = judged_rows(3), Renderer.load(base)
    found = read_judged(job_of(rows, base, tmp_path), "train", renderer, max_length=128)
    assert [row["label"] for row in found] == [True, False] * 3
    for row, ids in zip(rows, found, strict=True):
        whole = renderer.training_row([*row["prompt"], *row["completion"]], 128)
        assert ids["prompt_ids"] + ids["completion_ids"] == whole.input_ids


@pytest.mark.parametrize("label", ["yes", 1, None])
def test_a_label_is_true_or_false(base: Path, tmp_path: Path, label: object) -> None:
    rows = judged_rows(1)
    rows[1]["label"] = label
    with pytest.raises(InvalidInput, match=r"line 2, is no training row") as refused:
        read_judged(job_of(rows, base, tmp_path), "train", Renderer.load(base), max_length=128)
    assert "--format kto" in refused.value.hint


def test_scores_are_finite_and_as_many_as_dimensions(base: Path, tmp_path: Path) -> None:
    bad: list[tuple[dict[str, object], str]] = [
        ({"labels": [1.0]}, "it has 1 score for 2 dimensions"),
        ({"labels": [float("nan"), 1.0]}, "a score is no finite number"),
        ({"text": ""}, "its text is empty"),
        ({"text": None}, "its text is empty"),
        ({"labels": [1.0, None]}, "a score is missing"),
        ({"labels": [1.0, ""]}, "a score is missing"),
        ({"labels": [1.0, "high"]}, "a score is no number"),
        ({"labels": None}, "it has no scores"),
    ]
    renderer = Renderer.load(base)
    for place, (change, reason) in enumerate(bad):
        rows = scored_rows(3)
        rows[1] |= change
        folder = job_of(rows, base, tmp_path / str(place))
        found = read_scored(folder, "train", renderer, max_length=128, dimensions=2)
        assert [row["labels"] for row in found] == [rows[0]["labels"], rows[2]["labels"]]
        assert found[0]["input_ids"] == renderer.text_ids(rows[0]["text"])
        assert f"row 2: {reason}" in told(folder)


def test_a_long_text_loses_its_end_and_that_is_said(base: Path, tmp_path: Path) -> None:
    rows, renderer = scored_rows(2), Renderer.load(base)
    rows[0]["text"], rows[1]["text"] = "plums " * 200, "milk"
    folder = job_of(rows, base, tmp_path)
    found = read_scored(folder, "train", renderer, max_length=32, dimensions=2)
    assert found[0]["input_ids"] == renderer.text_ids(rows[0]["text"])[:32]
    assert "1 rows of train lost a part of their text to fit." in told(folder)
