"""Starts an evaluation: everything is checked and written down, then a worker answers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hone.errors import Conflict, HoneError
from hone.records.evaluation import Contender
from hone.records.job import Job
from hone.records.task import Task
from hone.stages import jobs
from hone.stages.evaluate.contenders import LineUp, line_up
from hone.stages.evaluate.endpoints import refuse_as_main
from hone.stages.evaluate.forgetting import against_the_older
from hone.stages.evaluate.given import FROM_FILE, notes_on
from hone.stages.evaluate.options import EvaluateOptions
from hone.stages.evaluate.preferring import FILE as PAIRS
from hone.stages.evaluate.preferring import pair_lines, with_pairs
from hone.stages.evaluate.questions import (
    Questions,
    asked_text,
    choose_questions,
    input_lines,
)
from hone.stages.evaluate.retrieval import FILE, RETRIEVAL, Known, known_examples
from hone.stages.evaluate.shots import Drawn, Wanted, draw_shots, fitting, shot_lines
from hone.stages.jobs.where import HERE
from hone.workspace.bases import find_base
from hone.workspace.contenders import answer_tokens, trained_answers
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace

COPIED = {"rules": "yaml", FROM_FILE: "jsonl"}
"""Contenders of a file, which the job gets a copy of, and how its name ends."""


def evaluate(
    ws: Workspace,
    model: str,
    options: EvaluateOptions | None = None,
    *,
    target: jobs.Target | None = None,
) -> Job:
    """Start the job that lets everybody answer; `collect_evaluated` makes the figures of it.

    `model` is NAME (the active or newest version), NAME@VERSION, or a base. The same evaluation
    that was cut off, or whose answers were not taken in yet, goes on as the job it was.
    """
    options = options or EvaluateOptions()
    older = None
    if options.forgetting:
        older, options = against_the_older(ws, model, options)
    task = _task(ws, model, options)
    line = line_up(ws, model, task, options)
    questions = choose_questions(ws, task, line.models, options)
    if line.measures == "preferences":
        questions = with_pairs(questions, line.main)
    max_new_tokens = options.max_new_tokens or _answer_tokens(ws, line, questions)
    given = notes_on(line.contenders, questions.items)
    line, drawn = _with_shots(ws, line, task, questions, (options, max_new_tokens))
    line, known = _with_known(ws, line, task, questions, options)
    spec: dict[str, Any] = {
        "task": task.model_dump(mode="json"),
        "model": line.main if line.models else model,
        "main": line.main,
        "models": [one.ref for one in line.models],
        "on": questions.on,
        "contenders": [one.model_dump(mode="json") for one in line.contenders],
        "max_new_tokens": max_new_tokens,
        "batch_size": options.batch_size,
        "seed": options.seed,
        "sample": len(questions.items) if options.sample or options.only else None,
        "trained_on": questions.trained_on,
        "template": line.ables[0].renderer.fingerprint,
        "measures": line.measures,
        "notes": [*line.notes, *questions.notes, *drawn.notes, *known.notes, *given],
        "environment": {},
    }
    if older is not None:
        spec["forgetting"] = {"newer": line.models[0].ref, "older": older.ref}
    files = _copies(line)
    if known.lines:
        files[RETRIEVAL] = (FILE, known.lines)
    inputs = _inputs(questions, drawn, files)
    spec["fingerprint"] = _fingerprint(spec, inputs)
    unfinished = _go_on(ws, spec["fingerprint"], target)
    if unfinished is not None:
        return unfinished
    job = jobs.new_job("evaluate", spec)
    for one in job.spec["contenders"]:
        if one["name"] in files:
            # The job reads its own copy: what is edited meanwhile does not mix.
            name, _ = files[one["name"]]
            one["options"]["file"] = str(ws.jobs / job.id / "inputs" / name)
    return jobs.launch(ws, job, inputs, target=target)


def _inputs(
    questions: Questions, drawn: Drawn, files: Mapping[str, tuple[str, str]]
) -> dict[str, str]:
    """What the job reads: name and text of each file."""
    inputs: dict[str, str] = {
        "examples.jsonl": input_lines(questions.items),
        "shots.jsonl": shot_lines(drawn.shots),
        **dict(files.values()),
    }
    pairs = pair_lines(questions.items, questions.rejected)
    return {**inputs, PAIRS: pairs} if pairs else inputs


def _copies(line: LineUp) -> dict[str, tuple[str, str]]:
    """Contender -> name and text of the file that it answers by."""
    return {
        one.name: (f"{one.name}.{end}", Path(one.options["file"]).read_text(encoding="utf-8"))
        for one in line.contenders
        if (end := COPIED.get(one.generator))
    }


def refuse_elsewhere(ws: Workspace, on: str) -> None:
    """HoneError where an evaluation is wanted on another machine: nothing is rented or asked for.

    NotFound where there is no such target at all.
    """
    if on == HERE:
        return
    name = jobs.target_named(ws, on).name
    raise HoneError(
        f"An evaluation answers on this machine only: {name} was asked for nothing.",
        hint="The same command without --on; --quick answers fewer examples, --detach waits for "
        "none.",
    )


def _task(ws: Workspace, model: str, options: EvaluateOptions) -> Task:
    if options.task is not None:
        return ws.task(options.task)
    refuse_as_main(ws, model)
    base = find_base(ws, model)
    if base.model is not None:
        return ws.task(ws.store.models.get(base.model).model.task)
    dataset = (options.on or "").partition("/")[0]
    try:
        return ws.task(ws.store.datasets.get(dataset).task) if dataset else ws.task(None)
    except HoneError:
        return ws.task(None)  # a file: its examples are of the workspace's own task


def _answer_tokens(ws: Workspace, line: LineUp, questions: Questions) -> int:
    """Room for an answer, from what was trained; without a trained model from what is expected."""

    def answers(model: Any) -> Iterator[str]:
        found = trained_answers(ws, model)
        first = next(found, None)
        if first is None:
            yield from (one.answer for one in questions.items)
            return
        yield first
        yield from found

    return max(answer_tokens(able, answers(able.model)) for able in line.ables)


def _with_shots(
    ws: Workspace,
    line: LineUp,
    task: Task,
    questions: Questions,
    chosen: tuple[EvaluateOptions, int],
) -> tuple[LineUp, Drawn]:
    """The line-up with as many worked examples as there are and fit; without, no few-shot row."""
    options, max_new_tokens = chosen
    if not any(one.shots for one in line.contenders):
        return line, Drawn([], [])
    dataset = _shots_dataset(line, questions)
    if dataset is None:
        drawn = Drawn([], ["No row few-shot: there is no train split to draw examples from."])
    else:
        avoid = {known for one in questions.items for known in (one.id, asked_text(task, one))}
        wanted = Wanted(max(one.shots for one in line.contenders), options.seed, avoid)
        drawn = draw_shots(ws, task, dataset, wanted)
        drawn = fitting(drawn, line.ables[0], task, questions.items, max_new_tokens=max_new_tokens)
    there = len(drawn.shots)
    contenders: list[Contender] = []
    for one in line.contenders:
        if one.shots == 0:
            contenders.append(one)
        elif there:
            contenders.append(one.model_copy(update={"shots": min(one.shots, there)}))
    return line._replace(contenders=contenders), drawn


def _with_known(
    ws: Workspace, line: LineUp, task: Task, questions: Questions, options: EvaluateOptions
) -> tuple[LineUp, Known]:
    """What search may find; where there is nothing, no row retrieval."""
    if not any(one.generator == RETRIEVAL for one in line.contenders):
        return line, Known("", [])
    avoid = {known for one in questions.items for known in (one.id, asked_text(task, one))}
    dataset = _shots_dataset(line, questions)
    known = known_examples(ws, task, dataset, seed=options.seed, avoid=avoid)
    if known.lines:
        return line, known
    contenders = [one for one in line.contenders if one.generator != RETRIEVAL]
    return line._replace(contenders=contenders), known


def _shots_dataset(line: LineUp, questions: Questions) -> str | None:
    for model in line.models[:1]:
        if model.dataset is not None:
            return model.dataset
    ref, slash, _ = questions.on.partition("/")
    return ref if slash else None


def _fingerprint(spec: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    text = json.dumps([spec, inputs], sort_keys=True, ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _go_on(ws: Workspace, fingerprint: str, target: jobs.Target | None) -> Job | None:
    """The same evaluation, when its answers are not taken in yet: resumed, or ready to collect."""
    same: Sequence[Job] = [
        job
        for job in ws.store.jobs.unsettled()
        if job.kind == "evaluate" and job.spec.get("fingerprint") == fingerprint
    ]
    for job in reversed(same):
        folder = JobFolder(ws.jobs / job.id)
        if not (folder.path / "job.json").is_file():
            continue  # its folder was deleted: there is nothing to go on from
        # A supervisor that only has to close what has ended holds nothing up: resume waits for it.
        is_coming = jobs.in_hand(ws, job.id) and folder.state() in ("waiting", "running")
        if folder.is_alive() or is_coming:
            raise Conflict(
                f"This very evaluation already runs as {job.id}.",
                hint=f"hone jobs watch {job.id}",
            )
        return job if folder.has_result else jobs.resume(ws, job.id, target=target)
    return None
