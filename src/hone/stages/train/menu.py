"""All that a training can be made of here: methods with their options, datasets, bases, recipes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from hone import shelf
from hone.methods._lora_options import LoraOptions
from hone.records.dataset import Manifest
from hone.stages.train.recipe import section_of
from hone.workspace.catalogue import catalogue, unquantised
from hone.workspace.open import Workspace

OptionType = Literal["whole", "number", "switch", "choice", "text", "other"]
BUNDLED = "hone-nano"
_TYPES: dict[str, OptionType] = {
    "integer": "whole",
    "number": "number",
    "boolean": "switch",
    "string": "text",
}
_LIMITS = {
    "minimum": "least",
    "exclusiveMinimum": "least",
    "maximum": "most",
    "exclusiveMaximum": "most",
}


class MenuOption(BaseModel):
    """One key of a recipe."""

    key: str = Field(description="dotted, as in a recipe: training.epochs")
    type: OptionType = Field(description="other: lists and mappings, which a recipe file sets")
    default: Any = None
    choices: list[str] = Field(default_factory=list[str])
    words: list[str] = Field(
        default_factory=list[str], description="also taken beside a number, such as auto"
    )
    may_be_empty: bool = False
    least: float | None = None
    most: float | None = None
    about: str = ""


class MenuMethod(BaseModel):
    """A method with its options."""

    name: str
    about: str
    formats: list[str] = Field(description="of datasets that it trains on")
    limits: list[str]
    options: list[MenuOption]


class MenuDataset(BaseModel):
    """A dataset by its newest version."""

    ref: str
    name: str
    task: str
    format: str
    rows: int = Field(description="to train on")


class MenuBase(BaseModel):
    """A base of the catalogue that an adapter can be trained on."""

    id: str
    parameters: int | None = None
    licence: str = ""


class MenuRecipe(BaseModel):
    """What a form can begin with: a recipe that comes with Hone, or how a version was trained."""

    name: str
    about: str
    is_version: bool = False


class Menu(BaseModel):
    """What a form for a training offers."""

    methods: list[MenuMethod]
    lora: list[MenuOption]
    datasets: list[MenuDataset]
    bases: list[MenuBase]
    recipes: list[MenuRecipe]


def menu(ws: Workspace) -> Menu:
    """Everything from the shelves, the catalogue and the workspace; nothing heavy is loaded.

    Of recipes only the ways that versions were trained, the newest first; the newest dataset last.
    """
    newest = {one.name: one for one in ws.store.datasets.list()}
    by_age = sorted(newest.values(), key=lambda one: _frozen_at(ws, one))
    trained = [
        MenuRecipe(name=one.model.ref, about=one.model.dataset or "", is_version=True)
        for one in sorted(ws.store.models.list(), key=lambda one: one.registered_at)
        if one.model.job is not None
    ]
    bases = [
        MenuBase(id=one.id, parameters=one.parameters, licence=one.licence or "")
        for one in catalogue()
        if unquantised(one.id) is None  # rounded weights take no adapter here
    ]
    return Menu(
        methods=[_method(name) for name in shelf.names("methods")],
        lora=_options(LoraOptions, _of_the_adapter),
        datasets=[
            MenuDataset(
                ref=one.ref,
                name=one.name,
                task=one.task,
                format=one.format,
                rows=one.splits["train"].rows if "train" in one.splits else 0,
            )
            for one in by_age
            if "control_of" not in one.options
        ],
        bases=[MenuBase(id=BUNDLED), *[one for one in bases if one.id != BUNDLED]],
        recipes=trained[::-1],
    )


def _frozen_at(ws: Workspace, manifest: Manifest) -> float:
    """When its files were written, in seconds; 0 where they are gone."""
    try:
        return (ws.datasets / manifest.ref / "manifest.json").stat().st_mtime
    except OSError:
        return 0.0


def _method(name: str) -> MenuMethod:
    module: ModuleType = shelf.load("methods", name)
    model: type[BaseModel] = module.Options
    return MenuMethod(
        name=name,
        about=(module.__doc__ or "").strip().splitlines()[0].rstrip("."),
        formats=list(module.FORMATS),
        limits=list(module.LIMITS),
        options=_options(model, partial(section_of, model)),
    )


def _of_the_adapter(name: str) -> str:
    return "lora"


def _options(model: type[BaseModel], section: Callable[[str], str]) -> list[MenuOption]:
    schema = model.model_json_schema()
    defined = cast("dict[str, Any]", schema.get("$defs", {}))
    return [
        _option(f"{section(name)}.{name}", cast("dict[str, Any]", told), defined)
        for name, told in schema["properties"].items()
    ]


def _option(key: str, told: dict[str, Any], defined: dict[str, Any]) -> MenuOption:
    """What a form needs to know, from the JSON schema that pydantic makes of the option."""
    either = cast("list[dict[str, Any]]", told.get("anyOf") or [told])
    kinds = [_resolved(one, defined) for one in either]
    found = MenuOption(
        key=key,
        type="other",
        default=told.get("default"),
        may_be_empty=any(one.get("type") == "null" for one in kinds),
        about=str(told.get("description", "")),
    )
    for one in kinds:
        fixed = one.get("enum") or ([one["const"]] if "const" in one else None)
        name = str(one.get("type", ""))
        if fixed is not None:
            found.choices += [str(value) for value in fixed]
        elif name in _TYPES and found.type in ("other", "whole"):
            found.type = _TYPES[name]
        for limit, field in _LIMITS.items():
            if limit in one:
                setattr(found, field, float(one[limit]))
    if found.choices and found.type in ("whole", "number"):
        found.words, found.choices = found.choices, []
    elif found.choices:
        found.type = "choice"
        if any(one.get("type") == "boolean" for one in kinds):
            found.choices += ["true", "false"]
    return found


def _resolved(one: dict[str, Any], defined: dict[str, Any]) -> dict[str, Any]:
    named = str(one.get("$ref", "")).rpartition("/")[2]
    return cast("dict[str, Any]", defined.get(named, one))
