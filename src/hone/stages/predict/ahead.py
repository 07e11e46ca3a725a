"""Predicts ahead: a job answers every example of an extract task, before anybody looks at one.

One job for each of the rules and the active model, of at most `MOST_IN_A_JOB` examples; where more
are left, the next one follows when its answers are taken in. Only who was asked for once is kept
up to date: a model is work for hours, and nobody's machine is taken unasked.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from hone.errors import HoneError, InvalidInput
from hone.records.job import Job
from hone.records.task import Task
from hone.stages import jobs
from hone.stages.predict.asking import Asking, chosen_model
from hone.stages.predict.options import PredictOptions
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.predictions import read_predictions
from hone.workspace.store import Giver

Way = Literal["rules", "model"]
WAYS: tuple[Way, ...] = ("rules", "model")
MOST_IN_A_JOB = 20_000
AHEAD = "ahead"


def ahead_task(ws: Workspace, name: str | None = None) -> Task:
    """The task, which must be one whose answers are records."""
    task = ws.task(name)
    if task.kind != "extract":
        raise InvalidInput(
            f"The task {task.name} is a {task.kind} task: only extract tasks are predicted ahead.",
            hint="--task NAME of an extract task",
        )
    return task


def giver_of(ws: Workspace, task: Task, way: Way) -> Giver:
    """Who answers now: the active version, or the rules as they stand; HoneError where nobody."""
    if way == "model":
        return Giver(task.name, way, chosen_model(ws, PredictOptions(task=task.name)))
    if not task.rules:
        raise HoneError(
            f"The task {task.name} names no rules.",
            hint=f"Write rules: rules/{task.name}.yaml into its task file.",
        )
    file = ws.root / task.rules
    with explained("read", file):
        rules = file.read_bytes()
    # Another rule, another field of the task: other answers.
    state = hashlib.sha256(task.model_dump_json().encode() + rules).hexdigest()
    return Giver(task.name, way, f"rules@{state[:12]}")


def predict_ahead(
    ws: Workspace,
    task: Task,
    ways: Sequence[Way] = WAYS,
    *,
    target: jobs.Target | None = None,
) -> list[Job]:
    """Begin, or go on with, what is left to answer; no job where nothing is.

    HoneError where one of them cannot answer at all; nothing is begun then.
    """
    collect_ahead(ws)
    givers = [giver_of(ws, task, way) for way in ways]
    with jobs.settling(ws):
        found = [_begun(ws, task, giver, target, is_wanted=True) for giver in givers]
    return [job for job in found if job is not None]


def collect_ahead(ws: Workspace) -> list[Giver]:
    """Take in what finished jobs answered; safe to call at any time, and to be killed in."""
    if not any(job.spec.get(AHEAD) for job in ws.store.jobs.unsettled()):
        return []
    taken: list[Giver] = []
    with jobs.settling(ws):
        for folder in jobs.unsettled(ws, "suggest"):
            spec = folder.job.spec
            if not spec.get(AHEAD):
                continue
            giver = Giver(**spec[AHEAD])
            name = spec["contenders"][0]["name"]
            read = read_predictions(folder.predictions / f"{name}.jsonl")
            ws.store.predicted.add(giver, read.answers.values())
            ws.store.jobs.mark_settled(folder.job.id)
            taken.append(giver)
    return taken


def keep_ahead(ws: Workspace, *, target: jobs.Target | None = None) -> list[Job]:
    """Take in what is there, and begin what is missing, for whoever was asked for before.

    What a person stopped, and what failed, stays so until somebody asks for it by hand.
    """
    collect_ahead(ws)
    wanted = {(one.task, one.method) for one in ws.store.predicted.givers()}
    begun: list[Job] = []
    for name, task in ws.tasks().items() if wanted else ():
        for way in WAYS:
            if (name, way) not in wanted:
                continue
            try:
                giver = giver_of(ws, task, way)
            except HoneError:
                continue  # none is active for now: the screen says so
            with jobs.settling(ws):
                job = _begun(ws, task, giver, target, is_wanted=False)
            begun += [job] if job is not None else []
            if job is None and is_whole(ws, giver):
                _forget_older(ws, giver)
    return begun


def is_whole(ws: Workspace, giver: Giver) -> bool:
    """Whether somebody has answered every example of the task."""
    total = ws.store.examples.count(task=giver.task)
    return ws.store.predicted.count(giver.by) >= total


def job_of(ws: Workspace, giver: Giver) -> Job | None:
    """The job that answers for somebody now, or did until it was stopped."""
    found = [one for one in ws.store.jobs.unsettled() if one.spec.get(AHEAD) == giver._asdict()]
    return found[-1] if found else None


def _begun(
    ws: Workspace, task: Task, giver: Giver, target: jobs.Target | None, *, is_wanted: bool
) -> Job | None:
    """The job for what is left: a new one, the running one, the one that was cut off."""
    _stop_older(ws, giver)
    known = job_of(ws, giver)
    if known is not None:
        folder = JobFolder(ws.jobs / known.id)
        is_going = folder.has_result or folder.is_alive() or jobs.in_hand(ws, known.id)
        if is_going or not is_wanted:
            return known if is_wanted or is_going else None
        if (folder.path / "job.json").is_file():
            return jobs.resume(ws, known.id, target=target)
        ws.store.jobs.mark_settled(known.id)  # its folder was deleted
    total = ws.store.examples.count(task=task.name)
    left = ws.store.predicted.unasked(giver, total, MOST_IN_A_JOB)
    if not left:
        return None
    job = jobs.new_job("suggest", _spec(ws, task, giver))
    inputs: dict[str, Path | str | bytes] = {}
    if giver.method == "rules":
        # The job reads its own copy: what is edited meanwhile does not mix.
        options = job.spec["contenders"][0]["options"]
        inputs["rules.yaml"] = Path(options["file"]).read_bytes()
        options["file"] = str(ws.jobs / job.id / "inputs" / "rules.yaml")
    with tempfile.TemporaryDirectory(prefix="hone-ahead-") as aside:
        inputs["examples.jsonl"] = Path(aside) / "examples.jsonl"
        with inputs["examples.jsonl"].open("w", encoding="utf-8") as out:
            for one in left:
                line = {"id": str(one.position), "input": one.input, "context": one.context}
                out.write(json.dumps(line) + "\n")
        return jobs.launch(ws, job, inputs, target=target)


def _spec(ws: Workspace, task: Task, giver: Giver) -> dict[str, Any]:
    model = giver.by if giver.method == "model" else None
    method = "model" if model is not None else "rules"
    asking = Asking(ws, PredictOptions(task=task.name, model=model, method=method))
    if asking.able is not None:
        spec = asking.spec(ws, "all examples")
    else:
        spec = {
            "task": task.model_dump(mode="json"),
            "on": "all examples",
            "contenders": [one.model_dump(mode="json") for one in asking.contenders],
            "environment": {},
        }
    return {**spec, AHEAD: giver._asdict()}


def _older(ws: Workspace, giver: Giver, others: Sequence[Giver]) -> list[Giver]:
    same = (giver.task, giver.method)
    return [one for one in others if (one.task, one.method) == same and one.by != giver.by]


def _stop_older(ws: Workspace, giver: Giver) -> None:
    """Nobody waits for what another version, or older rules, would still answer."""
    for job in ws.store.jobs.unsettled():
        if not job.spec.get(AHEAD) or not _older(ws, giver, [Giver(**job.spec[AHEAD])]):
            continue
        folder = JobFolder(ws.jobs / job.id)
        if folder.is_alive() or jobs.in_hand(ws, job.id):
            jobs.ask_to_stop(ws, job.id)
        else:
            ws.store.jobs.mark_settled(job.id)


def _forget_older(ws: Workspace, giver: Giver) -> None:
    for one in _older(ws, giver, ws.store.predicted.givers(giver.task)):
        ws.store.predicted.forget(one.by)
