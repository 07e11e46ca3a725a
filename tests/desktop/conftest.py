"""A workspace with one question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.records.example import Example, Suggestion
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import new_example


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "w") as workspace:
        one = Example(
            id="q1",
            task="qa",
            input={"question": "Who?"},
            suggestions=[Suggestion(agent="import", output={"answer": "Me."})],
            fingerprint="q1",
        )
        workspace.store.examples.add_many([new_example(one, search="")])
        yield workspace
