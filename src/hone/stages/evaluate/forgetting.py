"""Forgetting: a version that went on learning, on the test of the version that it goes on from."""

from __future__ import annotations

from hone.errors import InvalidInput, NotFound
from hone.records.evaluation import Evaluation, Row
from hone.records.model import ModelVersion
from hone.stages.evaluate.options import EvaluateOptions
from hone.workspace.contenders import safe_name
from hone.workspace.files import write_json
from hone.workspace.open import Workspace


def older_version(ws: Workspace, model: ModelVersion) -> ModelVersion | None:
    """The nearest version that this one comes from and that learned from another dataset."""
    waiting, seen = list(model.parents), {model.ref}
    while waiting:
        ref = waiting.pop(0)
        if ref in seen:
            continue
        seen.add(ref)
        try:
            parent = ws.store.models.get(ref).model
        except NotFound:
            continue  # taken out of the registry
        if parent.dataset not in (None, model.dataset):
            return parent
        waiting += parent.parents
    return None


def against_the_older(
    ws: Workspace, ref: str, options: EvaluateOptions
) -> tuple[ModelVersion, EvaluateOptions]:
    """The older version, and the options that ask both on its test split.

    InvalidInput where the version does not go on from another one.
    """
    if options.on is not None:
        raise InvalidInput(
            "Forgetting is measured on the test split of the older version's dataset.",
            hint="leave out --data; or compare on any data with --against OLDER --data DATASET",
        )
    model = ws.store.models.get(ref).model
    older = older_version(ws, model)
    if older is None:
        raise InvalidInput(
            f"{model.ref} does not go on from a version that learned from another dataset.",
            hint="train with base: NAME@VERSION on new examples, then measure the new version",
        )
    chosen = {"on": f"{older.dataset}/test", "rows": ["tuned"], "forgetting": True}
    return older, options.model_copy(
        update={**chosen, "further": [older.ref, *(one for one in options.further)]}
    )


def note_forgetting(ws: Workspace, newer: str, older: str, evaluation: Evaluation) -> None:
    """Write into the newer version's metadata what it lost, or gained, on the older one's test."""
    rows = {row.contender: row for row in evaluation.rows}
    difference = evaluation.differences.get(f"{safe_name(newer)} - {safe_name(older)}")
    new, old = rows.get(safe_name(newer)), rows.get(safe_name(older))
    if difference is None or new is None or old is None:
        return
    try:
        found = ws.store.models.get(newer)
    except NotFound:
        return  # it was taken out of the registry meanwhile; the report keeps its figures
    noted = {
        "older": older,
        "on": evaluation.on,
        "examples": new.examples,
        "older_score": _figure(old),
        "newer_score": _figure(new),
        "difference": difference.model_dump(mode="json"),
        "evaluation": evaluation.id,
    }
    model = found.model.model_copy(update={"details": {**found.model.details, "forgetting": noted}})
    write_json(found.folder / "metadata.json", model.model_dump(mode="json"))
    ws.store.models.update(model)


def _figure(row: Row) -> dict[str, object]:
    return row.score.model_dump(mode="json")
