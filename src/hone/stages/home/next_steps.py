"""What to do next: every rule looks at the state of the loop and may have one step to offer.

What was begun comes before what could be begun: a job that broke, a model that nobody evaluated,
a dataset that nothing was trained on, reviewed examples that no dataset holds; then the review.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hone.records.dataset import Manifest
from hone.records.example import TRUSTED
from hone.stages.jobs import JobStatus
from hone.workspace.commands import how_to_evaluate
from hone.workspace.open import Workspace
from hone.workspace.store import Registered

FEWEST_TO_FREEZE = 10
# So many reviewed examples that no dataset holds, and this share of it, are worth a new version.
FEWEST_NEW, LEAST_SHARE_NEW = 10, 0.1
RECIPE_OF_KIND = {"extract": "extract_lora"}


class Step(NamedTuple):
    """Something worth doing now: why, by which command, and where in the web app."""

    title: str
    text: str
    command: str
    link: str | None


class Found(NamedTuple):
    """What is in the workspace; of each dataset its newest version, jobs newest first."""

    ws: Workspace
    datasets: Sequence[Manifest]
    models: Sequence[Registered]
    jobs: Sequence[JobStatus]


def next_steps(found: Found) -> Iterator[Step]:
    """The steps that the state of the loop asks for, the most useful first."""
    counters = found.ws.store.examples.counters()
    yield from _job_steps(found)
    if not sum(counters.values()):
        yield Step(
            "Bring examples in",
            "There are no examples yet. CSV, JSON, JSON lines, Parquet and session files are read.",
            "hone import FILE",
            "#/import",
        )
        return
    yield from _model_steps(found)
    yield from _training_steps(found)
    yield from _dataset_steps(found)
    yield from _review_steps(counters)
    if any(one.is_active for one in found.models):
        yield Step(
            "Try the model on new messages",
            "What it gets wrong is worth importing and correcting.",
            "hone predict --message TEXT",
            None,
        )


def rows_of(manifest: Manifest) -> int:
    """Examples in all splits together."""
    return sum(split.rows for split in manifest.splits.values())


def _job_steps(found: Found) -> Iterator[Step]:
    for job in found.jobs[:1]:
        if job.state in ("failed", "lost"):
            yield Step(
                f"The last job {'failed' if job.state == 'failed' else 'was lost'}",
                job.error or f"Job {job.id} did not end well.",
                f"hone jobs show {job.id}",
                None,
            )
    for job in found.jobs:
        if job.state == "running":
            done = f", {job.done:,} of {job.total:,} done" if job.total and job.done else ""
            yield Step(
                "A job is running",
                f"{job.id}{done}; reviewing goes on meanwhile.",
                f"hone jobs watch {job.id}",
                None,
            )
            return


def _model_steps(found: Found) -> Iterator[Step]:
    for registered in _newest_models(found.models):
        model = registered.model
        if model.details.get("gives") == "numbers":
            continue  # its validation rows have measured it while it trained
        if not found.ws.store.evaluations.list(model.ref):
            yield Step(
                f"Evaluate {model.ref}",
                "It was trained but never scored: nobody knows yet whether it is any good.",
                how_to_evaluate(found.ws, model),
                None,
            )
        elif not any(one.is_active for one in found.models if one.model.name == model.name):
            yield Step(
                f"Choose whether {model.ref} answers",
                "It is evaluated, and no version of it is active.",
                f"hone models set-active {model.ref}",
                None,
            )


def _newest_models(models: Sequence[Registered]) -> list[Registered]:
    return list({one.model.name: one for one in models}.values())


def _training_steps(found: Found) -> Iterator[Step]:
    trained_on = {one.model.dataset for one in found.models}
    is_training = any(job.kind == "train" and job.state == "running" for job in found.jobs)
    tasks = found.ws.tasks()
    for manifest in found.datasets:
        if manifest.ref in trained_on or is_training or manifest.task not in tasks:
            continue
        recipe = RECIPE_OF_KIND.get(tasks[manifest.task].kind, "qa_lora")
        yield Step(
            f"Train on {manifest.ref}",
            f"{rows_of(manifest):,} examples are frozen and nothing was trained on them. "
            "The plan costs nothing.",
            f"hone train {recipe} --set dataset={manifest.name} --set base=hone-nano --plan",
            None,
        )


def _dataset_steps(found: Found) -> Iterator[Step]:
    for name in found.ws.tasks():
        counters = found.ws.store.examples.counters(name)
        trusted = sum(counters[status] for status in TRUSTED)
        of_task = [one for one in found.datasets if one.task == name and not one.is_control]
        seen = max((rows_of(one) + sum(one.kept_out.values()) for one in of_task), default=0)
        new = trusted - seen
        if new < max(FEWEST_NEW if of_task else FEWEST_TO_FREEZE, LEAST_SHARE_NEW * seen):
            continue
        what = f"{new:,} reviewed examples of {name} are in no dataset"
        title = f"Freeze the next version of {of_task[-1].name}" if of_task else "Freeze a dataset"
        dataset = of_task[-1].name if of_task else name
        yield Step(
            title,
            f"{what}, so no model learns from them.",
            f"hone datasets build {dataset} --task {name}",
            None,
        )


def _counted(number: int, one: str, many: str) -> str:
    return f"1 example {one}" if number == 1 else f"{number:,} examples {many}"


def _review_steps(counters: dict[str, int]) -> Iterator[Step]:
    if counters["flagged"]:
        yield Step(
            "Look at what was flagged",
            f"{_counted(counters['flagged'], 'was', 'were')} put aside for a second look.",
            "hone review --filter flagged",
            "#/review?status=flagged",
        )
    if counters["pending"]:
        trusted = sum(counters[status] for status in TRUSTED)
        needed = FEWEST_TO_FREEZE - trusted
        goal = f"; a dataset needs {needed} more" if needed > 0 else ""
        yield Step(
            "Review",
            f"{_counted(counters['pending'], 'is', 'are')} pending, {trusted:,} accepted or edited"
            f"{goal}.",
            "hone review",
            "#/review?status=pending",
        )
