"""What a person in front of the browser does and sees: keys, clicks, texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PLACE = "h2.record-place"


class Seat:
    """A page, driven by the keyboard and the mouse alone."""

    def __init__(self, page: Page, link: str) -> None:
        self.page = page
        self.link = link
        self.url = link.partition("#")[0]
        self.hosts: set[str] = set()
        self.broken: list[str] = []
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        page.on("request", lambda asked: self.hosts.add(_host(asked.url)))

    def open(self, place: str = "") -> Seat:
        """Signs in by the link of `hone up`, then goes to a place such as #/review."""
        self.page.goto(self.link)
        self.page.locator(".topbar").wait_for()
        return self.go(place) if place else self

    def go(self, place: str) -> Seat:
        """Goes to a place by its address, and waits until it is shown."""
        self.page.goto(self.url + place)
        if place.startswith("#/review"):
            self.page.locator(".pane.answer, .empty").first.wait_for()
        return self

    def press(self, *keys: str) -> Seat:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def type(self, text: str) -> Seat:
        self.page.keyboard.type(text)
        return self

    def click(self, name: str, *, role: str = "button") -> Seat:
        """Clicks the button, link, tab … of this name."""
        self.named(name, role=role).click()
        return self

    def named(self, name: str, *, role: str = "button") -> Locator:
        return self.page.get_by_role(role, name=re.compile(rf"^{re.escape(name)}"))  # type: ignore[arg-type]

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    def sees(self, text: str) -> Seat:
        """Waits until a text is shown."""
        self.page.get_by_text(text).first.wait_for()
        return self

    def stands_at(self, place: str) -> Seat:
        """Waits until the example of this place is shown, such as "Pair 2 / 24"."""
        self.page.locator(PLACE, has_text=re.compile(rf"^\s*{re.escape(place)}")).wait_for()
        return self

    def is_saved(self) -> Seat:
        """Waits until the server has acknowledged everything."""
        self.page.wait_for_function(
            "() => !Object.keys(localStorage).some((key) => key.startsWith('hone:op:'))"
        )
        return self

    def drawn(self) -> Seat:
        """Waits for what is drawn a frame later than the example: the list, the counts."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => "
            "requestAnimationFrame(() => setTimeout(done, 20))))"
        )
        return self

    @property
    def progress(self) -> str:
        return self.drawn().page.locator(".progress-text").inner_text()

    @property
    def question(self) -> str:
        return self.page.locator(".source .record-text").first.inner_text()

    @property
    def answer(self) -> str:
        return self.page.locator(".answer .answer-text").inner_text()

    @property
    def status(self) -> str:
        return self.page.locator(".record-head .pill").first.inner_text()

    def rows(self) -> list[str]:
        """The texts of the list, in order."""
        self.drawn()
        return self.page.locator(".list-text").all_inner_texts()


def _host(url: str) -> str:
    found = re.match(r"\w+://([^/]*)", url)
    return found[1] if found else url.partition(":")[0]
