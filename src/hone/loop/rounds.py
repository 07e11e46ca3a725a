"""A round of corrections, step by step: build, retrain, measure; each goes on where it stands.

`apply_feedback`, `train` and `report_feedback` wait until they are done. A screen cannot: here
every step begins its jobs and comes back, and `look_at_round` tells from the workspace alone how
far they are, whoever began them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hone.errors import Conflict, GateRefused, HoneError
from hone.loop.training import refuse_dearer
from hone.records.correction_round import (
    CorrectionRound,
    Retraining,
    RetrainPlan,
    RoundStep,
    RoundWork,
)
from hone.records.dataset import Manifest
from hone.records.flag import FlagVerdict
from hone.records.job import Job
from hone.records.model import ModelVersion
from hone.stages import evaluate as evaluation
from hone.stages import feedback, jobs
from hone.stages.train import (
    Prepared,
    collect_trained,
    missing_for_a_real_run,
    prepare_training,
    recipe_of,
    start_training,
)
from hone.workspace.contenders import safe_name
from hone.workspace.file_lock import holding
from hone.workspace.open import Workspace

UNDER_WAY = ("waiting", "running")
LOCK_SECONDS = 60.0


def look_at_round(workspace: Workspace) -> CorrectionRound:
    """Where the newest round of corrections stands; nothing is begun.

    A training that has ended is taken in first, as every command does.
    """
    seen = _look(workspace)
    has_ended = any(one.state == "succeeded" for one in seen.trainings)
    if has_ended and not workspace.store.is_read_only:
        taken = collect_trained(workspace)
        seen = _look(workspace)
        for one in seen.trainings:
            problems = [text for text in taken.problems if text.startswith(f"{one.job}:")]
            if one.state == "succeeded" and problems:
                one.error, one.hint = problems[0], f"hone jobs show {one.job}"
    return seen


def _look(workspace: Workspace) -> CorrectionRound:
    found = feedback.corrections_of(workspace)
    if found is None:
        return CorrectionRound(step="correct")
    waits: Counter[FlagVerdict] = Counter(one.verdict for one in found.waiting.values())
    seen = CorrectionRound(
        step="apply" if waits else "correct",
        waiting=dict(sorted(waits.items())),
        source=found.source.ref,
        before=found.before,
    )
    if found.made is None:
        return seen
    seen.dataset, seen.corrections = (
        found.made.ref,
        len(found.made.options["feedback"]["corrections"]),
    )
    seen.control_dataset = found.control.ref if found.control is not None else None
    _look_at_trainings(workspace, found, seen)
    if seen.after is not None:
        seen.answering = _answering(workspace, seen)
        seen.report = _report(workspace, seen)
    seen.step = _step(seen)
    if seen.report is not None:
        file = feedback.report_files(workspace, seen.report).markdown
        seen.report_file = file.relative_to(workspace.root).as_posix()
    if seen.step == "retrain":
        seen.by_command = _by_command(workspace, seen)
    return seen


def plan_round(workspace: Workspace) -> Retraining:
    """What retraining would begin: the way the corrected version was trained, on what is newer.

    HoneError where nothing is to be trained; NotFound where that way is not known.
    """
    seen, prepared = _prepared(workspace, is_plan=True)
    plans = [_told(workspace, seen, one) for one in prepared]
    return Retraining(
        trainings=plans, control=seen.control, price_usd=sum(one.price_usd for one in plans)
    )


def retrain(workspace: Workspace, *, price_usd: float = 0.0) -> CorrectionRound:
    """Begin the trainings of a round, the one behind the other.

    `price_usd` is what was agreed to: GateRefused, and nothing begins, where it would be more.
    """
    with _alone(workspace):
        _retrain(workspace, price_usd)
    return look_at_round(workspace)


def _retrain(workspace: Workspace, price_usd: float) -> None:
    _, prepared = _prepared(workspace)
    total = sum(one.plan.price_usd for one in prepared)
    refuse_dearer(total, price_usd)
    missing = [
        text
        for one in prepared
        for text in missing_for_a_real_run(workspace, one.plan, is_confirmed=True)
    ]
    if total and not missing:
        # Each alone may fit where all of them together do not.
        missing = jobs.beyond_month(workspace, total)
    if missing:
        listed = "; ".join(dict.fromkeys(missing))
        raise GateRefused(f"No training: {listed}.", hint="hone config show")
    for one in prepared:
        start_training(workspace, one, is_confirmed=True)


@contextmanager
def _alone(workspace: Workspace) -> Generator[None]:
    """One process at a time takes the next step: two would begin it twice."""
    with holding(
        workspace.jobs / ".round.lock",
        within=LOCK_SECONDS,
        refused="Somebody else is taking the next step of this round.",
        hint="hone jobs list   (shows what was begun)",
    ):
        yield


def measure_round(workspace: Workspace) -> CorrectionRound:
    """Ask who is owed an answer, an evaluation at a time; where all have answered, report.

    Call it again when the evaluation that it began has ended. HoneError where the round is not
    trained yet.
    """
    with _alone(workspace):
        _measure(workspace)
    return look_at_round(workspace)


def _measure(workspace: Workspace) -> None:
    seen = look_at_round(workspace)
    if seen.step not in ("measure", "measured") or seen.after is None:
        raise HoneError(
            "There is nothing to measure yet: no version has trained on the corrections.",
            hint="hone train, on the version that hone feedback apply made",
        )
    if seen.answering is not None and seen.answering.state in UNDER_WAY:
        return
    if seen.answering is not None and seen.answering.state == "succeeded":
        evaluation.collect_evaluated(workspace, seen.answering.job)
    trial = feedback.trial_of(workspace, seen.after, before=seen.before, control=seen.control)
    for asking in feedback.owed(workspace, trial):
        first, *further = asking.models
        options = evaluation.evaluate_options(
            on=asking.on,
            only=asking.only,
            further=further,
            rows=["tuned"],
            includes_trained=asking.only is not None,
        )
        evaluation.evaluate(workspace, first, options)
        return
    feedback.write_report(workspace, feedback.efficacy(workspace, trial))


def stop_round(workspace: Workspace) -> CorrectionRound:
    """Ask whatever of the round waits or runs to stop; the same steps go on from there."""
    seen = look_at_round(workspace)
    works = [*seen.trainings, *([seen.answering] if seen.answering else [])]
    running = [one for one in works if one.state in UNDER_WAY]
    if not running:
        raise Conflict("Nothing of this round runs.", hint="hone jobs list")
    # The last of the queue first: else it would begin when the one before it ends.
    for one in reversed(running):
        jobs.ask_to_stop(workspace, one.job)
    return look_at_round(workspace)


def _look_at_trainings(ws: Workspace, found: feedback.Corrected, seen: CorrectionRound) -> None:
    """The version and the control: who has trained, and who does now."""
    assert found.made is not None
    registered = sorted(ws.store.models.list(), key=lambda one: one.registered_at)
    # A merge holds no more than the version that it was made of.
    trained = [one.model for one in registered if one.model.details.get("method") != "merge"]
    orders = ws.store.jobs.list()
    seen.after = _newest(trained, found.made)
    if found.control is not None:
        seen.control = _newest(trained, found.control)
        if seen.control is None and feedback.is_a_control(ws, found):
            seen.control = found.before
    wanted = [(found.made, seen.after), (found.control, seen.control)]
    for manifest, ref in wanted:
        order = _newest_order(orders, manifest) if manifest is not None and ref is None else None
        if manifest is not None and order is not None:
            work = _work(ws, order, str(order.spec["model_name"]), manifest.ref)
            seen.trainings.append(work.model_copy(update={"is_control": manifest != found.made}))


def _newest(trained: Sequence[ModelVersion], manifest: Manifest) -> str | None:
    return next((one.ref for one in reversed(trained) if one.dataset == manifest.ref), None)


def _newest_order(orders: Sequence[Job], manifest: Manifest) -> Job | None:
    for one in orders:  # the newest first
        if one.kind != "train" or one.spec.get("subset") or one.spec.get("dry_run"):
            continue
        if one.spec.get("dataset", {}).get("name") == manifest.ref:
            return one
    return None


def _work(ws: Workspace, order: Job, model: str, dataset: str) -> RoundWork:
    status = jobs.show(ws, order.id)
    return RoundWork(
        job=order.id,
        model=model,
        dataset=dataset,
        state=status.state,
        done=status.done or 0,
        total=status.total,
        eta_seconds=status.eta_seconds,
        says=status.says,
        error=status.error,
        hint=status.hint,
    )


def _answering(ws: Workspace, seen: CorrectionRound) -> RoundWork | None:
    """The newest evaluation that the report is owed; None where none was begun."""
    assert seen.after is not None and seen.dataset is not None
    owed = {safe_name(one) for one in (seen.before, seen.control) if one is not None}
    for order in ws.store.jobs.list():
        if order.kind != "evaluate" or order.spec.get("model") != seen.after:
            continue
        on = str(order.spec.get("on", ""))
        # By the names of who answers: a base that was corrected is no version.
        asked = {one["name"] for one in order.spec.get("contenders", ())}
        if on.startswith(f"{seen.dataset}/") and owed <= asked:
            return _work(ws, order, seen.after, on)
    return None


def _report(ws: Workspace, seen: CorrectionRound) -> Any:
    assert seen.after is not None
    report = feedback.newest_report(ws, seen.after)
    if report is None or (report.dataset, report.before) != (seen.dataset, seen.before):
        return None
    # One that was made before the control was there says less than can be known by now.
    return report if report.control == seen.control else None


def _step(seen: CorrectionRound) -> RoundStep:
    if seen.after is None or (seen.control is None and seen.control_dataset is not None):
        return "retrain"
    if seen.report is None:
        return "measure"
    return "apply" if seen.waiting else "measured"


def _prepared(ws: Workspace, *, is_plan: bool = False) -> tuple[CorrectionRound, list[Prepared]]:
    seen = look_at_round(ws)
    if seen.dataset is None or seen.step != "retrain":
        raise HoneError("There is nothing to retrain.", hint="hone feedback apply")
    busy = [one for one in seen.trainings if one.state in UNDER_WAY]
    if busy:
        raise Conflict(f"{busy[0].model} trains already.", hint=f"hone jobs watch {busy[0].job}")
    unread = [one for one in seen.trainings if one.state == "succeeded"]
    if unread:
        # What it cost is spent: to train again is no way out.
        raise Conflict(
            f"{unread[0].model} has trained and could not be registered: {unread[0].error}",
            hint=unread[0].hint,
        )
    recipe = recipe_of(ws, seen.before or "")
    return seen, [
        prepare_training(ws, {**recipe, **one}, is_plan=is_plan) for one in _changes(seen)
    ]


def _changes(seen: CorrectionRound) -> Iterator[dict[str, Any]]:
    """What differs from the recipe of the version that was corrected, for each training owed."""
    if seen.after is None:
        yield {"dataset": seen.dataset}
    if seen.control is None and seen.control_dataset is not None:
        yield {"dataset": seen.control_dataset, "name": seen.control_dataset.partition("@")[0]}


def _told(ws: Workspace, seen: CorrectionRound, prepared: Prepared) -> RetrainPlan:
    plan = prepared.plan
    return RetrainPlan(
        model=plan.model,
        dataset=plan.dataset,
        is_control=plan.dataset == seen.control_dataset,
        like=str(seen.before),
        method=plan.method,
        base=plan.base,
        on=prepared.checked.recipe.on,
        rows=plan.train.rows,
        steps=plan.steps,
        seconds=(plan.seconds.low, plan.seconds.high),
        memory_gib=(plan.memory_gib.low, plan.memory_gib.high),
        verdict=plan.verdict,
        price_usd=plan.price_usd,
        missing=missing_for_a_real_run(ws, plan, is_confirmed=True),
        notes=plan.notes,
    )


def _by_command(ws: Workspace, seen: CorrectionRound) -> str:
    """The command where the way that the corrected one was trained is not known here."""
    try:
        recipe_of(ws, seen.before or "")
    except HoneError:
        return f"hone train RECIPE --set dataset={seen.dataset} --confirm-run"
    return ""
