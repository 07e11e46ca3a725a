"""Rows of a job, rendered and tokenised by Hone; what cannot be learned is left out and said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from hone.errors import InvalidInput
from hone.methods._token_cache import Tokenised, kept_or_made
from hone.records.dataset import scores_in
from hone.rendering.tokens import MASKED, Renderer, TrainingRow, TrainOn
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder

SHOWN_REASONS = 3
UNCUT = 10**9
Row = TypeVar("Row")


class Room(NamedTuple):
    """Most tokens of a row and of its answer, and why an answer cannot be used, or nothing."""

    total: int
    answer: int
    problem_of: Callable[[str], str]


class Sieve(Generic[Row]):
    """Collects the rows of a split that can be learned, and why the others cannot."""

    def __init__(self) -> None:
        self.kept: list[Row] = []
        self.reasons: list[str] = []
        self.shortened = 0

    def refuse(self, number: int, reason: str) -> None:
        """Leave a row out; numbers begin at 1."""
        self.reasons.append(f"row {number}: {reason}")

    def keep(self, row: Row, *, is_shortened: bool) -> None:
        """Take a row."""
        self.kept.append(row)
        self.shortened += is_shortened

    def told(self, folder: JobFolder, split: str, max_length: int) -> list[Row]:
        """The rows, after events that tell of the others; InvalidInput where none can train."""
        shown = self.reasons[:SHOWN_REASONS]
        if self.reasons:
            text = f"{len(self.reasons)} rows of {split} are left out ({'; '.join(shown)})."
            folder.append("log", level="warning", text=text)
        if self.shortened:
            text = f"{self.shortened} rows of {split} lost a part of their text to fit."
            folder.append("log", level="warning", text=text)
        if split == "train" and not self.kept:
            count = len(self.reasons)
            raise InvalidInput(
                f"Not one of {count} training rows can be learned: {self.reasons[0].rstrip('.')}."
                if self.reasons
                else f"{folder.inputs / 'train.jsonl'} holds no rows.",
                hint=f"--set data.max_seq_length={max_length * 2}, or shorten the answers",
                problems=shown,
            )
        return self.kept


class LearnedRow(NamedTuple):
    """A row as a trainer takes it: ids, and as labels those that the loss sees."""

    input_ids: list[int]
    labels: list[int]


def read_rows(
    folder: JobFolder, split: str, renderer: Renderer, *, max_length: int, train_on: TrainOn
) -> list[LearnedRow]:
    """The rows of inputs/SPLIT.jsonl that can be learned; events tell of the others.

    An absent file gives no rows. InvalidInput where not one row of `train` remains.
    """
    layout = '{"prompt": [messages], "completion": [one message]}'

    def fill(sieve: Sieve[dict[str, Any]]) -> None:
        found = json_rows(folder, split, _Layout("sft", layout, _conversation))
        for number, row in enumerate(renderer.training_rows(found, max_length, train_on), start=1):
            if problem := _problem_of(row):
                sieve.refuse(number, problem)
            else:
                ids = {"input_ids": row.input_ids, "labels": row.labels}
                sieve.keep(ids, is_shortened=row.cut_tokens > 0)

    how = ("sft", renderer.fingerprint, max_length, train_on)
    rows = _once(folder, split, how, fill).told(folder, split, max_length)
    return [LearnedRow(**row) for row in rows]


def _once(
    folder: JobFolder,
    split: str,
    how: tuple[Any, ...],
    fill: Callable[[Sieve[dict[str, Any]]], None],
) -> Sieve[dict[str, Any]]:
    """What `fill` puts into a sieve, or what it put there in an earlier job of the workspace."""
    sieve: Sieve[dict[str, Any]] = Sieve()

    def make() -> Tokenised:
        fill(sieve)
        return Tokenised(sieve.kept, sieve.reasons, sieve.shortened)

    sieve.kept, sieve.reasons, sieve.shortened = kept_or_made(folder, split, how, make)
    return sieve


def read_pairs(
    folder: JobFolder, split: str, renderer: Renderer, *, max_length: int
) -> list[dict[str, list[int]]]:
    """Pairs as {"prompt_ids", "chosen_ids", "rejected_ids"}; equal answers are left out."""
    layout = '{"prompt": [messages], "chosen": [one message], "rejected": [one message]}'

    def fill(sieve: Sieve[dict[str, Any]]) -> None:
        found = json_rows(folder, split, _Layout("dpo", layout, _both_conversations))
        for number, both in enumerate(found, start=1):
            chosen, rejected = renderer.training_rows(both, max_length)
            problem = _problem_of(chosen) or _problem_of(rejected)
            if not problem and chosen.completion_text == rejected.completion_text:
                problem = "both answers are the same"
            if problem:
                sieve.refuse(number, problem)
                continue
            (asked, better), (also_asked, worse) = _parts(chosen), _parts(rejected)
            # Where the prompt lost its beginning, both answers follow the shorter one.
            prompt = min(asked, also_asked, key=len)
            row = {"prompt_ids": prompt, "chosen_ids": better, "rejected_ids": worse}
            sieve.keep(row, is_shortened=chosen.cut_tokens + rejected.cut_tokens > 0)

    how = ("dpo", renderer.fingerprint, max_length)
    return _once(folder, split, how, fill).told(folder, split, max_length)


def read_prompts(
    folder: JobFolder, split: str, renderer: Renderer, room: Room
) -> list[dict[str, Any]]:
    """Prompts as {"prompt", "prompt_ids", "reference"}, with room behind each for an answer."""
    sieve: Sieve[dict[str, Any]] = Sieve()
    layout = '{"prompt": [messages], "completion": [one message]}'
    found = list(json_rows(folder, split, _Layout("sft", layout, _conversation)))
    for number, (messages, row) in enumerate(
        zip(found, renderer.training_rows(found, UNCUT), strict=True), start=1
    ):
        reference = messages[-1]["content"]
        problem = _problem_of(row) or room.problem_of(reference)
        asked, answer = _parts(row) if not problem else ([], [])
        if not problem and len(answer) > room.answer:
            problem = f"its answer needs {len(answer)} tokens, the limit is {room.answer}"
        text, cut = row.prompt_text, 0
        if not problem and len(asked) > room.total - room.answer:
            try:
                prompt = renderer.prompt(messages[:-1], max_tokens=room.total - room.answer)
                text, asked, cut = prompt.text, prompt.ids, prompt.cut_tokens
            except InvalidInput as error:
                problem = error.message
        if problem:
            sieve.refuse(number, problem)
            continue
        given = {"prompt": text, "prompt_ids": asked, "reference": reference, "answer_ids": answer}
        sieve.keep(given, is_shortened=cut > 0)
    return sieve.told(folder, split, room.total)


def read_judged(
    folder: JobFolder, split: str, renderer: Renderer, *, max_length: int
) -> list[dict[str, Any]]:
    """Judged answers as {"prompt_ids", "completion_ids", "label"}."""
    layout = '{"prompt": [messages], "completion": [one message], "label": true or false}'

    def fill(sieve: Sieve[dict[str, Any]]) -> None:
        found = json_rows(folder, split, _Layout("kto", layout, _judged))
        for number, (messages, is_good) in enumerate(found, start=1):
            row = renderer.training_row(messages, max_length)
            if problem := _problem_of(row):
                sieve.refuse(number, problem)
                continue
            prompt, answer = _parts(row)
            judged = {"prompt_ids": prompt, "completion_ids": answer, "label": is_good}
            sieve.keep(judged, is_shortened=row.cut_tokens > 0)

    how = ("kto", renderer.fingerprint, max_length)
    return _once(folder, split, how, fill).told(folder, split, max_length)


def read_scored(
    folder: JobFolder, split: str, renderer: Renderer, *, max_length: int, dimensions: int
) -> list[dict[str, Any]]:
    """Texts with their scores as {"input_ids", "labels"}; long texts lose their end."""
    layout = '{"text": "…", "labels": [one number per dimension]}'

    def fill(sieve: Sieve[dict[str, Any]]) -> None:
        found = json_rows(folder, split, _Layout("regression", layout, _scored))
        for number, (text, given) in enumerate(found, start=1):
            labels, problem = scores_in(given, dimensions)
            ids = renderer.text_ids(text) if not problem else []
            if problem or not ids:
                sieve.refuse(number, problem or "its text is empty")
                continue
            row = {"input_ids": ids[:max_length], "labels": labels}
            sieve.keep(row, is_shortened=len(ids) > max_length)

    how = ("regression", renderer.fingerprint, max_length, dimensions)
    return _once(folder, split, how, fill).told(folder, split, max_length)


class _Layout(Generic[Row]):
    """A format's name, how its rows look, and what is read from one."""

    def __init__(self, name: str, shown: str, read: Callable[[dict[str, Any]], Row]) -> None:
        self.name, self.shown, self.read = name, shown, read


def json_rows(folder: JobFolder, split: str, layout: _Layout[Row]) -> Iterator[Row]:
    """What `layout` reads from each line of inputs/SPLIT.jsonl; an absent file has none."""
    path: Path = folder.inputs / f"{split}.jsonl"
    if not path.is_file():
        if split == "train":
            raise InvalidInput(
                f"Training data not found: {path}.",
                hint=f"hone datasets build NAME --format {layout.name}, then train on NAME",
            )
        return
    with explained("read", path), path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.isspace():
                continue
            try:
                yield layout.read(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise InvalidInput(
                    f"{path.name}, line {number}, is no training row: {error}.",
                    hint=f"A row is {layout.shown}; build the dataset with --format {layout.name}.",
                ) from error


def _messages(*parts: Any) -> list[dict[str, str]]:
    return [
        {"role": str(one["role"]), "content": str(one["content"])} for part in parts for one in part
    ]


def _conversation(row: dict[str, Any]) -> list[dict[str, str]]:
    return _messages(row["prompt"], row["completion"])


def _both_conversations(row: dict[str, Any]) -> list[list[dict[str, str]]]:
    return [_messages(row["prompt"], row[side]) for side in ("chosen", "rejected")]


def _judged(row: dict[str, Any]) -> tuple[list[dict[str, str]], bool]:
    if not isinstance(row["label"], bool):
        raise TypeError(f"its label is {row['label']!r}, not true or false")
    return _conversation(row), row["label"]


def _scored(row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if not isinstance(row, dict):  # what a line holds is not known yet
        raise TypeError("it holds no object")
    return str(row.get("text") or ""), row


def _problem_of(row: TrainingRow) -> str:
    if row.is_refused:
        return row.reason
    return "" if row.trained_tokens else "not one token would be trained"


def _parts(row: TrainingRow) -> tuple[list[int], list[int]]:
    """Ids of the prompt, and of the answer with the token that ends it."""
    begins = next(place for place, label in enumerate(row.labels) if label != MASKED)
    return row.input_ids[:begins], row.input_ids[begins:]
