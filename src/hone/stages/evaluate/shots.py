"""Worked examples for the few-shot row: drawn from the train split only, spread over its labels."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hone import shelf
from hone.errors import HoneError
from hone.records.dataset import prompt_in
from hone.records.task import Task
from hone.rendering.messages import messages_of
from hone.stages.evaluate.questions import Question, frozen_answer, frozen_rows, prompt_text
from hone.workspace.contenders import Able, context_tokens
from hone.workspace.open import Workspace

LOOKED_AT = 64


class Shot(NamedTuple):
    """A worked example: what was asked, and the accepted answer."""

    input: dict[str, Any]
    answer: str


class Drawn(NamedTuple):
    """The worked examples, and what to know about them."""

    shots: list[Shot]
    notes: list[str]


class Wanted(NamedTuple):
    """How many, by which seed, and which not: ids and texts of what is asked."""

    amount: int
    seed: int
    avoid: Collection[str] = ()


def draw_shots(ws: Workspace, task: Task, dataset: str, wanted: Wanted) -> Drawn:
    """Up to `amount` examples of a dataset's train split; the same seed draws the same ones.

    One label after the other gives an example, the commonest label first, so that few shots
    still show different answers.
    """
    manifest = ws.store.datasets.get(dataset)
    file = ws.datasets / manifest.ref / "train.jsonl"
    if not file.is_file():
        return Drawn([], [f"No worked examples: the train split of {manifest.ref} is gone."])
    amount = wanted.amount
    by_label = _ids_by_label(task, file, wanted.avoid)
    dice = random.Random(wanted.seed)
    piles = [by_label[name] for name in sorted(by_label, key=lambda n: (-len(by_label[n]), n))]
    for pile in piles:
        dice.shuffle(pile)
    shots: list[Shot] = []
    while len(shots) < amount and any(piles):
        for pile in piles:
            if pile and len(shots) < amount:
                example_id, answer = pile.pop()
                shots += _shot(ws, example_id, answer)
    # The commonest label must not always stand nearest to the question.
    dice.shuffle(shots)
    notes: list[str] = []
    if len(shots) < amount:
        notes.append(f"{manifest.ref} has only {len(shots)} examples to show as worked examples.")
    return Drawn(shots, notes)


def fitting(
    drawn: Drawn, able: Able, task: Task, questions: Sequence[Question], *, max_new_tokens: int
) -> Drawn:
    """As many as leave room for a question of usual length and its answer in the context.

    A longer question is asked with fewer: its prompt loses the first worked examples.
    """
    context = context_tokens(able.base)
    if context is None or not drawn.shots:
        return drawn
    usual = sorted(questions[:LOOKED_AT], key=lambda one: len(str(one.input)))
    question = usual[len(usual) // 2]
    for amount in range(len(drawn.shots), 0, -1):
        messages = messages_of(
            task,
            question.input,
            context=[str(passage["text"]) for passage in question.context],
            answer=None,
            shots=[(shot.input, shot.answer) for shot in drawn.shots[:amount]],
        )
        if len(able.renderer.prompt(messages).ids) + max_new_tokens <= context:
            break
    else:
        amount = 0
    if amount == len(drawn.shots):
        return drawn
    note = (
        f"{amount} of {len(drawn.shots)} worked examples fit into the {context} tokens of "
        f"{able.contender.name}."
    )
    return Drawn(drawn.shots[:amount], [*drawn.notes, note])


def shot_lines(shots: Sequence[Shot]) -> str:
    """`inputs/shots.jsonl` of the job; escaped, so that no letter looks like a line's end."""
    return "".join(json.dumps(shot._asdict()) + "\n" for shot in shots)


def _ids_by_label(
    task: Task, file: Path, avoid: Collection[str]
) -> dict[str, list[tuple[str, str]]]:
    kind = shelf.load("tasks", task.kind)
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    # A question that is asked must not be shown with its answer, nor one be shown twice.
    unwanted = set(avoid)
    for row in frozen_rows(file):
        answer = frozen_answer(task, row)
        if answer is None or {row["id"], prompt_text(prompt_in(row))} & unwanted:
            continue
        unwanted.add(row["id"])
        output = kind.parse(task, answer)
        if output is not None:
            found[kind.label_of(task, output)].append((str(row["id"]), answer))
    return dict(found)


def _shot(ws: Workspace, example_id: str, answer: str) -> list[Shot]:
    try:
        return [Shot(ws.store.examples.get(example_id).input, answer)]
    except HoneError:
        return []  # it was forgotten since the dataset was frozen
