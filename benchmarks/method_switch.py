"""Switching between rules, model and both in the review screen, and the audited statistics.

    python benchmarks/method_switch.py [--examples 20000]

Seeded messages, all accepted, with predictions of the rules and of a version put into the store as
a job leaves them; `hone up` in a process of its own, headless Chromium. Measured in the page, from
the event's own time stamp to the frame in which the other method's columns stand, 60 switches; the
look-up of 50 messages by example, 20 pages spread over all, and the statistics, once after a
decision, then again 20 times, are called in this process.
Budgets: 50 ms (95th percentile) for a switch, 200 ms for the statistics.
Prints the rows of a table.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from review_keys import CHROMIUM_FLAGS, server

ITEMS = "romaine carrots bread apples milk rice beans corn".split()
PLACES = "Hill Mill Shelter Harbour School".split()
TASK = """\
kind: extract
name: pickup
system: List the food picked up as JSON.
many: true
rules: rules/pickup.yaml
fields:
  item: {type: string, required: true}
  quantity: {type: number}
  unit: {type: enum, values: [cases, lbs]}
  location: {type: string}
weights_in_pounds: {cases: 24, lbs: 1}
"""
RULES = "rules: 1\nshapes:\n  - '(?P<quantity>\\d+) (?P<unit>cases|lbs) of (?P<item>\\w+)'\n"
CHOICES = ("PEFT model", "Compare both", "Regex parser")
# In the page: a frame is painted when a message posted from its animation callback arrives.
WATCH = """
window.switches = [];
addEventListener("click", (event) => {
  if (!event.target.closest(".method-choices")) return;
  const shown = () => [...document.querySelectorAll(".method-column")].map((one) => one.dataset.way).join();
  const before = shown(), pressed = event.timeStamp;
  const look = () => requestAnimationFrame(() => {
    if (shown() === before) return look();
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      window.switches.push(performance.now() - pressed);
      console.debug("shown");
    };
    channel.port2.postMessage(0);
  });
  look();
}, { capture: true });
"""  # noqa: E501


def make(root: Path, count: int) -> None:
    """A workspace with messages, answers, an active version and all predictions."""
    import yaml

    from hone.records.example import Example
    from hone.records.model import ModelVersion
    from hone.records.task import Task
    from hone.stages.predict.ahead import giver_of
    from hone.workspace.open import init_workspace
    from hone.workspace.predictions import Prediction
    from hone.workspace.store import Filter, new_example

    dice = random.Random(0)
    task = Task.model_validate(yaml.safe_load(TASK))
    with init_workspace(root, task=task) as ws:
        (root / "rules").mkdir(exist_ok=True)
        (root / "rules" / "pickup.yaml").write_text(RULES)
        outputs: list[list[dict[str, Any]]] = []
        rows: list[Example] = []
        for number in range(1, count + 1):
            item, place = dice.choice(ITEMS), dice.choice(PLACES)
            record = {"item": item, "quantity": dice.randint(1, 40), "unit": "cases"}
            outputs.append([{**record, "location": place}])
            text = f"{record['quantity']} cases of {item} to the {place}, message {number}"
            fields: dict[str, Any] = {
                "id": f"e{number:07}",
                "task": "pickup",
                "input": {"message": text},
                "suggestions": [{"agent": "import", "output": outputs[-1]}],
                "fingerprint": f"f{number}",
            }
            rows.append(Example.model_validate(fields))
        ws.store.examples.add_many(new_example(one, search="") for one in rows)
        ws.store.journal.bulk("all", "accept", Filter(status=("pending",)), reviewer="benchmark")
        version = {
            **{"name": "pickup", "version": "v1", "base": "hone-nano", "base_sha256": ""},
            **{"task": "pickup", "job": "benchmark", "kind": "lora", "template": ""},
        }
        folder = ws.models / "pickup" / "v1"
        folder.mkdir(parents=True)
        ws.store.models.set_active(
            ws.store.models.register(ModelVersion.model_validate(version), folder).ref
        )
        for way in ("rules", "model"):
            leaves = ("location",) if way == "rules" else ()
            ws.store.predicted.add(
                giver_of(ws, task, way),
                (
                    Prediction(
                        str(place),
                        json.dumps([{k: v for k, v in one[0].items() if k not in leaves}]),
                    )
                    for place, one in enumerate(outputs, 1)
                ),
            )


def switch(page: Any, count: int) -> list[float]:
    """Milliseconds of each switch until its frame."""
    for number in range(count):
        with page.expect_event("console", lambda told: told.text == "shown", timeout=30_000):
            page.get_by_role("button", name=CHOICES[number % 3]).click()
    return page.evaluate("window.switches")


def look_up(root: Path, count: int, pages: int = 20) -> list[float]:
    """Milliseconds of each look-up of 50 messages, by example, spread over all."""
    from hone import loop

    found: list[float] = []
    with loop.open_workspace(root) as ws:
        for page in range(pages):
            first = 1 + page * max(count - 50, 0) // pages
            ids = [f"e{number:07}" for number in range(first, min(first + 50, count + 1))]
            began = time.perf_counter()
            answers = loop.look_at_predictions(ws, "pickup", ids).answers
            found.append((time.perf_counter() - began) * 1000)
            assert all(len(one) == 2 for one in answers.values())
    return found


def add_up(root: Path, times: int = 21) -> list[float]:
    """Milliseconds of each call of the statistics; the first after the last decision."""
    from hone import loop
    from hone.stages.audited import audited

    found: list[float] = []
    with loop.open_workspace(root) as ws:
        for _ in range(times):
            began = time.perf_counter()
            audited(ws)
            found.append((time.perf_counter() - began) * 1000)
    return found


def say(name: str, values: list[float]) -> None:
    """One row of the table."""
    top = statistics.quantiles(values, n=100)[94] if len(values) > 1 else values[0]
    print(f"| {name} | {len(values)} | {statistics.median(values):.1f} | {top:.1f} "
          f"| {max(values):.1f} |", flush=True)  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--examples", type=int, default=20_000)
    options.add_argument("--switches", type=int, default=60)
    options.add_argument("--chromium", default="/usr/bin/chromium")
    chosen = options.parse_args()
    from playwright.sync_api import sync_playwright

    print(f"{platform.platform()}, Python {platform.python_version()}, seed 0, "
          f"{chosen.examples:,} messages, milliseconds")  # fmt: skip
    print("| | times | median | 95 % | highest |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made, sync_playwright() as driver:
        root = Path(made) / "ws"
        make(root, chosen.examples)
        first, *further = add_up(root)
        say("statistics, after a decision", [first])
        say("statistics, again", further)
        say("look-up of 50 messages", look_up(root, chosen.examples))
        browser = driver.chromium.launch(executable_path=chosen.chromium, args=CHROMIUM_FLAGS)
        with server(root) as url:
            page = browser.new_page()
            page.add_init_script(WATCH)
            page.goto(url)
            page.locator(".topbar").wait_for(timeout=30_000)
            page.goto(re.sub(r"#.*", "#/review?task=pickup&status=all", url))
            page.locator(".method-choices button:enabled").nth(2).wait_for(timeout=60_000)
            page.locator(".method-record").first.wait_for()
            say("switch", switch(page, chosen.switches))
        browser.close()


if __name__ == "__main__":
    main()
