"""The order of rows: decided by (seed, epoch) alone, so a resumed epoch goes on as it began."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

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
