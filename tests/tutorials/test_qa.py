"""The tutorial of questions and answers, played from an empty folder to a better model."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.demo.example_qa import QUESTIONS, lines
from hone.stages import jobs
from tests.browser.conftest import browser, sit  # noqa: F401  (fixtures)
from tests.browser.seat import Seat
from tests.serverless.scene import KEY, SECRET, Serverless, serverless
from tests.serverless.test_serverless_training import entry_point
from tests.tutorials.telling import Hand, Telling, tell

pytestmark = [pytest.mark.loop, pytest.mark.browser]

WIDE = {"width": 1240, "height": 720}
LONG_MS = 300_000
FLAGS = 24
"""So many are looked at; the page says that there are more."""
RIGHT = {one.question: one.right for one in lines()[0]}


@pytest.fixture
def scene(tmp_path: Path, repository: Path) -> Iterator[Serverless]:
    with serverless(tmp_path / "there", entry_point(repository)) as found:
        yield found


@pytest.fixture
def home(scene: Serverless, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder with a short name: outputs are folded where paths are long."""
    for name, url in scene.environment.items():
        if name.endswith("_URL"):
            monkeypatch.setenv(name, url)
    folder = Path(tempfile.mkdtemp(prefix="h-"))
    yield folder
    if (folder / "lending/hone.yaml").exists():
        with loop.open_workspace(folder / "lending") as ws:
            for one in jobs.list_jobs(ws):
                if one.state in ("waiting", "running"):
                    jobs.stop(ws, one.id)
    shutil.rmtree(folder, ignore_errors=True)


def test_the_tutorial_says_what_happens(
    home: Path,
    scene: Serverless,
    repository: Path,
    sit: Callable[..., Seat],  # noqa: F811
) -> None:
    page = repository / "docs/tutorials/qa.md"
    with tell(page, home, environment={"BROWSER": "true"}) as told:
        told.run("init")
        with told.start("up", until="http") as said:
            seat = sit(said[0].rpartition(" ")[2], viewport=WIDE).open()
            imports(told, seat)
            reviews(told, seat)
            freezes(told, seat)
            connects(told, seat, scene)
            trains(told, seat)
            evaluates(told, seat)
            corrects(told, seat)
            trains_again(told, seat)
            told.run("better")
            told.run("closed")
    holds_together(home / "lending")


def imports(told: Telling, seat: Seat) -> None:
    with told.hand("choose-file", seat) as hand:
        hand.go("Import")
        file = told.terminal.folder / "data/raw" / QUESTIONS
        seat.page.locator(".drop input[type=file]").set_input_files(file)
        hand.note(f"data/raw/{QUESTIONS}")
        seat.sees("What this file is")
        hand.choose("group", "Item")
        seat.page.get_by_role("button", name="Import about 660 rows").wait_for()
    told.shot("shot-import", seat.page)
    with told.hand("import", seat) as hand:
        hand.click("Import about 660 rows")
        seat.sees("is imported")
        hand.click("Review them", role="link")


def reviews(told: Telling, seat: Seat) -> None:
    seat.stands_at("Pair 1 / 660")
    with told.hand("review", seat) as hand:
        hand.press("a")
        seat.stands_at("Pair 2")
        hand.press("a")
        seat.stands_at("Pair 3")
        hand.press("e")
        rewrites(hand, "shelf 23")
        seat.stands_at("Pair 4")
        hand.click_on(seat.page.locator("button[aria-keyshortcuts=A]"), "Accept")
        seat.stands_at("Pair 5")
        hand.click_on(seat.page.locator("button[aria-keyshortcuts=E]"), "Edit")
        rewrites(hand, "rack 37")
        seat.stands_at("Pair 6")
        hand.click_on(seat.page.locator("button[aria-keyshortcuts=R]"), "Reject")
        seat.stands_at("Pair 7").is_saved()
    told.shot("shot-review", seat.page)
    with told.hand("accept-all", seat) as hand:
        hand.click("Accept All").click("Accept 654")
        seat.sees("Reviewed 660 of 660 (0 pending)")


def rewrites(hand: Hand, answer: str) -> None:
    hand.seat.page.locator(".answer textarea").fill(answer)
    hand.note(answer).press("Control+Enter")


def freezes(told: Telling, seat: Seat) -> None:
    told.run("build")
    with told.hand("raft", seat) as hand:
        hand.go("Train")
        hand.click_on(card(seat, "RAFT"), "RAFT")
        hand.click("Prepare RAFT Data")
        seat.sees("Training data saved")
        with seat.page.expect_download() as waited:
            hand.click("Export Data")
    rows = Path(waited.value.path()).read_text()
    assert rows == (told.terminal.folder / "datasets/qa-raft@1/train.jsonl").read_text()
    told.run("raft-row")


def card(seat: Seat, name: str) -> Any:
    return seat.page.locator(".choice-card", has_text=name).first


def connects(told: Telling, seat: Seat, scene: Serverless) -> None:
    keys = {
        "RUNPOD_API_KEY": KEY, "RUNPOD_ENDPOINT_ID": scene.endpoint,
        "RUNPOD_S3_ACCESS_KEY": "user_emulated", "RUNPOD_S3_SECRET": SECRET,
    }  # fmt: skip
    secrets = told.terminal.folder / ".env"
    secrets.write_text("".join(f"{name}={value}\n" for name, value in keys.items()))
    secrets.chmod(0o600)
    told.run("volume")
    with told.hand("connect", seat) as hand:
        hand.go("Settings").click("Connect")
        seat.page.locator(".status-accepted", has_text="Connected").wait_for()
        assert seat.field("Endpoint").input_value() == scene.endpoint
    service = "[aria-labelledby=settings-service]"
    told.shot(
        "shot-settings", seat.page, part=service, without=[f"{service} select", f"{service} p"]
    )


def trains(told: Telling, seat: Seat) -> None:
    with told.hand("fill", seat) as hand:
        hand.go("Train")
        hand.click_on(card(seat, "SFT"), "SFT")
        seat.page.locator("option[value=qa_lora]:checked").wait_for(state="attached")
        hand.note("Dataset").note("lending").note("Base model").note("hone-nano")
        seat.field("Dataset").select_option("lending")
        seat.field("Base model").select_option("hone-nano")
        for label, value in (("Learning rate", "0.004"), ("Epochs", "3"), ("Batch size", "8")):
            hand.fill(label, value)
            seat.press("Tab")
        hand.click_on(card(seat, "runpod-serverless"), "runpod-serverless")
        hand.click("Plan")
        seat.sees("lending: sft of hone-nano")
    told.table("plan", facts(seat, "section[aria-label='The plan'] dl"))
    told.shot("shot-plan", seat.page, part="section[aria-label='The plan']")
    with told.hand("start", seat) as hand:
        with seat.page.expect_download() as waited:
            hand.click("Export Config")
        recipe = json.loads(Path(waited.value.path()).read_text())
        assert recipe["training"]["epochs"] == 3 and recipe["dataset"] == "lending"
        held: list[Any] = []
        seat.page.route("**/api/trainings", lambda route: held.append(route))
        hand.click("Start Training")
        asked = seat.page.locator("dialog")
        assert re.search(r"\$\d\.\d\d to \$\d\.\d\d", asked.inner_text())
        asked.get_by_role("button", name="Start Training").click()
        hand.note("Start Training")
        seat.sees("Submitting job...")
        held[0].continue_()
        for state in ("Waiting in queue...", "Training in progress..."):
            seat.page.get_by_text(state).first.wait_for(timeout=LONG_MS)
    seat.page.get_by_role("heading", name="Final metrics").wait_for(timeout=LONG_MS)
    told.table("metrics", facts(seat, ".job-watched dl"))
    told.shot("shot-trained", seat.page, part=".job-watched")


def facts(seat: Seat, where: str) -> list[list[str]]:
    """Names and values of a list of facts."""
    read = "all => all.map((one) => ['dt', 'dd'].map((part) => one.querySelector(part).innerText))"
    return seat.page.locator(f"{where} > div").evaluate_all(read)


def evaluates(told: Telling, seat: Seat) -> None:
    with told.hand("evaluate", seat) as hand:
        hand.go("Evaluate")
        hand.choose("Asked", "Probe split: finds what to correct")
        hand.choose("How many", "200 examples")
        hand.click("Run Quick Evaluation")
        seat.page.locator(".scored-row").first.wait_for(timeout=LONG_MS)
    found = loop.open_workspace(told.terminal.folder).store.evaluations.list()[-1]
    bands = ("red", "orange", "yellow", "green")
    told.table("bands", [
        [row.contender, f"{row.score.value:.2f}", *(row.bands.get(band, 0) for band in bands)]
        for row in found.rows
    ])  # fmt: skip
    told.shot("shot-evaluate", seat.page, part=".evaluate-summary", without=[".evaluate-summary p"])


def corrects(told: Telling, seat: Seat) -> None:
    with told.hand("flags", seat) as hand:
        hand.click("Flagged for review", role="tab")
        seat.page.locator(".flag-opened").wait_for()
    told.shot("shot-flag", seat.page, part=".flags", without=[".flag-list", ".flag-opened"])
    clicked = {says_what_is_right(seat, done) for done in range(FLAGS)}
    seat.page.locator(".flags p", has_text=f"{FLAGS} resolved").wait_for()
    with told.hand("correct", seat) as hand:
        hand.note("Expected is right & Next", "The right answer", "Reviewer notes", "Save & Next")
        assert clicked == {"Expected is right & Next", "Save & Next"}


def says_what_is_right(seat: Seat, done: int) -> str:
    """Looks at the open flag as somebody who knows the library; gives the button clicked."""
    seat.page.locator(".flags p", has_text=f"{done} resolved").wait_for()
    seat.page.locator(".flag-correct .button:not([disabled])", has_text="Skip").wait_for()
    texts = seat.page.locator(".flag-opened .record-text").all_inner_texts()
    asked, expected = texts[0], texts[2]
    if RIGHT[asked] == expected:
        seat.click("Expected is right & Next")
        return "Expected is right & Next"
    seat.field("The right answer").fill(RIGHT[asked])
    seat.field("Reviewer notes").fill("as the card says")
    seat.click("Save & Next")
    return "Save & Next"


def trains_again(told: Telling, seat: Seat) -> None:
    with told.hand("retrain", seat) as hand:
        hand.click("Add corrections and retrain").click("Add corrections")
        seat.sees("lending@2 was made for")
        hand.click("Retrain…")
        seat.sees("costs at most")
        seat.page.locator("dialog").get_by_role("button", name="Retrain", exact=True).click()
        hand.note("Retrain")
        seat.page.get_by_text("lending@v2 trained on lending@2.").wait_for(timeout=LONG_MS)
        seat.page.get_by_role("button", name="Measure").wait_for(timeout=LONG_MS)
        hand.click("Measure")
        seat.page.locator(".efficacy").wait_for(timeout=LONG_MS)
    read = "all => all.map((row) => [...row.children].map((cell) => cell.innerText))"
    told.table("efficacy", seat.page.locator(".efficacy tbody tr").evaluate_all(read))
    told.shot("shot-efficacy", seat.page, part="table.efficacy")


def holds_together(folder: Path) -> None:
    """Both versions came from the endpoint, the second is no worse, no secret was kept."""
    with loop.open_workspace(folder) as ws:
        found = {one.on: one for one in ws.store.evaluations.list() if one.model == "lending@v2"}
        difference = found["later.csv"].differences["lending@v2 - lending@v1"]
        assert difference.high is not None and difference.high > 0
        for other in ("base", "few-shot", "retrieval"):
            low = found["later.csv"].differences[f"lending@v2 - {other}"].low
            assert low is not None and low > 0, other
        assert {job.target for job in jobs.list_jobs(ws) if job.kind == "train"} == {
            "runpod-serverless"
        }
    for name in ("raw", "curated", "training", "metrics", "flagged"):
        assert any((folder / "data" / name).iterdir()), name
    assert KEY not in (folder / "hone.yaml").read_text()
