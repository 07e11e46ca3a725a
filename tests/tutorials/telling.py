"""Plays a tutorial: every command, click, table and picture that its page shows, in its order.

The page is the script for commands. `HONE_TELL=1` in the environment of a test run writes what was
seen into the page, and takes its pictures anew, instead of comparing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.tutorials.pages import HOME, BadPage, Block, blocks, differs, retold, rewritten, words
from tests.tutorials.terminal import Terminal, Typed

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from tests.browser.seat import Seat

# Read once: tests run without the variables of whoever started them.
IS_TELLING = os.environ.get("HONE_TELL") == "1"
THEMES = ("light", "dark")
LONG_SECONDS = 300
VISIBLE = """([part, without]) => {
    const hidden = without.flatMap((one) => [...document.querySelectorAll(one)]);
    hidden.forEach((one) => (one.style.display = "none"));
    const text = document.querySelector(part).innerText;
    hidden.forEach((one) => (one.style.display = ""));
    return text;
}"""


class Drifted(AssertionError):
    """The page says something else than what happens."""


class Telling:
    """A page while it is played; blocks are played in the order of the page."""

    def __init__(self, page: Path, terminal: Terminal, shots: Path, is_telling: bool) -> None:
        self.page = page
        self.terminal = terminal
        self.shots = shots
        self.is_telling = is_telling
        self.text = page.read_text()
        self.waiting = blocks(self.text)
        self.changed: list[tuple[Block, Sequence[str]]] = []
        self.drifts: list[str] = []
        self.seen_words: dict[str, str] = {}

    def run(
        self, name: str, *, typed: Sequence[Typed] = (), seconds: float = LONG_SECONDS
    ) -> list[str]:
        """Runs the commands of a console block as they stand there; gives the output of each.

        `typed` are answers at a terminal: what the prompt ends with, and what is typed then.
        """
        block = self._next(name, "console")
        expected = int(block.choices.get("exits", 0))
        outputs: list[str] = []
        lines: list[str] = []
        for command, told in block.commands():
            code, output = self.terminal.run(command, typed=typed, seconds=seconds)
            seen = self.shown(output).splitlines()
            if code != expected:
                raise Drifted(f"{name}: `{command}` ended with {code}:\n{output}")
            self._compare(block, told, seen)
            gap = [""] if told and not told[-1].strip() else []
            lines += [*f"$ {command}".splitlines(), *retold(told, seen), *gap]
            outputs.append(output)
        self._change(block, lines)
        return outputs

    @contextmanager
    def start(self, name: str, *, until: str, seconds: float = 60) -> Iterator[list[str]]:
        """Runs a command that stays, such as a server; gives what it said up to a line."""
        block = self._next(name, "console")
        ((command, told),) = block.commands()
        with self.terminal.start(command, until=until, seconds=seconds) as output:
            seen = self.shown("\n".join(output)).splitlines()
            self._compare(block, told, seen)
            self._change(block, [f"$ {command}", *retold(told, seen)])
            yield output

    def file(self, name: str) -> Path:
        """Writes a file as it stands in the page."""
        block = self._next(name, "file")
        path = self.terminal.folder / block.choices["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(block.lines) + "\n")
        return path

    def table(self, name: str, rows: Sequence[Sequence[object]]) -> None:
        """Compares the rows below a table's heading."""
        block = self._next(name, "table")
        seen = [f"| {' | '.join(map(str, row))} |" for row in rows]
        self._compare(block, block.lines[2:], seen)
        self._change(block, [*block.lines[:2], *seen])

    def said(self, name: str, text: str) -> None:
        """Compares a paragraph, such as what a screen says."""
        block = self._next(name, "words")
        seen = self.shown(text).splitlines()
        self._compare(block, block.lines, seen)
        self._change(block, seen)

    @contextmanager
    def hand(self, name: str, seat: Seat) -> Iterator[Hand]:
        """What is done in the browser: **controls** and `typed` words, as the block lists them."""
        block = self._next(name, "words")
        hand = Hand(seat)
        yield hand
        if block.clicks() != hand.did:
            self.drifts.append(f"{name}: the page says {block.clicks()}, done was {hand.did}")

    def shot(
        self, name: str, page: Page, *, part: str = "body", without: Sequence[str] = ()
    ) -> None:
        """Takes a picture of a part of a screen, or compares its words with those of the picture.

        `without`: parts whose words differ from machine to machine, such as a model's answers.
        """
        block = self._next(name, "shot")
        light = (self.page.parent / block.picture()).resolve()
        files = {"light": light}
        if "dark" in block.choices:
            files["dark"] = light.with_name(light.name.replace("-light.", "-dark."))
        settle(page)
        seen = words(self.shown(page.evaluate(VISIBLE, [part, list(without)])))
        self.seen_words[light.name] = seen
        if self.is_telling:
            for theme, file in files.items():
                _take(page, part, theme, file)
            return
        told = self._recorded().get(light.name, {}).get("words", "")
        self.drifts += [
            f"{name}: there is no {file}" for file in files.values() if not file.exists()
        ]
        if digest(told) != digest(seen):
            lines = differs(told.split(), seen.split(), block.slack)
            self.drifts.append(f"{name}: the screen says other words than {light.name}:\n{lines}")

    def end(self) -> None:
        """Fails for what was not played and for what drifted, or rewrites the page."""
        if self.waiting:
            raise Drifted(f"not played: {', '.join(block.name for block in self.waiting)}")
        if self.drifts:
            again = f"Write it anew with HONE_TELL=1, and read it: {self.page.name}"
            raise Drifted("\n\n".join([*self.drifts, again]))
        if self.is_telling:
            self._write()

    def shown(self, output: str) -> str:
        """An output as a page may show it: without this machine's paths and a link's secret."""
        for place in {str(self.terminal.home), str(self.terminal.home.resolve())}:
            output = output.replace(place, HOME)
        return re.sub(r"token=[\w-]+", "token=…", output)

    def _next(self, name: str, kind: str) -> Block:
        if not self.waiting:
            raise BadPage(f"{name} is not in the page, or was played before.")
        block = self.waiting.pop(0)
        if (block.name, block.kind) != (name, kind):
            raise BadPage(f"the page goes on with {block.name} ({block.kind}), not {name} ({kind})")
        return block

    def _compare(self, block: Block, told: Sequence[str], seen: Sequence[str]) -> None:
        if not self.is_telling and (found := differs(told, seen, block.slack)):
            self.drifts.append(f"{block.name}:\n{found}")

    def _change(self, block: Block, lines: Sequence[str]) -> None:
        self.changed.append((block, lines))

    def _recorded(self) -> dict[str, dict[str, str]]:
        file = self.shots / "told.json"
        return json.loads(file.read_text()) if file.exists() else {}

    def _write(self) -> None:
        self.page.write_text(rewritten(self.text, self.changed))
        if self.seen_words:
            told = {
                name: {"digest": digest(seen), "words": seen}
                for name, seen in self.seen_words.items()
            }
            everything = dict(sorted((self._recorded() | told).items()))
            text = json.dumps(everything, indent=1, ensure_ascii=False)
            (self.shots / "told.json").write_text(text + "\n")


class Hand:
    """Clicks and types in a browser, and keeps what it did under the names that a person reads."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.did: list[str] = []

    def click(self, name: str, *, role: str = "button") -> Hand:
        """Clicks the button, link, tab … of this name."""
        self.seat.click(name, role=role)
        return self.note(name)

    def click_on(self, control: Locator, name: str) -> Hand:
        """Clicks a control that shows this name, such as a card or a row."""
        said = control.inner_text()
        assert name in said, f"{name} is not on it: {said}"
        control.click()
        return self.note(name)

    def press(self, *keys: str) -> Hand:
        self.seat.press(*keys)
        return self.note(*keys)

    def fill(self, label: str, value: str) -> Hand:
        self.seat.field(label).fill(value)
        return self.note(label, value)

    def choose(self, label: str, value: str) -> Hand:
        """Takes an entry of a list of choices."""
        self.seat.field(label).select_option(label=value)
        return self.note(label, value)

    def note(self, *names: str) -> Hand:
        """Says what was done otherwise, such as a file that was picked."""
        self.did += names
        return self


@contextmanager
def tell(
    page: Path,
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    shots: Path | None = None,
    is_telling: bool = IS_TELLING,
) -> Iterator[Telling]:
    """Plays a page in an empty folder, which should have a short name: some outputs are folded."""
    terminal = Terminal(folder, Path(sys.executable).parent, environment or {})
    places = shots or page.parent.parent / "screenshots"
    telling = Telling(page, terminal, places, is_telling)
    try:
        yield telling
    except Exception as error:
        for drift in telling.drifts:
            error.add_note(drift)
        raise
    telling.end()


def digest(seen: str) -> str:
    """A short name of a screen's words."""
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def settle(page: Page) -> None:
    """Waits until nothing on the screen is still on its way."""
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    page.wait_for_function("() => !document.querySelector('.waiting')")


def _take(page: Page, part: str, theme: str, file: Path) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    settle(page)
    if part == "body":
        page.screenshot(path=file)
    else:
        page.locator(part).first.screenshot(path=file)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
