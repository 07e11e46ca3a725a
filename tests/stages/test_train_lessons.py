"""What could teach nothing or does not belong together is refused by the plan, all at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.records.task import Task
from hone.stages.train.lessons import lessons_of
from hone.workspace.open import Workspace, init_workspace
from tests.stages.test_train_plan_methods import GRPO, as_pairs, plan_of
from tests.stages.training_set import freeze, make_small_base, rewrite

Change = Callable[[dict[str, Any]], Any]
SCORES = Task.model_validate(
    {"kind": "score", "name": "scores", "dimensions": ["depth", "care"], "scale": [0, 10]}
)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        make_small_base(workspace.root / "small")
        freeze(workspace, "faith", 40, 8)
        yield workspace


def number_of(row: dict[str, Any]) -> int:
    return int(row["id"].rpartition("-")[2])


def said(row: dict[str, Any], text: str) -> dict[str, Any]:
    return {**row, "completion": [{"role": "assistant", "content": text}]}


def refused(ws: Workspace, method: str, form: str, change: Change, *overrides: str) -> InvalidInput:
    rewrite(ws, "faith@1", "bad", form, change)
    with pytest.raises(InvalidInput) as told:
        plan_of(ws, method, *overrides, dataset="bad")
    assert told.value.hint
    return told.value


@pytest.mark.parametrize("method", ["dpo", "reward"])
def test_pairs_that_are_all_equal_are_refused_and_some_are_noted(
    ws: Workspace, method: str
) -> None:
    same: Change = lambda row: {**row, "chosen": row["completion"], "rejected": row["completion"]}  # noqa: E731
    found = refused(ws, method, "dpo", same)
    assert found.message == "In all 40 pairs both answers are the same."
    assert found.hint == "hone review, and edit answers; then hone datasets build bad --format dpo"
    rewrite(
        ws, "faith@1", "some", "dpo", lambda row: (same if number_of(row) < 3 else as_pairs)(row)
    )
    notes = plan_of(ws, method, dataset="some").notes
    assert "3 pairs are left out: both answers are the same." in notes


def test_judgements_of_one_kind_are_refused(ws: Workspace) -> None:
    found = refused(ws, "kto", "kto", lambda row: {**row, "label": False})
    assert found.message == "All 40 answers are bad: nothing could be told apart."


def test_a_reward_that_is_the_same_for_every_answer_is_refused(ws: Workspace) -> None:
    found = refused(ws, "grpo", "sft", lambda row: said(row, "Yes."), *GRPO)
    assert found.message == ("The reward is 1 for every accepted answer and for answers to others.")


def test_all_that_is_wrong_is_told_at_once(ws: Workspace) -> None:
    tokenizer = ws.root / "small" / "tokenizer.json"
    config = json.loads(tokenizer.read_text())
    vocabulary = config["model"]["vocab"]
    vocabulary["zzzz"] = 9_999
    tokenizer.write_text(json.dumps(config))
    found = refused(
        ws, "grpo", "sft", lambda row: said(row, "Yes."), *GRPO, "training.reward=[task, judge@v1]"
    )
    told = " ".join(found.problems)
    assert "writes ids up to 9,999, its weights know 640 tokens" in told
    assert "training.reward" in told
    assert "Put the old files of small back" in found.hint


def test_answers_that_are_all_the_same_are_refused(ws: Workspace) -> None:
    found = refused(ws, "sft", "sft", lambda row: said(row, "Yes."))
    assert found.message == "All 40 answers are the same: 'Yes.'."
    assert found.hint.startswith("hone import FILE with other answers; then hone datasets build")


def test_rows_that_do_not_fit_are_told_with_everything_else(ws: Workspace) -> None:
    found = refused(
        ws,
        "sft",
        "sft",
        lambda row: said(row, "Yes. " * 400),
        "training.processes=16",
        "lora.target_modules=[q_prj]",
    )
    told, hint = list(found.problems), found.hint
    assert told == [
        f"all 40 answers are the same: {'Yes. ' * 16!r}",
        "lora.target_modules: 'q_prj' names no linear layer of small. "
        'Did you mean "q_proj"? Known: down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, '
        "v_proj.",
        "training.processes is 16, and this machine has 2 cores",
        "none of 40 rows fits max_seq_length 512: no answer could be learned",
    ]
    for mend in ("hone import FILE", "--set training.processes=2", "doctor bad@1 --base small"):
        assert mend in hint
    assert ws.store.jobs.list() == []


def test_pairs_of_which_some_are_equal_and_the_others_too_long_are_refused(ws: Workspace) -> None:
    def change(row: dict[str, Any]) -> dict[str, Any]:
        pair = as_pairs(row)
        if number_of(row) < 10:
            return {**pair, "rejected": pair["chosen"]}
        return {**pair, "chosen": said(row, "word " * 300)["completion"]}

    found = refused(ws, "dpo", "dpo", change, "data.max_seq_length=64")
    assert "not one of 40 rows could be learned: 30 do not fit max_seq_length 64, 10 teach " in (
        found.message
    )
    assert "--max-length N" in found.hint


STRICT = """\
{% for one in messages %}{% if "so so so" in one["content"] or STRICTER %}\
{{ raise_exception("Not so") }}{% endif %}{% endfor %}"""


def test_rows_that_the_template_does_not_take_are_counted_and_refused_where_all_are(
    ws: Workspace,
) -> None:
    place = ws.root / "small" / "chat_template.jinja"
    template = place.read_text()
    place.write_text(STRICT.replace("STRICTER", "false") + template)
    plan = plan_of(ws, "sft")
    # Every seventh answer says it no time, the next one once, up to six times.
    left_out = sum(number % 7 >= 3 for number in range(40))
    assert (plan.train.masked, plan.train.too_long, plan.train.is_exact) == (left_out, 0, True)
    assert plan.steps_per_epoch == -(-(40 - left_out) // 4)
    [note] = [one for one in plan.notes if "without a token to learn" in one]
    assert note.startswith(f"{left_out} rows are left out") and note.endswith("Not so.")
    never = 'one["role"] == "user" and "What is" in one["content"]'
    place.write_text(STRICT.replace("STRICTER", never) + template)
    with pytest.raises(InvalidInput) as told:
        plan_of(ws, "sft")
    assert "not one token of 40 rows would be trained: The chat template of small refuses" in (
        told.value.message
    )
    assert told.value.hint.startswith("Take another base; hone datasets doctor faith@1")


def look(folder: Path, rows: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    path = folder / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = lessons_of(path, SCORES, "regression")
    return found.problems, found.notes


def scores(*labels: float, names: list[str] | None = None) -> dict[str, Any]:
    return {"text": "A text.", "labels": labels, "dimension_names": names or ["depth", "care"]}


def test_scores_that_are_no_numbers_are_refused_where_all_are(tmp_path: Path) -> None:
    nan = float("nan")
    told = (
        "not one of 2 rows has a text and a finite number for each of depth, care "
        "(a score is no finite number)"
    )
    assert look(tmp_path, [scores(1, nan), scores(nan, 2)]) == ([told], [])
    problems, notes = look(tmp_path, [scores(1, 2), scores(1, 3), scores(nan, 2), scores(1)])
    assert problems == []
    assert notes == [
        "1 row is left out (row 3): a score is no finite number.",
        "1 row is left out (row 4): it has 1 score for 2 dimensions.",
    ]


BAD: list[tuple[Any, str]] = [
    ([1, None], "a score is missing"),
    ([1, " "], "a score is missing"),
    (None, "it has no scores"),
    ([1, "high"], "a score is no number"),
    ([1, [2]], "a score is no number"),
    ([1, float("inf")], "a score is no finite number"),
    ([1, 2, 3], "it has 3 scores for 2 dimensions"),
    ([], "it has 0 scores for 2 dimensions"),
]


@pytest.mark.parametrize(("labels", "reason"), BAD)
def test_a_row_whose_scores_cannot_be_read_is_named_with_why(
    tmp_path: Path, labels: Any, reason: str
) -> None:
    bad = {"text": "A text.", "labels": labels}
    problems, notes = look(tmp_path, [scores(1, 2), bad, scores(1, 3)])
    assert (problems, notes) == ([], [f"1 row is left out (row 2): {reason}."])


def test_the_first_of_many_rows_are_named(tmp_path: Path) -> None:
    rows = [scores(1, 2), scores(1, 3), *[{"text": "", "labels": [1, 2]}] * 7]
    [note] = look(tmp_path, rows)[1]
    assert note == "7 rows are left out (rows 3, 4, 5, 6, 7 and 2 more): its text is empty."


def test_rows_with_bad_scores_are_told_by_the_plan_with_the_mend_and_not_counted(
    ws: Workspace,
) -> None:
    def change(row: dict[str, Any]) -> dict[str, Any]:
        number = number_of(row)
        bad = {3: [1.0, None], 4: [1.0, "high"], 5: [1.0]}.get(number)
        return {"id": row["id"], "text": "A text.", "labels": bad or [1.0, float(number)]}

    rewrite(ws, "faith@1", "bad", "regression", change, task=SCORES)
    plan = plan_of(ws, "regression", dataset="bad")
    assert (plan.train.masked, plan.train.remaining, plan.steps_per_epoch) == (3, 37, 10)
    told = [
        "1 row is left out (row 4): a score is missing.",
        "1 row is left out (row 5): a score is no number.",
        "1 row is left out (row 6): it has 1 score for 2 dimensions.",
    ]
    mend = (
        "To learn from them: hone import FILE with the scores of these rows; "
        "then hone datasets build bad --format regression."
    )
    assert plan.notes == [*told, *(f"Of val: {one}" for one in told), mend]
    rewrite(ws, "faith@1", "none", "regression", lambda row: {**change(row), "labels": None})
    with pytest.raises(InvalidInput) as refusal:
        plan_of(ws, "regression", dataset="none", task="scores")
    assert any("not one of 40 rows has a text and a finite" in one for one in (
        refusal.value.message, *refusal.value.problems
    ))  # fmt: skip


def test_scores_of_other_dimensions_are_refused_by_name(tmp_path: Path) -> None:
    told = "its labels are of care, depth; the task scores scores depth, care"
    assert look(tmp_path, [scores(1, 2, names=["care", "depth"])]) == ([told], [])


def test_a_dataset_of_other_dimensions_is_refused_by_the_plan(ws: Workspace) -> None:
    rewrite(ws, "faith@1", "bad", "regression", lambda row: {**row, **scores(1, 2)}, task=SCORES)
    narrower = SCORES.model_copy(update={"dimensions": ["depth"]})
    (ws.root / "tasks" / "scores.yaml").write_text(narrower.model_dump_json())
    with pytest.raises(InvalidInput) as told:
        plan_of(ws, "regression", dataset="bad")
    assert list(told.value.problems) == [
        "the task scores has changed since bad@1 was built; build a new version",
        "its labels are of depth, care; the task scores scores depth",
    ]
    assert told.value.hint.endswith("then hone datasets build bad --format regression")


def test_scores_that_never_change_are_refused(tmp_path: Path) -> None:
    told = "the scores are the same in all 2 rows"
    assert look(tmp_path, [scores(1, 2), scores(1, 2)]) == ([told], [])
    assert look(tmp_path, [scores(1, 2), scores(1, 3)]) == ([], [])


def test_a_row_that_holds_no_object_is_named_by_its_line(ws: Workspace) -> None:
    found = refused(ws, "sft", "sft", lambda row: "a text" if number_of(row) == 2 else row)
    assert "train.jsonl, line 3, cannot be read: it holds no object." in found.message
    assert "hone datasets build" in found.hint
