"""What no training could use is refused by `hone train`: a line that says what, one that mends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hone.cli.run import run
from hone.records.task import Task
from hone.workspace.open import Workspace, init_workspace
from tests.stages.answering import register
from tests.stages.training_set import freeze, make_small_base, rewrite

SCORES = Task.model_validate(
    {"kind": "score", "name": "scores", "dimensions": ["depth", "care"], "scale": [0, 10]}
)
Row = dict[str, Any]


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        make_small_base(workspace.root / "small")
        freeze(workspace, "faith", 20, 4)
        monkeypatch.chdir(workspace.root)
        yield workspace


def with_rows(
    ws: Workspace, form: str, change: Callable[[Row], Row], *, task: Task | None = None
) -> None:
    rewrite(ws, "faith@1", "bad", form, change, task=task)


def said(row: Row, text: str) -> Row:
    return {**row, "completion": [{"role": "assistant", "content": text}]}


def number_of(row: Row) -> int:
    return int(row["id"].rpartition("-")[2])


def equal_pairs(ws: Workspace) -> None:
    with_rows(
        ws, "dpo", lambda row: {**row, "chosen": row["completion"], "rejected": row["completion"]}
    )


def one_verdict(ws: Workspace) -> None:
    with_rows(ws, "kto", lambda row: {**row, "label": True})


def constant_reward(ws: Workspace) -> None:
    with_rows(ws, "sft", lambda row: said(row, "Yes."))


def long_answers(ws: Workspace) -> None:
    with_rows(ws, "sft", lambda row: said(row, f"{number_of(row)} " + "word " * 700))


def no_numbers(ws: Workspace) -> None:
    nan = float("nan")
    with_rows(ws, "regression", lambda row: {**row, "text": "A", "labels": [1, nan]}, task=SCORES)


def too_few_numbers(ws: Workspace) -> None:
    with_rows(
        ws,
        "regression",
        lambda row: {**row, "text": "A", "labels": [float(number_of(row))]},
        task=SCORES,
    )


def other_dimensions(ws: Workspace) -> None:
    labels = {"labels": [1, 2], "dimension_names": ["care", "depth"]}
    with_rows(ws, "regression", lambda row: {**row, "text": "A", **labels}, task=SCORES)


def masked(ws: Workspace) -> None:
    place = ws.root / "small" / "chat_template.jinja"
    never = (
        '{% for one in messages %}{% if "What is" in one["content"] %}'
        '{{ raise_exception("No questions") }}{% endif %}{% endfor %}'
    )
    place.write_text(never + place.read_text())


def adapter_of_another_base(ws: Workspace) -> None:
    register(ws, "older")
    config = ws.root / "small" / "config.json"
    config.write_text(config.read_text().replace('"qwen2"', '"qwen3"'))


def adapter_of_another_template(ws: Workspace) -> None:
    register(ws, "older")
    place = ws.root / "small" / "chat_template.jinja"
    place.write_text(place.read_text() + " ")


def other_vocabulary(ws: Workspace) -> None:
    place = ws.root / "small" / "tokenizer.json"
    config = json.loads(place.read_text())
    config["model"]["vocab"]["zzzz"] = 9_999
    place.write_text(json.dumps(config))


def judge_of_another_template(ws: Workspace) -> None:
    make_small_base(ws.root / "other")
    place = ws.root / "other" / "chat_template.jinja"
    place.write_text(place.read_text() + " ")
    register(ws, "judge", base="other", details={"method": "reward", "gives": "numbers"})


class Case(NamedTuple):
    """How the workspace is spoiled, what is asked for, and what both lines say."""

    spoil: Callable[[Workspace], None] | None
    recipe: Row
    what: str
    mend: str


BAD = {"dataset": "bad"}
GRPO = {"method": "grpo", "training": {"max_completion_length": 64}}
CASES = {
    "equal pairs": Case(
        equal_pairs,
        {**BAD, "method": "dpo"},
        "In all 20 pairs both answers are the same.",
        "hone review, and edit answers; then hone datasets build bad --format dpo",
    ),
    "verdicts of one kind": Case(
        one_verdict,
        {**BAD, "method": "kto"},
        "All 20 answers are good: nothing could be told apart.",
        "hone review, until there are both accepted and rejected answers",
    ),
    "constant reward": Case(
        constant_reward,
        {**BAD, **GRPO},
        "The reward is 1 for every accepted answer and for answers to others.",
        "--set training.reward=NAME@VERSION, or review answers that differ",
    ),
    "answers all the same": Case(
        constant_reward,
        {**BAD},
        "All 20 answers are the same: 'Yes.'",
        "hone import FILE with other answers; then hone datasets build bad",
    ),
    "rows longer than the limit": Case(
        long_answers,
        {**BAD},
        "none of 20 rows fits max_seq_length 512: no answer could be learned",
        "hone datasets doctor bad@1 --base small --max-length N",
    ),
    "all labels masked": Case(
        masked,
        {},
        "not one token of 20 rows would be trained: The chat template of small refuses",
        "Take another base; hone datasets doctor faith@1 --base small",
    ),
    "scores that are no numbers": Case(
        no_numbers,
        {**BAD, "method": "regression"},
        "Not one of 20 rows has a text and a finite number for each of depth, care "
        "(a score is no finite number).",
        "hone import FILE with scores that fit the task; then hone datasets build bad",
    ),
    "fewer scores than dimensions": Case(
        too_few_numbers,
        {**BAD, "method": "regression"},
        "Not one of 20 rows has a text and a finite number for each of depth, care "
        "(it has 1 score for 2 dimensions).",
        "hone import FILE with scores that fit the task; then hone datasets build bad",
    ),
    "other dimensions": Case(
        other_dimensions,
        {**BAD, "method": "regression"},
        "Its labels are of care, depth; the task scores scores depth, care.",
        "hone import FILE with scores that fit the task; then hone datasets build bad",
    ),
    "adapter of another base": Case(
        adapter_of_another_base,
        {"base": "older@v1"},
        "is not the one that older@v1 was trained on",
        "Put the old files of small back, or take another base",
    ),
    "adapter of another template": Case(
        adapter_of_another_template,
        {"base": "older@v1"},
        "is not the one that older@v1 was trained with",
        "Put the old files of small back, or take another base",
    ),
    "tokenizer of another vocabulary": Case(
        other_vocabulary,
        {},
        "writes ids up to 9,999, its weights know 640 tokens: they are not of one model",
        "Put the old files of small back, or take another base",
    ),
    "reward model of another template": Case(
        judge_of_another_template,
        {"method": "grpo", "training": {"max_completion_length": 64, "reward": "judge@v1"}},
        "judge@v1 reads another vocabulary or template than the base",
        "Train one with method: reward on the same base",
    ),
    "more processes than devices": Case(
        None,
        {"training": {"processes": 512, "batch_size": 512}},
        "training.processes is 512, and this machine has ",
        "--set training.processes=",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_told_in_two_lines_and_nothing_begins(
    ws: Workspace, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    spoil, changes, what, mend = CASES[name]
    if spoil is not None:
        spoil(ws)
    recipe = {"base": "small", "dataset": "faith", "lora": {"r": 2}, **changes}
    (ws.root / "recipe.yaml").write_text(json.dumps(recipe))
    assert run(["train", "recipe.yaml", "--confirm-run"]) == 1
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert len(lines) == 2 and not out, err
    assert what in lines[0] and lines[1].startswith("Try: ") and mend in lines[1]
    assert ws.store.jobs.list() == [] and not list(ws.jobs.glob("*"))
