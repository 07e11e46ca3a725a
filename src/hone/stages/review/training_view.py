"""Shows an example as training sees it: the rendered text, its tokens, mask and truncation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from hone import shelf
from hone.errors import InvalidInput
from hone.records.example import Example
from hone.records.review import Reviewed
from hone.records.task import Task
from hone.rendering.messages import Message, messages_of
from hone.rendering.shown import UNCUT, Token, shown_tokens
from hone.rendering.tokens import Renderer, TrainingRow, TrainOn
from hone.stages.review.decide import find_example
from hone.workspace.bases import find_base
from hone.workspace.open import Workspace

MOST_TOKENS = 32_768


@dataclass(frozen=True)
class TrainingView:
    """The exact prompt and answer of a training row, and what the limit of tokens does to it."""

    base: str
    prompt: str
    answer: str
    tokens: list[Token]
    count: int
    kept: int
    max_seq_length: int
    is_truncated: bool
    note: str


def training_view(
    ws: Workspace,
    example_id: str,
    *,
    base: str = "hone-nano",
    max_seq_length: int = 2048,
    train_on: TrainOn = "last",
) -> TrainingView:
    """What a training on `base` would see of this example, with the answer it has now.

    The kept tokens are the ids of the training row, in order. `count` are the tokens of the
    whole row before it is cut. `note` says what was cut off, why the row would be left out, or
    that the shown answer is only suggested so far.
    """
    if not 1 <= max_seq_length <= MOST_TOKENS:
        raise InvalidInput(
            f"A row of at most {max_seq_length} tokens cannot be shown.",
            hint=f"Give a max_seq_length from 1 to {MOST_TOKENS:,}.",
        )
    example = find_example(ws, example_id)
    task = ws.task(example.task)
    renderer = _renderer(find_base(ws, base).path)
    messages, note = _messages(task, example)
    if messages[-1]["role"] != "assistant":
        return _prompt_alone(renderer, messages, (base, max_seq_length, note))
    whole = renderer.training_row(messages, UNCUT, train_on)
    row = renderer.training_row(messages, max_seq_length, train_on)
    tokens, left_out = shown_tokens(renderer, whole, row)
    return TrainingView(
        base=base,
        prompt=row.prompt_text,
        answer=row.completion_text,
        tokens=tokens,
        count=len(whole.input_ids),
        kept=len(row.input_ids),
        max_seq_length=max_seq_length,
        is_truncated=row.is_truncated,
        note=" ".join([*note, *_said(row, left_out)]),
    )


def _messages(task: Task, example: Example) -> tuple[list[Message], list[str]]:
    """The messages of the training row, up to the question where there is no answer to learn."""
    kind, output = shelf.load("tasks", task.kind), example.proposal
    note: list[str] = []
    if output is None:
        note.append("There is no answer yet; this is what a model would be asked.")
    elif problems := kind.output_problems(task, output):
        note.append(f"The answer does not fit the task, so it is left out: {' '.join(problems)}")
        output = None
    if output is None:
        return messages_of(task, example.input, context=example.context, answer=None), note
    if example.output is None:
        note.append(
            "The answer is only suggested so far; nothing is trained before it is accepted."
        )
    elif example.status not in ("accepted", "edited"):
        note.append(f"The example is {example.status}: only accepted and edited ones are trained.")
    format_module = shelf.load("formats", kind.FORMATS[0])
    taken = Reviewed(example.model_copy(update={"output": output}))
    (row,) = format_module.run(task, taken, format_module.Options()).rows
    return format_module.conversations(row)[0], note


def _prompt_alone(
    renderer: Renderer, messages: Sequence[Message], shown: tuple[str, int, list[str]]
) -> TrainingView:
    base, max_seq_length, note = shown
    prompt = renderer.prompt(messages)
    texts = renderer.token_texts(prompt.ids)
    return TrainingView(
        base=base,
        prompt=prompt.text,
        answer="",
        tokens=[
            Token(text, id, is_learned=False, is_kept=True)
            for text, id in zip(texts, prompt.ids, strict=True)
        ],
        count=len(prompt.ids),
        kept=len(prompt.ids),
        max_seq_length=max_seq_length,
        is_truncated=False,
        note=" ".join(note),
    )


def _said(row: TrainingRow, left_out: int) -> list[str]:
    said: list[str] = []
    if row.is_refused:
        said.append(f"The row would be left out: {row.reason}.")
    elif row.cut_tokens:
        said.append(f"{row.cut_tokens:,} tokens are cut off so that the row fits.")
    if left_out:
        said.append(f"{left_out:,} of the tokens that are cut off are not shown.")
    return said


def _renderer(folder: Path) -> Renderer:
    files = sorted(folder.glob("*.json")) + sorted(folder.glob("*.jinja"))
    return _loaded(folder, tuple(file.stat().st_mtime_ns for file in files))


@lru_cache(maxsize=2)
def _loaded(folder: Path, changed_at: tuple[int, ...]) -> Renderer:
    """A large tokenizer takes a second to read, and a drawer is opened again and again."""
    return Renderer.load(folder)
