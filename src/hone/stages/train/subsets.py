"""Trainings on parts of a train split, for a learning curve: nested, seeded, each paid for once."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hone.errors import HoneError, InvalidInput
from hone.records.curve import CurveRun
from hone.records.job import Event, JobState
from hone.records.recipe import Resolved
from hone.stages import jobs
from hone.stages.train.plan import START_SECONDS, Range, steps_of
from hone.stages.train.prepare import Prepared
from hone.stages.train.resolve import gives_numbers
from hone.stages.train.rows import read_rows
from hone.stages.train.start import launch_training, spec_of
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.store import Filter

IN_PROPORTION = ("max_steps", "eval_steps", "save_steps", "warmup_steps")
"""Steps that a recipe may name; a part of the rows gets the same part of them."""
_MIXED = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
OnEvent = Callable[[str, Event], None]


class Subset(NamedTuple):
    """A training on some of the examples; the smaller ones of a seed lie within the larger."""

    examples: int
    rows: int
    steps: int
    seed: int


class PlannedSubsets(NamedTuple):
    """All trainings of a learning curve, the smallest first, and what they take together."""

    prepared: Prepared
    subsets: list[Subset]
    examples: int  # of the whole split
    seconds: Range
    price_usd: float

    @property
    def facts(self) -> dict[str, Any]:
        """What was trained, as a curve's record names it."""
        plan = self.prepared.plan
        return {"method": plan.method, "base": plan.base, "examples": self.examples}


class TrainedSubset(NamedTuple):
    """What became of one, and who answers with what it left: nobody where it failed."""

    run: CurveRun
    answers_by: Mapping[str, Any] | None = None

    @property
    def job(self) -> str:
        """Its id."""
        return self.run.job


class _Drawn(NamedTuple):
    """A number for each row by the unit that it belongs to; the smallest ones are drawn first."""

    units: np.ndarray
    examples: np.ndarray


def plan_subsets(
    ws: Workspace,
    prepared: Prepared,
    shares: Callable[[int], Sequence[float]],
    seeds: Sequence[int],
) -> PlannedSubsets:
    """The trainings on shares of the train split, once for each seed; `shares` of its examples.

    Examples of one group (a thread, a document) come together, as they do in splits, so a part may
    hold a few more than its share. InvalidInput where the method leaves nothing that can be asked.
    """
    method = prepared.plan.method
    if method == "reward":
        raise InvalidInput(
            "A reward model answers nothing, so there is no score to draw a curve of.",
            hint="Take a recipe whose method is sft, dpo, kto, grpo or regression.",
        )
    drawn = _drawn(ws, prepared)
    examples = len(np.unique(drawn.examples))
    subsets: list[Subset] = []
    for share in sorted(set(shares(examples))):
        for seed in seeds:
            chosen = _chosen(drawn, max(1, round(share * examples)), seed)
            rows = int(chosen.sum())
            amount = len(np.unique(drawn.examples[chosen]))
            options = _options(prepared, rows / len(chosen), seed)
            remaining = ceil(prepared.plan.train.remaining * rows / len(chosen))
            subsets.append(Subset(amount, rows, steps_of(remaining, options)[0], seed))
    steps = max(1, prepared.plan.steps)
    first = START_SECONDS[prepared.plan.device]
    parts = [one.steps / steps for one in subsets]
    low, high = prepared.plan.seconds.low, prepared.plan.seconds.high
    seconds = Range(
        low=sum(first[0] + max(0.0, low - first[0]) * part for part in parts),
        high=sum(first[1] + max(0.0, high - first[1]) * part for part in parts),
    )
    # A rented machine is rented for each of them.
    price = prepared.plan.price_usd * len(subsets)
    return PlannedSubsets(prepared, subsets, examples, seconds, price)


def train_subsets(
    ws: Workspace,
    planned: PlannedSubsets,
    *,
    on_event: OnEvent = lambda job, event: None,
    target: jobs.Target | None = None,
) -> list[TrainedSubset]:
    """Carry all of them out, one after the other; what was trained before is not trained again.

    One that failed is told with its reason, and the others go on; HoneError where one was stopped,
    for then the whole was meant.
    """
    drawn = _drawn(ws, planned.prepared)
    found: list[TrainedSubset] = []
    for subset in planned.subsets:
        job = _begun(ws, planned.prepared, subset, (drawn, target))
        folder = jobs.folder_of(ws, job)
        if not folder.has_result:
            for seen in jobs.watch(ws, job):
                if isinstance(seen, Event):
                    on_event(job, seen)
        found.append(_ended(ws, subset, folder))
    return found


def _begun(
    ws: Workspace,
    prepared: Prepared,
    subset: Subset,
    given: tuple[_Drawn, jobs.Target | None],
) -> str:
    """The id of the job: one that is done, goes on, or is handed in now."""
    drawn, target = given
    chosen = _chosen(drawn, subset.examples, subset.seed)
    share = subset.rows / len(chosen)
    whole = prepared.plan
    tokens = whole.train.model_copy(
        update={"rows": subset.rows, "tokens": round(whole.train.tokens * share)}
    )
    changed = {"options": _options(prepared, share, subset.seed), "steps": subset.steps}
    plan = whole.model_copy(update={**changed, "train": tokens})
    part = {"examples": subset.examples, "rows": subset.rows, "seed": subset.seed}
    spec = spec_of(ws, prepared._replace(plan=plan), subset=part)
    there = _there(ws, str(spec["fingerprint"]))
    if there is not None:
        folder, state = there
        is_under_way = folder.is_alive() or jobs.in_hand(ws, folder.path.name) is not None
        if state != "succeeded" and not (state in ("waiting", "running") and is_under_way):
            jobs.resume(ws, folder.path.name, target=target)
        return folder.path.name
    ws.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".subset.", dir=ws.cache) as aside:
        rows = Path(aside) / "train.jsonl"
        _write_rows(prepared.materials.folder / "train.jsonl", rows, chosen)
        return launch_training(ws, prepared._replace(plan=plan), spec, target, rows=rows).id


def _there(ws: Workspace, fingerprint: str) -> tuple[JobFolder, JobState] | None:
    """The newest job of this very training whose folder is there."""
    for job in ws.store.jobs.list():
        if job.kind != "train" or job.spec.get("fingerprint") != fingerprint:
            continue
        folder = JobFolder(ws.jobs / job.id)
        if not (folder.path / "job.json").is_file():
            continue
        if folder.has_result:
            try:
                jobs.verify(folder)
            except HoneError:
                continue  # what it left was changed or deleted: it is trained anew
        return folder, folder.state()
    return None


def _ended(ws: Workspace, subset: Subset, folder: JobFolder) -> TrainedSubset:
    status = jobs.show(ws, folder.path.name)
    seconds = status.runtime_seconds or 0.0
    run = CurveRun(**subset._asdict(), job=status.id, seconds=seconds)
    if status.state == "succeeded":
        return TrainedSubset(run, contender_of(folder))
    if status.state == "cancelled":
        raise HoneError(
            f"{status.id} was stopped, and with it the learning curve.",
            hint="The same command goes on; no training that is done is done again.",
        )
    why = status.error or f"it is {status.state}"
    problem = f"{why.rstrip('.')}. {status.hint}".strip()
    return TrainedSubset(run.model_copy(update={"problem": problem}))


def _options(prepared: Prepared, share: float, seed: int) -> dict[str, Resolved]:
    """The options of a training on a share of the rows: steps in proportion, a seed of its own."""
    found = dict(prepared.plan.options)
    source = f"chosen: {share:.0%} of the rows"
    for name in IN_PROPORTION:
        key = f"training.{name}"
        value = found[key].value if key in found else None
        if value and share < 1:
            found[key] = Resolved(value=max(1, round(int(value) * share)), source=source)
    found["training.seed"] = Resolved(value=seed, source="chosen: one of the curve's")
    found["training.keep_checkpoints"] = Resolved(
        value=1, source="chosen: only the last one is gone on from"
    )
    # On a small part they would take longer than the training.
    found["training.samples"] = Resolved(value=0, source="chosen: nobody looks at predictions")
    return found


def _drawn(ws: Workspace, prepared: Prepared) -> _Drawn:
    """A hash for each row of the train split, of its group or example; 16 bytes a row."""
    manifest, file = prepared.materials.manifest, prepared.materials.folder / "train.jsonl"
    groups = {
        one.id: f"group {one.group}"
        for one in ws.store.examples.iterate(Filter(task=manifest.task))
        if one.group
    }
    units: list[int] = []
    examples: list[int] = []
    for row in read_rows(file):
        name = str(row["id"])
        examples.append(_hash(name))
        units.append(_hash(groups[name]) if name in groups else examples[-1])
    return _Drawn(np.array(units, np.uint64), np.array(examples, np.uint64))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _chosen(drawn: _Drawn, examples: int, seed: int) -> np.ndarray:
    """Which rows belong to the first so many examples in the order of this seed."""
    order = _mixed(drawn.units, seed)
    # Each example once, in that order: its unit stands where the last one wanted stands, or before.
    _, first = np.unique(drawn.examples, return_index=True)
    last = np.sort(order[first])[min(examples, len(first)) - 1]
    return order <= last


def _mixed(values: np.ndarray, seed: int) -> np.ndarray:
    """Another order of the same numbers for each seed (splitmix64)."""
    step, first, second = (np.uint64(one) for one in _MIXED)
    with np.errstate(over="ignore"):
        mixed = values + step * np.uint64(seed + 1)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * first
        mixed = (mixed ^ (mixed >> np.uint64(27))) * second
        return mixed ^ (mixed >> np.uint64(31))


def _write_rows(source: Path, place: Path, chosen: np.ndarray) -> None:
    """The chosen lines as they are, in their order."""
    with explained("write", place), source.open("rb") as lines, place.open("wb") as out:
        rows = (line for line in lines if line.strip())
        out.writelines(line for line, is_in in zip(rows, chosen, strict=True) if is_in)


def contender_of(folder: JobFolder) -> Mapping[str, Any]:
    """Who answers with what a subset's training left: generator and options of a contender."""
    spec = folder.job.spec
    is_lora = "lora.r" in spec["options"]
    options: dict[str, Any] = {"base": spec["base"]["path"] if is_lora else str(folder.final)}
    if is_lora:
        options["adapter"] = str(folder.final)
    if gives_numbers(str(spec["method"])):
        options["max_length"] = int(spec["options"]["data.max_seq_length"]["value"])
        return {"generator": "head", "options": options}
    return {"generator": "adapter" if is_lora else "model", "options": options}
