"""Home, tasks, settings and keyboards."""

from __future__ import annotations

from typing import Any

import pytest

from hone.web.site import Site
from hone.workspace.open import Workspace
from tests.web.browser import Browser
from tests.web.conftest import QUESTIONS


def setting(browser: Browser, key: str) -> Any:
    return next(one for one in browser.get("/api/settings").json() if one["key"] == key)


def test_tasks_say_what_examples_look_like(browser: Browser) -> None:
    found = {task["name"]: task for task in browser.get("/api/tasks").json()}
    assert found["qa"]["is_default"] and not found["pickup"]["is_default"]
    assert found["qa"]["kind"] == "qa"
    assert found["pickup"]["fields"]["item"]["required"] is True
    assert found["pickup"]["many"] is True


def test_home_says_where_the_loop_stands(browser: Browser) -> None:
    shown = browser.get("/api/home").json()
    assert shown["examples"] == QUESTIONS + 1
    assert shown["statistics"]["sentence"].startswith("Reviewed 0 of")
    assert shown["datasets"] == shown["models"] == shown["jobs"] == []
    assert shown["next"][0]["link"].startswith("#/review")


def test_settings_come_with_meaning_default_and_whether_they_may_change(browser: Browser) -> None:
    budget = setting(browser, "budget.per_job_usd")
    assert budget["value"] == budget["default"] == 10.0
    assert budget["description"] and budget["is_editable"]
    assert not setting(browser, "hone")["is_editable"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("setup_mode", True),
        ("budget.per_job_usd", 2.5),
        ("priority", ["base"]),
        ("gate.must_win", ["token_f1"]),
    ],
)
def test_a_setting_changes_and_the_rest_of_the_file_stays(
    browser: Browser, ws: Workspace, key: str, value: Any
) -> None:
    answer = browser.put(f"/api/settings/{key}", {"value": value})
    assert answer.json()["value"] == value
    assert setting(browser, key)["value"] == value
    assert "# The settings of this workspace" in (ws.root / "hone.yaml").read_text()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("no_such", 1),
        ("hone", 2),
        ("store", "postgres"),
        ("budget.per_job_usd", -1),
        ("budget.per_job_usd", "much"),
        ("setup_mode", "a: b: c"),
        ("task", "tasks/none.yaml"),
    ],
)
def test_a_setting_that_does_not_fit_changes_nothing(
    browser: Browser, ws: Workspace, key: str, value: Any
) -> None:
    before = (ws.root / "hone.yaml").read_bytes()
    answer = browser.put(f"/api/settings/{key}", {"value": value})
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]
    assert (ws.root / "hone.yaml").read_bytes() == before


def test_what_another_program_changes_in_the_file_is_seen(browser: Browser, ws: Workspace) -> None:
    file = ws.root / "hone.yaml"
    file.write_text(file.read_text().replace("tasks/qa.yaml", "tasks/pickup.yaml"))
    assert browser.get("/api/session").json()["default_task"] == "pickup"


def test_a_keyboard_is_everybodys_own(shared: Site) -> None:
    rita = Browser(shared).sign_in(name="rita", password="password of rita")
    vera = Browser(shared).sign_in(name="vera", password="password of vera")
    usual = {"single_keys": True, "repeat_accept": False, "keys": {}}
    assert rita.get("/api/settings/keyboard").json() == usual
    own = {"single_keys": False, "repeat_accept": True, "keys": {"accept": "j"}}
    assert rita.put("/api/settings/keyboard", own).json() == own
    assert rita.get("/api/settings/keyboard").json() == own
    assert vera.get("/api/settings/keyboard").json() == usual


@pytest.mark.parametrize(
    "wrong",
    [
        {"keys": {"accept": ""}},
        {"keys": {"No Such": "a"}},
        {"keys": {f"a{n}": "b" for n in range(101)}},
        {"single_keys": "sometimes"},
        {"colour": "red"},
    ],
)
def test_a_keyboard_that_does_not_fit_is_refused(browser: Browser, wrong: dict[str, Any]) -> None:
    # "a1" is no action's name either, which is as well a reason.
    assert browser.put("/api/settings/keyboard", wrong).status_code == 422
