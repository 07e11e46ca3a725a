"""The rows of an epoch among several processes: each once, in the steps that one process makes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hone.engine.sampling import EpochOrder, Part, Shares
from hone.methods._sharing import parts_of

SHAPES = st.tuples(
    st.integers(1, 60), st.integers(1, 9), st.integers(1, 5), st.integers(1, 6), st.booleans()
)


def dealt(order: EpochOrder, step: tuple[int, int, int], processes: int) -> list[list[Part]]:
    """Every process's parts, turn by turn."""
    return [
        [part for [part] in Shares(order, step, rank=rank, processes=processes)]
        for rank in range(processes)
    ]


@settings(max_examples=200, deadline=None)
@given(SHAPES, st.integers(0, 3))
def test_every_row_is_dealt_once_and_every_step_is_the_one_of_one_process(
    shape: tuple[int, int, int, int, bool], epoch: int
) -> None:
    rows, size, together, processes, is_shared = shape
    parts = parts_of(together, processes, is_batch_shared=is_shared)
    order = EpochOrder([1 + row % 7 for row in range(rows)], batch_size=size, seed=0,
                       is_grouped=True)  # fmt: skip
    order.set_epoch(epoch)
    hands = dealt(order, (size, together, parts), processes)
    # All go through the same number of turns, so that nobody waits for ever.
    turns = len(Shares(order, (size, together, parts), rank=0, processes=processes))
    assert {len(hand) for hand in hands} == {turns}
    seen = [row for hand in hands for part in hand if part.weight for row in part.rows]
    assert sorted(seen) == list(range(rows))
    # Turn by turn the weights of a step add up to 1, and its rows are those of one process.
    alone, each = order.order(epoch), -(-together * parts // processes)
    for start in range(0, turns, each):
        step = [part for hand in hands for part in hand[start : start + each] if part.weight]
        assert sum(part.weight for part in step) == pytest.approx(1)
        first = start // each * size * together
        wanted = alone[first : first + size * together]
        assert sorted(row for part in step for row in part.rows) == sorted(wanted)


def test_a_row_weighs_what_it_weighs_in_one_process() -> None:
    # Three batches of 4, 4 and 2 rows in a step: a mean of means, as one process takes it.
    order = EpochOrder([1] * 10, batch_size=4, seed=0, is_grouped=False)
    hands = dealt(order, (4, 3, 2), 2)
    alone = order.order(0)
    wanted = {row: 1 / (3 * (4 if place < 8 else 2)) for place, row in enumerate(alone)}
    found = {row: part.weight / len(part.rows) for hand in hands for part in hand
             for row in part.rows}  # fmt: skip
    assert found == pytest.approx(wanted)


def test_a_process_without_rows_keeps_step_with_a_stand_in() -> None:
    order = EpochOrder([1] * 5, batch_size=4, seed=0, is_grouped=False)
    hands = dealt(order, (4, 1, 2), 2)
    assert [part.weight for part in hands[1]] == [0.5, 0.0]
    assert hands[1][1].rows


def test_each_row_stands_beside_the_one_before_it_in_the_whole_batch() -> None:
    order = EpochOrder([1] * 8, batch_size=4, seed=0, is_grouped=False)
    alone = order.order(0)
    for hand in dealt(order, (4, 1, 2), 2):
        for part in hand:
            for row, before in zip(part.rows, part.before, strict=True):
                batch = alone[alone.index(row) // 4 * 4 :][:4]
                assert before == batch[batch.index(row) - 1]


@pytest.mark.parametrize(
    ("together", "processes", "is_shared", "parts"),
    [(1, 1, False, 1), (1, 2, False, 2), (2, 2, False, 1), (4, 2, False, 1), (3, 2, False, 2),
     (2, 4, False, 2), (2, 2, True, 2), (6, 4, False, 2)],
)  # fmt: skip
def test_whole_batches_are_dealt_out_where_that_is_even(
    together: int, processes: int, is_shared: bool, parts: int
) -> None:
    assert parts_of(together, processes, is_batch_shared=is_shared) == parts
