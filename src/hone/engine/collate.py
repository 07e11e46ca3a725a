"""Rows to tensors: padded on the right, labels masked there too; nothing else is changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypedDict

import torch
from torch.nn.utils.rnn import pad_sequence

from hone.rendering.tokens import MASKED


class Row(TypedDict):
    """One training row as tensors of token ids, both of the same length."""

    input_ids: torch.Tensor
    labels: torch.Tensor


class PackedCollator:
    """Makes one sequence of all rows: input_ids, labels, position_ids, each (1, all tokens).

    Positions begin anew with each row; by them, and only without an attention mask and a cache,
    attention tells the rows apart.
    """

    def __call__(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """Put the rows behind each other; no row's last token predicts the next one's first."""
        labels = [row["labels"].clone() for row in rows]
        for one in labels:
            one[0] = MASKED
        positions = [torch.arange(len(row["input_ids"])) for row in rows]
        return {
            "input_ids": torch.cat([row["input_ids"] for row in rows])[None],
            "labels": torch.cat(labels)[None],
            "position_ids": torch.cat(positions)[None],
        }


class Rendered(Protocol):
    """A row of ids and labels, as the renderer makes it."""

    @property
    def input_ids(self) -> list[int]: ...  # noqa: D102
    @property
    def labels(self) -> list[int]: ...  # noqa: D102


class Collator:
    """Makes a batch of rows: input_ids, labels, attention_mask, each (rows, longest row)."""

    def __init__(self, pad_id: int) -> None:
        self._pad_id = pad_id

    def __call__(self, rows: Sequence[Row]) -> dict[str, torch.Tensor]:
        """Pad; the attention mask is 0 on padding."""
        ids = [row["input_ids"] for row in rows]
        mask = [torch.ones_like(row) for row in ids]
        return {
            "input_ids": pad_sequence(ids, batch_first=True, padding_value=self._pad_id),
            "labels": pad_sequence(
                [row["labels"] for row in rows], batch_first=True, padding_value=MASKED
            ),
            "attention_mask": pad_sequence(mask, batch_first=True, padding_value=0),
        }


def as_tensors(rows: Iterable[Rendered]) -> list[Row]:
    """Rendered rows as tensors, in the same order."""
    return [
        Row(input_ids=torch.tensor(row.input_ids), labels=torch.tensor(row.labels)) for row in rows
    ]
