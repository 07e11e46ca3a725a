"""Puts a comparison together from stored answers; says what is missing and how to get it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from hone.errors import Conflict, InvalidInput
from hone.metrics._intervals import mean_interval
from hone.metrics._paired import repeat_floor
from hone.metrics.by_example import example_scores, figure_names
from hone.records.comparison import (
    ComparedRow,
    Comparison,
    Judgement,
    NoiseFloor,
    Pair,
    ShownExample,
)
from hone.records.task import Task
from hone.rendering.messages import messages_of
from hone.stages.compare.by_judge import (
    Answers,
    Judge,
    Progress,
    drawn,
    judge_pairs,
    measure_agreement,
)
from hone.stages.compare.gather import (
    USUAL,
    Answered,
    Asked,
    Wanted,
    answers_of,
    repeat_of,
    shared,
    stored_answers,
    usual_answers,
)
from hone.stages.compare.pairs import Terms, Values, compare_pairs, couples_of, slices_of
from hone.workspace import clock
from hone.workspace.contenders import safe_name
from hone.workspace.open import Workspace

SHOWN = 10
FEW = 20


class Owed(NamedTuple):
    """What has to be answered first; empty where everything is there."""

    models: list[str]
    repeat: tuple[str, int] | None


class Material(NamedTuple):
    """The answers that are compared, by the names of their rows."""

    answered: dict[str, Answered]
    missing: dict[str, str]
    base: Answered | None
    repeat: Answered | None


def owed(ws: Workspace, wanted: Wanted) -> Owed:
    """Whose answers are not there yet, and which row to ask again in which batch size."""
    stored = stored_answers(ws, wanted.task, wanted.on)
    models = [ref for ref in wanted.refs if answers_of(ws, stored, ref) is None]
    if models:
        return Owed(models, None)
    material = _material(ws, wanted)
    base = material.base
    if base is None or material.repeat is not None:
        return Owed([], None)
    # Another number of questions at once: other padding, so other rounding.
    other = base.batch_size // 2 - 1 if base.batch_size > 3 else base.batch_size + 2
    return Owed([], (str(base.contender.options["base"]), other))


def _material(ws: Workspace, wanted: Wanted) -> Material:
    stored = stored_answers(ws, wanted.task, wanted.on)
    first = wanted.lead.ref if wanted.lead is not None else wanted.refs[0]
    lead = _answers(ws, stored, first, wanted.on)
    # Of several answers those beside the lead's are taken: asked at the same time, in one way.
    together = [one for one in stored if one.evaluation.id == lead.evaluation.id]
    found = {
        safe_name(ref): _answers(ws, [*together, *stored], ref, wanted.on) for ref in wanted.refs
    }
    usual = usual_answers(stored, lead)
    already = [one.contender.name for one in found.values() if one.evaluation is lead.evaluation]
    rows = {name: one for name, one in usual.items() if name not in already}
    missing = {name: _why_missing(wanted, name) for name in USUAL if name not in usual}
    base = usual.get("base")
    repeat = repeat_of(stored, base) if base is not None else None
    ordered = {name: rows[name] for name in USUAL if name in rows}
    return Material({**ordered, **found}, missing, base, repeat)


def _answers(ws: Workspace, stored: Sequence[Answered], ref: str, on: str) -> Answered:
    answers = answers_of(ws, stored, ref)
    if answers is None:
        raise Conflict(
            f"{ref} has not answered {on}, or not as a whole.",
            hint=f"hone evaluate {ref} --data {on}",
        )
    return answers


def _why_missing(wanted: Wanted, name: str) -> str:
    if name == "rules" and wanted.task.rules is None:
        return f"the task {wanted.task.name} names no file of rules"
    first = wanted.lead.ref if wanted.lead is not None else wanted.refs[0]
    return f"not asked when {first} was: hone evaluate {first} --data {wanted.on}"


def compare(
    ws: Workspace, wanted: Wanted, *, confidence: float = 0.95, seed: int = 0
) -> Comparison:
    """The comparison; Conflict names the first version that has not answered yet."""
    material = _material(ws, wanted)
    asked = shared(list(material.answered.values()))
    if not asked:
        raise InvalidInput(
            f"No example of {wanted.on} was asked of all of them in the same words.",
            hint="; ".join(f"hone evaluate {ref} --data {wanted.on}" for ref in wanted.refs),
        )
    values = scores_of(wanted, material.answered, asked)
    noise = noise_floor(wanted, material.base, material.repeat, confidence)
    terms = Terms(confidence, noise.value or 0.0, seed, wanted.on, wanted.task.name)
    usual = [name for name in material.answered if name not in wanted.names]
    among, beside = couples_of(wanted.names, usual)
    pairs = compare_pairs(values, asked, among, terms) + compare_pairs(values, asked, beside, terms)
    at = clock.now()
    return Comparison(
        id=_id(at),
        task=wanted.task.name,
        score=wanted.task.score_name,
        on=wanted.on,
        at=at,
        models=wanted.names,
        examples=len(asked),
        confidence=confidence,
        seed=seed,
        rows=_rows(values, material.answered, terms),
        missing=material.missing,
        pairs=pairs,
        slices=[one for couple in among for one in slices_of(ws, values, asked, couple, terms)],
        noise=noise,
        notes=_notes(material.answered, asked),
        shown=_shown(wanted, material.answered, asked, pairs, values),
    )


def add_judgement(
    ws: Workspace,
    wanted: Wanted,
    found: Comparison,
    judge: Judge,
    *,
    on_progress: Progress = lambda done, total: None,
) -> Comparison:
    """The same comparison with what a language model says of the compared versions.

    It is asked about people's own choices first; only where it agrees with them more often than a
    coin is it asked about versions.
    """
    seed = found.seed
    agreement = measure_agreement(ws, wanted.task, judge, seed=seed, on_progress=on_progress)
    said = Judgement(judge=judge.name, model=judge.options.model, agreement=agreement)
    if agreement.is_enough:
        material = _material(ws, wanted)
        asked = drawn(shared(list(material.answered.values())), seed)
        among, _ = couples_of(wanted.names, [])
        pairs = judge_pairs(
            wanted.task, judge, Answers(material.answered, asked), among, on_progress=on_progress
        )
        said = said.model_copy(update={"pairs": pairs, "examples": len(asked)})
    return found.model_copy(update={"judgement": said})


def _id(at: datetime) -> str:
    return f"{at:%Y%m%d-%H%M%S}-{at.microsecond:06}"


def scores_of(
    wanted: Wanted, answered: dict[str, Answered], asked: Sequence[Asked]
) -> dict[str, dict[str, np.ndarray]]:
    """Every figure of every contender on every example, all by the task as it is now."""
    answers = [one.answer for one in asked]
    names = figure_names(wanted.task)
    return {
        row: {
            name: example_scores(wanted.task, name, [one.texts[each.id] for each in asked], answers)
            for name in names
        }
        for row, one in answered.items()
    }


def noise_floor(
    wanted: Wanted, first: Answered | None, again: Answered | None, confidence: float
) -> NoiseFloor:
    """What the base's score moves by when it is asked again in another batch size."""
    greedy = "answers are greedy, so a seed changes nothing"
    both = shared([first, again]) if first is not None and again is not None else []
    if first is None or again is None or not both:
        return NoiseFloor(value=None, says=f"Not measured: taken as 0; {greedy}.")
    moved = moved_scores(wanted.task, wanted.task.score_name, (first, again))
    changed = int((moved != 0).sum())
    floor = repeat_floor(moved, confidence=confidence)
    batches = f"{again.batch_size} instead of {first.batch_size} questions at once"
    says = (
        f"0: the base asked again, {batches}, scored the same on all {len(both):,} examples; "
        f"{greedy}."
        if changed == 0
        else f"{floor:.4f}: the base asked again, {batches}, scored otherwise on {changed:,} of "
        f"{len(both):,} examples."
    )
    return NoiseFloor(value=floor, changed=changed, examples=len(both), says=says)


def moved_scores(task: Task, figure: str, twice: tuple[Answered, Answered]) -> np.ndarray:
    """A figure of the second answers minus that of the first, on what both were asked."""
    both = shared(twice)
    answers = [one.answer for one in both]
    first, again = (
        example_scores(task, figure, [one.texts[each.id] for each in both], answers)
        for one in twice
    )
    return again - first


def _rows(values: Values, answered: dict[str, Answered], terms: Terms) -> list[ComparedRow]:
    return [
        ComparedRow(
            contender=row,
            figures={
                name: terms.measured(
                    mean_interval(scores, confidence=terms.confidence, seed=terms.seed)
                )
                for name, scores in figures.items()
            },
            evaluation=answered[row].evaluation.id,
        )
        for row, figures in values.items()
    ]


def _notes(answered: dict[str, Answered], asked: Sequence[Asked]) -> list[str]:
    notes: list[str] = []
    for row, one in answered.items():
        left = len(one.questions) - len(asked)
        if left:
            notes.append(f"{row} answered {left:,} more examples, which not all were asked.")
    limits = sorted({one.max_new_tokens for one in answered.values()})
    if len(limits) > 1:
        said = " and ".join(map(str, limits))
        notes.append(f"Not all could answer at the same length: limits of {said} tokens.")
    if len(asked) < FEW:
        notes.append(
            f"Only {len(asked)} examples: intervals are rough, and only very large differences "
            "can be shown."
        )
    notes += list(dict.fromkeys(note for one in answered.values() for note in one.evaluation.notes))
    return notes


def _shown(
    wanted: Wanted,
    answered: dict[str, Answered],
    asked: Sequence[Asked],
    pairs: Sequence[Pair],
    values: Values,
) -> list[ShownExample]:
    chosen = {name for pair in pairs for name in (*pair.won[:SHOWN], *pair.lost[:SHOWN])}
    score = wanted.task.score_name
    return [
        ShownExample(
            id=one.id,
            asked=messages_of(wanted.task, one.input, context=[], answer=None)[-1]["content"],
            answer=one.answer,
            texts={row: given.texts[one.id] for row, given in answered.items()},
            scores={row: float(values[row][score][place]) for row in answered},
        )
        for place, one in enumerate(asked)
        if one.id in chosen
    ]
