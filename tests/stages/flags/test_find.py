"""What is flagged, why, in which order, and what makes a flag go away by itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from typing import Any

import pytest

from hone.errors import InvalidInput, NotFound
from hone.stages.configure import change_setting
from hone.stages.evaluate import evaluate, evaluate_options, finish
from hone.stages.flags import Found, find_flag, find_flags, open_flag
from hone.workspace.open import Workspace, open_workspace
from tests.stages.answering import Answers, message, output, write_lines
from tests.stages.flags.flagged import WRONG, answer, by_version, number_of, split_of, wrong_on
from tests.targets.here import Here


def ids(found: Found) -> set[str]:
    return {flag.id for flag in found.flags}


def wrong_ids(ws: Workspace, split: str, divisor: int) -> set[str]:
    return {id for id in split_of(ws, split) if int(id[1:]) % divisor == 0}


def test_nobody_was_evaluated_says_how(ws: Workspace) -> None:
    with pytest.raises(NotFound, match="Nothing was evaluated yet"):
        find_flags(ws)


def test_what_scores_low_is_flagged_with_what_was_expected_and_what_came(ws: Workspace) -> None:
    evaluation = answer(ws, "pickup@v1", wrong_on(3))
    found = find_flags(ws)
    assert ids(found) == wrong_ids(ws, "probe", 3) != set()
    assert (found.model, found.task, found.held_back) == ("pickup", "pickup", 0)
    assert found.answered == len(split_of(ws, "probe"))
    flag = found.flags[0]
    number = number_of({"input": flag.input})
    assert flag.expected == json.dumps(output(number)) and flag.got == WRONG
    assert (flag.model, flag.evaluation, flag.on) == ("pickup@v1", evaluation.id, "pickup@1/probe")
    assert flag.reasons[-1] == "low" and flag.band == "red" and flag.score < 0.6
    assert [one.score for one in found.flags] == sorted(one.score for one in found.flags)


def test_evaluating_again_doubles_nothing(ws: Workspace) -> None:
    answer(ws, "pickup@v1", wrong_on(3))
    first = find_flags(ws).flags
    again = answer(ws, "pickup@v1", wrong_on(3), seed=1)
    flags = find_flags(ws).flags
    assert [one.id for one in flags] == [one.id for one in first]
    assert {one.evaluation for one in flags} == {again.id}


def test_a_later_version_that_is_right_clears_the_flag_and_one_that_is_not_breaks_it(
    ws: Workspace,
) -> None:
    answer(ws, "pickup@v1", wrong_on(3))
    answer(ws, "pickup@v2", wrong_on(4))
    found = find_flags(ws, "pickup")
    assert ids(found) == wrong_ids(ws, "probe", 4)
    broken = {flag.id for flag in found.flags if "newly_broken" in flag.reasons}
    assert broken == wrong_ids(ws, "probe", 4) - wrong_ids(ws, "probe", 3) != set()
    assert [flag.reasons[0] for flag in found.flags][: len(broken)] == ["newly_broken"] * len(
        broken
    )
    assert "pickup@v1 scored 1.00 on it." in found.flags[0].says
    assert ids(find_flags(ws, "pickup@v1")) == wrong_ids(ws, "probe", 3)
    # Asking the older one again, later, says nothing of the newer one.
    answer(ws, "pickup@v1", wrong_on(1))
    assert ids(find_flags(ws, "pickup")) == wrong_ids(ws, "probe", 4)


def test_the_test_split_is_held_back_and_what_trained_is_never_flagged(ws: Workspace) -> None:
    answer(ws, "pickup@v1", wrong_on(3), on="pickup@1/test")
    answer(ws, "pickup@v1", wrong_on(3), on="pickup@1/train", includes_trained=True)
    found = find_flags(ws)
    assert found.flags == [] and found.held_back == len(wrong_ids(ws, "test", 3)) > 0
    tested = find_flags(ws, is_tested=True)
    assert ids(tested) == wrong_ids(ws, "test", 3)
    assert all(flag.is_tested for flag in tested.flags)
    assert not (ws.data / "flagged").exists() or not list((ws.data / "flagged").glob("*.jsonl"))


def test_what_is_flagged_lies_in_its_folder_and_the_figures_in_theirs(ws: Workspace) -> None:
    evaluation = answer(ws, "pickup@v1", wrong_on(3))
    (file,) = (ws.data / "flagged").glob("*.jsonl")
    assert file.stem == f"eval_pickup@v1_{evaluation.id.removeprefix('evaluate-')}"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {line["id"] for line in lines} == wrong_ids(ws, "probe", 3)
    assert (ws.data / "metrics" / f"{file.stem}.json").is_file()


def test_nothing_endless_text_and_misfits_are_invalid_each_in_its_own_words(ws: Workspace) -> None:
    answers = {
        0: "",
        1: "and so on " * 50,
        2: json.dumps([{"item": "rice", "colour": "red"}]),
        3: "Here it is: []",
    }

    def plan(contender: str, example: Any) -> str:
        return answers[number_of(example) % 4]

    evaluation = answer(ws, "pickup@v1", plan)
    assert evaluation.rows[0].examples == len(split_of(ws, "probe"))
    found = find_flags(ws)
    assert ids(found) == split_of(ws, "probe")
    said = {number_of({"input": one.input}) % 4: one for one in found.flags}
    assert all("invalid" in one.reasons for one in found.flags)
    assert "The answer is empty." in said[0].says
    assert "The answer cannot be read as one of the task pickup." in said[1].says
    assert any("unknown field 'colour'" in sentence for sentence in said[2].says)
    assert "The answer cannot be read as one of the task pickup." in said[3].says


class Troubled(Answers):
    """Even numbers are cut off at the length limit, odd ones are not answered at all."""

    def _line(self, contender: str, one: Mapping[str, Any]) -> dict[str, Any]:
        line = super()._line(contender, one)
        if number_of(one) % 2:
            return {**line, "text": "", "problem": "The prompt is too long."}
        return {**line, "text": "la " * 9, "is_complete": False}


def test_answers_that_do_not_end_or_were_not_given_say_so(ws: Workspace) -> None:
    options = evaluate_options(rows=["tuned"], on="pickup@1/probe")
    target = Here(Troubled(wrong_on(1)))
    evaluation = finish(ws, evaluate(ws, "pickup@v1", options, target=target).id)
    asked = split_of(ws, "probe")
    assert sum(evaluation.rows[0].troubles.values()) == len(asked) == evaluation.rows[0].examples
    said = {number_of({"input": one.input}) % 2: one.says for one in find_flags(ws).flags}
    assert "The answer does not end: it was cut off after 27 characters." in said[0]
    assert "There is no answer: The prompt is too long." in said[1]


def test_whoever_agrees_against_the_expected_answer_makes_it_contradictory(ws: Workspace) -> None:
    plan = by_version({"pickup@v1": wrong_on(3), "rules": wrong_on(6)})
    answer(ws, "pickup@v1", plan, rows=["tuned", "rules"])
    found = find_flags(ws)
    doubted = {flag.id for flag in found.flags if "contradictory" in flag.reasons}
    assert doubted == wrong_ids(ws, "probe", 6) != set()
    assert found.flags[0].says[0] == ("rules gave the same answer: the expected one may be wrong.")


def test_rows_of_a_file_are_flagged_under_the_ids_that_importing_gives_them(
    ws: Workspace,
) -> None:
    rows = [{"message": message(number), "output": output(number)} for number in range(301, 307)]
    rows.append({"message": message(305), "output": output(304)})
    file = write_lines(ws.root / "new.jsonl", rows)
    answer(ws, "pickup@v1", wrong_on(3), on=str(file))
    found = find_flags(ws)
    by_place = {flag.on: flag for flag in found.flags}
    assert set(by_place) == {"new.jsonl:3", "new.jsonl:5", "new.jsonl:6", "new.jsonl:7"}
    assert "new.jsonl:5 asks the same and expects something else." in by_place["new.jsonl:7"].says
    assert "contradictory" in by_place["new.jsonl:5"].reasons
    # The same rows under another name are the same flags.
    renamed = file.rename(ws.root / "renamed.jsonl")
    answer(ws, "pickup@v1", wrong_on(3), on=str(renamed))
    again = find_flags(ws)
    assert ids(again) == ids(found)
    assert {flag.on.partition(":")[0] for flag in again.flags} == {"renamed.jsonl"}


def test_five_examples_are_scored_and_flagged_like_many(ws: Workspace) -> None:
    rows = [{"message": message(number), "output": output(number)} for number in range(400, 405)]
    file = write_lines(ws.root / "five.jsonl", rows)
    evaluation = answer(ws, "pickup@v1", wrong_on(2), on=str(file))
    row = evaluation.rows[0]
    assert row.examples == 5 and row.score.low is not None and row.score.high is not None
    assert row.score.high - row.score.low > 0.4
    assert len(find_flags(ws).flags) == 3


def test_rows_without_an_expected_answer_are_named_and_not_dropped_silently(ws: Workspace) -> None:
    rows: list[Any] = [
        {"message": message(number), "output": output(number)} for number in range(400, 403)
    ]
    rows[1]["output"] = None
    evaluation = answer(
        ws, "pickup@v1", wrong_on(1), on=str(write_lines(ws.root / "gaps.jsonl", rows))
    )
    assert evaluation.rows[0].examples == 2
    assert any("Rows of gaps.jsonl left out: 1: row 2" in note for note in evaluation.notes)


def test_a_flag_opens_with_its_neighbours_in_the_training_set(ws: Workspace) -> None:
    answer(ws, "pickup@v1", wrong_on(3))
    flag = find_flags(ws).flags[0]
    opened = open_flag(ws, flag)
    training = split_of(ws, "train")
    assert opened.dataset == "pickup@1" and opened.neighbours
    assert {one.id for one in opened.neighbours} <= training
    nearness = [one.similarity for one in opened.neighbours]
    assert nearness == sorted(nearness, reverse=True) and nearness[0] < 1
    first = opened.neighbours[0]
    assert first.asked == ws.store.examples.get(first.id).input["message"]
    assert json.loads(first.answer) == ws.store.examples.get(first.id).output


def test_a_flag_is_found_by_the_beginning_of_its_id(ws: Workspace) -> None:
    answer(ws, "pickup@v1", wrong_on(3))
    flag = find_flags(ws).flags[0]
    assert find_flag(ws, flag.id) == flag
    with pytest.raises(NotFound, match='"nobody" is not flagged for pickup'):
        find_flag(ws, "nobody")


def test_thresholds_and_colours_are_settings(ws: Workspace) -> None:
    evaluation = answer(ws, "pickup@v1", wrong_on(3))
    assert evaluation.rows[0].bands["red"] and find_flags(ws).flags
    change_setting(ws, "scores.flag_below", "0")
    change_setting(ws, "scores.orange_from", "0")
    with open_workspace(ws.root) as again:
        assert find_flags(again).flags == []
        second = answer(again, "pickup@v1", wrong_on(3), seed=2)
        assert "red" not in second.rows[0].bands
    with pytest.raises(InvalidInput, match="must rise in this order"):
        change_setting(ws, "scores.green_above", "0.5")


def test_an_evaluation_whose_folder_is_gone_is_named(ws: Workspace) -> None:
    evaluation = answer(ws, "pickup@v1", wrong_on(3))
    shutil.rmtree(ws.jobs / evaluation.id)
    found = find_flags(ws)
    assert found.flags == []
    assert any(f"Left out: {evaluation.id}" in note for note in found.notes)
