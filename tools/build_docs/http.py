"""openapi.json and the page of the HTTP API, from the app itself."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hone.loop import init_workspace
from hone.web.app import build_app
from hone.web.security import Access
from hone.web.site import Site

HEAD = """# HTTP API

*Generated from the app itself by `make docs`; the whole of it, with every field, stands in
[openapi.json](openapi.json).*

`hone up` serves it on 127.0.0.1. Everything that the browser does goes through it.

- **Signing in.** The page sends the token of the printed address to `POST /api/session` and gets an
  HttpOnly cookie. Scripts send `Authorization: Bearer TOKEN`; `HONE_TOKEN` fixes the token over
  restarts (32 letters, digits or more).
- **Roles**, each including those before it: viewer looks, reviewer decides and imports, trainer
  makes tasks, admin changes settings. With the start-up token one is admin.
- **Errors** are `{"error": what happened, "hint": what to try, "problems": [...]}`: 400 it cannot
  be done so, 401 not signed in, 403 not allowed, 404 not there, 409 somebody was first, 413 too
  large, 415 another content type is wanted, 421 not this server's name, 422 the request does not
  fit, 429 too many failed sign-ins, 503 not now: the same request may succeed later.
- **Bodies** are JSON (`Content-Type: application/json`), uploads are bytes
  (`application/octet-stream`).
- **Decisions** are applied once however often they are sent (`op_id`), never over a version that
  somebody else made (`base_version`), and answered after they are on the disk. `since` and `until`
  are about the decision that stands, not about the import.
- **Windows** go by cursors: `first` and `last` of an answer are the `before` and `after` of the
  next request.
- **Events** (`GET /api/events`) are server-sent: `ready` first, then `reviews`, `import`, `job`,
  `models` (a version is there, or another answers),
  and `resync` where one must look anew. Ids rise over restarts; `Last-Event-ID` goes on where a
  stream was cut off.
"""
VERBS = ("get", "post", "put", "delete")


def openapi() -> str:
    """openapi.json as it is committed."""
    with tempfile.TemporaryDirectory() as folder, init_workspace(Path(folder) / "w") as ws:
        access = Access(token="", operator="", hosts=frozenset({"127.0.0.1:8321"}))
        described = build_app(Site(ws, access)).openapi()
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def page() -> str:
    """The page that lists every route."""
    described = json.loads(openapi())
    parts = [HEAD]
    tag = None
    for path, verbs in described["paths"].items():
        for verb in VERBS:
            if verb not in verbs:
                continue
            operation = verbs[verb]
            if operation["tags"][0] != tag:
                tag = operation["tags"][0]
                parts.append(f"## {tag}\n")
            parts.append(_section(verb, path, operation, described["components"]["schemas"]))
    return "\n".join(parts)


def _section(verb: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    lines = [f"### {verb.upper()} {path}", "", operation["description"], ""]
    rows = [_row(one) for one in operation.get("parameters", ()) if one["in"] != "path"]
    if rows:
        lines += ["| query | | |", "|---|---|---|", *rows, ""]
    sent = _named(operation.get("requestBody", {}).get("content", {}))
    given = _named(operation["responses"]["200"].get("content", {}))
    if sent:
        lines.append(f"Sends {_fields(sent, schemas)}")
    if given:
        lines.append(f"{'' if not sent else chr(10)}Gives {_fields(given, schemas)}")
    return "\n".join([*lines, ""])


def _row(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    text = (parameter.get("description") or schema.get("description") or "").replace("|", "\\|")
    default = schema.get("default")
    shown = "" if default in (None, "") else f"default `{json.dumps(default)}`"
    return f"| `{parameter['name']}` | {text} | {shown} |"


def _named(content: dict[str, Any]) -> dict[str, Any]:
    for kind, body in content.items():
        return {"kind": kind, **body.get("schema", {})}
    return {}


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """A schema in words: its name and its fields, or the kind of content."""
    many = schema.get("type") == "array"
    name = (schema.get("items", {}) if many else schema).get("$ref", "").rpartition("/")[2]
    if not name:
        return f"`{schema['kind']}`."
    fields = ", ".join(f"`{field}`" for field in schemas[name].get("properties", ()))
    return f"{'a list of ' if many else ''}{name}: {fields}."
