"""The table of an evaluation of 100,000 examples, in a real browser: arrows, pages, jumps, orders.

    python benchmarks/evaluate_table.py [--examples 100000]

Records a seeded evaluation by five contenders with its questions, starts `hone up`, opens headless
Chromium and measures inside the page: from a key to the frame in which the next row is chosen
(200 arrows, 60 pages), from a jump to a place far away to the frame that shows its rows (40 times),
and from a change of order, of bands or of the contender until the first rows stand there. Beside it
the server's own time for a page at a random place, in every order. 50 ms is the budget of a key.
Prints the table of docs/why/figures.md.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from review_keys import CHROMIUM_FLAGS, server

CONTENDERS = ("pickup@v2", "base", "few-shot", "rules", "pickup@v1")
TASK = {"kind": "qa", "name": "qa", "system": "Answer."}
ID = "evaluate-20260101-000000-aaaa"
ROW = 44
# From a key to the frame in which another row is chosen.
CHOSEN = """
(key) => new Promise((done) => {
  const grid = document.querySelector(".scored");
  const before = document.querySelector(".scored-row.is-current")?.id;
  const began = performance.now();
  const look = () => requestAnimationFrame(() => {
    const now = document.querySelector(".scored-row.is-current");
    if (!now || now.id === before) return look();
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now() - began);
    channel.port2.postMessage(0);
  });
  grid.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  look();
})
"""
# From a scroll to a place to the frame that shows what stands there.
JUMPED = """
(place) => new Promise((done) => {
  const began = performance.now();
  document.querySelector(".scored").scrollTop = place * ROW;
  const look = () => requestAnimationFrame(() => {
    const row = document.getElementById(`scored-${place}`);
    if (!row || !row.children[1].textContent) return look();
    done(performance.now() - began);
  });
  look();
})
""".replace("ROW", str(ROW))


def make_workspace(folder: Path, count: int) -> None:
    """A workspace with one evaluation of so many examples by five contenders."""
    from hone.records.evaluation import Evaluation, Row, band_of
    from hone.records.job import Job
    from hone.records.model import Measured
    from hone.workspace.job_folder import JobFolder
    from hone.workspace.open import init_workspace
    from hone.workspace.store.evaluations import Score

    dice = random.Random(0)
    words = "grace covenant article tenant court river kitchen harvest question witness".split()
    ids = [f"e{number:07d}" for number in range(count)]

    def scores() -> Iterator[Score]:
        for place, name in enumerate(CONTENDERS):
            for one in ids:
                score = min(1.0, max(0.0, dice.gauss(0.7 - place / 10, 0.3)))
                text = " ".join(dice.choices(words, k=12))
                yield Score(name, one, score, band_of(score), text)

    rows = [Row(contender=name, examples=count, score=Measured(value=0.5)) for name in CONTENDERS]
    now = datetime.now(UTC)
    with init_workspace(folder) as ws:
        evaluation = Evaluation(
            id=ID, model=CONTENDERS[0], task="qa", on="qa@1/test", at=now, rows=rows
        )
        ws.store.evaluations.record(evaluation, scores())
        lines = (
            json.dumps({"id": one, "input": {"question": f"What is said in {one}?"}, "answer": "A"})
            for one in ids
        )
        job = Job(id=ID, kind="evaluate", created_at=now, spec={"task": TASK})
        JobFolder.create(ws.jobs / ID, job, inputs={"examples.jsonl": "\n".join(lines) + "\n"})


def served_pages(folder: Path, count: int) -> dict[str, list[float]]:
    """Milliseconds of the server for a page at a random place, by order."""
    from hone.stages.evaluate import Which, page_of_examples
    from hone.workspace.open import open_workspace

    dice = random.Random(1)
    found: dict[str, list[float]] = {}
    with open_workspace(folder) as ws:
        for order in ("worst", "best", "asked", "lost", "won"):
            which = Which(order=order, against="base" if order in ("lost", "won") else None)
            for _ in range(30):
                began = time.perf_counter()
                page_of_examples(ws, ID, which, start=dice.randrange(count), limit=60)
                found.setdefault(order, []).append(1000 * (time.perf_counter() - began))
    return found


def measure(page: Any, count: int) -> dict[str, list[float]]:
    """Milliseconds in the page, by what is done."""
    dice = random.Random(2)
    page.locator("#scored-0").wait_for()
    page.locator(".scored").focus()
    found = {
        "an arrow": [page.evaluate(CHOSEN, "ArrowDown") for _ in range(200)],
        "a page": [page.evaluate(CHOSEN, "PageDown") for _ in range(60)],
        "a jump": [page.evaluate(JUMPED, dice.randrange(count)) for _ in range(40)],
    }
    for label, choices in (("Order", ["best", "lost", "asked", "won", "worst"]),):
        for choice in choices:
            began = time.perf_counter()
            with page.expect_response(lambda answer: "/examples?" in answer.url):
                page.get_by_label(label, exact=True).select_option(choice)
            page.locator("#scored-0 span:nth-child(2)").filter(has_text="What").wait_for()
            found.setdefault("another order", []).append(1000 * (time.perf_counter() - began))
    return found


def line(name: str, values: Sequence[float]) -> str:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return f"| {name} | {len(values)} | {statistics.median(values):.1f} | {p95:.1f} |"


def main() -> None:
    """Make, serve, open, measure, print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=100_000)
    count = parser.parse_args().examples
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "ws"
        make_workspace(folder, count)
        server_side = served_pages(folder, count)
        with server(folder) as link, sync_playwright() as started:
            browser = started.chromium.launch(
                executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS
            )
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(link)
            page.locator(".topbar").wait_for()
            page.goto(f"{link.partition('#')[0]}#/evaluate")
            found = measure(page, count)
            browser.close()
    print(f"{count:,} examples, {len(CONTENDERS)} contenders; {platform.platform()}")
    print("| what | times | median ms | p95 ms |\n|---|---|---|---|")
    for name, values in found.items():
        print(line(name, values))
    for name, values in server_side.items():
        print(line(f"server: a page, order {name}", values))


if __name__ == "__main__":
    main()
