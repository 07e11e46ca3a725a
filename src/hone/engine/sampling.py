"""The order of rows: decided by (seed, epoch) alone, so a resumed epoch goes on as it began."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from torch.utils.data import Sampler

MEGABATCH_BATCHES = 50
"""Rows are sorted by length within so many batches: enough to save nearly all padding, few
enough that an epoch is still well mixed."""


class EpochOrder(Sampler[int]):
    """Row numbers in the order of an epoch; a batch is each next `batch_size` of them.

    Grouped: rows are shuffled, sorted by length within megabatches, cut into batches, and the
    batches are shuffled. Never reads or moves a global random state.
    """

    def __init__(
        self, lengths: Sequence[int], *, batch_size: int, seed: int, is_grouped: bool
    ) -> None:
        self._lengths = np.asarray(lengths)
        self._batch_size = batch_size
        self._seed = seed
        self._is_grouped = is_grouped
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        return iter(self.order(self.epoch))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration, from 0."""
        self.epoch = epoch

    def order(self, epoch: int) -> list[int]:
        """All row numbers in the order of that epoch."""
        random = np.random.default_rng([self._seed, epoch])
        shuffled = random.permutation(len(self._lengths))
        if not self._is_grouped:
            return shuffled.tolist()
        batches = self._grouped(shuffled)
        # A part of a batch can only stand last: every other batch is cut off by counting.
        last = batches.pop() if len(batches[-1]) < self._batch_size else None
        places = random.permutation(len(batches)).tolist()
        if epoch == 0 and batches:
            # The heaviest batch comes first: what runs out of memory does so at once.
            heaviest = max(range(len(batches)), key=lambda i: int(self._lengths[batches[i]].max()))
            places.remove(heaviest)
            places.insert(0, heaviest)
        mixed = [batches[place] for place in places] + ([last] if last is not None else [])
        return np.concatenate(mixed).tolist()

    def _grouped(self, shuffled: np.ndarray) -> list[np.ndarray]:
        size = self._batch_size
        rows: list[np.ndarray] = []
        for start in range(0, len(shuffled), size * MEGABATCH_BATCHES):
            part = shuffled[start : start + size * MEGABATCH_BATCHES]
            # stable: equal lengths stay in their random order
            rows.append(part[np.argsort(-self._lengths[part], kind="stable")])
        whole = np.concatenate(rows)
        return [whole[start : start + size] for start in range(0, len(whole), size)]


class Part(NamedTuple):
    """What one process takes of a batch that all share."""

    rows: tuple[int, ...]
    before: tuple[int, ...]
    """For each row the one that stands before it in the whole batch, the last before the first."""
    weight: float
    """Of the mean over these rows in the mean of the step; 0: nothing was left, rows are a stand-in
    so that the process keeps step with the others."""


class Shares(Sampler[list[Part]]):
    """One process's parts of every batch of an epoch; all of them together are the whole batches.

    A step has the same batches as in one process: `accumulation` next ones of the order. Each is
    cut into `parts`, and the pieces are dealt out in turn. Every row is dealt once in an epoch.
    """

    def __init__(
        self, order: EpochOrder, step: tuple[int, int, int], *, rank: int, processes: int
    ) -> None:
        """`step` is rows of a batch, batches of a step, and parts of a batch."""
        self._order, self._rank, self._processes = order, rank, processes
        self._batch_size, self._accumulation, self._parts = step

    @property
    def batch_sampler(self) -> Shares:
        """Where transformers looks for what it tells the epoch to."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration, from 0."""
        self._order.set_epoch(epoch)

    def __len__(self) -> int:
        batches = math.ceil(len(self._order) / self._batch_size)
        whole, left = divmod(batches, self._accumulation)
        return whole * self._turns(self._accumulation) + self._turns(left)

    def __iter__(self) -> Iterator[list[Part]]:
        order = self._order.order(self._order.epoch)
        size = self._batch_size
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        for start in range(0, len(batches), self._accumulation):
            step = batches[start : start + self._accumulation]
            pieces = [piece for batch in step for piece in self._cut(batch, len(step))]
            stand_in = pieces[0]._replace(weight=0.0)
            for turn in range(self._turns(len(step))):
                place = turn * self._processes + self._rank
                piece = pieces[place] if place < len(pieces) else stand_in
                yield [piece if piece.rows else stand_in]

    def _turns(self, batches: int) -> int:
        return math.ceil(batches * self._parts / self._processes)

    def _cut(self, batch: list[int], batches: int) -> list[Part]:
        before = [batch[-1], *batch[:-1]]
        share = 1 / (len(batch) * batches)
        # Every so-many-th row: those of a batch stand in the order of length.
        return [
            Part(
                tuple(batch[part :: self._parts]),
                tuple(before[part :: self._parts]),
                len(batch[part :: self._parts]) * share,
            )
            for part in range(self._parts)
        ]


class Groups(Sampler[int]):
    """Places of prompts, each `group` times in a row; a round repeats as often as it is used.

    The order of an epoch is that of every other method. A last round that is not full takes its
    missing prompts from the beginning of the epoch, so that every prompt has its turn.
    """

    def __init__(self, order: EpochOrder, *, prompts: int, group: int, uses: int) -> None:
        self._order, self._prompts, self._group, self._uses = order, prompts, group, uses

    def __len__(self) -> int:
        return (
            math.ceil(len(self._order) / self._prompts) * self._prompts * self._group * self._uses
        )

    def __iter__(self) -> Iterator[int]:
        return iter(self.order(self._order.epoch))

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration, from 0."""
        self._order.set_epoch(epoch)

    def order(self, epoch: int) -> list[int]:
        """The places of an epoch."""
        rounds = math.ceil(len(self._order) / self._prompts)
        places = np.resize(self._order.order(epoch), (rounds, self._prompts))
        return np.tile(places.repeat(self._group, axis=1), (1, self._uses)).reshape(-1).tolist()
