"""Rows of a job, rendered and tokenised by Hone; what cannot be learned is left out and said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hone.errors import InvalidInput
from hone.rendering.tokens import Renderer, TrainingRow, TrainOn
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder

SHOWN_REASONS = 3


def read_rows(
    folder: JobFolder, split: str, renderer: Renderer, *, max_length: int, train_on: TrainOn
) -> list[TrainingRow]:
    """The rows of inputs/SPLIT.jsonl that can be learned; events tell of the others.

    An absent file gives no rows. InvalidInput where not one row of `train` remains.
    """
    path = folder.inputs / f"{split}.jsonl"
    if not path.is_file():
        if split == "train":
            raise InvalidInput(
                f"Training data not found: {path}.",
                hint="hone datasets build NAME --format sft, then train on NAME",
            )
        return []
    kept: list[TrainingRow] = []
    reasons: list[str] = []
    shortened = 0
    rows = renderer.training_rows(_conversations(path), max_length, train_on)
    for number, row in enumerate(rows, start=1):
        if row.is_refused:
            reasons.append(f"row {number}: {row.reason}")
        elif row.trained_tokens == 0:
            reasons.append(f"row {number}: not one token would be trained")
        else:
            kept.append(row)
            shortened += row.cut_tokens > 0
    _tell(folder, split, reasons, shortened)
    if split == "train" and not kept:
        raise InvalidInput(
            f"Not one of {len(reasons)} training rows can be learned: {reasons[0]}."
            if reasons
            else f"{path} holds no rows.",
            hint=f"--set data.max_seq_length={max_length * 2}, or shorten the answers",
            problems=reasons[:SHOWN_REASONS],
        )
    return kept


def _conversations(path: Path) -> Iterator[list[dict[str, str]]]:
    with explained("read", path), path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.isspace():
                continue
            try:
                row: dict[str, Any] = json.loads(line)
                messages = [
                    {"role": str(one["role"]), "content": str(one["content"])}
                    for one in [*row["prompt"], *row["completion"]]
                ]
            except (ValueError, KeyError, TypeError) as error:
                raise InvalidInput(
                    f"{path.name}, line {number}, is no training row: {error}.",
                    hint='A row is {"prompt": [messages], "completion": [one message]}; '
                    "build the dataset with --format sft.",
                ) from error
            yield messages


def _tell(folder: JobFolder, split: str, reasons: list[str], shortened: int) -> None:
    if reasons:
        shown = "; ".join(reasons[:SHOWN_REASONS])
        folder.append(
            "log",
            level="warning",
            text=f"{len(reasons)} rows of {split} are left out ({shown}).",
        )
    if shortened:
        folder.append(
            "log",
            level="warning",
            text=f"{shortened} rows of {split} lost the beginning of their prompt to fit.",
        )
