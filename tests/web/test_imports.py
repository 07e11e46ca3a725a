"""Files that come in through the browser: planned, imported aside, stopped, and swept away."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hone.stages import ingest
from hone.stages.ingest import Order
from hone.stages.ingest.uploads import MOST_NAME_CHARACTERS, safe_name
from hone.web.security import MOST_BYTES_OF, UPLOAD_PATH
from hone.web.site import Site
from hone.web.uploading import take_in
from hone.workspace.open import Workspace
from tests.importers.slack_exports import export_of, packed, said
from tests.web.browser import OPERATOR, Browser, access
from tests.web.conftest import QUESTIONS

CSV = b"question,answer\nWho?,Me.\nWhen?,Now.\n"
DEADLINE_SECONDS = 60.0
ENDING: list[subprocess.Popen[bytes]] = []


def at_once(ws: Workspace, upload: str, reviewer: str) -> int:
    """Carries an import out in this process, before the answer."""
    ingest.carry_out(ws, upload)
    return os.getpid()


def dead(ws: Workspace, upload: str, reviewer: str) -> int:
    """Starts a process that ends before it has done anything."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ENDING.append(child)
    return child.pid


@pytest.fixture
def site(ws: Workspace) -> Site:
    return Site(ws, access(), begin=at_once)


def uploaded(browser: Browser, content: bytes = CSV, name: str = "faith.csv") -> str:
    answer = browser.upload(name, content)
    assert answer.status_code == 200, answer.text
    assert answer.json()["bytes"] == len(content)
    return answer.json()["upload"]


def imported(browser: Browser, upload: str, **more: Any) -> Any:
    started = browser.post("/api/imports", {"upload": upload} | more)
    assert started.json() == {"import": upload}, started.text
    return browser.get(f"/api/imports/{upload}").json()


def uploads(ws: Workspace) -> list[Path]:
    return sorted((ws.data / "uploads").glob("*/*"))


def test_a_slack_export_comes_in_with_nobody_named_and_nothing_kept_of_it(
    browser: Browser, ws: Workspace, tmp_path: Path
) -> None:
    joined = said("<@U2> has joined", subtype="channel_join")
    zipped = packed(tmp_path / "acme.zip", export_of(said("<@U2> has kale"), joined))
    upload = uploaded(browser, zipped.read_bytes(), "acme.zip")
    asked = {"upload": upload, "options": {"pseudonymise": True}}
    (file,) = browser.post("/api/imports/plan", asked).json()["files"]
    assert (file["importer"], file["file"]) == ("slack", "acme.zip")
    assert file["sample"][0]["input"]["question"].startswith("@person-")
    told = imported(browser, upload, options={"pseudonymise": True})
    assert (told["state"], told["report"]["files"][0]["taken"]) == ("done", 1)
    assert told["report"]["files"][0]["left_out"] == {"notice channel_join": 1}
    assert not ws.store.examples.search("Boole")
    pointer = json.loads((ws.data / "raw" / "acme.zip.pointer.json").read_text())
    assert pointer["path"] == "acme.zip"
    assert not [path for path in ws.root.rglob("acme.zip") if path.is_file()]


def test_a_file_is_looked_at_before_anything_is_taken(browser: Browser, ws: Workspace) -> None:
    plan = browser.post("/api/imports/plan", {"upload": uploaded(browser)}).json()
    (file,) = plan["files"]
    assert file["file"] == "faith.csv"
    assert file["columns"] == {"question": "question", "answer": "answer"}
    assert file["sample"][0]["input"] == {"question": "Who?"}
    assert ws.store.examples.count() == QUESTIONS + 1


def test_a_file_is_imported_and_its_upload_removed(browser: Browser, ws: Workspace) -> None:
    shown = imported(browser, uploaded(browser))
    assert shown["state"] == "done"
    (file,) = shown["report"]["files"]
    assert (file["file"], file["read"], file["taken"]) == ("faith.csv", 2, 2)
    assert (ws.data / "raw" / "faith.csv").read_bytes() == CSV
    assert not [path for path in uploads(ws) if path.name == "faith.csv"]
    found = browser.get("/api/examples", file="faith.csv").json()["items"]
    assert [item["input"]["question"] for item in found] == ["Who?", "When?"]


def test_what_was_imported_can_be_accepted_in_ones_own_name(browser: Browser) -> None:
    shown = imported(browser, uploaded(browser), accept_as_me=True)
    assert shown["report"]["files"][0]["accepted"] == 2
    (first, _) = browser.get("/api/examples", file="faith.csv").json()["items"]
    assert (first["status"], first["reviewer"]) == ("accepted", OPERATOR)


def test_a_mapping_answers_what_is_not_clear(browser: Browser) -> None:
    upload = uploaded(browser, b"frage;antwort;rest\nWer?;Ich.;x\nWo?;Hier.;y\n", "fragen.csv")
    plan = browser.post("/api/imports/plan", {"upload": upload}).json()
    assert plan["files"][0]["question"]
    assert str(Path.cwd()) not in json.dumps(plan) and "uploads" not in json.dumps(plan)
    mapping = {"question": "frage", "answer": "antwort"}
    assert imported(browser, upload, mapping=mapping)["state"] == "done"


def test_an_import_that_failed_may_be_tried_again_otherwise(browser: Browser) -> None:
    upload = uploaded(browser, b"frage;antwort;rest\nWer?;Ich.;x\nWo?;Hier.;y\n", "fragen.csv")
    shown = imported(browser, upload)
    assert shown["state"] == "failed"
    assert shown["error"] and shown["hint"] and "uploads" not in shown["error"] + shown["hint"]
    mapping = {"question": "frage", "answer": "antwort"}
    assert imported(browser, upload, mapping=mapping)["report"]["files"][0]["taken"] == 2


def test_rows_that_were_refused_can_be_downloaded(browser: Browser) -> None:
    upload = uploaded(browser, b"question,answer\nWho?,Me.\n,nothing\n", "some.csv")
    shown = imported(browser, upload)
    assert shown["report"]["files"][0]["refused"] == 1
    answer = browser.get(f"/api/imports/{upload}/refused")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert json.loads(answer.text)["line"] == 3


def test_an_import_without_refused_rows_has_no_such_file(browser: Browser) -> None:
    upload = uploaded(browser)
    imported(browser, upload)
    assert browser.get(f"/api/imports/{upload}/refused").status_code == 404


@pytest.mark.parametrize("upload", ["0" * 32, "../../etc", "x", "%2e%2e"])
def test_an_upload_that_is_not_there_is_not_found(browser: Browser, upload: str) -> None:
    assert browser.post("/api/imports/plan", {"upload": upload}).status_code == 404
    assert browser.post("/api/imports", {"upload": upload}).status_code == 404
    assert browser.get(f"/api/imports/{upload}").status_code == 404
    assert browser.post(f"/api/imports/{upload}/cancel").status_code == 404
    assert browser.get(f"/api/imports/{upload}/refused").status_code == 404


def test_a_file_is_imported_once(browser: Browser) -> None:
    upload = uploaded(browser)
    imported(browser, upload)
    assert browser.post("/api/imports", {"upload": upload}).status_code == 404


def test_two_imports_of_one_upload_at_once_are_refused(browser: Browser, ws: Workspace) -> None:
    upload = uploaded(browser)
    ingest.place_order(ws, upload, Order())
    answer = browser.post("/api/imports", {"upload": upload})
    assert answer.status_code == 409


def test_an_import_that_is_stopped_keeps_what_it_took_and_can_go_on(
    browser: Browser, ws: Workspace
) -> None:
    upload = uploaded(browser)
    ingest.place_order(ws, upload, Order())
    assert browser.post(f"/api/imports/{upload}/cancel").json()["state"] == "waiting"
    ingest.carry_out(ws, upload)
    shown = browser.get(f"/api/imports/{upload}").json()
    assert shown["state"] == "cancelled" and shown["hint"]
    assert imported(browser, upload)["report"]["files"][0]["taken"] == 2


def test_a_process_that_died_is_told_and_the_file_is_still_there(
    ws: Workspace, tmp_path: Path
) -> None:
    browser = Browser(Site(ws, access(), begin=dead)).sign_in()
    upload = uploaded(browser)
    assert browser.post("/api/imports", {"upload": upload}).status_code == 200
    assert browser.get(f"/api/imports/{upload}").json()["state"] == "running"
    ENDING.pop().communicate(b"\n")
    shown = browser.get(f"/api/imports/{upload}").json()
    assert (shown["state"], shown["error"]) == ("failed", "The import ended half-way.")
    again = Browser(Site(ws, access(), begin=at_once)).sign_in()
    assert imported(again, upload)["state"] == "done"


def test_where_no_process_can_be_started_the_upload_stays(ws: Workspace) -> None:
    def refuse(ws: Workspace, upload: str, reviewer: str) -> int:
        raise BlockingIOError("no more processes")

    browser = Browser(Site(ws, access(), begin=refuse)).sign_in()
    upload = uploaded(browser)
    answer = browser.post("/api/imports", {"upload": upload})
    assert answer.status_code == 503 and "no more processes" in answer.json()["error"]
    again = Browser(Site(ws, access(), begin=at_once)).sign_in()
    assert imported(again, upload)["state"] == "done"


def test_a_new_task_needs_a_trainer(shared: Site) -> None:
    rita = Browser(shared).sign_in(name="rita", password="password of rita")
    body = {"upload": uploaded(rita), "new_task": "orders"}
    assert rita.post("/api/imports/plan", body).status_code == 403


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("faith.csv", "faith.csv"),
        ("../../hone.db", "hone.db"),
        ("C:\\Users\\ann\\faith.csv", "faith.csv"),
        ("/etc/passwd", "passwd"),
        ("..", "file"),
        (" . ", "file"),
        ("order.json", "file_order.json"),
        ("cancel", "file_cancel"),
        (".hidden.csv", "hidden.csv"),
        ("a\x00b\nc.csv", "a_b_c.csv"),
        ("Glaube & Zweifel.csv", "Glaube & Zweifel.csv"),
    ],
)
def test_a_name_leads_nowhere_else(given: str, kept: str) -> None:
    assert safe_name(given) == kept


def test_a_long_name_keeps_its_ending() -> None:
    name = safe_name("x" * 500 + ".jsonl")
    assert len(name) == MOST_NAME_CHARACTERS and name.endswith(".jsonl")


def test_a_hostile_name_stays_inside_the_uploads(browser: Browser, ws: Workspace) -> None:
    browser.upload("../../../hone.yaml", CSV)
    (path,) = uploads(ws)
    assert path.name == "hone.yaml" and path.parent.parent == ws.data / "uploads"


def test_an_empty_file_is_refused_and_leaves_nothing(browser: Browser, ws: Workspace) -> None:
    assert browser.upload("empty.csv", b"").status_code == 400
    assert list((ws.data / "uploads").iterdir()) == []


def test_an_upload_has_a_bound(browser: Browser) -> None:
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Length": str(MOST_BYTES_OF[UPLOAD_PATH] + 1),
    }
    answer = browser.ask("POST", f"{UPLOAD_PATH}?name=a.csv", content=CSV, headers=headers)
    assert answer.status_code == 413


def test_an_upload_that_is_cut_off_leaves_nothing(ws: Workspace) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield CSV
        raise ConnectionError("the browser went away")

    with pytest.raises(ConnectionError):
        asyncio.run(take_in(ws, "faith.csv", pieces()))
    assert list((ws.data / "uploads").iterdir()) == []


def test_what_nobody_came_back_for_is_removed(browser: Browser, ws: Workspace) -> None:
    old = ws.data / "uploads" / uploaded(browser)
    out = ws.data / "uploads" / "out-of-a-download"
    out.mkdir()
    day_before_yesterday = time.time() - 48 * 3600
    os.utime(old, (day_before_yesterday, day_before_yesterday))
    os.utime(out, (day_before_yesterday, day_before_yesterday))
    young = ws.data / "uploads" / uploaded(browser)
    assert [path for path in (ws.data / "uploads").iterdir()] == [young]


def test_a_session_that_is_imported_decides_in_the_name_of_who_imports_it(shared: Site) -> None:
    rita = Browser(shared).sign_in(name="rita", password="password of rita")
    item = {"question": "Who?", "answer": "Me.", "original_answer": "I.", "status": "edited"}
    session = {"hone": 1, "kind": "session", "task": "qa", "position": 0, "items": [item]}
    upload = uploaded(rita, json.dumps(session).encode(), "session.json")
    assert rita.post("/api/imports", {"upload": upload}).status_code == 200
    asyncio.run(shared.imports.ended(upload, DEADLINE_SECONDS))
    assert [child.wait(DEADLINE_SECONDS) for child in shared.imports.children] in ([], [0])
    (found,) = rita.get("/api/examples", status="edited").json()["items"]
    assert (found["reviewer"], found["output"]) == ("rita", {"answer": "Me."})


def test_a_real_process_imports_beside_the_server(ws: Workspace) -> None:
    site = Site(ws, access())
    browser = Browser(site).sign_in()
    lines = "".join(f"Question {number}?,Answer {number}.\n" for number in range(3000))
    upload = uploaded(browser, f"question,answer\n{lines}".encode())
    assert browser.post("/api/imports", {"upload": upload}).status_code == 200
    shown = asyncio.run(site.imports.ended(upload, DEADLINE_SECONDS))
    assert [child.wait(DEADLINE_SECONDS) for child in site.imports.children] in ([], [0])
    assert shown.state == "done" and shown.report is not None
    assert shown.report.taken == 3000
    assert ws.store.examples.count() == QUESTIONS + 1 + 3000
