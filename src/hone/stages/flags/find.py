"""Finds what a person should look at: low, contradictory, invalid or newly broken answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hone import shelf
from hone.errors import HoneError, NotFound
from hone.records.evaluation import Evaluation
from hone.records.flag import FLAG_REASONS, Flag, FlagReason, FlagState, Resolution
from hone.records.task import Task
from hone.stages.flags.answers import (
    Answer,
    Answers,
    Question,
    asked_text,
    is_of_split,
    latest_answers,
    questions,
    task_of,
)
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.predictions import Prediction, read_predictions

# So much of an id is enough to name an example.
LEAST_OF_ID = 6


class Found(NamedTuple):
    """Flags in the order in which they should be looked at.

    `held_back` are those in a test or val split, which only a promotion lets anybody correct.
    """

    model: str
    task: str
    flags: list[Flag]
    held_back: int
    resolved: int
    answered: int
    notes: list[str]


class _Around(NamedTuple):
    """What is known of one evaluation beside an answer."""

    task: Task
    questions: Mapping[str, Question]
    twins: Mapping[str, str]
    """Example -> another one that asks the same and expects something else."""
    others: Mapping[str, Sequence[tuple[str, str]]]
    predictions: Mapping[str, Prediction]


def find_flags(
    ws: Workspace,
    model: str | None = None,
    *,
    task: str | None = None,
    states: Sequence[FlagState] = ("open", "skipped"),
    is_tested: bool = False,
) -> Found:
    """The flags of a model: NAME, NAME@VERSION or a base; by default whoever was evaluated last.

    With `is_tested` those in a test or val split instead. NotFound where nobody was evaluated.
    """
    answers = latest_answers(ws, model, task=task)
    whole, notes = _whole(ws, answers)
    shown = [one for one in whole if one.is_tested == is_tested and one.state in states]
    return Found(
        model=answers.model,
        task=answers.task,
        flags=shown,
        held_back=sum(one.is_tested for one in whole),
        resolved=sum(one.state == "resolved" for one in whole),
        answered=len(answers.found),
        notes=[*answers.notes, *notes],
    )


def find_flag(ws: Workspace, flag_id: str, model: str | None = None) -> Flag:
    """One flag by the id of its example, in whatever state, tested or not."""
    answers = latest_answers(ws, model)
    named = {
        id: one
        for id, one in answers.found.items()
        if id == flag_id or (len(flag_id) >= LEAST_OF_ID and id.startswith(flag_id))
    }
    whole, _ = _whole(ws, answers._replace(found=named))
    if whole:
        return next((one for one in whole if one.id == flag_id), whole[0])
    raise NotFound(
        f'"{flag_id}" is not flagged for {answers.model}.',
        hint="hone flags list; another model by --model",
    )


def _whole(ws: Workspace, answers: Answers) -> tuple[list[Flag], list[str]]:
    """Every flag with its state, in the order in which they should be looked at."""
    tested = ws.store.datasets.tested_ids()
    flagged, notes = _flagged(ws, answers)
    said = ws.store.flags.standing(one.id for one in flagged)
    whole = [
        with_state(one.model_copy(update={"is_tested": one.id in tested}), said.get(one.id, []))
        for one in flagged
    ]
    return sorted(whole, key=_order), notes


def _flagged(ws: Workspace, answers: Answers) -> tuple[list[Flag], list[str]]:
    """Every answer with at least one reason; evaluation by evaluation, so each is read once."""
    by_evaluation: dict[str, list[Answer]] = defaultdict(list)
    for one in answers.found.values():
        by_evaluation[one.evaluation.id].append(one)
    found: list[Flag] = []
    notes: list[str] = []
    below = ws.config.scores.flag_below
    for its in by_evaluation.values():
        try:
            around = _around(ws, its, below)
        except HoneError as error:
            notes.append(
                f"Left out: {its[0].evaluation.id}: {error.message} "
                "Evaluate again to see its flags."
            )
            continue
        found += [flag for one in its if (flag := _flag(one, around, below)) is not None]
    return found, notes


def _around(ws: Workspace, answers: Sequence[Answer], below: float) -> _Around:
    evaluation, contender = answers[0].evaluation, answers[0].contender
    asked = list(questions(ws, evaluation))
    low = {one.named for one in answers if one.score < below}
    others: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in evaluation.rows:
        if row.contender == contender or not low:
            continue
        for score in ws.store.evaluations.scores(evaluation.id, row.contender):
            if score.example_id in low:
                others[score.example_id].append((row.contender, score.text))
    return _Around(
        task=task_of(ws, evaluation),
        questions={one.named: one for one in asked},
        twins=_twins(asked),
        others=others,
        predictions=_troubled(ws, evaluation, contender),
    )


def _twins(asked: Sequence[Question]) -> dict[str, str]:
    first: dict[str, Question] = {}
    found: dict[str, str] = {}
    for one in asked:
        earlier = first.setdefault(asked_text(one), one)
        if earlier.expected != one.expected:
            found[one.named] = earlier.named
            found.setdefault(earlier.named, one.named)
    return found


def _troubled(ws: Workspace, evaluation: Evaluation, contender: str) -> dict[str, Prediction]:
    """The answers that were not given or were cut off, where the evaluation counted any."""
    row = next(one for one in evaluation.rows if one.contender == contender)
    if not {"cut_off", "not_answered"} & set(row.troubles):
        return {}
    file = JobFolder(ws.jobs / evaluation.id).predictions / f"{contender}.jsonl"
    return {
        name: one
        for name, one in read_predictions(file).answers.items()
        if one.problem or not one.is_complete
    }


def _flag(answer: Answer, around: _Around, below: float) -> Flag | None:
    question = around.questions.get(answer.named)
    if question is None:
        return None
    reasons = _reasons(answer, question, around, below)
    if not reasons:
        return None
    ordered: list[FlagReason] = [reason for reason in FLAG_REASONS if reason in reasons]
    on = answer.evaluation.on
    return Flag(
        id=answer.id,
        task=answer.evaluation.task,
        model=answer.contender,
        evaluation=answer.evaluation.id,
        on=on if is_of_split(on) else answer.named,
        score=answer.score,
        band=answer.band,
        reasons=ordered,
        says=[reasons[reason] for reason in ordered],
        input=question.input,
        context=question.context,
        expected=question.expected,
        got=answer.text,
        before=answer.earlier[1] if answer.earlier is not None else None,
    )


def _reasons(
    answer: Answer, question: Question, around: _Around, below: float
) -> dict[FlagReason, str]:
    found: dict[FlagReason, str] = {}
    if answer.score < below:
        found["low"] = f"It scores {answer.score:.2f}, below {below:g}."
        if answer.earlier is not None and answer.earlier[1] >= below:
            name, score = answer.earlier
            found["newly_broken"] = f"{name} scored {score:.2f} on it."
    if problem := _invalid(answer, around):
        found["invalid"] = problem
    if contradiction := _contradiction(answer, question, around, below):
        found["contradictory"] = contradiction
    return found


def _invalid(answer: Answer, around: _Around) -> str:
    trouble = around.predictions.get(answer.named)
    if trouble is not None and trouble.problem:
        return f"There is no answer: {trouble.problem}"
    if not answer.text.strip():
        return "The answer is empty."
    if trouble is None and answer.score >= 1:
        return ""  # it says what was expected: looking closer costs more than all the rest
    if trouble is not None:
        return f"The answer does not end: it was cut off after {len(answer.text):,} characters."
    kind = shelf.load("tasks", around.task.kind)
    output = kind.parse(around.task, answer.text)
    if output is None:
        return f"The answer cannot be read as one of the task {around.task.name}."
    problems: list[str] = kind.output_problems(around.task, output)
    return f"The answer does not fit the task: {problems[0]}" if problems else ""


def _contradiction(answer: Answer, question: Question, around: _Around, below: float) -> str:
    twin = around.twins.get(answer.named)
    if twin is not None:
        return f"{twin} asks the same and expects something else."
    if answer.score >= below or not answer.text.strip():
        return ""
    kind = shelf.load("tasks", around.task.kind)
    own = kind.parse(around.task, answer.text)
    agree = [
        name
        for name, text in around.others.get(answer.named, ())
        if own is not None and own != [] and kind.parse(around.task, text) == own
    ]
    if not agree:
        return ""
    return f"{' and '.join(agree)} gave the same answer: the expected one may be wrong."


def with_state(flag: Flag, said: Sequence[Resolution]) -> Flag:
    """What was said of an example counts for this answer.

    Corrections and rejections always; "both are right" and "later" only of the same two answers.
    """
    for one in reversed(said):
        is_same = (one.answer, one.reference) == (flag.got, flag.expected)
        if one.verdict == "skip" and is_same:
            return flag.model_copy(update={"state": "skipped", "resolution": one})
        if one.verdict != "skip" and (is_same or one.verdict != "dismiss"):
            return flag.model_copy(update={"state": "resolved", "resolution": one})
    return flag


def _order(flag: Flag) -> tuple[bool, int, int, float, str]:
    # What was skipped comes last, in the order in which it was.
    skipped_at = flag.resolution.seq if flag.state == "skipped" and flag.resolution else 0
    rank = FLAG_REASONS.index(flag.reasons[0])
    return flag.state == "skipped", skipped_at, rank, flag.score, flag.id
