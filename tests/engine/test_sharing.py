"""The rows of an epoch among several processes: each once, in the steps that one process makes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from accelerate.utils import DistributedType
from hypothesis import given, settings
from hypothesis import strategies as st

from hone.engine.sampling import EpochOrder, Part, Shares
from hone.engine.team import Team, refuse_another
from hone.errors import HoneError
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


@pytest.mark.parametrize(
    ("planned", "found"),
    [
        ((2, "ddp", "cpu"), (1, DistributedType.NO)),
        ((2, "ddp", "cpu"), (3, DistributedType.MULTI_CPU)),
        ((2, "fsdp2", "cuda"), (2, DistributedType.MULTI_GPU)),
        ((2, "ddp", "cuda"), (2, DistributedType.FSDP)),
        ((1, "ddp", "cpu"), (2, DistributedType.MULTI_CPU)),
    ],
)
def test_what_the_libraries_run_otherwise_than_planned_is_refused(
    planned: tuple[int, str, str], found: tuple[int, DistributedType]
) -> None:
    processes, sharding, device = planned
    accelerator = SimpleNamespace(num_processes=found[0], distributed_type=found[1])
    with pytest.raises(HoneError, match=f"is planned for {processes} process") as told:
        refuse_another(accelerator, processes=processes, sharding=sharding, device=device)
    assert "python -m hone.worker FOLDER" in told.value.hint


def test_what_was_planned_is_taken() -> None:
    cpu = SimpleNamespace(num_processes=2, distributed_type=DistributedType.MULTI_CPU)
    refuse_another(cpu, processes=2, sharding="ddp", device="cpu")
    card = SimpleNamespace(num_processes=2, distributed_type=DistributedType.FSDP)
    refuse_another(card, processes=2, sharding="fsdp2", device="cuda")


def test_one_alone_answers_itself() -> None:
    team = Team.of_this_process()
    assert (team.rank, team.size, team.is_first) == (0, 1, True)
    assert team.total([1.5]) == team.told([1.5]) == [1.5] and team.collected("a") == ["a"]
