"""What the doctor calls a problem, what a warning, and the command that mends it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput, NotFound
from hone.stages.doctor import DoctorOptions, Report, examine
from hone.workspace.open import Workspace
from tests.stages.doctor.conftest import add_base
from tests.stages.doctor.frozen import answer_row, asked, freeze_rows, said

Look = Callable[..., Report]
WORDS = "amber bridge cellar dagger engine forest garden harbor island jungle".split()


def question(n: int, prefix: str = "t") -> str:
    return f"Why {' '.join(random.Random(f'{prefix} {n}').choices(WORDS, k=6))} {n}?"


def answers(count: int, prefix: str = "t", *, text: str | None = None) -> list[dict[str, Any]]:
    return [answer_row(question(n, prefix), text or f"It is {n}.") for n in range(count)]


def sound(count: int = 30) -> dict[str, list[dict[str, Any]]]:
    return {"train": answers(count), "val": answers(4, "v"), "test": answers(4, "e")}


def whats(findings: list[Any]) -> str:
    return "\n".join(one.what for one in findings)


def test_a_sound_dataset_has_nothing_to_mend(look: Look) -> None:
    report = look(sound())
    assert (report.problems, report.warnings) == ([], [])
    assert (report.max_length, report.max_length_source) == (512, "the default of sft")
    assert report.context == 2048


def test_a_dataset_that_nobody_could_learn_from_is_a_problem(look: Look) -> None:
    report = look({**sound(), "train": answers(5, text="word " * 300)}, max_length=64)
    [problem] = [one for one in report.problems if "nothing" in one.what]
    assert problem.what == "nothing would be trained: no answer of 5 rows fits 64 tokens"
    longest = report.splits["train"].longest_uncut
    assert problem.mend == f"hone train RECIPE --set data.max_seq_length={longest}"
    assert "all 5 answers are the same" in whats(report.problems)
    empty = look({"train": [], "val": answers(3)})
    assert whats(empty.problems) == "the train split has no rows"


def test_the_offered_limit_stays_within_what_the_base_looks_at(look: Look) -> None:
    rows = {**sound(), "train": [*answers(5), answer_row("long " * 4000, "Yes.")]}
    [warning] = look(rows).warnings
    assert warning.what.startswith("1 of 6 train rows is cut: ")
    assert "data.max_seq_length=2048   (" in warning.mend and "no more)" in warning.mend
    [warning, window] = look(rows, max_length=3000).warnings
    assert "another one: hone-nano looks at 2,048" in warning.mend
    assert window.what == "the longest row has 3,000 tokens, hone-nano looks at 2,048"


def test_rows_that_all_lose_tokens_are_a_problem_and_some_a_warning(look: Look) -> None:
    long = [answer_row("long " * 90 + str(n), f"It is {n}.") for n in range(4)]
    report = look({**sound(), "train": long}, max_length=64)
    assert "every row that trains loses tokens" in whats(report.problems)
    mixed = look({**sound(), "train": [*answers(4), *long[:2]]}, max_length=64)
    assert mixed.problems == []
    assert "2 of 6 train rows are cut" in whats(mixed.warnings)
    refused = [*answers(4), answer_row("Why?", "word " * 200)]
    report = look({**sound(), "train": refused}, max_length=64)
    assert "1 of 5 train rows is left out: the answer does not fit (row 5: " in whats(
        report.warnings
    )


def test_answers_that_never_change_are_a_problem(look: Look) -> None:
    same = look({**sound(), "train": answers(25, text="Yes.")})
    assert whats(same.problems) == "all 25 answers are the same: 'Yes.'"
    most = [*answers(20, text="Yes."), *answers(5, "o")]
    assert "80% of the answers are 'Yes.'" in whats(look({**sound(), "train": most}).warnings)


def test_an_answer_without_a_word_is_a_warning(look: Look) -> None:
    rows = [*answers(4), answer_row("Why?", " ")]
    assert "1 of 5 train rows with an empty answer" in whats(
        look({**sound(), "train": rows}).warnings
    )


def pair(n: int, chosen: str, rejected: str) -> dict[str, Any]:
    prompt = asked(question(n))
    return {"id": str(n), "prompt": prompt, "chosen": said(chosen), "rejected": said(rejected)}


def test_pairs_that_are_equal_are_a_problem_where_all_are(look: Look) -> None:
    equal = [pair(n, f"It is {n}.", f"It is {n}.") for n in range(5)]
    report = look({"train": equal}, format="dpo")
    assert whats(report.problems) == "in all 5 pairs the chosen answer is the rejected one"
    assert report.splits["train"].equal_pairs == report.splits["train"].unfit_rows == 5
    some = [*equal[:2], *(pair(n, f"It is {n}.", "No.") for n in range(5, 9))]
    report = look({"train": some}, format="dpo")
    assert report.problems == []
    told = "2 of 6 train rows are left out (row 1: both answers are the same)"
    assert told in whats(report.warnings)


def signal(n: int, label: bool) -> dict[str, Any]:
    return {**answer_row(question(n), f"It is {n}."), "label": label}


@pytest.mark.parametrize(("label", "word"), [(True, "label 1"), (False, "label 0")])
def test_signals_of_one_kind_are_a_problem(look: Look, label: bool, word: str) -> None:
    report = look({"train": [signal(n, label) for n in range(5)]}, format="kto")
    assert whats(report.problems) == f"the labels never change: {word} in all 5 rows"
    assert "both accepted and rejected" in report.problems[0].mend


def test_the_share_of_true_is_told_and_a_lopsided_one_warned_of(look: Look) -> None:
    report = look({"train": [signal(n, n > 0) for n in range(25)]}, format="kto")
    assert report.balance["train"].figures["label"].mean == 0.96
    assert report.problems == [] and "96% of the labels are true" in whats(report.warnings)


def figures(n: int, *labels: float) -> dict[str, Any]:
    return {"id": str(n), "text": question(n), "labels": list(labels)}


def test_figures_that_never_change_are_named_by_dimension(look: Look) -> None:
    rows = [figures(n, 5.0, 2.0) for n in range(4)]
    report = look({"train": rows}, "score", format="regression")
    assert whats(report.problems) == "the labels never change: depth 5, style 2 in all 4 rows"
    rows = [figures(n, 5.0, n) for n in range(4)]
    report = look({"train": rows}, "score", format="regression")
    assert report.problems == []
    assert "depth is 5 in every row: nothing can be learned about it" in whats(report.warnings)
    style = report.balance["train"].figures["style"]
    assert (style.lowest, style.mean, style.highest, style.count) == (0, 1.5, 3, 4)
    named = [{**row, "dimension_names": ["a", "b"]} for row in rows]
    assert set(look({"train": named}, "score").balance["train"].figures) == {"a", "b"}
    asked_for = [{"id": "p", "prompt": asked("Story"), "labels": {"depth": 1, "style": None}}]
    assert set(look({"train": asked_for}, "score").balance["train"].figures) == {"depth"}


def test_rows_without_every_figure_are_left_out(look: Look) -> None:
    bare = look({"train": [figures(n) for n in range(3)]}, "score", format="regression")
    assert whats(bare.problems) == (
        "nothing would be trained: all 3 rows are left out "
        "(row 1: it has 0 scores for 2 dimensions)"
    )
    rows = [figures(1, 1, 2), figures(2, 3, 4), figures(3, float("nan"), 1), figures(4, 5)]
    report = look({"train": [*rows, {**rows[0], "text": ""}]}, "score", format="regression")
    train = report.splits["train"]
    assert (train.rows, train.unfit_rows, train.refused_rows) == (5, 3, 0)
    assert train.unfit_because == [
        "row 3: a score is no finite number",
        "row 4: it has 1 score for 2 dimensions",
        "row 5: its text is empty",
    ]
    assert "3 of 5 train rows are left out (row 3: " in whats(report.warnings)


def test_rows_whose_figures_are_no_numbers_are_told_all_at_once(look: Look) -> None:
    row = figures(1, 1, 2)
    rows = [row, figures(2, 3, 4), {**row, "labels": [1, None]}, {**row, "labels": [1, "high"]}]
    rows += [{**row, "labels": ""}, {"id": "5", "labels": [1, 2]}, {"id": "6", "text": "A text"}]
    report = look({"train": rows}, "score", format="regression")
    train = report.splits["train"]
    assert (train.rows, train.unfit_rows) == (7, 5)
    assert train.unfit_because == [
        "row 3: a score is missing",
        "row 4: a score is no number",
        "row 5: a score is missing",
    ]
    assert "5 of 7 train rows are left out (row 3: " in whats(report.warnings)
    assert "hone datasets build" in report.warnings[0].mend
    depth = report.balance["train"].figures["depth"]
    assert (depth.lowest, depth.highest) == (1, 3)


def test_scores_in_words_are_read_as_the_task_reads_them(look: Look) -> None:
    rows = [answer_row(question(n), json.dumps({"depth": n, "style": 2})) for n in range(4)]
    rows.append(answer_row("Story of another kind", "five, I think"))
    report = look({"train": rows}, "score")
    depth = report.balance["train"].figures["depth"]
    assert (depth.lowest, depth.mean, depth.highest) == (0, 1.5, 3)
    assert "1 of 5 answers do not read as an output of the task score" in whats(report.warnings)
    assert "style is 2 in every row" in whats(report.warnings)


def test_fields_are_counted_by_how_often_they_are_filled(look: Look) -> None:
    rows = [
        answer_row("two kale", '[{"item": "kale", "unit": "lbs"}]'),
        answer_row("rice, beans", '[{"item": "rice"}, {"item": "kale", "unit": "lbs"}]'),
        answer_row("hello", "[]"),
        answer_row("what", '[{"item": "x", "unit": "tons"}]'),
    ]
    balance = look({"train": rows}, "extract").balance["train"]
    assert (balance.records, balance.empty_lists, balance.unreadable) == (3, 1, 1)
    item, unit = balance.fields["item"], balance.fields["unit"]
    assert (item.filled, item.share, item.most_common) == (3, 1.0, [("kale", 2), ("rice", 1)])
    assert (unit.share, unit.never) == (0.6667, ["cases"])
    report = look({"train": rows}, "extract")
    assert "no record fills note" in whats(report.warnings)


def test_a_changed_task_is_a_problem(make_ws: Callable[..., Workspace]) -> None:
    ws = make_ws()
    manifest = freeze_rows(ws, sound())
    file = ws.root / "tasks" / "qa.yaml"
    file.write_text(file.read_text() + "\nsystem: Answer briefly.\n")
    report = examine(ws, (manifest, ws.datasets / manifest.ref), DoctorOptions(examples=0))
    assert whats(report.problems) == "the task qa was changed after set@1 was built"


def test_a_template_that_does_not_fit_its_vocabulary_is_a_warning(
    make_ws: Callable[..., Workspace],
) -> None:
    ws = make_ws()
    manifest = freeze_rows(ws, sound())
    base = add_base(ws, "qwen_style")
    (ws.root / base / "chat_template.jinja").unlink()
    file = ws.root / base / "tokenizer.json"
    settings = json.loads(file.read_text())
    settings["added_tokens"] = [t for t in settings["added_tokens"] if t["content"] != "<|im_end|>"]
    file.write_text(json.dumps(settings))
    options = DoctorOptions(base=base, examples=0)
    report = examine(ws, (manifest, ws.datasets / manifest.ref), options)
    assert "the template writes <|im_end|>, which the tokenizer does not know" in whats(
        report.warnings
    )


# What cannot be read


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "Expecting"),
        ("[1]", "indices"),
        ('{"id": "x"}', "'text' is missing"),
        ('{"prompt": [{"role": "user", "content": "?"}]}', "'completion' is missing"),
        ('{"prompt": 5, "completion": "x"}', "messages were expected, not int"),
        ('{"prompt": "?", "completion": []}', "not the assistant's"),
        ('{"prompt": "?", "chosen": "x"}', "'rejected' is missing"),
        ('{"prompt": "?", "completion": "x", "label": 1}', "label is 1, not true or false"),
    ],
)
def test_a_row_that_is_none_is_named_with_its_line(
    make_ws: Callable[..., Workspace], line: str, why: str
) -> None:
    ws = make_ws()
    manifest = freeze_rows(ws, {"train": [answer_row("Why?", "So.")]})
    with (ws.datasets / "set@1" / "train.jsonl").open("a") as file:
        file.write(f"\n{line}\n")
    with pytest.raises(InvalidInput, match=r"train\.jsonl, line 3, is no training row: .*") as told:
        examine(ws, (manifest, ws.datasets / manifest.ref))
    assert why in told.value.message and told.value.hint


def test_a_base_that_cannot_be_used_is_told_in_two_lines(
    make_ws: Callable[..., Workspace],
) -> None:
    ws = make_ws()
    manifest = freeze_rows(ws, sound())
    dataset: tuple[Any, Path] = (manifest, ws.datasets / manifest.ref)
    with pytest.raises(NotFound, match='no base "hone-mano"'):
        examine(ws, dataset, DoctorOptions(base="hone-mano"))
    base = add_base(ws, "qwen_style")
    (ws.root / base / "tokenizer.json").unlink()
    with pytest.raises(InvalidInput, match=r"tokenizer\.json is missing") as told:
        examine(ws, dataset, DoctorOptions(base=base))
    assert told.value.problems == () and "\n" not in told.value.message + told.value.hint


def test_progress_ends_where_it_said_it_would(make_ws: Callable[..., Workspace]) -> None:
    ws = make_ws()
    manifest = freeze_rows(ws, {"train": answers(1200), "val": answers(300, "v")})
    seen: list[tuple[int, int | None]] = []
    examine(
        ws,
        (manifest, ws.datasets / manifest.ref),
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert {total for _, total in seen} == {6000}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == 6000
