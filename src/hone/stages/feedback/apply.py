"""Plans the dataset version that holds the corrections, and tells what it changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from hone import shelf
from hone.errors import HoneError, InvalidInput, NotFound
from hone.records.dataset import Manifest
from hone.records.feedback import Applied, LeftOut
from hone.records.flag import CORRECTIONS, FlagVerdict, Resolution
from hone.records.task import Task
from hone.stages.feedback.trial import trained_rows
from hone.workspace.open import Workspace

PAIR_FORMATS = ("dpo", "kto")
SHOWN_LEFT_OUT = 20
# Pairs have nothing to be tested on: a model that learned from them answers the usual test.
PAIR_RATIOS = {"train": 0.9, "val": 0.1, "test": 0.0, "probe": 0.0}


class Difference(Protocol):
    """Two versions compared, as the builder's stage gives it."""

    @property
    def added(self) -> list[str]:
        """Examples that only the newer one holds."""
        ...

    @property
    def removed(self) -> list[str]:
        """Examples that only the older one holds."""
        ...

    @property
    def moved(self) -> list[tuple[str, str, str]]:
        """Example, split before, split now."""
        ...

    @property
    def changed(self) -> list[str]:
        """Examples that were decided anew."""
        ...


class Built(Protocol):
    """What the builder's stage gives of a version."""

    @property
    def manifest(self) -> Manifest:
        """The version."""
        ...

    @property
    def is_new(self) -> bool:
        """Whether it was not there before."""
        ...

    @property
    def kept_out(self) -> Sequence[Any]:
        """What does not stand in it: id, reason, because_of."""
        ...


class Asked(NamedTuple):
    """How the next version shall differ from the newest, beside its corrections.

    `base` counts tokens where rows are bounded; `options` of the format stand over those recorded.
    """

    name: str | None = None
    format: str | None = None
    base: str | None = None
    options: Mapping[str, Any] = MappingProxyType({})


class Plan(NamedTuple):
    """What is to be built: the version that it goes on from, a name, and the builder's choices."""

    source: Manifest
    name: str
    choices: dict[str, Any]
    corrections: dict[str, Resolution]
    rejected: list[str]

    @property
    def has_control(self) -> bool:
        """Whether a control is worth training: pairs are compared by what they were made of."""
        return "pins" in self.choices

    @property
    def control_name(self) -> str:
        """The dataset that holds the controls of this one."""
        return f"{self.name}-control"


def plan_feedback(ws: Workspace, dataset: str | None = None, asked: Asked = Asked()) -> Plan:  # noqa: B008
    """How the next version of a dataset is built so that the corrections of its task train.

    `dataset` is by default the one that the corrected answers come from. Everything is as its
    newest version was built, but for the corrections. HoneError where nothing was corrected;
    InvalidInput where the dataset is of another task.
    """
    said = {id: found[-1] for id, found in last_said(ws).items()}
    source = source_of(ws, dataset, said)
    task = ws.task(source.task)
    mine = of_task(ws, task, said)
    corrections = {id: one for id, one in mine.items() if one.verdict in CORRECTIONS}
    rejected = [id for id, one in mine.items() if one.verdict == "reject"]
    wanted = asked.format or source.format
    is_pair = wanted in PAIR_FORMATS and wanted != source.format
    _refuse_nothing(task, corrections, rejected)
    target = asked.name or (source.name if wanted == source.format else f"{source.name}-{wanted}")
    choices = _choices(source, task, asked._replace(format=wanted))
    because: dict[str, Any] = {"of": source.ref}
    if is_pair:
        choices["ratios"] = PAIR_RATIOS
    else:
        tested = ws.store.datasets.tested_ids()
        choices["pins"] = {id: "train" for id in corrections if id not in tested}
        corrections, because = _new_ones(ws, source, corrections, because)
    because["corrections"] = {id: one.seq for id, one in sorted(corrections.items())}
    choices["because"] = because
    return Plan(source, target, choices, corrections, rejected)


def _new_ones(
    ws: Workspace,
    source: Manifest,
    corrections: dict[str, Resolution],
    because: dict[str, Any],
) -> tuple[dict[str, Resolution], dict[str, Any]]:
    """The corrections that the newest version does not train on yet.

    Where there are none, those that made it: applied twice, feedback changes nothing.
    """
    placed = ws.store.placements.among(source.ref, corrections)
    new = {
        id: one
        for id, one in corrections.items()
        if (member := placed.get(id)) is None
        or member.split != "train"
        or member.version < (one.version or 0)
    }
    made = source.options.get("feedback")
    if new or not made:
        return new, because
    return {id: one for id, one in corrections.items() if id in made["corrections"]}, dict(made)


def last_said(ws: Workspace) -> dict[str, list[Resolution]]:
    """What was said of each flag and decides about it: neither "later" nor "both are right"."""
    found: dict[str, list[Resolution]] = {}
    for id, said in ws.store.flags.standing().items():
        deciding = [one for one in said if one.verdict not in ("skip", "dismiss")]
        if deciding:
            found[id] = deciding
    return found


def source_of(ws: Workspace, dataset: str | None, said: Mapping[str, Resolution]) -> Manifest:
    """The newest version of a dataset, by default of the one that most corrected answers are of."""
    if dataset is not None:
        return ws.store.datasets.get(dataset)
    # Many corrections are of few models: each is looked up once.
    of_answers = Counter((one.model, one.evaluation) for one in said.values())
    counted: Counter[str] = Counter()
    for (model, evaluation), count in of_answers.items():
        name = _dataset_of(ws, model, evaluation)
        if name is not None:
            counted[name] += count
    if not counted:
        raise HoneError(
            "No flag was corrected yet.", hint="hone flags next   (then: hone feedback apply)"
        )
    return ws.store.datasets.get(counted.most_common(1)[0][0])


def _dataset_of(ws: Workspace, model: str, evaluation: str) -> str | None:
    """The name of the dataset that the corrected model learned from, or was asked."""
    try:
        ref = ws.store.models.get(model).model.dataset
    except HoneError:
        ref = None
    try:
        on = ref or ws.store.evaluations.get(evaluation).on.partition("/")[0]
        return ws.store.datasets.get(on).name
    except HoneError:
        return None


def of_task(ws: Workspace, task: Task, said: Mapping[str, Resolution]) -> dict[str, Resolution]:
    """What was said of examples of one task; of those that are gone nothing."""
    found: dict[str, Resolution] = {}
    for id, one in said.items():
        try:
            if ws.store.examples.task_of(id) == task.name:
                found[id] = one
        except NotFound:
            continue  # it was forgotten since
    return found


def _refuse_nothing(
    task: Task, corrections: Mapping[str, Resolution], rejected: Sequence[str]
) -> None:
    if not corrections and not rejected:
        raise InvalidInput(
            f"No flag of the task {task.name} was corrected yet: there is nothing to apply.",
            hint="hone flags next   (or --dataset NAME, where another task was corrected)",
        )


def as_built(ws: Workspace, manifest: Manifest, *, base: str | None = None) -> dict[str, Any]:
    """The choices by which a version was built, as the builder takes them."""
    return _choices(manifest, ws.task(manifest.task), Asked(format=manifest.format, base=base))


def with_changes(
    ws: Workspace,
    found: Applied,
    changed: Difference | None,
    control: str | None,
    recipe: str = "RECIPE",
) -> Applied:
    """The same with what differs from the older version, the control, and how to go on.

    `recipe` is what to train by: a file, or the version whose answers were corrected.
    """
    moved: Counter[str] = Counter()
    if changed is not None:
        moved.update(f"{was} to {now}" for _, was, now in changed.moved)
    notes = list(found.notes)
    if control is not None:
        rows = trained_rows(ws.store.datasets.get(control))
        if rows == trained_rows(ws.store.datasets.get(found.of)):
            notes.append(
                f"{control} trains on the very rows of {found.of}: a version that learned from "
                "that by the same recipe and base is a control already (--control NAME@VERSION)."
            )
    return found.model_copy(
        update={
            "notes": notes,
            "added": len(changed.added) if changed else sum(found.rows.values()),
            "removed": len(changed.removed) if changed else 0,
            "moved": dict(sorted(moved.items())),
            "rewritten": len(changed.changed) if changed else 0,
            "control": control,
            "next": list(_next(found, control, recipe)),
        }
    )


def _next(found: Applied, control: str | None, recipe: str) -> Iterator[str]:
    method = f" --set method={found.format}" if found.format in PAIR_FORMATS else ""
    yield f"hone train {recipe} --set dataset={found.dataset}{method} --confirm-run"
    if control is not None:
        name = control.partition("@")[0]
        yield f"hone train {recipe} --set dataset={control} --set name={name} --confirm-run"
        yield "hone feedback report NAME"


def _choices(source: Manifest, task: Task, asked: Asked) -> dict[str, Any]:
    """How the newest version was built, as the builder takes it."""
    options = source.options
    choices: dict[str, Any] = {
        "task": task.name,
        "format": asked.format,
        "format_options": dict(asked.options),
        "seed": source.seed,
        "ratios": options.get("ratios"),
        "similarity": options.get("similarity"),
        "query": {name: value for name, value in source.query.items() if name != "status"},
    }
    if asked.format == source.format:
        choices |= {"query": source.query, "format_options": _format_options(source, asked)}
        choices |= _replayed(options.get("replay") or {})
    if options.get("max_tokens") is not None:
        if asked.base is None:
            raise InvalidInput(
                f"{source.ref} keeps rows longer than {options['max_tokens']} tokens out: which "
                "model counts them is not known.",
                hint="--base hone-nano, or the base that is trained",
            )
        choices |= {"max_tokens": options["max_tokens"], "base": asked.base}
    return {name: value for name, value in choices.items() if value is not None}


def _replayed(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The same replay beside what is new, where the version has one."""
    if not kept:
        return {}
    amount = "rows" if kept.get("rows") is not None else "share"
    return {"replay": kept["of"], f"replay_{amount}": kept[amount]}


def _format_options(source: Manifest, asked: Asked) -> dict[str, Any]:
    module = shelf.load("formats", source.format)
    given: dict[str, Any] = dict(source.options.get("format_options") or {})
    given |= asked.options
    hidden = sorted(set(module.Options.model_fields) & set(source.options) - set(given))
    if hidden:
        # The manifest keeps what such an option came to, not the path that it was.
        raise InvalidInput(
            f"{source.ref} was built with {', '.join(hidden)}, which its manifest does not keep.",
            hint=f"hone feedback apply {source.name} --option {hidden[0]}=…",
        )
    return given


def report_applied(ws: Workspace, plan: Plan, built: Built) -> Applied:
    """What became of every correction in the version that was built; differences come later."""
    manifest = built.manifest
    placed = ws.store.placements.among(manifest.ref, plan.corrections)
    # Pairs choose their own checkpoint by some of them; of other rows every correction trains.
    used = ("train",) if plan.has_control else ("train", "val")
    training = {id for id, member in placed.items() if member.split in used}
    why = {one.id: _why(one.reason, one.because_of) for one in built.kept_out}
    left_out = [
        LeftOut(id=id, why=why.get(id) or _why_not(ws, id, placed.get(id), plan))
        for id in sorted(set(plan.corrections) - training)
    ]
    verdicts: Counter[FlagVerdict] = Counter(plan.corrections[id].verdict for id in training)
    return Applied(
        dataset=manifest.ref,
        of=str(plan.choices["because"]["of"]),
        is_new=built.is_new,
        format=manifest.format,
        corrections=dict(sorted(verdicts.items())),
        rejected=len(plan.rejected),
        left_out=left_out,
        rows={split: file.rows for split, file in manifest.splits.items()},
        kept_out=manifest.kept_out,
        notes=list(manifest.notes),
    )


def _why(reason: str, because_of: str | None) -> str:
    said = {
        "quarantine": "it repeats a test example or is its sibling",
        "duplicate": "it repeats another example",
        "near_duplicate": "it nearly repeats another example",
        "too_long": "it is too long",
        "no_pair": "it makes no pair: the model had answered nothing that could stand against it",
        "equal_pair": "it makes no pair: the model had answered the same",
        "invalid": "its answer does not fit the task",
    }.get(reason, reason)
    return f"{said} ({because_of})" if because_of else said


def _why_not(ws: Workspace, id: str, member: Any, plan: Plan) -> str:
    if member is not None:
        return f"it stands in the {member.split} split"
    status = ws.store.examples.get(id).status
    if status not in ("accepted", "edited"):
        return f"it is {status} now"
    return f"the query of {plan.source.ref} does not choose it, or its format makes no row of it"
