"""Bad input is said with its mend in the terminal, and over the API that the screen shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hone.cli.run import run
from hone.web.site import Site
from hone.workspace.open import Workspace, init_workspace
from tests.importers.slack_exports import export_of, packed, said
from tests.rentals.scene import scene
from tests.stages.compare.planted import make_planted
from tests.web.browser import Browser, access
from tests.web.test_imports import at_once, imported, uploaded

DISCORD = {"guild": {}, "channel": {}, "messages": [{"id": "1", "content": "hi"}]}


class Both(NamedTuple):
    """One workspace, seen from the terminal and from a browser."""

    ws: Workspace
    browser: Browser
    capsys: pytest.CaptureFixture[str]

    def told(self, *words: str) -> tuple[str, str]:
        """The two lines of a command that fails."""
        assert run(words) == 1
        what, mend = self.capsys.readouterr().err.splitlines()
        assert mend.startswith("Try: ")
        return what, mend.removeprefix("Try: ")

    def shown(self, name: str, content: bytes) -> Any:
        """What the screen is told of a file that it sends."""
        return imported(self.browser, uploaded(self.browser, content, name))


@pytest.fixture
def both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Both]:
    with init_workspace(tmp_path / "ws") as ws:
        monkeypatch.chdir(ws.root)
        yield Both(ws, Browser(Site(ws, access(), begin=at_once)).sign_in(), capsys)


def test_a_csv_without_columns_that_are_recognised(both: Both) -> None:
    content = b"colour;size;price\nred;3;4\nblue;5;6\n"
    (both.ws.root / "shop.csv").write_bytes(content)
    what, mend = both.told("import", "shop.csv")
    assert "it is not clear which columns hold the question and the answer" in what
    assert "colour, size, price" in what and "--map question=colour" in mend
    shown = both.shown("shop.csv", content)
    assert (shown["state"], shown["error"], shown["hint"]) == ("failed", what, mend)
    assert both.ws.store.examples.count() == 0


def test_a_slack_export_without_users_keeps_the_ids_and_says_so(both: Both, tmp_path: Path) -> None:
    days = {k: v for k, v in export_of(said("<@U2> has kale")).items() if k != "users.json"}
    path = packed(tmp_path / "acme.zip", days)
    note = "no users.json: the ids of people stay as they are"
    assert run(["import", str(path), "--plan"]) == 0
    assert note in both.capsys.readouterr().out
    (file,) = both.shown("acme.zip", path.read_bytes())["report"]["files"]
    assert note in file["notes"] and file["taken"] == 1


def test_an_export_of_another_tool(both: Both, tmp_path: Path) -> None:
    path = packed(both.ws.root / "discord.zip", {"general.json": DISCORD})
    what, mend = both.told("import", path.name)
    assert "not text" in what and "a Slack export holds channels.json" in mend
    shown = both.shown("discord.zip", path.read_bytes())
    assert (shown["state"], shown["error"], shown["hint"]) == ("failed", what, mend)
    named, mend = both.told("import", path.name, "--as", "slack")
    assert "is no Slack export: it holds neither channels.json" in named and mend


def test_a_model_of_another_schema_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with make_planted(tmp_path / "ws") as ws:
        monkeypatch.chdir(ws.root)
        both = Both(ws, Browser(Site(ws, access())).sign_in(), capsys)
        task = ws.root / "tasks" / "pickup.yaml"
        task.write_text(task.read_text().replace("item:", "thing:"))
        assert run(["predict", "--message", "two crates"]) == 1
        what, mend = capsys.readouterr().err.splitlines()
        changed = "the task pickup was changed after pickup@1 was built for pickup@v1"
        assert what == f"pickup@v1 is not what it was: {changed}."
        assert "Put the task file back as it was" in mend
        shown = both.browser.post("/api/predictions", {"method": "model"})
        assert shown.status_code == 400
        assert (shown.json()["error"], f"Try: {shown.json()['hint']}") == (what, mend)
        assert run(["models", "validate", "pickup"]) == 1
        assert f"bad  {changed}" in capsys.readouterr().out


def test_no_model_is_active(both: Both) -> None:
    what, mend = both.told("predict", "--message", "two crates")
    assert what == "No model is active: none has been trained for this task yet."
    assert "hone train" in mend and "--method rules" in mend
    task = {"kind": "extract", "name": "pickup", "fields": {"item": {"type": "string"}}}
    (both.ws.root / "tasks" / "pickup.yaml").write_text(json.dumps(task))
    shown = both.browser.get("/api/predictions", task="pickup").json()["ways"]
    (model,) = (one for one in shown if one["way"] == "model")
    assert (model["says"], model["state"]) == (what, "nobody") and "hone train" in model["hint"]


def test_the_key_of_another_account(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    with scene("lambda", both.ws, monkeypatch) as found:
        found.emulator.is_limited = False
        monkeypatch.setenv("LAMBDA_API_KEY", "canary-of-another-account-01234")
        assert run(["targets", "check", "lambda"]) == 1
        told = both.capsys.readouterr().out
        assert "Lambda does not accept the key" in told
        assert "Put a valid one into .env of the workspace: LAMBDA_API_KEY=" in told
        shown = both.browser.post("/api/trainings/targets/lambda/check", {}).json()[0]
    assert not shown["is_good"] and "Lambda does not accept the key" in shown["text"]
    assert "LAMBDA_API_KEY=" in shown["mend"] and "canary" not in told + json.dumps(shown)
