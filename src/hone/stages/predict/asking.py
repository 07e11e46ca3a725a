"""Finds who is to answer: the active model, a chosen version, a base, the rules."""

from __future__ import annotations

from typing import Any

from hone.errors import HoneError, InvalidInput, NotFound
from hone.generators._rules_contender import rules_contender
from hone.records.evaluation import Contender
from hone.records.task import Task
from hone.stages.predict.options import PredictOptions
from hone.workspace.contenders import (
    Able,
    able_to_answer,
    answer_tokens,
    safe_name,
    trained_answers,
)
from hone.workspace.open import Workspace


class Asking:
    """The task, and everybody who is to answer."""

    def __init__(self, ws: Workspace, options: PredictOptions) -> None:
        ref = chosen_model(ws, options) if options.method != "rules" else None
        self.task = _task(ws, options, ref)
        self.options = options
        self.able: Able | None = able_to_answer(ws, ref, self.task) if ref is not None else None
        self.contenders: list[Contender] = []
        if options.method in ("rules", "both"):
            self.contenders.append(_rules(ws, self.task))
        if self.able is not None:
            name = safe_name(self.able.contender.name)
            self.contenders.append(self.able.contender.model_copy(update={"name": name}))

    @property
    def model(self) -> str | None:
        """The reference of the model that answers."""
        return self.able.contender.name if self.able is not None else None

    def spec(self, ws: Workspace, on: str) -> dict[str, Any]:
        """The order for the worker."""
        able = self.able
        assert able is not None  # rules alone need no worker
        wanted = self.options.max_new_tokens
        return {
            "task": self.task.model_dump(mode="json"),
            "model": self.model,
            "on": on,
            "contenders": [one.model_dump(mode="json") for one in self.contenders],
            "max_new_tokens": wanted or answer_tokens(able, trained_answers(ws, able.model)),
            "batch_size": self.options.batch_size,
            "seed": 0,
            "template": able.renderer.fingerprint,
            "environment": {},
        }


def chosen_model(ws: Workspace, options: PredictOptions) -> str:
    """The model that is meant; HoneError with the mend where none is active."""
    named, version = options.model, options.version
    if version is not None and "@" in version:
        return version
    if named is not None and ("@" in named or version is not None):
        return named if "@" in named else f"{named}@{version}"
    known = ws.store.models.list(named)
    if named is not None and not known:
        return named  # a base, or a name that is refused where it is looked up
    if named is None:
        task = ws.task(options.task).name
        known = [one for one in known if one.model.task in (task, None)]
    names = sorted({one.model.name for one in known})
    if version is not None and len(names) == 1:
        return f"{names[0]}@{version}"
    active = [one.model.ref for one in known if one.is_active]
    if len(active) == 1 and version is None:
        return active[0]
    if not known:
        others = [one.model for one in ws.store.models.list() if one.is_active]
        raise HoneError(
            "No model is active: none has been trained for this task yet.",
            hint=f"--model {others[0].name}, trained for the task {others[0].task}"
            if others
            else "hone train RECIPE --confirm-run, or --method rules, or --model hone-nano",
        )
    if not active and version is None:
        raise HoneError("No model is active.", hint=f"hone models set-active {known[-1].model.ref}")
    raise InvalidInput(
        f"Several models could answer: {', '.join(active or names)}.", hint=f"--model {names[0]}"
    )


def _task(ws: Workspace, options: PredictOptions, ref: str | None) -> Task:
    if options.task is not None or ref is None:
        return ws.task(options.task)
    try:
        return ws.task(ws.store.models.get(ref).model.task)
    except NotFound:
        # Not a registered version: a base is asked as the workspace's own task asks.
        return ws.task(None)


def _rules(ws: Workspace, task: Task) -> Contender:
    contender = rules_contender(ws.root, task)
    if contender is None:
        mend = f"Write rules: rules/{task.name}.yaml into its task file, or use --method model"
        raise InvalidInput(
            f"The task {task.name} names no rules.",
            hint=mend if task.kind == "extract" else "--method model   (an extract task has rules)",
        )
    return contender
