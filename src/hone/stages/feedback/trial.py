"""Who is compared to see what corrections did, and what each of them has to be asked first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hone.errors import HoneError, InvalidInput, NotFound
from hone.records.dataset import Manifest
from hone.records.evaluation import Evaluation
from hone.records.flag import Resolution
from hone.workspace.contenders import safe_name
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace

UNTOUCHED = ("probe", "test")


class Trial(NamedTuple):
    """The retrained version, the one before it, the control, and the corrections that it learned.

    `corrections` are those that stand in the train split of `dataset`.
    """

    after: str
    before: str
    control: str | None
    manifest: Manifest
    control_dataset: str | None
    corrections: dict[str, Resolution]


class Asking(NamedTuple):
    """An evaluation that is still owed: who answers what."""

    on: str
    models: list[str]
    only: list[str] | None


class Answered(NamedTuple):
    """The scores of all three on one split, by example."""

    evaluation: Evaluation
    on: str
    before: dict[str, float]
    control: dict[str, float] | None
    after: dict[str, float]


def trial_of(
    ws: Workspace, ref: str, *, before: str | None = None, control: str | None = None
) -> Trial:
    """What a retrained version is compared with.

    `before` is by default who gave most of the corrected answers, `control` the newest version that
    was trained on the control of the same dataset. InvalidInput where it learned no corrections.
    """
    model = ws.store.models.get(ref).model
    manifest = _dataset(ws, model.ref, model.dataset)
    made: dict[str, int] = manifest.options.get("feedback", {}).get("corrections", {})
    placed = ws.store.placements.among(manifest.ref, made)
    said = {one.seq: one for found in ws.store.flags.standing(made).values() for one in found}
    corrections = {
        id: said[seq]
        for id, seq in made.items()
        if seq in said and id in placed and placed[id].split == "train"
    }
    if not corrections:
        raise InvalidInput(
            f"{model.ref} learned from {manifest.ref}, which holds no corrections.",
            hint="hone feedback apply, train on the version that it makes, then report on that",
        )
    control_ref, control_dataset = _control(ws, manifest, control)
    return Trial(
        after=model.ref,
        before=before or whose_answers(ws, corrections.values()),
        control=control_ref,
        manifest=manifest,
        control_dataset=control_dataset,
        corrections=corrections,
    )


def owed(ws: Workspace, trial: Trial) -> list[Asking]:
    """What has to be answered before the report can be made; empty where everything is there."""
    found: list[Asking] = []
    for on, only in _columns(trial):
        if _evaluation(ws, trial, on, only) is None:
            found.append(Asking(on, names_of(trial), only))
    return found


def names_of(trial: Trial) -> list[str]:
    """The models in the order in which they are asked, each once: after, before, control."""
    named = [trial.after, trial.before, *([trial.control] if trial.control else [])]
    return list(dict.fromkeys(named))


def answered(ws: Workspace, trial: Trial) -> list[Answered]:
    """The scores of all three: on the corrected rows first, then on each untouched split."""
    found: list[Answered] = []
    for on, only in _columns(trial):
        evaluation = _evaluation(ws, trial, on, only)
        if evaluation is None:
            raise HoneError(
                f"Not all of {', '.join(names_of(trial))} were asked {on}.",
                hint=f"hone feedback report {trial.after}",
            )
        chosen = set(only or ())
        scores = {
            ref: {
                one.example_id: one.score
                for one in ws.store.evaluations.scores(evaluation.id, _contender(evaluation, ref))
                if not chosen or one.example_id in chosen
            }
            for ref in names_of(trial)
        }
        control = scores[trial.control] if trial.control else None
        found.append(Answered(evaluation, on, scores[trial.before], control, scores[trial.after]))
    return found


def _columns(trial: Trial) -> Iterator[tuple[str, list[str] | None]]:
    yield f"{trial.manifest.ref}/train", sorted(trial.corrections)
    for split in UNTOUCHED:
        file = trial.manifest.splits.get(split)
        if file is not None and file.rows:
            yield f"{trial.manifest.ref}/{split}", None


def _evaluation(
    ws: Workspace, trial: Trial, on: str, only: Sequence[str] | None
) -> Evaluation | None:
    """The newest evaluation in which all of them were asked just this."""
    for one in ws.store.evaluations.list():
        if one.on != on or (only is None and (one.sample is not None or one.trained_on)):
            continue
        rows = {row.contender for row in one.rows}
        if not all(_contender(one, ref) in rows for ref in names_of(trial)):
            continue
        if only is None or set(only) <= set(_asked(ws, one)):
            return one
    return None


def _asked(ws: Workspace, evaluation: Evaluation) -> Iterator[str]:
    file = JobFolder(ws.jobs / evaluation.id).inputs / "examples.jsonl"
    if not file.is_file():
        return
    with explained("read", file), file.open(encoding="utf-8") as lines:
        yield from (str(json.loads(line)["id"]) for line in lines)


def _contender(evaluation: Evaluation, ref: str) -> str:
    """The name of a model's row; a base that was evaluated by itself is called so."""
    if evaluation.model == ref and "@" not in ref:
        return "base"
    return safe_name(ref)


def _dataset(ws: Workspace, ref: str, dataset: str | None) -> Manifest:
    if dataset is None:
        raise InvalidInput(f"{ref} was trained on no dataset.", hint="hone models info " + ref)
    return ws.store.datasets.get(dataset)


def whose_answers(ws: Workspace, said: Iterable[Resolution]) -> str:
    """Who gave most of the answers that were corrected; NotFound where that one is gone."""
    counted = Counter(_model_of(ws, one) for one in said)
    ref = counted.most_common(1)[0][0]
    if "@" in ref:
        ws.store.models.get(ref)  # NotFound says that it was taken out of the registry
    return ref


def _model_of(ws: Workspace, said: Resolution) -> str:
    if said.model != "base":
        return said.model
    return ws.store.evaluations.get(said.evaluation).model


def _control(ws: Workspace, manifest: Manifest, named: str | None) -> tuple[str | None, str | None]:
    """The control and its dataset; both None where nobody trained one.

    A version that learned from the very same rows as the control's is one where it is named.
    """
    known = ws.store.datasets.list()
    made = [one for one in known if one.options.get("control_of") == manifest.ref]
    controls = {one.ref for one in made}
    if named is not None:
        model = ws.store.models.get(named).model
        rows = {trained_rows(one) for one in made}
        if model.dataset not in {one.ref for one in known if trained_rows(one) in rows}:
            raise InvalidInput(
                f"{model.ref} is no control of {manifest.ref}: it learned from {model.dataset}.",
                hint=f"train on {' or '.join(sorted(controls)) or 'what feedback apply names'}",
            )
        return model.ref, model.dataset
    trained = [one.model for one in ws.store.models.list() if one.model.dataset in controls]
    if not trained:
        return None, next(iter(sorted(controls)), None)
    newest = trained[-1]
    return newest.ref, newest.dataset


def control_of(ws: Workspace, manifest: Manifest) -> Manifest | None:
    """The newest dataset that is the same without its corrections, or None."""
    known = ws.store.datasets.list()
    return next(
        (one for one in reversed(known) if one.options.get("control_of") == manifest.ref), None
    )


def trained_rows(manifest: Manifest) -> tuple[str, ...]:
    """What a training on a version sees: the hashes of its train and val rows."""
    return tuple(manifest.splits[one].sha256 for one in ("train", "val") if one in manifest.splits)


def example_origin(ws: Workspace, example_id: str) -> str:
    """File and row of an example, as far as they are known."""
    try:
        origin = ws.store.examples.get(example_id).origin
    except NotFound:
        return ""
    row = f":{origin.row}" if origin.row is not None else ""
    return f"{origin.file or ''}{row}"
