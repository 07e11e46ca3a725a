"""How many rows of a dataset remain to learn from, and what mends it where none does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hone.records.dataset import Manifest
from hone.records.recipe import Resolved
from hone.rendering.tokens import Renderer
from hone.stages.train.characters import estimate_tokens
from hone.stages.train.drawn import draws, with_drawn
from hone.stages.train.rows import Reading, TokenCount, count_tokens


class Rows(NamedTuple):
    """A dataset, its folder, and what reads it; without a tokenizer it is estimated."""

    manifest: Manifest
    folder: Path
    renderer: Renderer | None
    dimensions: int = 0
    """How many scores each row has, where its task has any."""


def count_split(rows: Rows, split: str, options: Mapping[str, Resolved]) -> TokenCount | None:
    """What training on a split amounts to; None where it has no rows."""
    file = rows.manifest.splits.get(split)
    if file is None or file.rows == 0:
        return None
    path = rows.folder / f"{split}.jsonl"
    longest, seed = int(options["data.max_seq_length"].value), int(options["training.seed"].value)
    if rows.renderer is None:
        count = estimate_tokens(path, max_length=longest, seed=seed)
    else:
        train_on = options.get("data.train_on")
        how = train_on.value if train_on is not None else "last"
        answer = options["training.max_completion_length"].value if draws(options) else None
        reading = Reading(longest, how, rows.manifest.format, answer, rows.dimensions)
        count = count_tokens(path, rows.renderer, reading, seed=seed)
    if draws(options):
        return with_drawn(count, options, is_training=split == "train")
    return count


def nothing_remains(
    train: TokenCount, options: Mapping[str, Resolved], doctor: str
) -> list[tuple[str, str]]:
    """(what is wrong, what to try) where no row of the training split could be learned.

    `doctor` is the command that looks at the dataset with this base.
    """
    limit = options["data.max_seq_length"].value
    if train.remaining > 0:
        return []
    if train.too_long >= train.rows and draws(options):
        longest = options["training.max_completion_length"].value
        what = (
            f"none of {train.rows:,} rows fits: an answer may have {longest} tokens "
            f"(training.max_completion_length), a prompt the rest of {limit} (data.max_seq_length)"
        )
        return [(what, f"{doctor}   (shows how long they are), then set both limits")]
    longer = f"{doctor} --max-length N   (names the N that fits; or shorten the answers)"
    if train.too_long >= train.rows:
        what = (
            f"none of {train.rows:,} rows fits max_seq_length {limit}: no answer could be learned"
        )
        return [(what, longer)]
    if train.too_long:
        what = (
            f"not one of {train.rows:,} rows could be learned: {train.too_long:,} do not fit "
            f"max_seq_length {limit}, {train.masked:,} teach nothing"
        )
        return [(what, longer)]
    what = f"not one token of {train.rows:,} rows would be trained"
    if train.because:
        what = f"{what}: {train.because.rstrip('.')}"
        return [(what, f"Take another base; {doctor}   (shows what its template takes)")]
    return [(what, f"{doctor}   (shows what the loss sees of each row)")]
