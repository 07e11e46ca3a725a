"""The recipe of a version that was trained here, so that another can be trained the same way."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hone.errors import NotFound
from hone.records.model import ModelVersion
from hone.records.recipe import Recipe, Resolved
from hone.stages.train.recipe import SECTIONS
from hone.workspace.open import Workspace

WRITTEN = ("recipe", "--set")
"""Where a value comes from that a person chose; all others are chosen again."""


def recipe_of(ws: Workspace, ref: str) -> dict[str, Any]:
    """The recipe by which a registered version was trained, as it was written and set.

    A merged version was trained as its adapter was. NotFound where there is no such version, or it
    was not trained in this workspace.
    """
    model = ws.store.models.get(ref).model
    if model.details.get("method") == "merge" and model.parents:
        return recipe_of(ws, model.parents[0])
    found: dict[str, Any] = {}
    for key, kept in _options(ws, model).items():
        section, _, name = key.partition(".")
        if section in SECTIONS and name:
            found.setdefault(section, {})  # an adapter with its defaults is an adapter
        one = Resolved.model_validate(kept)
        if not one.source.startswith(WRITTEN):
            continue
        if section in SECTIONS and name:
            found[section][name] = one.value
        elif key in Recipe.model_fields:
            found[key] = one.value
    if model.parents:
        # A bare name means whatever version is active; it went on from this one.
        found["base"] = model.parents[0]
    return found


def _options(ws: Workspace, model: ModelVersion) -> dict[str, Any]:
    with suppress(NotFound):
        if model.job is not None:
            options: dict[str, Any] = ws.store.jobs.get(model.job).spec["options"]
            if options:
                return options
    raise NotFound(
        f"How {model.ref} was trained is not known here: its job is none of this workspace.",
        hint="hone train RECIPE, with the recipe file that made it",
    )
