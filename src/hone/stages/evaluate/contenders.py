"""Who answers: the base, the base with worked examples, the rules, the model, and further ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hone import shelf
from hone.errors import HoneError, InvalidInput, NotFound
from hone.generators._rules_contender import rules_contender
from hone.records.evaluation import Contender, Measures
from hone.records.model import ModelVersion
from hone.records.task import Task
from hone.stages.evaluate.endpoints import refuse_as_main
from hone.stages.evaluate.given import as_given
from hone.stages.evaluate.mean import MEAN, mean_row
from hone.stages.evaluate.options import EvaluateOptions, RowName
from hone.stages.evaluate.retrieval import RETRIEVAL, retrieval_row
from hone.workspace.bases import FoundBase, find_base
from hone.workspace.contenders import Able, able_to_answer, endpoint_contender, safe_name
from hone.workspace.open import Workspace
from hone.workspace.problems import checked

REWARD = "reward"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")


class LineUp(NamedTuple):
    """The contenders in the order of their rows; `main` is the one that the others are held to."""

    main: str
    contenders: list[Contender]
    ables: list[Able]
    models: list[ModelVersion]
    notes: list[str]

    @property
    def measures(self) -> Measures:
        """What the score of everybody here is a score of."""
        weighs = any(one.generator == REWARD for one in self.contenders)
        return "preferences" if weighs else "answers"


def line_up(ws: Workspace, ref: str, task: Task, options: EvaluateOptions) -> LineUp:
    """Everybody who answers, found and sound; InvalidInput or NotFound with the mend otherwise."""
    refuse_as_main(ws, ref)
    able = able_to_answer(ws, ref, task, may_weigh=True)
    if able.contender.generator == REWARD:
        return _rewards_line_up(ws, able, task, options)
    notes: list[str] = []
    tuned = able.model is not None
    wanted: Sequence[RowName] = [row for row in options.rows if tuned or row != "tuned"]
    contenders: list[Contender] = []
    plain = _plain_base(ws, able, notes) if {"base", "few-shot"} & set(wanted) else None
    if plain is not None:
        if "base" in wanted:
            contenders.append(_contender("base", plain))
        if "few-shot" in wanted:
            contenders.append(_contender("few-shot", plain, shots=options.shots))
    if RETRIEVAL in wanted:
        contenders.append(retrieval_row())
    if "rules" in wanted:
        rules = rules_contender(ws.root, task)
        contenders += [rules] if rules is not None else []
    if MEAN in wanted and task.kind == "score":
        found = mean_row(ws, task, _dataset(able, options))
        contenders += [found.contender] if found.contender is not None else []
        notes += [found.note] if found.note else []
    main = safe_name(able.contender.name) if tuned else "base"
    if tuned and "tuned" in wanted:
        contenders.append(able.contender.model_copy(update={"name": main}))
    ables, further = _further(ws, task, options.further)
    contenders += further
    _refuse_unfit(contenders)
    models = [one.model for one in [able, *ables] if one.model is not None]
    return LineUp(main, contenders, [able, *ables], models, notes)


def _rewards_line_up(ws: Workspace, able: Able, task: Task, options: EvaluateOptions) -> LineUp:
    """Reward models among themselves: nobody who answers can be held to their score."""
    ables = [
        able_to_answer(ws, one, task, may_weigh=True)
        for one in options.further
        if isinstance(one, str)
    ]
    alien = [str(one) for one in options.further if not isinstance(one, str)]
    alien += [one.contender.name for one in ables if one.contender.generator != REWARD]
    if alien:
        raise InvalidInput(
            f"{able.contender.name} is a reward model, and {', '.join(alien)} answers.",
            hint="--against takes further reward models here; evaluate the others by themselves",
        )
    found = [able, *ables]
    contenders = [
        one.contender.model_copy(update={"name": safe_name(one.contender.name)}) for one in found
    ]
    _refuse_unfit(contenders)
    models = [one.model for one in found if one.model is not None]
    note = (
        "A reward model answers nothing: its score is how often it puts the better answer higher."
    )
    return LineUp(contenders[0].name, contenders, found, models, [note])


def _dataset(able: Able, options: EvaluateOptions) -> str | None:
    """The dataset whose train split belongs to what is evaluated, if one does."""
    if able.model is not None:
        return able.model.dataset
    ref, slash, _ = (options.on or "").partition("/")
    return ref if slash or (ref and not Path(ref).suffix) else None


def _contender(name: str, base: FoundBase, *, shots: int = 0) -> Contender:
    return Contender(name=name, generator="model", shots=shots, options={"base": str(base.path)})


def _plain_base(ws: Workspace, able: Able, notes: list[str]) -> FoundBase | None:
    model = able.model
    if model is None or model.kind == "lora":
        return able.base
    try:
        base = find_base(ws, model.base)
    except HoneError as error:
        notes.append(f"No rows base and few-shot: {error.message}")
        return None
    if model.base_sha256 and base.sha256() != model.base_sha256:
        notes.append(f"No rows base and few-shot: the base {model.base} has changed since.")
        return None
    return base


def _further(
    ws: Workspace, task: Task, wanted: Sequence[str | Contender]
) -> tuple[list[Able], list[Contender]]:
    ables: list[Able] = []
    contenders: list[Contender] = []
    for one in wanted:
        if isinstance(one, Contender):
            contenders.append(_located(ws, task, one))
            continue
        given = as_given(one) or endpoint_contender(ws, one)
        if given is not None:
            contenders.append(given)
            continue
        able = able_to_answer(ws, one, task)
        ables.append(able)
        name = safe_name(able.contender.name)
        contenders.append(able.contender.model_copy(update={"name": name}))
    return ables, contenders


def _located(ws: Workspace, task: Task, one: Contender) -> Contender:
    """A contender of somebody's own with checked options and whole paths."""
    generator = shelf.load("generators", one.generator)
    options = dict(one.options)
    if "base" in options:
        options["base"] = str(find_base(ws, str(options["base"])).path)
    for name in ("adapter", "file"):
        if name in options:
            found = [ws.root / str(options[name]), Path(str(options[name])).expanduser()]
            options[name] = str(next((path for path in found if path.exists()), found[0]))
            if not Path(options[name]).exists():
                raise NotFound(
                    f"{one.name} cannot answer: there is no {options[name]}.",
                    hint="Give its folder from the workspace, or a whole path.",
                )
    values = {**options, "task": task} if one.generator == "rules" else options
    checked(generator.Options, values, hint=f"Mend the options of the contender {one.name}.")
    return one.model_copy(update={"options": options})


def _refuse_unfit(contenders: Sequence[Contender]) -> None:
    names = [one.name for one in contenders]
    problems = [f'"{name}" cannot name a file' for name in names if not NAME.fullmatch(name)]
    problems += [f'"{name}" stands twice' for name in dict.fromkeys(names) if names.count(name) > 1]
    if not contenders:
        problems.append("there is nobody to answer")
    if problems:
        raise InvalidInput(
            f"These contenders cannot be compared: {'; '.join(problems)}.",
            hint="Choose rows of base, few-shot, rules, tuned; give each further one its own name",
            problems=problems,
        )
