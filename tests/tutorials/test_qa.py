"""The tutorial of the job qa, played: from an empty folder to a corrected model, by clicks."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.seat import Seat
from tests.conftest import REPOSITORY
from tests.serverless.scene import KEY, SECRET, Serverless, serverless
from tests.tutorials.telling import Hand, Telling, tell
from tests.tutorials.test_extract import evaluation, scores

PAGE = REPOSITORY / "docs" / "tutorials" / "qa.md"
LONG_SECONDS = 900
LONG_MS = 1000 * LONG_SECONDS
CORRECTED = 12
SENT_AWAY = ("RUNPOD_API_KEY", "RUNPOD_S3_ACCESS_KEY", "RUNPOD_S3_SECRET")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Serverless]:
    """An endpoint whose worker is Hone's own."""
    with serverless(tmp_path / "there") as found:
        found.run((sys.executable, "-m", "hone.worker"))
        yield found


@pytest.mark.loop
def test_the_page_is_what_happens(
    tmp_path: Path,
    scene: Serverless,
    sit: Callable[..., Seat],
) -> None:
    addresses = {name: said for name, said in scene.environment.items() if "URL" in name}
    home = tmp_path / "me"
    home.mkdir()
    with tell(PAGE, home, environment={**addresses, "HONE_REVIEWER": "me"}) as told:
        told.run("init")
        told.run("rows")
        give_keys(told, scene)
        with told.start("up", until="token=") as said:
            seat = sit(re.findall(r"http\S+", "\n".join(said))[0]).open()
            load(told, seat)
            review(told, seat)
            train(told, seat, scene)
            told.run("spend")
            look_at_answers(told, seat)
            go_round(told, seat)
            told.run("evaluate", seconds=LONG_SECONDS)
            told.table("scores", scores(told.terminal.folder, "qa@v2"))
            assert is_better(told.terminal.folder)
            told.run("closed", seconds=LONG_SECONDS)
            told.table("memory", scores(told.terminal.folder, "qa@v2"))
            told.run("one")
            told.run("many")
            told.run("folders")
            prepare_others(told, seat)
        shown = seat.page.content()
        assert KEY not in shown and SECRET not in shown


def give_keys(told: Telling, scene: Serverless) -> None:
    """What the page says for an account with cards, said for the emulated one."""
    keys = {name: scene.environment[name] for name in SENT_AWAY}
    text = "".join(f"{name}={said}\n" for name, said in keys.items())
    (told.terminal.folder / ".env").write_text(text)
    here = scene.said | {"look_seconds": 0.5, "prepare_seconds": 120.0, "silent_seconds": 60.0}
    code, output = told.terminal.run(
        f"hone config set targets.runpod-serverless '{json.dumps(here)}'"
    )
    assert code == 0, output


def load(told: Telling, seat: Seat) -> None:
    """The table comes in; its columns are known by their names."""
    with told.hand("import", seat) as hand:
        hand.go("Import").note("Choose a file", "data/raw/tool-library.csv")
        chooser = seat.page.locator(".drop input[type=file]")
        chooser.set_input_files(told.terminal.folder / "data/raw/tool-library.csv")
        seat.sees("What this file is")
        for field in ("question", "answer", "context"):
            hand.note(field, seat.field(field).input_value())
        hand.click("Import about 660 rows")
        seat.sees("tool-library.csv is imported")
        hand.click("Review them", role="link")
        seat.stands_at("Pair 1 / 660")


def review(told: Telling, seat: Seat) -> None:
    """Six pairs by keys, and what is left with one click."""

    def at(place: int) -> None:
        seat.stands_at(f"Pair {place} / 660")

    def write(hand: Hand, answer: str, after: int) -> None:
        hand.press("e").note(answer)
        seat.field("The answer, to edit").fill(answer)
        seat.sees("Draft")
        hand.press("Control+Enter")
        at(after)

    with told.hand("review", seat) as hand:
        for place in (2, 3):
            hand.press("a")
            at(place)
    told.shot("third", seat.page)
    with told.hand("edit", seat) as hand:
        write(hand, "Jonas Keller", 4)
        hand.press("a")
        at(5)
        write(hand, "Ida Jordan", 6)
        hand.press("r")
        at(7)
        hand.press("ArrowLeft")
        at(6)
        hand.press("ArrowRight")
        at(7)
        with seat.page.expect_download() as waiting:
            hand.press("Control+s")
        assert len(json.loads(waiting.value.path().read_text())["items"]) == 660
    with told.hand("all", seat) as hand:
        hand.click("Accept All").click("Accept 654")
        seat.sees("654 accepted").is_saved()
        assert seat.progress == "Reviewed 660 of 660 (0 pending)"


def train(told: Telling, seat: Seat, scene: Serverless) -> None:
    """Connected, prepared, agreed to, and trained on the endpoint."""
    with told.hand("connect", seat) as hand:
        hand.go("Settings").click("Connect")
        connected = seat.page.locator(".status-accepted", has_text="Connected")
        hand.note(connected.inner_text().strip(), "Endpoint")
        assert seat.field("Endpoint").input_value() == scene.endpoint
    with told.hand("prepare", seat) as hand:
        hand.go("Train").click_on(seat.page.locator(".choice-card", has_text="SFT").first, "SFT")
        hand.choose("Set aside for corrections", "20 %").click("Prepare SFT Data")
        seat.sees("Training data saved")
    with told.hand("form", seat) as hand:
        hand.note("Base model", "hone-nano").seat.field("Base model").select_option("hone-nano")
        hand.fill("Learning rate", "0.006").fill("Batch size", "8").press("Tab")
        target = seat.page.locator(".choice-card", has_text="runpod-serverless")
        hand.click_on(target, "runpod-serverless").click("Start Training")
    asked = seat.page.locator("dialog")
    asked.get_by_text("Train qa?").wait_for()
    told.shot("asked", seat.page, part="dialog")
    with told.hand("start", seat) as hand:
        hand.note("Start Training")
        asked.get_by_role("button", name="Start Training").click()
    seat.page.wait_for_url(re.compile("#/jobs"))
    for state in ("Waiting in queue...", "Training in progress..."):
        seat.page.get_by_text(state).first.wait_for(timeout=LONG_MS)
    seat.page.get_by_role("heading", name="Final metrics").wait_for(timeout=LONG_MS)
    assert (told.terminal.folder / "models/qa/v1").is_dir()


def look_at_answers(told: Telling, seat: Seat) -> None:
    """A quick evaluation of what was set aside, and a dozen of its flags looked at."""
    with told.hand("quick", seat) as hand:
        hand.go("Evaluate")
        hand.choose("Asked", "Probe split: finds what to correct")
        hand.choose("How many", "200 examples").click("Run Quick Evaluation")
        seat.page.locator(".scored-row").first.wait_for(timeout=LONG_MS)
    # What a small model answers differs from machine to machine.
    told.shot("bands", seat.page, part="section[aria-labelledby=evaluate-rows]",
              without=["tbody", ".differences", ".muted"])  # fmt: skip
    with told.hand("flagged", seat) as hand:
        hand.click("Flagged for review", role="tab")
        seat.page.locator(".flag-opened").wait_for()
    right = right_answers(told.terminal.folder)
    with told.hand("correct", seat) as hand:
        hand.note("Expected is right & Next", "The right answer", "Reviewer notes",
                  "Save & Next", "Skip")  # fmt: skip
        for done in range(CORRECTED):
            seat.page.locator(".flags p", has_text=f"{done} resolved").wait_for()
            correct(seat, right)
        seat.page.locator(".flags p", has_text=f"{CORRECTED} resolved").wait_for()


def correct(seat: Seat, right: dict[str, str]) -> None:
    """As somebody who reads the card: what stands there is right, whatever was typed."""
    seat.page.locator(".flag-correct .button:not([disabled])", has_text="Skip").wait_for()
    asked, *_ = seat.page.locator(".flag-opened .record-text").all_inner_texts()
    parts = seat.page.locator(".flag-opened .scored-part").all_inner_texts()
    (expected,) = (one.partition("\n")[2].strip() for one in parts if one.startswith("Expected"))
    if expected == right[asked]:
        seat.click("Expected is right & Next").sees("The expected answer stands.")
    else:
        seat.field("The right answer").fill(right[asked])
        seat.field("Reviewer notes").fill("read on the card")
        seat.click("Save & Next").sees("Corrected.")


def right_answers(folder: Path) -> dict[str, str]:
    """What the card says to each question, by the note that the question asks for."""
    notes = {"loan": "Loan", "deposit": "Deposit", "place": "Place", "help": "Help"}
    found: dict[str, str] = {}
    with (folder / "data/raw/tool-library.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            (note,) = (said for word, said in notes.items() if f" {word} " in row["Question"])
            (answer,) = re.findall(rf"{note}: ([^.]+)\.", row["Passage"])
            found[row["Question"]] = answer
    return found


def go_round(told: Telling, seat: Seat) -> None:
    """The corrections train, and what they did is measured."""
    with told.hand("again", seat) as hand:
        hand.click("Corrections", role="tab").click("Add corrections")
        seat.sees("qa@2 was made for")
        hand.click("Retrain…")
        asked = seat.page.locator("dialog")
        asked.get_by_text("It costs at most").wait_for()
        hand.note("Retrain")
        asked.get_by_role("button", name="Retrain", exact=True).click()
        seat.page.get_by_text("qa@v2 trained on qa@2.").wait_for(timeout=LONG_MS)
        hand.click("Measure")
        seat.page.locator(".efficacy").wait_for(timeout=LONG_MS)
    told.shot("effect", seat.page, part="section[aria-label='3. What they did']",
              without=[".flag-says", "tbody td", "details", "p"])  # fmt: skip


def prepare_others(told: Telling, seat: Seat) -> None:
    """Rows for RAFT and for DPO, and both as files."""
    with told.hand("raft", seat) as hand:
        hand.go("Train")
        for type, made in (("RAFT", "qa-raft@1:"), ("DPO", "qa-pairs@1:")):
            hand.click_on(seat.page.locator(".choice-card", has_text=type).first, type)
            hand.click(f"Prepare {type} Data")
            seat.sees("Training data saved").sees(made)
        for name in ("Export Data", "Export Config"):
            with seat.page.expect_download() as waiting:
                hand.click(name)
            assert waiting.value.path().stat().st_size > 0


def is_better(folder: Path) -> bool:
    """Whether the version beats its base, worked examples and search, intervals included."""
    found = evaluation(folder, "qa@v2")["differences"]
    sure = {name.rpartition(" ")[2]: one["low"] for name, one in found.items()}
    return min(sure["base"], sure["few-shot"]) > 0.1 and sure["retrieval"] > 0
