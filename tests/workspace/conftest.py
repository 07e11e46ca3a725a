"""Stores and rows for the tests of the workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hone.workspace.store import NewExample, Store
from hone.workspace.store.json_text import to_text


def row(number: int, **changed: object) -> NewExample:
    """One question with a suggested answer."""
    question, answer = f"What is number {number}?", f"It is {number}."
    plain = NewExample(
        id=f"e{number}",
        task="qa",
        input=to_text({"question": question}),
        fingerprint=f"f{number}",
        proposal=to_text({"answer": answer}),
        proposal_agent="import",
        origin=to_text({"file": "q.csv", "row": number}),
        file="q.csv",
        search=f"{question} {answer}",
    )
    return plain._replace(**changed)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = Store.open(tmp_path / "hone.db")
    yield opened
    opened.close()


@pytest.fixture
def filled(store: Store) -> Callable[[int], Store]:
    """A store with so many examples, e1 at position 1 and so on."""

    def fill(count: int) -> Store:
        store.examples.add_many(row(number) for number in range(1, count + 1))
        return store

    return fill
