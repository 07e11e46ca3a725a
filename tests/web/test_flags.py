"""Flags over HTTP: listed, opened, resolved by who is signed in, promoted by trainers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.web.site import Site
from hone.workspace.open import Workspace, open_workspace
from tests.stages.flags.flagged import answer, make_flagged, split_of, wrong_on
from tests.web.browser import Browser, access


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_flagged(root) as made:
        answer(made, "pickup@v1", wrong_on(3))
        answer(made, "pickup@v1", wrong_on(3), on="pickup@1/test")
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(built, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


def listed(browser: Browser, **query: Any) -> Any:
    found = browser.get("/api/flags", **query)
    assert found.status_code == 200, found.text
    return found.json()


def test_the_queue_is_listed_and_cut_where_asked(browser: Browser) -> None:
    found = listed(browser)
    assert (found["model"], found["task"]) == ("pickup", "pickup")
    assert found["total"] == len(found["flags"]) > 3 and found["held_back"] > 0
    few = listed(browser, limit=2)
    assert few["flags"] == found["flags"][:2] and few["total"] == found["total"]
    tested = listed(browser, is_tested=True)
    assert tested["total"] == found["held_back"] and tested["flags"][0]["is_tested"]
    refused = browser.get("/api/flags", model="other")
    assert refused.status_code == 404 and refused.json()["hint"] == "hone evaluate other"


def test_a_flag_opens_with_everything_one_needs(browser: Browser) -> None:
    first = listed(browser)["flags"][0]
    opened = browser.get(f"/api/flags/{first['id']}").json()
    assert opened["flag"] == first and opened["dataset"] == "pickup@1"
    assert opened["neighbours"] and opened["history"] == []
    assert browser.get("/api/flags/nobody").status_code == 404


def test_a_correction_is_a_review_of_who_is_signed_in(browser: Browser, ws: Workspace) -> None:
    first = listed(browser)["flags"][0]
    asked = {"op_id": "flag-op-1", "verdict": "confirm", "note": "looked twice"}
    done = browser.post(f"/api/flags/{first['id']}", asked)
    assert done.status_code == 200, done.text
    assert done.json()["flag"]["state"] == "resolved"
    example = ws.store.examples.get(first["id"])
    assert (example.status, example.note) == ("accepted", "looked twice")
    assert done.json()["resolution"]["reviewer"] == example.reviewer
    again = browser.post(f"/api/flags/{first['id']}", asked)
    assert again.json()["receipt"]["outcome"] == "duplicate"
    assert listed(browser)["resolved"] == 1


def test_what_does_not_fit_or_is_tested_is_refused(browser: Browser) -> None:
    first = listed(browser)["flags"][0]
    edit = {"op_id": "flag-op-2", "verdict": "edit", "output": [{"colour": "red"}]}
    refused = browser.post(f"/api/flags/{first['id']}", edit)
    assert refused.status_code == 400 and "does not fit" in refused.json()["error"]
    assert browser.post(f"/api/flags/{first['id']}", {**edit, "reviewer": "eve"}).status_code == 422
    tested = listed(browser, is_tested=True)["flags"][0]
    refused = browser.post(f"/api/flags/{tested['id']}", {**edit, "verdict": "confirm"})
    assert refused.status_code == 400 and "hone flags promote" in refused.json()["hint"]


def test_promoting_makes_a_new_version(browser: Browser, ws: Workspace) -> None:
    tested = listed(browser, is_tested=True)["flags"][0]["id"]
    done = browser.post(f"/api/flags/{tested}/promote", {"note": "mislabelled"})
    assert done.status_code == 200, done.text
    assert done.json()["versions"] == {"pickup@1": "pickup@2"}
    assert tested not in split_of(ws, "test", "pickup@2")


def test_only_trainers_promote_and_only_reviewers_correct(ws: Workspace, known: Any) -> None:
    for person, secret in known:
        ws.store.people.add(person.name, person.role, secret, is_replacing=False)
    shared = Site(ws, access(is_shared=True))
    flagged = [one.id for one in ws.store.datasets.members("pickup@1") if one.split == "probe"]
    for name, correct, promote in (("vera", 403, 403), ("rita", 404, 403)):
        visitor = Browser(shared).sign_in(name=name, password=f"password of {name}")
        assert visitor.get("/api/flags").status_code == 200
        asked = {"op_id": f"flag-op-{name}", "verdict": "skip"}
        right = next(id for id in flagged if int(id[1:]) % 3)
        assert visitor.post(f"/api/flags/{right}", asked).status_code == correct
        said = visitor.post(f"/api/flags/{right}/promote", {"note": "why"})
        assert said.status_code == promote
