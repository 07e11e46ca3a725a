"""Reads a saved review session: its items, with what people decided on them.

Needs: a session file as `hone sessions save` writes it.
Gives: one RawRow per item: id, question and answers (or input and outputs), status, notes, origin.
Source: the session format of Hone, version 1.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from hone.errors import InvalidInput, WorkspaceTooNew
from hone.importers._json_stream import json_rows
from hone.importers._rows import RawRow, Refusal, Rows
from hone.importers._text import detect

FORMAT = 1
STATUSES = frozenset("pending accepted edited rejected skipped flagged unknown".split())
_MARK = re.compile(rb'"kind"\s*:\s*"session"')


class Options(BaseModel):
    """A session has one form only: there is nothing to choose."""

    model_config = ConfigDict(extra="forbid")


LIMITS: tuple[str, ...] = (
    "Who reviewed is not in the file: decisions are journalled under the name of who loads it.",
    "Further suggestions of an example are not saved, only the first.",
)


def sniff(path: Path, head: bytes) -> float:
    """How sure it is that this importer reads the file, 0 to 1."""
    is_object = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return 0.97 if is_object and _MARK.search(head[:4096]) else 0.0


def run(path: Path, options: Options) -> Rows:
    """Every item in order; an item with an unknown status or without contents is refused."""
    beside: dict[str, Any] = {}
    for item in json_rows(path, detect(path, "utf-8-sig"), rows_key="items", beside=beside):
        if isinstance(item, RawRow):
            if item.part != "items":
                raise InvalidInput(
                    f"{path} is no session: it has no items.", hint="hone import FILE"
                )
            problem = _problem(item.fields)
            yield Refusal(problem, item.row, item.line, item.fields) if problem else item
        else:
            yield item
    _check(path, beside)


def header(path: Path) -> dict[str, Any]:
    """What stands beside the items: task, position, saved_at."""
    beside: dict[str, Any] = {}
    for item in json_rows(path, detect(path, "utf-8-sig"), rows_key="items", beside=beside):
        if isinstance(item, Refusal) and item.kind == "broken":
            raise InvalidInput(
                f"{path}, line {item.line}: {item.reason}.", hint="load an earlier copy of it"
            )
    _check(path, beside)
    return beside


def _check(path: Path, beside: dict[str, Any]) -> None:
    if beside.get("kind") != "session":
        raise InvalidInput(f"{path} is no session.", hint=f"hone import {path}")
    version = beside.get("hone")
    if isinstance(version, int) and version > FORMAT:
        raise WorkspaceTooNew(
            f"{path} was written by a later Hone (format {version}).",
            hint="pip install --upgrade hone-studio",
        )


def _problem(fields: dict[str, Any]) -> str:
    status = fields.get("status")
    if not isinstance(status, str) or status not in STATUSES:
        return f'unknown status "{str(status)[:40]}"'
    if not isinstance(fields.get("origin") or {}, dict):
        return "the origin is no object"
    context = fields.get("context") or []
    if not isinstance(context, list) or not all(isinstance(one, dict) for one in context):
        return "the context is no list of passages"
    if not isinstance(fields.get("tags") or [], list):
        return "the tags are no list"
    if not isinstance(fields.get("group"), (str, type(None))):
        return "the group is no text"
    if "question" not in fields and not isinstance(fields.get("input"), dict):
        return "no question and no input"
    return ""
