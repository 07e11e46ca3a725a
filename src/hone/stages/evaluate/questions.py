"""What is asked: a split as it was frozen, or a file; without what a contender was trained on."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hone import shelf
from hone.checks._normal import normal
from hone.errors import HoneError, InvalidInput, NotFound, nearest
from hone.importers._questions import read_questions
from hone.records.dataset import SPLITS, Manifest, answer_in, prompt_in
from hone.records.model import ModelVersion
from hone.records.task import Task
from hone.rendering.messages import messages_of
from hone.stages.evaluate.options import EvaluateOptions
from hone.workspace.files import explained, sha256_of
from hone.workspace.open import Workspace

SHOWN_PROBLEMS = 5


class Question(NamedTuple):
    """One example to be answered; `answer` is the canonical text of the right output."""

    id: str
    input: dict[str, Any]
    context: list[dict[str, Any]]
    answer: str


class Questions(NamedTuple):
    """All that is asked, where it comes from, and what to know about it."""

    on: str
    items: list[Question]
    notes: list[str]
    trained_on: int = 0
    rejected: Mapping[str, list[str]] = {}
    """Worse answers by example, where the dataset has pairs."""


def choose_questions(
    ws: Workspace, task: Task, models: Sequence[ModelVersion], options: EvaluateOptions
) -> Questions:
    """The examples of `options.on`, without those that a model was trained on, then the sample.

    Kept and labelled where a train split was asked for by name, or `includes_trained` says so.
    """
    on = options.on or _own_test_split(ws, task, models)
    file = _as_file(ws, on)
    found = _of_file(file, task) if file is not None else _of_split(ws, task, on)
    if options.only is not None:
        wanted = set(options.only)
        found = found._replace(items=[one for one in found.items if one.id in wanted])
        if not found.items:
            raise InvalidInput(
                f"None of these examples stands in {found.on}.",
                hint="--data NAME/SPLIT, where they stand",
            )
    keeps_trained = options.includes_trained or found.on.endswith("/train")
    found = _without_trained(ws, task, models, found, keeps_trained=keeps_trained)
    if options.sample is None or options.sample >= len(found.items):
        return found
    drawn = random.Random(options.seed).sample(range(len(found.items)), options.sample)
    return found._replace(items=[found.items[place] for place in sorted(drawn)])


def _own_test_split(ws: Workspace, task: Task, models: Sequence[ModelVersion]) -> str:
    for model in models[:1]:
        if model.dataset is not None:
            return f"{model.dataset}/test"
    of_task = (one for one in ws.store.datasets.list() if one.task == task.name)
    names = sorted({one.name for one in of_task if not one.is_control})
    if len(names) == 1:
        return f"{names[0]}/test"
    hint = f"--data {names[0]}/test" if names else "hone datasets build NAME, then --data NAME/test"
    raise InvalidInput("It is not clear what to evaluate on.", hint=hint)


def _as_file(ws: Workspace, on: str) -> Path | None:
    path = Path(on).expanduser()
    if path.is_file() or path.suffix.lower() in (".jsonl", ".csv", ".json", ".tsv", ".parquet"):
        return path
    return None


def _of_split(ws: Workspace, task: Task, on: str) -> Questions:
    ref, _, split = on.partition("/")
    split = split or "test"
    if split not in SPLITS:
        raise NotFound(f'There is no split "{split}".', hint=nearest(split, SPLITS))
    manifest = ws.store.datasets.get(ref)
    _refuse_unfit_split(manifest, split, task)
    place = f"{manifest.ref}/{split}"
    file = ws.datasets / manifest.ref / f"{split}.jsonl"
    if not file.is_file() or sha256_of(file) != manifest.splits[split].sha256:
        state = "was changed after it was frozen" if file.is_file() else "is gone"
        raise HoneError(
            f"{file} {state}.", hint=f"hone datasets build {manifest.name} freezes a clean version"
        )
    items: list[Question] = []
    missing = 0
    # The answers as they were frozen: a later correction is for the next version.
    answers = _frozen_answers(file, task)
    for example_id, answer in answers.items():
        if answer is None:
            continue
        try:
            example = ws.store.examples.get(example_id)
        except NotFound:
            missing += 1
            continue
        context = [passage.model_dump() for passage in example.context]
        items.append(Question(example.id, example.input, context, answer))
    refused = sum(answer is None for answer in answers.values())
    if not items and refused:
        raise InvalidInput(
            f"No example of {place} says what is right: {refused} were only rejected.",
            hint="hone review --filter rejected   (edit some, then hone datasets build)",
        )
    if not items:
        raise InvalidInput(
            f"No row of {place} is an example of this workspace, so none can be asked.",
            hint="hone datasets list   (name one that was built here, or a file: --data FILE)",
        )
    notes = [f"{missing} examples of {place} are no longer in this workspace."] if missing else []
    if refused:
        notes.append(f"{refused} examples of {place} were only rejected: none says what is right.")
    if split == "val":
        notes.append("The val split chose the checkpoint: its figures flatter the model.")
    return Questions(place, items, notes, rejected=_frozen_rejected(file))


def _frozen_rejected(file: Path) -> dict[str, list[str]]:
    """Example -> the answers that stand as worse beside its right one; none but in pairs."""
    found: dict[str, list[str]] = {}
    for row in frozen_rows(file):
        if "chosen" in row and "rejected" in row:
            texts = found.setdefault(str(row["id"]), [])
            worse = str(row["rejected"][-1]["content"])
            texts += [worse] if worse not in texts else []
    return found


def _frozen_answers(file: Path, task: Task) -> dict[str, str | None]:
    """Example -> its right answer, once each, in order; None for what was only rejected."""
    found: dict[str, str | None] = {}
    for row in frozen_rows(file):
        found[str(row["id"])] = found.get(str(row["id"])) or frozen_answer(task, row)
    return found


def frozen_answer(task: Task, row: Mapping[str, Any]) -> str | None:
    """The canonical text of the answer that a frozen row holds to be right, if it holds one."""
    if "labels" not in row:
        return answer_in(row)
    labels = dict(zip(row["dimension_names"], row["labels"], strict=True))
    return shelf.load("tasks", task.kind).answer_text(task, {"labels": labels})


def _refuse_unfit_split(manifest: Manifest, split: str, task: Task) -> None:
    if manifest.task != task.name:
        raise InvalidInput(
            f"{manifest.ref} belongs to the task {manifest.task}, not to {task.name}.",
            hint=f"--task {manifest.task}, or another --data",
        )
    if split in manifest.splits and manifest.splits[split].rows:
        return
    there = [name for name, file in manifest.splits.items() if file.rows and name != "train"]
    hint = f"--data {manifest.ref}/{there[0]}" if there else ""
    build = f"hone datasets build {manifest.name} --{split}-ratio 0.1"
    raise InvalidInput(
        f"{manifest.ref} has no {split} split.", hint=f"{hint}, or {build}" if hint else build
    )


def _of_file(path: Path, task: Task) -> Questions:
    kind = shelf.load("tasks", task.kind)
    items: list[Question] = []
    problems: list[str] = []
    for place, asked in enumerate(read_questions(path, task, needs_answers=True), 1):
        if asked.problem:
            problems.append(f"row {asked.row}: {asked.problem}")
            continue
        answer = kind.answer_text(task, asked.output)
        items.append(Question(f"{path.name}:{place}", asked.input, asked.context, answer))
    if not items:
        raise InvalidInput(
            f"No row of {path} is an example with its right answer.",
            hint=f"hone predict --input-file {path} answers without scoring",
            problems=problems[:SHOWN_PROBLEMS],
        )
    notes: list[str] = []
    if problems:
        shown = "; ".join(problems[:SHOWN_PROBLEMS])
        more = " …" if len(problems) > SHOWN_PROBLEMS else ""
        notes.append(f"Rows of {path.name} left out: {len(problems)}: {shown}{more}")
    return Questions(path.name, items, notes)


def _without_trained(
    ws: Workspace,
    task: Task,
    models: Sequence[ModelVersion],
    found: Questions,
    *,
    keeps_trained: bool,
) -> Questions:
    ids, texts = _trained(ws, models)
    if not ids and not texts:
        return found
    known = [one.id in ids or asked_text(task, one) in texts for one in found.items]
    count = sum(known)
    if not count:
        return found
    amount = len(found.items)
    if keeps_trained:
        note = f"Trained on: {count} of {amount} examples. These figures show memory, not skill."
        return found._replace(notes=[*found.notes, note], trained_on=count)
    if count == amount:
        raise InvalidInput(
            f"All {amount} examples of {found.on} were trained on: nothing fair is left to ask.",
            hint="Choose other examples, or add --include-trained to see what was memorised.",
        )
    note = f"Left out because they were trained on: {count} of {amount} examples."
    items = [one for one, is_known in zip(found.items, known, strict=True) if not is_known]
    return found._replace(items=items, notes=[*found.notes, note])


def _trained(ws: Workspace, models: Sequence[ModelVersion]) -> tuple[set[str], set[str]]:
    """Ids and normalised texts of all that these versions and their ancestors were trained on."""
    ids: set[str] = set()
    texts: set[str] = set()
    for dataset in _datasets(ws, models):
        for row in frozen_rows(ws.datasets / dataset / "train.jsonl"):
            ids.add(str(row["id"]))
            texts.add(prompt_text(prompt_in(row)))
    return ids, texts


def _datasets(ws: Workspace, models: Sequence[ModelVersion]) -> list[str]:
    found: dict[str, None] = {}
    waiting, seen = list(models), set[str]()
    while waiting:
        model = waiting.pop()
        if model.ref in seen:
            continue
        seen.add(model.ref)
        if model.dataset is not None:
            found[model.dataset] = None
        # A full fine-tuned version may itself be the base of another.
        for parent in [*model.parents, model.base]:
            try:
                waiting.append(ws.store.models.get(parent).model)
            except NotFound:
                continue
    return list(found)


def frozen_rows(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a frozen split; none where its file is gone."""
    if not file.is_file():
        return
    with explained("read", file), file.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def asked_text(task: Task, question: Question) -> str:
    """What makes two questions the same one, whatever they are called."""
    context = [str(passage["text"]) for passage in question.context]
    return prompt_text(messages_of(task, question.input, context=context, answer=None))


def prompt_text(messages: Iterable[dict[str, str]]) -> str:
    """What is asked in a frozen prompt, without differences of case, width and white space."""
    return normal("\n".join(one["content"] for one in messages if one["role"] != "system"))


def input_lines(items: Sequence[Question]) -> str:
    """`inputs/examples.jsonl` of the job; escaped, so that no letter looks like a line's end."""
    return "".join(json.dumps(one._asdict()) + "\n" for one in items)
