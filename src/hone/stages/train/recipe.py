"""Reads a recipe: YAML, then --set, then every key and type checked with all problems at once."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

from pydantic import BaseModel, ValidationError

from hone import shelf
from hone.errors import HoneError, InvalidInput, NotFound
from hone.methods._lora_options import LoraOptions
from hone.records.recipe import Recipe, Resolved
from hone.workspace.yaml_file import parse_yaml, read_yaml

SECTIONS = ("lora", "training", "data")
FREE = ("build", "shown_at")  # their keys are checked elsewhere
REPORTS = ("tensorboard",)


class CheckedRecipe(NamedTuple):
    """A recipe whose keys and types hold; the options still know where they came from."""

    recipe: Recipe
    options: dict[str, Resolved]
    method: ModuleType

    def value(self, key: str) -> Any:
        """The value of a dotted key."""
        return self.options[key].value


def read_recipe(path: Path) -> dict[str, Any]:
    """The mapping in a recipe file; NotFound or InvalidInput otherwise."""
    if not path.is_file():
        near = sorted(other.name for other in path.parent.glob("*.y*ml")) if path.parent else []
        close = difflib.get_close_matches(path.name, near, n=1)
        hint = f"hone train {path.parent / close[0]}" if close else "hone recipes list"
        raise NotFound(f"There is no recipe {path}.", hint=hint)
    value = read_yaml(path)
    if not isinstance(value, dict):
        raise InvalidInput(
            f"{path} holds no keys.", hint="hone recipes list   (ready ones to copy)"
        )
    # YAML 1.1 takes the bare word `on` for yes, also where it is a key.
    return {"on" if key is True else key: one for key, one in cast("dict[Any, Any]", value).items()}


def check_recipe(written: Mapping[str, Any], overrides: Sequence[str] = ()) -> CheckedRecipe:
    """Apply `--set a.b=c`, then check every key and type; InvalidInput lists all problems."""
    problems: list[str] = []
    merged, origin = copy.deepcopy(dict(written)), _origins(written, "recipe")
    for override in overrides:
        _apply(override, merged, origin, problems)
    method = _method(merged, problems)
    known = known_keys(method)
    for key in origin:
        if key not in known and key not in SECTIONS and key.partition(".")[0] not in FREE:
            problems.append(_unknown(key, known))
    options: dict[str, Resolved] = {}
    has_adapter = merged.get("lora") is not None
    for section, model in _models(method).items():
        if section == "lora" and not has_adapter:
            continue
        options |= _check_section(section, model, merged, origin, problems)
    problems += _together(method, options) if not problems else []
    recipe = _check_top(merged, known, problems)
    if problems or recipe is None:
        count = len(problems)
        raise InvalidInput(
            f"The recipe has {count} problem{'s' if count != 1 else ''}.",
            hint="docs/reference/recipes.md lists every key with its default.",
            problems=problems,
        )
    for name in Recipe.model_fields:
        if name not in SECTIONS:
            options[name] = Resolved(
                value=getattr(recipe, name), source=origin.get(name, "default")
            )
    return CheckedRecipe(recipe, options, method)


def _together(method: ModuleType, options: Mapping[str, Resolved]) -> list[str]:
    """What a method finds wrong with options that are fine one by one."""
    look = getattr(method, "problems_of", None)
    if look is None:
        return []
    return look({key.rpartition(".")[2]: one.value for key, one in options.items()})


def known_keys(method: ModuleType) -> list[str]:
    """Every dotted key that a recipe with this method may hold."""
    keys = [name for name in Recipe.model_fields if name not in SECTIONS]
    for section, model in _models(method).items():
        keys += [f"{section}.{name}" for name in _fields(section, model)]
    return keys


def section_of(model: type[BaseModel], name: str) -> str:
    """The section of a recipe in which an option of a method stands: training, or data."""
    extra = cast("Mapping[str, Any]", model.model_fields[name].json_schema_extra or {})
    return str(extra.get("section", "training"))


def _models(method: ModuleType) -> dict[str, type[BaseModel]]:
    return {"training": method.Options, "data": method.Options, "lora": LoraOptions}


def _fields(section: str, model: type[BaseModel]) -> list[str]:
    if section == "lora":
        return list(model.model_fields)
    return [name for name in model.model_fields if section_of(model, name) == section]


def _method(merged: dict[str, Any], problems: list[str]) -> ModuleType:
    name = merged.get("method", "sft")
    try:
        return shelf.load("methods", str(name))
    except HoneError as error:
        problems.append(f"method: {error.message} {error.hint}")
        # The other keys are still checked, against the method that most recipes use.
        return shelf.load("methods", "sft")


def _check_section(
    section: str,
    model: type[BaseModel],
    merged: Mapping[str, Any],
    origin: Mapping[str, str],
    problems: list[str],
) -> dict[str, Resolved]:
    fields = _fields(section, model)
    written: Any = merged.get(section) or {}
    if not isinstance(written, dict):
        problems.append(f"{section}: holds {written!r}, not keys")
        return {}
    given = {k: v for k, v in cast("dict[str, Any]", written).items() if k in fields}
    for name, value in given.items():
        # A yes or no would pass as the number 1 or 0.
        if isinstance(value, bool) and "bool" not in str(model.model_fields[name].annotation):
            problems.append(f"{section}.{name}: {value} is no number or name")
    try:
        checked = model.model_validate(given)
    except ValidationError as error:
        problems += _say(f"{section}.", error)
        return {}
    return {
        f"{section}.{name}": Resolved(
            value=getattr(checked, name), source=origin.get(f"{section}.{name}", "default")
        )
        for name in fields
    }


def _check_top(
    merged: Mapping[str, Any], known: Sequence[str], problems: list[str]
) -> Recipe | None:
    given = {k: v for k, v in merged.items() if k in known and k not in SECTIONS}
    sections: dict[str, Any] = {k: merged[k] for k in SECTIONS if isinstance(merged.get(k), dict)}
    try:
        recipe = Recipe.model_validate({**given, **sections})
    except ValidationError as error:
        problems += _say("", error)
        return None
    for name in recipe.report_to:
        if name not in REPORTS:
            problems.append(f"report_to: {name!r} should be {' or '.join(REPORTS)}")
    return recipe


def _say(prefix: str, error: ValidationError) -> list[str]:
    """One sentence per key; a key that may be several things fails once for each of them."""
    found: dict[str, tuple[str, list[str]]] = {}
    for detail in error.errors():
        key = f"{prefix}{detail['loc'][0]}" if detail["loc"] else prefix.rstrip(".")
        if detail["type"] == "missing":
            found[key] = ("is missing", [])
            continue
        message = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        found.setdefault(key, (_short(detail["input"]), []))[1].append(message)
    return [
        f"{key}: {what} should be {' or '.join(dict.fromkeys(whys))}" if whys else f"{key}: {what}"
        for key, (what, whys) in found.items()
    ]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _unknown(key: str, known: Iterable[str]) -> str:
    names = [*SECTIONS, *known]
    by_last = {name.split(".")[-1]: name for name in names}
    last = key.split(".")[-1]
    close = difflib.get_close_matches(key, names, n=1, cutoff=0.75)
    if last in by_last:  # the right name in the wrong section
        close = [by_last[last]]
    elif not close:
        close = [by_last[near] for near in difflib.get_close_matches(last, list(by_last), n=1)]
    return f"{key}: unknown key" + (f"; did you mean {close[0]}?" if close else "")


def _origins(written: Mapping[str, Any], source: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in written.items():
        if key in SECTIONS and isinstance(value, dict):
            found |= {f"{key}.{name}": source for name in cast("dict[str, Any]", value)}
        else:
            found[str(key)] = source
    return found


def _apply(
    override: str, merged: dict[str, Any], origin: dict[str, str], problems: list[str]
) -> None:
    key, equals, text = override.partition("=")
    key = key.strip()
    if not equals or not key:
        problems.append(f"--set {override}: write KEY=VALUE, such as training.epochs=1")
        return
    try:
        value = parse_yaml(text, f"--set {key}")
    except InvalidInput as error:
        problems.append(error.message)
        return
    section, dot, name = key.partition(".")
    if not dot:
        merged[key] = value
        for known in [known for known in origin if known.startswith(f"{key}.")]:
            del origin[known]
        origin |= _origins({key: value}, "--set")
        return
    held = merged.get(section)
    if held is None:
        held = merged[section] = {}
    if not isinstance(held, dict):
        problems.append(f"--set {override}: {section} holds {held!r}, not keys")
        return
    cast("dict[str, Any]", held)[name] = value
    origin[key] = "--set"
    if section in FREE:
        origin[section] = "--set"
