"""From a key press to the first frame with the next example's text, in a real browser.

    python benchmarks/review_keys.py [--examples 100000] [--examples 1000000]

Imports seeded questions and answers (2 kB median), starts `hone up`, opens headless Chromium and
presses `A` 200 times in a row and 60 times at five a second. Measured inside the page from the
event's own time stamp to the frame after which the question's text is another one; beside it how
long the server took to acknowledge: from the request of a batch to its answer, which comes after
the commit, as the page saw it. At five a second a batch is one decision; in a row it is all that
were made while the one before was under way. Conditions: direct; through a proxy that
holds every byte back for 40 ms each way; while a training runs on the same machine.
Budgets: 50 ms (95th percentile), 25 ms for the acknowledgement at five a second without the proxy.
Prints the table of docs/why/figures.md, and how long all of it took.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

CHROMIUM_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
DELAY_SECONDS = 0.04
QUESTION = ".record-text.is-question"
# In the page: a frame is painted when a message posted from its animation callback arrives.
WATCH = """
window.presses = [];
addEventListener("keydown", (event) => {
  const shown = () => document.querySelector("QUESTION")?.textContent;
  const before = shown(), pressed = event.timeStamp;
  const look = () => requestAnimationFrame(() => {
    if (shown() === before || shown() === undefined) return look();
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      window.presses.push(performance.now() - pressed);
      console.debug("shown");
    };
    channel.port2.postMessage(0);
  });
  look();
}, { capture: true });
""".replace("QUESTION", QUESTION)


def write_rows(path: Path, count: int) -> None:
    """Seeded questions with answers of 2 kB in the median."""
    dice = random.Random(0)
    words = "grace covenant article tenant court river kitchen harvest question witness".split()
    texts = [" ".join(dice.choices(words, k=290)) for _ in range(64)]
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["question", "answer"])
        for number in range(count):
            length = int(2000 * dice.lognormvariate(0, 0.35))
            rows.writerow([f"What is said in place {number}?", texts[number % 64][:length]])


def make_workspace(folder: Path, count: int) -> None:
    """A workspace whose examples all wait, but for a few that a training can use."""
    from hone.stages.ingest import import_examples
    from hone.workspace.open import init_workspace

    with init_workspace(folder) as ws:
        for name, rows, accept_as in (("old.csv", 400, "benchmark"), ("new.csv", count, None)):
            path = folder.parent / f"{folder.name}-{name}"
            write_rows(path, rows + (1000 if accept_as else 0))
            import_examples(ws, [path], accept_as=accept_as)
            path.unlink()


@contextmanager
def server(folder: Path, *flags: str) -> Iterator[str]:
    """`hone up` in a process of its own; gives the address with the token."""
    command = [sys.executable, "-m", "hone", "up", "--no-browser", "--port", "0", *flags]
    process = subprocess.Popen([*command, "-w", str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if found := re.search(r"http://\S+#token=\S+", line):
                yield found[0]
                return
        raise RuntimeError("hone up gave no address")
    finally:
        process.terminate()
        process.wait(20)


class Proxy:
    """Holds every byte back for a while, both ways, on a port of its own."""

    def __init__(self) -> None:
        self.target = 0
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, daemon=True).start()
        started = asyncio.start_server(self._carry, "127.0.0.1", 0)
        server = asyncio.run_coroutine_threadsafe(started, loop).result(10)
        self.port: int = server.sockets[0].getsockname()[1]

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self._late(reader, back), self._late(there, writer))

    async def _late(self, source: asyncio.StreamReader, goal: asyncio.StreamWriter) -> None:
        loop, waiting = asyncio.get_running_loop(), asyncio.Queue[tuple[float, bytes]]()

        async def forward() -> None:
            while True:
                due, piece = await waiting.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not piece:
                    goal.close()
                    return
                goal.write(piece)

        sender = asyncio.ensure_future(forward())
        with suppress(ConnectionError):  # the browser is closed in the middle of an answer
            while piece := await source.read(65536):
                waiting.put_nowait((loop.time() + DELAY_SECONDS, piece))
        waiting.put_nowait((loop.time() + DELAY_SECONDS, b""))
        await sender


def press(page: Any, count: int, pause_ms: float) -> list[float]:
    """Press the key; the milliseconds of each press until its frame.

    Nothing is asked of the page between the key and the frame: it tells by itself when it is done,
    for a question would be one more thing that it has to do just then.
    """
    page.evaluate("window.presses.length = 0; performance.clearResourceTimings()")
    for _ in range(count):
        with page.expect_event("console", lambda told: told.text == "shown", timeout=30_000):
            page.keyboard.press("a")
        page.wait_for_timeout(pause_ms)
    return page.evaluate("window.presses")


def acknowledgements(page: Any) -> list[float]:
    """Milliseconds from request to answer of every batch of decisions since the last clearing."""
    return page.evaluate(
        "performance.getEntriesByType('resource')"
        ".filter(one => new URL(one.name).pathname === '/api/reviews')"
        ".map(one => one.responseEnd - one.requestStart)"
    )


def measure(browser: Any, url: str, labels: tuple[str, str]) -> None:
    """One condition: both rhythms, and the acknowledgements, as rows of a table."""
    page = browser.new_page()
    page.add_init_script(WATCH)
    page.goto(url)
    page.locator(".topbar").wait_for(timeout=30_000)
    page.goto(re.sub(r"#.*", "#/review", url))
    page.wait_for_selector(QUESTION, timeout=60_000)
    page.evaluate("performance.setResourceTimingBufferSize(5000)")
    for rhythm, count, pause in ((" in a row", 200, 0.0), (", five a second", 60, 200.0)):
        found = press(page, count, pause)
        acks = acknowledgements(page)
        figures = (part(found, 50), part(found, 95), max(found), part(acks, 50), part(acks, 95))
        row = (*labels, f"{len(found)}{rhythm}", *(f"{one:.1f}" for one in figures))
        print(f"| {' | '.join(row)} |", flush=True)
        labels = ("", "")
    page.close()


def part(values: list[float], percent: int) -> float:
    """A percentile."""
    return statistics.quantiles(values, n=100)[percent - 1] if len(values) > 1 else float("nan")


@contextmanager
def training(folder: Path) -> Iterator[None]:
    """A local training in the background, as a person would start it."""
    recipe = folder / "recipes" / "busy.yaml"
    recipe.parent.mkdir(exist_ok=True)
    recipe.write_text(
        "method: sft\nbase: hone-nano\ndataset: busy\ntraining: {max_steps: 100000, "
        "learning_rate: 1.0e-3, batch_size: 8}\ndata: {max_seq_length: 512}\non: local\n"
    )
    hone = [sys.executable, "-m", "hone"]
    options: dict[str, Any] = {"cwd": folder, "check": True, "capture_output": True, "text": True}
    subprocess.run([*hone, "datasets", "build", "busy"], **options)
    started = subprocess.run(
        [*hone, "train", str(recipe), "--confirm-run", "--detach"], **options
    ).stdout
    job = re.findall(r"train-[\w-]+", started)[0]
    watched = subprocess.Popen(
        [*hone, "jobs", "watch", job], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    assert watched.stderr is not None
    try:
        for line in watched.stderr:
            if line.startswith("step "):
                break
        yield
    finally:
        watched.terminate()
        subprocess.run([*hone, "jobs", "stop", job], **options)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("--examples", type=int, action="append")
    options.add_argument("--chromium", default="/usr/bin/chromium")
    options.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    chosen = options.parse_args()
    from playwright.sync_api import sync_playwright

    print(f"{platform.platform()}, Python {platform.python_version()}")
    started = time.monotonic()
    print("| examples | | keys | median | 95 % | highest | acknowledgement: median | 95 % |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as made, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chosen.chromium, args=CHROMIUM_FLAGS)
        for count in chosen.examples or [100_000, 1_000_000]:
            folder = Path(made) / f"ws{count}"
            make_workspace(folder, count)
            with server(folder) as url:
                measure(browser, url, (f"{count:,}", "direct"))
            proxy = Proxy()
            with server(folder, "--allow-host", f"127.0.0.1:{proxy.port}") as url:
                proxy.target = int(re.findall(r":(\d+)", url)[0])
                late = re.sub(r":\d+", f":{proxy.port}", url, count=1)
                measure(browser, late, ("", "80 ms away"))
            with server(folder) as url, training(folder):
                measure(browser, url, ("", "while a training runs"))
        browser.close()
    print(f"\nAll of it took {(time.monotonic() - started) / 60:.1f} minutes.")


if __name__ == "__main__":
    main()
