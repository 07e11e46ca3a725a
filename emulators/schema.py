"""A strict check of request bodies, with the sentences that RunPod's REST v2 is known to use.

A small part of JSON Schema as plain dictionaries; objects refuse unknown fields unless they say
`"extra": schema`. The sentences are those of the published examples ("$: additional properties
'bogus' not allowed", "$.action: value must be one of 'start', ...").
"""

from __future__ import annotations

import re
from typing import Any

Schema = dict[str, Any]
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def text(**more: Any) -> Schema:
    """A string."""
    return {"type": "string", **more}


def integer(**more: Any) -> Schema:
    """A whole number."""
    return {"type": "integer", **more}


def boolean() -> Schema:
    """True or false."""
    return {"type": "boolean"}


def array(items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": items, **more}


def choice(*values: str) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(values)}


def record(required: str = "", /, **properties: Schema) -> Schema:
    """An object of these fields and no others; `required` names some, parted by spaces."""
    return {"type": "object", "required": required.split(), "properties": properties}


def mapping(values: Schema) -> Schema:
    """An object with any keys."""
    return {"type": "object", "properties": {}, "required": [], "extra": values}


def problems(value: Any, schema: Schema, at: str = "$") -> list[str]:
    """Everything that is wrong with `value`, each with its place."""
    wanted = schema.get("type")
    names = [wanted] if isinstance(wanted, str) else wanted or []
    if names and not any(_is(value, name) for name in names):
        return [f"{at}: got {_name(value)}, want {' or '.join(names)}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: value must be one of {', '.join(repr(one) for one in schema['enum'])}"]
    found = _bounds(value, schema, at)
    if isinstance(value, dict):
        found += _fields(value, schema, at)
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += problems(item, schema.get("items", {}), f"{at}[{index}]")
    return found


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def _name(value: Any) -> str:
    return next(name for name in ("boolean", *TYPES) if _is(value, name))


def _bounds(value: Any, schema: Schema, at: str) -> list[str]:
    found = []
    sizes = {"minLength": str, "maxLength": str, "minItems": list, "maxItems": list}
    for word, kind in sizes.items():
        if word in schema and isinstance(value, kind):
            is_wrong = (len(value) < schema[word]) == word.startswith("min")
            if is_wrong and len(value) != schema[word]:
                found.append(f"{at}: {word}: got {len(value)}, want {schema[word]}")
    if _is(value, "number"):
        for word, is_wrong in (
            ("minimum", value < schema.get("minimum", value)),
            ("maximum", value > schema.get("maximum", value)),
        ):
            if is_wrong:
                found.append(f"{at}: {word}: got {value:g}, want {schema[word]:g}")
    pattern = schema.get("pattern")
    if pattern and isinstance(value, str) and not re.search(pattern, value):
        found.append(f"{at}: {value!r} does not match pattern {pattern!r}")
    return found


def _fields(value: dict[str, Any], schema: Schema, at: str) -> list[str]:
    found = []
    known = schema.get("properties", {})
    missing = [name for name in schema.get("required", []) if name not in value]
    if missing:
        word = "property" if len(missing) == 1 else "properties"
        found.append(f"{at}: missing {word} {', '.join(repr(name) for name in missing)}")
    unknown = [name for name in value if name not in known]
    if unknown and "extra" not in schema and "properties" in schema:
        listed = ", ".join(repr(name) for name in unknown)
        found.append(f"{at}: additional properties {listed} not allowed")
    for name, item in value.items():
        inner = known.get(name, schema.get("extra"))
        if inner is not None:
            found += problems(item, inner, f"{at}.{name}")
    return found
