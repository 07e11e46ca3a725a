"""The API is written down: openapi.json and its page are what the code gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.build_docs import http

REBUILD = "Run: make docs"


@pytest.fixture(scope="module")
def described() -> Any:
    """The API as the code describes it."""
    return json.loads(http.openapi())


def test_the_committed_description_is_that_of_the_code(repository: Path, described: Any) -> None:
    committed = json.loads((repository / "docs/reference/openapi.json").read_text())
    assert committed == described, REBUILD


def test_the_page_names_every_route(repository: Path, described: Any) -> None:
    page = (repository / "docs/reference/http.md").read_text()
    missing = [
        f"{verb.upper()} {path}"
        for path, verbs in described["paths"].items()
        for verb in verbs
        if f"{verb.upper()} {path}" not in page
    ]
    assert not missing, missing


def test_everything_in_the_description_says_what_it_is(described: Any) -> None:
    for path, verbs in described["paths"].items():
        for verb, operation in verbs.items():
            assert operation.get("description"), f"{verb} {path} says nothing"
    for name, schema in described["components"]["schemas"].items():
        assert schema.get("description"), f"{name} says nothing"


def test_no_request_takes_a_name_for_who_decides(described: Any) -> None:
    schemas = described["components"]["schemas"]
    for name in ("DecisionRequest", "StepRequest", "BulkRequest", "ImportRequest", "SayRequest"):
        assert not {"reviewer", "user", "accept_as"} & set(schemas[name]["properties"]), name
