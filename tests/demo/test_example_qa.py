"""The example questions of the template qa: answers that stand in their cards, or do not."""

from __future__ import annotations

import csv
from pathlib import Path

from hone.demo.example_qa import CLOSED, LATER, QUESTIONS, lines, write


def test_the_same_files_come_every_time_and_others_of_another_seed(tmp_path: Path) -> None:
    for name, seed in (("one", 0), ("again", 0), ("other", 1)):
        (tmp_path / name).mkdir()
        written = write(tmp_path / name, seed)
        assert [one.path.name for one in written] == [QUESTIONS, LATER, CLOSED]
    read = {name: (tmp_path / name / QUESTIONS).read_bytes() for name in ("one", "again", "other")}
    assert read["one"] == read["again"] != read["other"]


def test_the_right_answer_stands_in_the_card_word_for_word() -> None:
    asked, later = lines()
    assert (len(asked), len(later)) == (660, 120)
    for one in [*asked, *later]:
        assert one.right in one.passage and one.item in one.passage and one.item in one.question
    assert all(one.answer == one.right for one in later)


def test_some_answers_are_wrong_vague_or_none_also_among_the_first_ones() -> None:
    asked, _ = lines()
    spoilt = [one for one in asked if one.answer != one.right]
    assert 0.05 < len(spoilt) / len(asked) < 0.15
    vague = [one for one in spoilt if one.right in one.answer]
    wrong = [one for one in spoilt if one.answer in one.passage]
    none = [one for one in spoilt if one not in vague and one not in wrong]
    assert all(len(kind) > 5 for kind in (vague, wrong, none))
    assert [one.answer == one.right for one in asked[:6]] == [True, True, False, True, False, False]


def test_no_item_is_asked_about_both_early_and_late_and_no_card_is_with_the_last_file(
    tmp_path: Path,
) -> None:
    asked, later = lines()
    assert not {one.item for one in asked} & {one.item for one in later}
    write(tmp_path)
    with (tmp_path / CLOSED).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [{"Question": one.question, "Answer": one.right} for one in later]
