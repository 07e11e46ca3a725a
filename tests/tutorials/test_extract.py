"""The tutorial of the job extract, played: from an empty folder to a model and to sums."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.clock import Clock
from emulators.lambda_cloud.app import LambdaCloud
from emulators.lambda_cloud.cloud import Timing
from emulators.serving import served
from tests.browser.seat import Seat
from tests.conftest import REPOSITORY
from tests.tutorials.telling import Telling, tell

PAGE = REPOSITORY / "docs" / "tutorials" / "extract.md"
KEY = "canary-5e2f90c1b7a84d36"
LONG_SECONDS = 900


@pytest.fixture
def rented() -> Iterator[LambdaCloud]:
    """Lambda, whose machines are there at once."""
    with served(LambdaCloud(clock=Clock(1.0), key=KEY, timing=Timing(0, 0, 0, 0, 0))) as emulator:
        yield emulator


@pytest.mark.loop
def test_the_page_is_what_happens(
    tmp_path: Path,
    rented: LambdaCloud,
    sit: Callable[..., Seat],
) -> None:
    environment = {"HONE_LAMBDA_URL": rented.url, "HONE_REVIEWER": "me"}
    with tell(PAGE, tmp_path, environment=environment) as told:
        told.run("init")
        told.run("task")
        told.run("import")
        told.run("rules")
        told.run("before", seconds=LONG_SECONDS)
        told.table("plain", scores(told.terminal.folder, "hone-nano"))
        with told.start("up", until="token=") as said:
            seat = sit(re.findall(r"http\S+", "\n".join(said))[0]).open()
            audit(told, seat)
            told.run("rest")
            train(told, rented)
            for name in ("list", "validate", "info", "evaluate"):
                told.run(name, seconds=LONG_SECONDS)
            told.table("scores", scores(told.terminal.folder, "slack-lora@v1"))
            told.run("ahead")
            compare(told, seat)
            (answered,) = told.run("one")
            assert '"item": "kale", "quantity": 12, "unit": "cases"' in answered
            told.run("many")
            assert len((told.terminal.folder / "answers.jsonl").read_text().splitlines()) == 12
        told.run("audited")
    assert is_better(told.terminal.folder)


def audit(told: Telling, seat: Seat) -> None:
    """Ten messages by clicks and keys: nine, a training that is refused, and the tenth."""
    with told.hand("audit", seat) as hand:
        hand.click("Review", role="link")
        seat.stands_at("Message 1 / 234").page.wait_for_load_state("networkidle")
        chosen = seat.field("Show").evaluate("(one) => one.selectedOptions[0].text")
        hand.note("Show", chosen)
        for place in range(2, 6):
            hand.press("a")
            seat.stands_at(f"Message {place} / 234")
    seat.sees("Nobody has decided about it yet.")
    told.shot("fifth", seat.page)
    with told.hand("edit", seat) as hand:
        hand.click("Add a record")
        hand.fill("item (needed)", "chicken soup").fill("quantity", "15.5").choose("unit", "lbs")
        hand.fill("location", "Main Street Deli").choose("subcategory", "prepared")
        hand.click("Save & mark audited")
        for place, key in enumerate("aasasa", 6):
            seat.stands_at(f"Message {place} / 234")
            hand.press(key)
        seat.stands_at("Message 12 / 234").is_saved()
    told.run("few")
    with told.hand("tenth", seat) as hand:
        hand.press("a")
        seat.stands_at("Message 13 / 234").is_saved()
        hand.click("Statistics", role="tab")
    # The day of the test is no part of the page.
    told.shot("ready", seat.page, without=[".panel-parts > table:last-of-type"])


def train(told: Telling, rented: LambdaCloud) -> None:
    """The one command; nothing is left at the provider, and the key is nowhere."""
    told.file("recipe")
    # What the page says for an account with cards, said for the emulator.
    here = {"gpu": ["cpu_4x_general"], "port": rented.ssh_port, "python": sys.executable,
            "look_seconds": 0.5, "nice": 0}  # fmt: skip
    (told.terminal.folder / ".env").write_text(f"LAMBDA_LABS_API_KEY={KEY}\n")
    code, output = told.terminal.run(f"hone config set targets.lambda '{json.dumps(here)}'")
    assert code == 0, output
    told.run("plan")
    assert rented.bill.rows(rented.clock.now()) == []
    (trained,) = told.run("train", seconds=LONG_SECONDS)
    assert KEY not in trained and "Registered slack-lora@v1." in trained
    assert rented.bill.alive() == [] and len(rented.bill.rentals) == 1
    told.run("spend")


def compare(told: Telling, seat: Seat) -> None:
    """The app found the version by itself, and both ways to answer stand side by side."""
    with told.hand("compare", seat) as hand:
        hand.choose("Show", "All messages (234)")
        seat.page.locator(".method-choices button:enabled").nth(2).wait_for(
            timeout=LONG_SECONDS * 1000
        )
        hand.click("PEFT model")
        seat.page.locator(".method-column[data-way=model]").get_by_text("slack-lora@v1").wait_for()
        hand.click("Compare both")
        seat.page.locator(".method-column").nth(1).wait_for()
        hand.note("Regex parser")
    told.shot("both", seat.page, without=[".method-column[data-way=model] dl"])
    seat.click("Regex parser")


def evaluation(folder: Path, model: str) -> dict[str, Any]:
    """What the newest evaluation of a model found; their names begin with the time."""
    *_, file = sorted((folder / "reports").glob(f"eval_{model}_*.json"))
    return json.loads(file.read_text())


def scores(folder: Path, model: str) -> list[tuple[str, str, str]]:
    """A row for everybody who answered: the score with its interval, and how many wholly right."""
    return [
        (
            row["contender"],
            "{value:.2f} [{low:.2f}, {high:.2f}]".format(**row["score"]),
            f"{row['metrics']['exact_match']['value']:.2f}",
        )
        for row in evaluation(folder, model)["rows"]
    ]


def is_better(folder: Path) -> bool:
    """Whether the tuned model beats its base and worked examples, intervals included."""
    found = evaluation(folder, "slack-lora@v1")["differences"]
    sure = {name.rpartition(" ")[2]: one["low"] for name, one in found.items()}
    return min(sure["base"], sure["few-shot"]) > 0.3
