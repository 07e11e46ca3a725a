"""Takes the answers of a finished evaluation in: figures, report, store, the model's metadata.

Every step gives the same result again, so a kill between any two is mended by running it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from hone.errors import Conflict, HoneError, NotFound
from hone.metrics.by_example import DIMENSION
from hone.records.evaluation import Bands, Contender, Evaluation, Row
from hone.records.job import Job
from hone.records.model import Measured
from hone.records.task import Task
from hone.stages import jobs
from hone.stages.evaluate.ceiling import human_ceiling
from hone.stages.evaluate.forgetting import note_forgetting
from hone.stages.evaluate.pages import write_pages
from hone.stages.evaluate.preferring import ACCURACY, rejected_texts
from hone.stages.evaluate.questions import Question
from hone.stages.evaluate.score import Scored, Terms, differences, score_contender
from hone.workspace.contenders import safe_name
from hone.workspace.files import explained, write_atomically, write_json
from hone.workspace.follow import Progress, follow
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.predictions import read_predictions, read_weighed

FEW = 20
"""Below, the bootstrap covers less than it says (docs/reference/metrics.md)."""


class Taken(NamedTuple):
    """What was taken in now, and which finished evaluations could not be."""

    evaluations: list[Evaluation]
    problems: list[str]


def finish(
    ws: Workspace, job_id: str, *, on_progress: Progress = lambda done, total: None
) -> Evaluation:
    """Wait for the answers, then take them in; HoneError says how to go on where there are none."""
    folder = jobs.folder_of(ws, job_id)
    follow(folder, on_progress=on_progress)
    return collect_evaluated(ws, folder.path.name)


def collect_evaluated(ws: Workspace, job_id: str) -> Evaluation:
    """The evaluation of a job that has succeeded: reported and recorded, once however often."""
    folder = jobs.folder_of(ws, job_id)
    if folder.job.kind != "evaluate":
        raise Conflict(f"{folder.path.name} is no evaluation.", hint="hone jobs list")
    if not folder.has_result:
        raise Conflict(
            f"{folder.path.name} has not succeeded: it is {folder.state()}.",
            hint=f"hone jobs show {folder.path.name}",
        )
    with jobs.settling(ws):
        return _take_in(ws, folder)


def collect_all_evaluated(ws: Workspace) -> Taken:
    """Every succeeded evaluation that was not taken in yet; safe to call at any time."""
    taken = Taken([], [])
    for folder in jobs.unsettled(ws, "evaluate"):
        try:
            taken.evaluations.append(collect_evaluated(ws, folder.path.name))
        except HoneError as error:
            taken.problems.append(f"{folder.path.name}: {error.message}")
    return taken


def report_path(ws: Workspace, job: Job) -> Path:
    """`reports/eval_<model>_<timestamp>.json`; the time is that of the order."""
    timestamp = job.id.removeprefix("evaluate-")
    return ws.reports / f"eval_{safe_name(str(job.spec['model']))}_{timestamp}.json"


def _take_in(ws: Workspace, folder: JobFolder) -> Evaluation:
    job = folder.job
    questions = _questions(folder)
    scored = _scored(folder, questions, ws.config.scores.bands)
    evaluation = _evaluation(job, scored)
    task = Task.model_validate(job.spec["task"])
    if evaluation.measures == "answers":
        evaluation.human = human_ceiling(ws, task, seed=evaluation.seed)
    path = report_path(ws, job)
    text = evaluation.model_dump(mode="json")
    write_pages(path, evaluation, score_name(evaluation, task), (questions, scored))
    write_json(path, text)
    metrics = ws.data_folder("metrics")
    write_json(metrics / path.name, text)
    write_atomically(
        metrics / f"{path.stem}_examples.jsonl", "".join(_example_lines(questions, scored.values()))
    )
    _show_flagged(ws, path.stem, questions, scored.get(str(job.spec["main"])), evaluation)
    ws.store.evaluations.record(
        evaluation, [score for one in scored.values() for score in one.scores]
    )
    if evaluation.sample is None and not evaluation.trained_on:
        for ref in cast("list[str]", job.spec.get("models", [])):
            _note_figures(ws, ref, evaluation)
        if asked := cast("dict[str, str]", job.spec.get("forgetting") or {}):
            note_forgetting(ws, asked["newer"], asked["older"], evaluation)
    ws.store.jobs.mark_settled(job.id)
    return evaluation


def _questions(folder: JobFolder) -> list[Question]:
    file = folder.inputs / "examples.jsonl"
    with explained("read", file), file.open(encoding="utf-8") as lines:
        return [Question(**json.loads(line)) for line in lines]


def _scored(folder: JobFolder, questions: Sequence[Question], bands: Bands) -> dict[str, Scored]:
    spec = folder.job.spec
    terms = Terms(int(spec["seed"]), bands, rejected_texts(folder.inputs))
    task = Task.model_validate(spec["task"])
    found: dict[str, Scored] = {}
    for fields in spec["contenders"]:
        contender = Contender.model_validate(fields)
        name = f"{contender.name}.jsonl"
        predictions = read_predictions(folder.predictions / name)._replace(
            pairs=read_weighed(folder.predictions / "pairs" / name)
        )
        found[contender.name] = score_contender(
            task, contender, questions, predictions, terms=terms
        )
    return found


def _evaluation(job: Job, scored: Mapping[str, Scored]) -> Evaluation:
    spec: dict[str, Any] = job.spec
    on = str(spec["on"])
    seed = int(spec["seed"])
    paired = differences(str(spec["main"]), scored, seed=seed)
    return Evaluation(
        id=job.id,
        model=str(spec["model"]),
        task=str(spec["task"]["name"]),
        on=on,
        at=job.created_at,
        rows=[_located(one.row, on) for one in scored.values()],
        differences={name: _at(value, on) for name, value in paired.items()},
        measures=spec.get("measures", "answers"),
        template=str(spec.get("template", "")),
        job=job.id,
        seed=seed,
        sample=spec.get("sample"),
        trained_on=int(spec.get("trained_on", 0)),
        notes=[*spec.get("notes", []), *_few_notes(scored), *_trouble_notes(scored)],
    )


def _few_notes(scored: Mapping[str, Scored]) -> list[str]:
    amount = max((one.row.examples for one in scored.values()), default=0)
    if amount >= FEW:
        return []
    return [f"Only {amount} examples: intervals of so few are too narrow, and say little."]


def _trouble_notes(scored: Mapping[str, Scored]) -> list[str]:
    sentences = {
        "not_answered": "{name} left {count} of {amount} without an answer: each counts as wrong.",
        "cut_off": "Answers of {name} cut off at the length limit: {count} of {amount}.",
        "prompt_shortened": "Prompts of {name} shortened to fit: {count} of {amount}.",
        "empty": "{name} answered nothing to {count} of {amount}: they are scored as they are.",
        "doubled": "{name} answered {count} examples more than once: the last answer counts.",
        "not_weighed": "Pairs of {count} examples could not be weighed by {name}, so they count as "
        "wrong: an answer is too long, or gave no number.",
        "torn": "{count} lines of {name} cannot be read and count as not written.",
        "beside": "{count} answers of {name} are to examples that were not asked.",
    }
    return [
        sentences[trouble].format(count=count, amount=one.row.examples, name=name)
        for name, one in scored.items()
        for trouble, count in one.row.troubles.items()
    ]


def _located(row: Row, on: str) -> Row:
    metrics = {name: _at(value, on) for name, value in row.metrics.items()}
    return row.model_copy(update={"score": _at(row.score, on), "metrics": metrics})


def _at(measured: Measured, on: str) -> Measured:
    return measured.model_copy(update={"on": on})


def _example_lines(questions: Sequence[Question], scored: Iterable[Scored]) -> Iterator[str]:
    for one in scored:
        for question, score in zip(questions, one.scores, strict=True):
            fields = {
                "id": question.id,
                "contender": score.contender,
                "score": score.score,
                "band": score.band,
                "input": question.input,
                "text": score.text,
                "answer": question.answer,
            }
            yield json.dumps(fields, ensure_ascii=False) + "\n"


def _show_flagged(
    ws: Workspace,
    name: str,
    questions: Sequence[Question],
    scored: Scored | None,
    evaluation: Evaluation,
) -> None:
    """`data/flagged/<report>.jsonl`: what the main contender got wrong and a person may correct.

    What stands in a test or val split is no matter for corrections, so it is not written there.
    """
    is_held_back = evaluation.on.endswith(("/test", "/val")) or evaluation.trained_on
    if scored is None or is_held_back or evaluation.measures != "answers":
        return
    below = ws.config.scores.flag_below
    places = [place for place, one in enumerate(scored.scores) if one.score < below]
    low = Scored(scored.row, [scored.scores[place] for place in places])
    lines = _example_lines([questions[place] for place in places], [low])
    write_atomically(ws.data_folder("flagged") / f"{name}.jsonl", "".join(lines))


def _note_figures(ws: Workspace, ref: str, evaluation: Evaluation) -> None:
    """Write a version's figures into its metadata; those of its own test split stay the ones shown.

    A val split chose the checkpoint, so its figures are no measure of the version.
    """
    row = next((row for row in evaluation.rows if row.contender == safe_name(ref)), None)
    if row is None or evaluation.on.endswith("/val"):
        return
    try:
        found = ws.store.models.get(ref)
    except NotFound:
        return  # it was taken out of the registry meanwhile; the report keeps its figures
    own = f"{found.model.dataset}/test"
    task_score = _score_name(ws, evaluation)
    figures = {
        name: one for name, one in row.metrics.items() if not name.startswith(("field.", DIMENSION))
    }
    figures[task_score] = row.score
    metrics = dict(found.model.metrics)
    for name, figure in figures.items():
        if evaluation.on == own or name not in metrics or metrics[name].on != own:
            metrics[name] = figure
    model = found.model.model_copy(update={"metrics": metrics})
    write_json(found.folder / "metadata.json", model.model_dump(mode="json"))
    ws.store.models.update(model)


def score_name(evaluation: Evaluation, task: Task) -> str:
    """What the one score of every example is called."""
    return ACCURACY if evaluation.measures == "preferences" else task.score_name


def _score_name(ws: Workspace, evaluation: Evaluation) -> str:
    try:
        return score_name(evaluation, ws.task(evaluation.task))
    except HoneError:
        return "score"  # its file is gone or broken; the report was made from the frozen task
