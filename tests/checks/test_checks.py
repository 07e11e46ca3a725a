"""Checks: duplicates after normalising, near-duplicates with exact similarity and recall."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from hone.checks import duplicate, near_duplicate


def similarity(first: str, second: str, size: int = 5) -> float:
    def pieces(text: str) -> set[str]:
        text = text.ljust(size, "\0")
        return {text[i : i + size] for i in range(len(text) - size + 1)}

    one, two = pieces(first), pieces(second)
    return len(one & two) / len(one | two)


def words(count: int, seed: int) -> list[str]:
    dice = random.Random(seed)
    return ["".join(dice.choices("abcdefghijklmnop", k=dice.randint(3, 8))) for _ in range(count)]


def test_case_width_and_white_space_do_not_make_another_text() -> None:
    found = duplicate.run(["Ａ  b\n", "other", "a B"], duplicate.Options())
    assert found == [None, None, (0, 1.0)]


@given(st.lists(st.text(max_size=12), max_size=30))
def test_duplicates_point_to_the_first_of_their_kind(texts: list[str]) -> None:
    for index, match in enumerate(duplicate.run(texts, duplicate.Options())):
        assert match is None or match[0] < index


def test_near_duplicates_agree_with_the_definition() -> None:
    vocabulary = words(400, seed=1)
    dice = random.Random(2)
    texts = [" ".join(dice.choices(vocabulary, k=30)) for _ in range(300)]
    for index in range(150):
        changed = texts[index].split()
        for _ in range(dice.randint(1, 4)):
            changed[dice.randrange(30)] = dice.choice(vocabulary)
        texts.append(" ".join(changed))
    found = near_duplicate.run(texts, near_duplicate.Options(threshold=0.8))
    for index, match in enumerate(found):
        exact = max((similarity(texts[index], earlier) for earlier in texts[:300]), default=0.0)
        if match is not None:
            assert abs(match[1] - similarity(texts[index], texts[match[0]])) < 1e-9
            assert match[1] >= 0.8
        elif index >= 300:
            assert exact < 0.8, (index, exact)


def test_recall_at_the_threshold_is_as_stated() -> None:
    # 2,000 pairs just above the threshold: at most one may be missed.
    vocabulary = words(3000, seed=5)
    dice = random.Random(6)
    texts, expected = [], 0
    for _ in range(1000):
        text = " ".join(dice.choices(vocabulary, k=40))
        changed = text.split()
        for place in dice.sample(range(40), 3):
            changed[place] = dice.choice(vocabulary)
        texts += [text, " ".join(changed)]
        expected += similarity(text, " ".join(changed)) >= 0.8
    found = sum(m is not None for m in near_duplicate.run(texts, near_duplicate.Options()))
    assert expected > 300
    assert expected - 1 <= found <= expected


@given(st.lists(st.text(max_size=40), max_size=12))
def test_any_text_can_be_compared(texts: list[str]) -> None:
    found = near_duplicate.run([*texts, *texts], near_duplicate.Options())
    assert all(match is not None for match in found[len(texts) :])


def test_the_likeness_of_two_texts_is_what_the_search_for_twins_finds() -> None:
    first, second = "Is the large parcel here?", "Is the large Parcels here?"
    loose = near_duplicate.Options(threshold=0.5)
    found = near_duplicate.run([first, second], loose)[1]
    assert found is not None and found[1] == near_duplicate.similarity(first, second, loose)
    exact = duplicate.Options()
    assert duplicate.similarity("Kale  two", "kale TWO", exact) == 1.0
    assert duplicate.similarity("Kale two", "kale three", exact) == 0.0
