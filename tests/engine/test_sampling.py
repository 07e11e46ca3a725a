"""The order of rows rests on (seed, epoch) alone and wastes little on padding."""

from __future__ import annotations

import itertools
import random

import torch

from hone.engine.sampling import EpochOrder, Groups


def lengths(count: int) -> list[int]:
    dice = random.Random(0)
    return [int(min(400, dice.lognormvariate(4, 0.7))) + 1 for _ in range(count)]


def padded(order: list[int], sizes: list[int], batch: int) -> int:
    cut = [order[start : start + batch] for start in range(0, len(order), batch)]
    return sum(len(one) * max(sizes[row] for row in one) for one in cut)


def test_every_row_comes_once_in_each_epoch() -> None:
    for count in (1, 3, 4, 17, 1000):
        for grouped in (True, False):
            order = EpochOrder(lengths(count), batch_size=4, seed=3, is_grouped=grouped)
            assert sorted(order.order(0)) == list(range(count))
            assert sorted(order.order(5)) == list(range(count))


def test_the_same_seed_and_epoch_give_the_same_order_whatever_came_before() -> None:
    sizes = lengths(300)
    one = EpochOrder(sizes, batch_size=4, seed=3, is_grouped=True)
    torch.manual_seed(1)
    other = EpochOrder(sizes, batch_size=4, seed=3, is_grouped=True)
    [other.order(epoch) for epoch in range(7)]
    other.set_epoch(2)
    assert list(other) == one.order(2)
    assert one.order(2) != one.order(3)
    assert one.order(2) != EpochOrder(sizes, batch_size=4, seed=4, is_grouped=True).order(2)


def test_the_global_random_state_is_neither_read_nor_moved() -> None:
    before = torch.random.get_rng_state()
    EpochOrder(lengths(50), batch_size=4, seed=0, is_grouped=True).order(1)
    assert torch.equal(before, torch.random.get_rng_state())


def test_grouping_leaves_little_padding_and_batches_in_random_order() -> None:
    sizes = lengths(2000)
    grouped = EpochOrder(sizes, batch_size=8, seed=0, is_grouped=True).order(1)
    mixed = EpochOrder(sizes, batch_size=8, seed=0, is_grouped=False).order(1)
    tokens = sum(sizes)
    assert padded(grouped, sizes, 8) < 1.06 * tokens
    assert padded(mixed, sizes, 8) > 1.4 * tokens
    firsts = [sizes[grouped[start]] for start in range(0, 2000, 8)]
    rising = sum(a <= b for a, b in itertools.pairwise(firsts))
    assert 0.35 < rising / len(firsts) < 0.65


def test_the_longest_row_is_in_the_first_batch_and_a_part_of_a_batch_is_last() -> None:
    sizes = lengths(403)
    order = EpochOrder(sizes, batch_size=4, seed=0, is_grouped=True)
    first = order.order(0)
    assert max(sizes) in [sizes[row] for row in first[:4]]
    for epoch in range(3):
        placed = order.order(epoch)
        for start in range(0, 400, 4):
            batch = [sizes[row] for row in placed[start : start + 4]]
            assert batch == sorted(batch, reverse=True)


def test_groups_repeat_each_prompt_and_use_each_round_several_times() -> None:
    order = EpochOrder([3, 9, 4, 7, 5], batch_size=2, seed=1, is_grouped=True)
    groups = Groups(order, prompts=2, group=3, uses=2)
    places = groups.order(0)
    assert len(places) == len(groups) == 3 * 2 * 3 * 2
    rounds = [places[start : start + 6] for start in range(0, len(places), 6)]
    assert rounds[0::2] == rounds[1::2]
    assert all(one[0:3] == [one[0]] * 3 and one[3:6] == [one[3]] * 3 for one in rounds)
    assert set(places) == set(range(5))
    assert any(groups.order(epoch) != places for epoch in range(1, 6))
    groups.set_epoch(3)
    assert list(groups) == groups.order(3)
