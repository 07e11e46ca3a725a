"""A workspace with a dozen questions, a server over it, and browsers that are signed in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.records.example import Example, Suggestion
from hone.records.job import Job
from hone.records.person import Person
from hone.stages import jobs, people
from hone.web.site import Site
from hone.workspace.open import Workspace, init_workspace, open_workspace
from hone.workspace.store import new_example
from hone.workspace.store.people import Secret
from tests.web.browser import Browser, access

PICKUP = """\
kind: extract
name: pickup
fields:
  item: {type: string, required: true}
  quantity: {type: number}
  many: true
"""
QUESTIONS = 12


def question(number: int) -> Example:
    """A question with an answer by the file, and every third one with a model's."""
    suggestions = [Suggestion(agent="import", output={"answer": f"It is {number}."})]
    if number % 3 == 0:
        other = {"answer": f"It is not {number}."}
        suggestions.append(Suggestion(agent="model", output=other, score=0.5))
    return Example(
        id=f"q{number}",
        task="qa",
        input={"question": f"What is number {number}?"},
        suggestions=suggestions,
        fingerprint=f"q{number}",
        group=f"g{number % 2}",
        tags=["even"] if number % 2 == 0 else [],
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace that each test gets a copy of; a module may make another one."""
    root = tmp_path_factory.mktemp("built") / "theology"
    with init_workspace(root) as workspace:
        (workspace.root / "tasks" / "pickup.yaml").write_text(PICKUP)
        rows = [question(number) for number in range(1, QUESTIONS + 1)]
        rows.append(Example(id="p1", task="pickup", input={"message": "2 pears"}, fingerprint="p1"))
        workspace.store.examples.add_many(new_example(one, search=str(one.input)) for one in rows)
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(shutil.copytree(built, tmp_path / built.name)) as workspace:
        yield workspace


@pytest.fixture
def site(ws: Workspace) -> Site:
    """A server on this machine."""
    return Site(ws, access())


@pytest.fixture
def stranger(site: Site) -> Browser:
    """A browser that is not signed in."""
    return Browser(site)


@pytest.fixture
def browser(site: Site) -> Browser:
    """The operator's browser."""
    return Browser(site).sign_in()


@pytest.fixture
def nobody_works_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is ordered stays as it was submitted: no worker is started."""

    def submitted(
        ws: Workspace, job: Job, inputs: dict[str, Path | str | bytes], **_: object
    ) -> Job:
        return jobs.submit(ws, job, inputs)

    monkeypatch.setattr(jobs, "launch", submitted)


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Person, Secret]]:
    """Somebody of each role, once: to hash a password takes a quarter of a second by intent."""
    with init_workspace(tmp_path_factory.mktemp("known") / "ws") as workspace:
        for name, role in (("vera", "viewer"), ("rita", "reviewer"), ("tom", "trainer")):
            people.add_person(workspace, name, role, f"password of {name}")
        found = [workspace.store.people.find(one.name) for one in people.list_people(workspace)]
    return [one for one in found if one is not None]


@pytest.fixture
def shared(ws: Workspace, known: list[tuple[Person, Secret]]) -> Site:
    """A server that others reach, with somebody of each role."""
    for person, secret in known:
        ws.store.people.add(person.name, person.role, secret, is_replacing=False)
    return Site(ws, access(is_shared=True))
