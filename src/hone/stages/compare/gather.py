"""Who answered what: stored evaluations of the same examples, put side by side again.

Answers are matched by example *and* by its question and right answer as they were asked, so a
file that changed or an answer that was frozen anew never pairs with what it was before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hone.errors import HoneError, InvalidInput, NotFound
from hone.records.dataset import SPLITS
from hone.records.evaluation import Contender, Evaluation
from hone.records.model import ModelVersion
from hone.records.task import Task
from hone.workspace.bases import find_base
from hone.workspace.contenders import safe_name
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace

USUAL = ("base", "few-shot", "retrieval", "rules")


class Asked(NamedTuple):
    """One example as it was asked."""

    id: str
    input: dict[str, Any]
    answer: str


class Answered(NamedTuple):
    """What one contender answered in one evaluation, by example."""

    contender: Contender
    evaluation: Evaluation
    batch_size: int
    max_new_tokens: int
    questions: dict[str, Asked]
    texts: dict[str, str]


class Wanted(NamedTuple):
    """Who is to be compared, and on what; `names` are those that rows have."""

    refs: list[str]
    names: list[str]
    task: Task
    on: str
    lead: ModelVersion | None


def wanted(
    ws: Workspace, refs: Sequence[str], on: str | None, *, task: str | None = None
) -> Wanted:
    """The versions and bases by their full names, and what they are compared on.

    By default the test split of the dataset that the first one was trained on.
    """
    models = [_registered(ws, ref) for ref in refs]
    full = [
        model.ref if model is not None else ref for model, ref in zip(models, refs, strict=True)
    ]
    names = [safe_name(ref) for ref in full]
    if len(set(names)) < 2:
        raise InvalidInput(
            "A comparison needs two different versions or bases.",
            hint=f"hone compare {full[0] if full else 'pickup@v2'} hone-nano",
        )
    lead = next((one for one in models if one is not None), None)
    known = task or (lead.task if lead is not None else None)
    place = _place(ws, on, lead)
    return Wanted(
        list(dict.fromkeys(full)), list(dict.fromkeys(names)), ws.task(known), place, lead
    )


def _registered(ws: Workspace, ref: str) -> ModelVersion | None:
    try:
        return ws.store.models.get(ref).model
    except NotFound:
        find_base(ws, ref)  # a base; NotFound with the nearest names otherwise
        return None


def _place(ws: Workspace, on: str | None, lead: ModelVersion | None) -> str:
    if on is None:
        if lead is None or lead.dataset is None:
            raise InvalidInput("It is not clear what to compare on.", hint="--data NAME/test")
        return f"{lead.dataset}/test"
    ref, _, split = on.partition("/")
    if split in (*SPLITS, "") and not Path(on).suffix:
        dataset = ws.store.datasets.get(ref).ref
        if split == "train":
            raise InvalidInput(
                f"{dataset}/train was trained on: it shows memory, not which version is better.",
                hint=f"--data {dataset}/test",
            )
        return f"{dataset}/{split or 'test'}"
    return Path(on).name


def stored_answers(ws: Workspace, task: Task, on: str) -> list[Answered]:
    """Everybody's answers in whole evaluations on `on`, newest first.

    Quick samples and examples that were trained on are left out: they measure something else.
    """
    found: list[Answered] = []
    for evaluation in ws.store.evaluations.list():
        if evaluation.on != on or evaluation.task != task.name:
            continue
        if evaluation.measures != "answers":
            continue  # reward models: their score is another one
        if evaluation.sample is None and not evaluation.trained_on:
            found += _answers(ws, evaluation)
    return found


def _answers(ws: Workspace, evaluation: Evaluation) -> Iterator[Answered]:
    folder = JobFolder(ws.jobs / evaluation.id)
    try:
        spec = folder.job.spec
        questions = {one.id: one for one in _questions(folder)}
    except HoneError:
        return  # its folder was deleted: what was asked is no longer known
    for fields in spec["contenders"]:
        contender = Contender.model_validate(fields)
        scores = ws.store.evaluations.scores(evaluation.id, contender.name)
        texts = {one.example_id: one.text for one in scores}
        limits = (int(spec["batch_size"]), int(spec["max_new_tokens"]))
        yield Answered(contender, evaluation, *limits, questions, texts)


def _questions(folder: JobFolder) -> Iterator[Asked]:
    file = folder.inputs / "examples.jsonl"
    with explained("read", file), file.open(encoding="utf-8") as lines:
        for fields in map(json.loads, lines):
            yield Asked(str(fields["id"]), fields["input"], str(fields["answer"]))


def answers_of(ws: Workspace, stored: Sequence[Answered], ref: str) -> Answered | None:
    """The newest answers of a version or a base, if there are any."""
    name = safe_name(ref)
    for one in stored:
        if one.contender.name == name:
            return one
    if "@" in ref:
        return None
    path = find_base(ws, ref).path
    # A workspace that was moved, or copied, still knows the bases inside it.
    inside = path.is_relative_to(ws.root)
    parts = (path.relative_to(ws.root) if inside else path).parts
    plain = (one for one in stored if one.contender.generator == "model")
    for one in plain:
        found = Path(str(one.contender.options["base"])).parts[-len(parts) :]
        if found == parts and not one.contender.shots:
            return one
    return None


def usual_answers(stored: Sequence[Answered], beside: Answered) -> dict[str, Answered]:
    """Rows base, few-shot, retrieval and rules of the evaluation that the lead's answers come from.

    Without a base that is not the lead's own: the evaluation may have been another version's.
    """
    own = beside.contender.options.get("base")
    is_its_own = beside.evaluation.model == beside.contender.name
    return {
        one.contender.name: one
        for one in stored
        if one.contender.name in USUAL
        and one.evaluation.id == beside.evaluation.id
        and (is_its_own or one.contender.options.get("base") in (own, None))
    }


def repeat_of(stored: Sequence[Answered], first: Answered) -> Answered | None:
    """The same contender asked again in another batch size, where it was."""
    for one in stored:
        fields = (one.contender.generator, one.contender.shots, one.contender.options)
        same = (first.contender.generator, first.contender.shots, first.contender.options)
        if fields == same and one.batch_size != first.batch_size:
            return one
    return None


def shared(answered: Sequence[Answered]) -> list[Asked]:
    """The examples that all of them were asked in the same words with the same right answer."""
    if not answered:
        return []
    first, *others = answered
    return [
        asked
        for example_id, asked in first.questions.items()
        if example_id in first.texts
        and all(
            one.questions.get(example_id) == asked and example_id in one.texts for one in others
        )
    ]
