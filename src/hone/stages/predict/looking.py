"""What was predicted ahead, for a page of examples: a lookup, and how far the rest is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from hone.errors import HoneError
from hone.records.task import Task
from hone.stages import jobs
from hone.stages.predict.ahead import WAYS, Way, giver_of, job_of
from hone.stages.predict.answers import meaning
from hone.stages.predict.options import AnswerBy
from hone.workspace.open import Workspace
from hone.workspace.store import Giver

State = Literal["ready", "computing", "stopped", "absent", "nobody"]


class Standing(BaseModel):
    """How far one way of answering is."""

    way: Way
    by: str | None = Field(description="the version that is active, or the state of the rules")
    state: State = Field(
        description="ready: all are answered; computing; stopped: not all, and no job runs; "
        "absent: not asked for; nobody: there is none who could answer"
    )
    done: int = 0
    total: int = 0
    eta_seconds: float | None = Field(
        default=None, description="of the job that runs; more may follow it"
    )
    job: str | None = None
    says: str = ""
    hint: str = ""


class Seen(AnswerBy):
    """What was predicted for one example."""

    is_stale: bool = Field(description="given by a version, or by rules, that is not in use now")


class LookedUp(BaseModel):
    """A page of predictions."""

    task: str
    ways: list[Standing]
    answers: dict[str, dict[Way, Seen]] = Field(
        description="example -> way -> its answer; a way that has none yet is left out"
    )


def look_ahead(ws: Workspace, task: Task, ids: Sequence[str] = ()) -> LookedUp:
    """The predictions for these examples, and how far each way is."""
    answers: dict[str, dict[Way, Seen]] = {one: {} for one in ids}
    ways: list[Standing] = []
    givers = ws.store.predicted.givers(task.name)
    for way in WAYS:
        try:
            now = giver_of(ws, task, way)
        except HoneError as error:
            now = None
            ways.append(
                Standing(way=way, by=None, state="nobody", says=error.message, hint=error.hint)
            )
        else:
            ways.append(_standing(ws, now))
        others = [one for one in givers if one.method == way and one != now]
        # The one in use last: it stands where both have answered.
        for giver in [*others, *([now] if now is not None else [])]:
            for id, prediction in ws.store.predicted.of(giver.by, ids).items():
                found = meaning(task, giver.by, prediction)
                answers[id][way] = Seen(**found.model_dump(), is_stale=giver != now)
    return LookedUp(task=task.name, ways=ways, answers=answers)


def _standing(ws: Workspace, giver: Giver) -> Standing:
    total = ws.store.examples.count(task=giver.task)
    kept = ws.store.predicted.count(giver.by)
    way: Way = "model" if giver.method == "model" else "rules"
    found = Standing(way=way, by=giver.by, state="ready", done=kept, total=total)
    if kept >= total:
        return found
    job = job_of(ws, giver)
    if job is None:
        found.state = "stopped" if kept else "absent"
        found.says = f"{kept:,} of {total:,} messages are predicted."
    else:
        status = jobs.show(ws, job.id)
        is_going = status.state in ("waiting", "running", "succeeded")
        found.state = "computing" if is_going else "stopped"
        found.job, found.eta_seconds = job.id, status.eta_seconds
        found.done = min(kept + (status.done or 0), total)
        verb = "are being predicted" if is_going else "were predicted when it stopped"
        found.says = f"{found.done:,} of {total:,} messages {verb}."
    if found.state != "computing":
        found.hint = f"hone predict --all --method {way} --task {giver.task}"
    return found
