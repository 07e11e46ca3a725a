"""Takes the pictures of the web app that the docs show, from self-made examples.

    .venv/bin/python -m tools.screenshots [--folder docs/screenshots]

Needs Chromium. Every picture is of the running app; nothing is painted over.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hone import loop
from hone.records.review import Decision, Verdict
from hone.workspace.store import Filter
from tests.browser import samples
from tests.browser.conftest import ARGUMENTS, PROGRAMS
from tests.browser.seat import Seat

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPOSITORY = Path(__file__).resolve().parents[1]
WIDE, PHONE = {"width": 1240, "height": 720}, {"width": 360, "height": 720}
VERDICTS: tuple[Verdict, ...] = ("accept",) * 9 + ("reject", "flag", "skip")
CSV = "Queries,Expected Response,Gallery\n" + "".join(
    f"What hangs in room {number}?,A map of the coast from 17{number:02d}.,north\n"
    for number in range(10, 60)
)


class Picture(NamedTuple):
    """One picture, taken in both themes: its name, the size of the window, how one gets there."""

    name: str
    size: dict[str, int]
    go: Callable[[Seat], object]
    is_signed_in: bool = True


def compared(seat: Seat) -> None:
    seat.go("#/review?task=harbour").stands_at("Pair 1").press("ArrowRight", "c")
    seat.page.locator(".compare-column").nth(1).wait_for()


def learned(seat: Seat) -> None:
    seat.go("#/review?task=pickup").stands_at("Message 1").press("t")
    seat.page.locator(".tokens").wait_for()


def edited(seat: Seat) -> None:
    seat.go("#/review?task=harbour").stands_at("Pair 1").press("e").type(" The mayor came.")


def planned(seat: Seat) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rooms.csv"
        file.write_text(CSV)
        seat.go("#/import").page.locator(".drop input[type=file]").set_input_files(file)
        seat.sees("What this file is")


PICTURES = (
    Picture("home", WIDE, lambda seat: seat.go("#/home").sees("What to do next")),
    Picture("review-compare", WIDE, compared),
    Picture("review-edit", WIDE, edited),
    Picture("review-fields", WIDE, learned),
    Picture("review-scores", WIDE, lambda seat: seat.go("#/review?task=uplifting")),
    Picture("review-chat", WIDE, lambda seat: seat.go("#/review?task=library")),
    Picture("review-phone", PHONE, lambda seat: seat.go("#/review?task=pickup")),
    Picture("import", WIDE, planned),
    Picture("settings", WIDE, lambda seat: seat.go("#/settings").sees("budget.per_job_usd")),
    Picture("signin", WIDE, lambda seat: seat.page.goto(seat.url), is_signed_in=False),
)
THEMES = ("light", "dark")


def main() -> None:
    """Take every picture anew."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "docs/screenshots")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    # Not a folder with a name by chance: the first screen shows it.
    place = Path(tempfile.gettempdir()) / "harbour-review"
    with served(place) as link:
        take(folder, link)
    shutil.rmtree(place)


def take(folder: Path, link: str) -> None:
    """Open a browser and take the pictures, one after the other."""
    from playwright.sync_api import sync_playwright

    program = next(found for name in PROGRAMS if (found := shutil.which(name)))
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=ARGUMENTS)
        for picture in PICTURES:
            for theme in THEMES:
                _take(browser, picture, theme, folder, link)
            print(picture.name)
        browser.close()


def _take(browser: Browser, picture: Picture, theme: str, folder: Path, link: str) -> None:
    context = browser.new_context(
        viewport=picture.size,  # type: ignore[arg-type]
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        has_touch=picture.size is PHONE,
    )
    seat = Seat(context.new_page(), link)
    if picture.is_signed_in:
        seat.open()
    picture.go(seat)
    seat.page.locator("h1").first.wait_for(state="attached")
    seat.page.wait_for_function("() => document.fonts.status === 'loaded'")
    seat.page.wait_for_function("() => !document.querySelector('.waiting')")
    seat.page.screenshot(path=folder / f"{picture.name}-{theme}.png")
    context.close()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The app on a workspace of samples, some of them decided; gives its link."""
    from hone.web import serve as web
    from hone.web.app import build_app

    ws = samples.make(folder)
    decided(ws)
    address = web.Address("127.0.0.1", 0)
    site = web.site_for(ws, address)
    is_up = threading.Event()
    server = web.Server(build_app(site), is_up.set, site.hub.close)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [address.socket]})
    thread.start()
    is_up.wait(20)
    try:
        yield f"{address.url}#token={site.access.token}"
    finally:
        server.handle_exit(2, None)
        thread.join(20)
        ws.close()


def decided(ws: loop.Workspace) -> None:
    """Some decisions by two people, and a dataset of what was accepted."""
    shown = ws.store.examples.page(Filter(task="harbour"), limit=len(VERDICTS)).items
    wanted = [
        Decision(
            op_id=f"sample-{place}", example_id=one.id, verdict=verdict,
            reviewer=("ada", "bea")[place % 2],
            base_version=None,
            output=None,
        )
        for place, (one, verdict) in enumerate(zip(shown, VERDICTS, strict=True))
    ]  # fmt: skip
    loop.decide(ws, wanted)
    loop.build_dataset(ws, "harbour", format="sft")


if __name__ == "__main__":
    main()
