"""Splits: complete, seeded, stratified, never through a group, stable as data grows."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hone.errors import InvalidInput
from hone.records.dataset import SplitRatios
from hone.stages.prepare.split import Candidate, share_out

RATIOS = SplitRatios(train=0.8, val=0.1, test=0.1, probe=0.0)


def singles(count: int, labels: str = "ab") -> list[Candidate]:
    return [Candidate(f"e{i:04}", None, labels[i % len(labels)]) for i in range(count)]


def test_shares_hold_in_total_and_in_every_label() -> None:
    split_of = share_out(singles(1000), RATIOS, seed=0).split_of
    assert Counter(split_of.values()) == {"train": 800, "val": 100, "test": 100}
    for label in (0, 1):
        own = Counter(split for id, split in split_of.items() if int(id[1:]) % 2 == label)
        assert abs(own["train"] - 400) <= 1 and abs(own["test"] - 50) <= 1


def test_the_same_seed_gives_the_same_splits_and_another_seed_others() -> None:
    first = share_out(singles(200), RATIOS, seed=3).split_of
    assert first == share_out(list(reversed(singles(200))), RATIOS, seed=3).split_of
    assert first != share_out(singles(200), RATIOS, seed=4).split_of


def test_a_group_is_never_cut() -> None:
    grouped = [Candidate(f"e{i}", f"g{i // 7}", "x") for i in range(700)]
    split_of = share_out(grouped, RATIOS, seed=1).split_of
    for group in range(100):
        assert len({split_of[f"e{i}"] for i in range(group * 7, group * 7 + 7)}) == 1
    assert abs(Counter(split_of.values())["test"] - 70) <= 7


def test_too_few_groups_go_one_level_down_and_say_so() -> None:
    shared = share_out([Candidate(f"e{i}", "one thread", "x") for i in range(50)], RATIOS, seed=0)
    assert Counter(shared.split_of.values()) == {"train": 40, "val": 5, "test": 5}
    assert "Only 1 groups" in shared.notes[0]


def test_fewer_examples_than_splits_are_refused() -> None:
    with pytest.raises(InvalidInput, match="2 examples cannot fill the 3 splits"):
        share_out(singles(2), RATIOS, seed=0)


def test_small_sets_still_fill_every_split() -> None:
    split_of = share_out(singles(10), RATIOS, seed=0).split_of
    assert Counter(split_of.values()) == {"train": 8, "val": 1, "test": 1}
    assert set(share_out(singles(3), RATIOS, seed=0).split_of.values()) == {"train", "val", "test"}


def test_pinned_examples_stay_and_new_ones_fill_what_is_missing() -> None:
    first = share_out(singles(100), RATIOS, seed=0).split_of
    second = share_out(singles(300), RATIOS, seed=9, pinned=first).split_of
    assert all(second[id] == split for id, split in first.items())
    assert Counter(second.values()) == {"train": 240, "val": 30, "test": 30}


def test_a_new_member_follows_its_pinned_group() -> None:
    candidates = [Candidate("old", "g", "x"), Candidate("new", "g", "x"), *singles(30)]
    split_of = share_out(candidates, RATIOS, seed=0, pinned={"old": "test"}).split_of
    assert split_of["new"] == "test"


@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abc")), min_size=4, max_size=120),
    st.integers(0, 5),
)
def test_every_example_is_in_exactly_one_split(rows: list[tuple[int, str]], seed: int) -> None:
    candidates = [Candidate(f"e{i}", f"g{g}" if g else None, x) for i, (g, x) in enumerate(rows)]
    shared = share_out(candidates, RATIOS, seed=seed)
    assert set(shared.split_of) == {candidate.id for candidate in candidates}
    assert {"train", "val", "test"} >= set(shared.split_of.values())
    if not shared.notes:
        for group in {c.group for c in candidates if c.group}:
            assert len({shared.split_of[c.id] for c in candidates if c.group == group}) == 1


def test_twins_are_never_parted_not_even_where_groups_are_cut() -> None:
    one_thread = [Candidate(f"e{i}", "thread", "x", f"e{i // 2 * 2}") for i in range(40)]
    for group in ("thread", None):
        candidates = [one._replace(group=group) for one in one_thread]
        shared = share_out(candidates, RATIOS, seed=2)
        assert bool(shared.notes) == (group is not None)
        assert all(
            shared.split_of[f"e{i}"] == shared.split_of[f"e{i + 1}"] for i in range(0, 40, 2)
        )
        assert Counter(shared.split_of.values()) == {"train": 32, "val": 4, "test": 4}
    with pytest.raises(InvalidInput, match="2 examples cannot fill the 3 splits"):
        share_out(one_thread[:4], RATIOS, seed=0)
