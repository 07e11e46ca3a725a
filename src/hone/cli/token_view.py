"""Example rows on a terminal, token by token; without colour the same with marks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

    from hone.stages.doctor import ExampleRow, ShownSide, ShownToken

MOST_SHOWN, MOST_CUT_SHOWN = 3_000, 40
STYLES = {"trained": "bold green", "masked": "dim", "cut": "red strike", "padding": "dim"}
CONTROL_STYLES = {"trained": "bold magenta", "masked": "magenta", "cut": "red", "padding": "dim"}


class _Marks(NamedTuple):
    """How roles and borders look where there is no colour."""

    between: str
    newline: str
    trained: tuple[str, str]
    cut: tuple[str, str] = ("[-", "-]")

    def around(self, role: str) -> tuple[str, str]:
        return {"trained": self.trained, "cut": self.cut}.get(role, ("", ""))


MARKS = _Marks("¦", "↵", ("⟦", "⟧"))
ASCII_MARKS = _Marks("|", "\\n", ("[[", "]]"))


def say_examples(examples: Sequence[ExampleRow]) -> None:
    """Every token of the example rows, as one batch of the collator."""
    from hone.cli import show
    from hone.cli.doctor import is_utf

    if not examples:
        return
    marks = MARKS if is_utf(sys.stdout.encoding) else ASCII_MARKS
    console = _colours()
    show.say(f"One batch: {len(examples)} rows of train, token by token ({marks.between} between).")
    if console is None:
        opened, closed = marks.trained
        show.say(f"{opened}trained{closed}, masked, {marks.cut[0]}cut off{marks.cut[1]}.\n")
    else:
        console.print(_legend(), soft_wrap=True)
    for example in examples:
        show.say(f"Row {example.row} ({example.id}), {example.why}")
        for side in example.sides:
            _say_side(side, marks, console)
        show.say()


def _legend() -> object:
    from rich.text import Text

    names = {"trained": "trained", "masked": "masked", "cut": "cut off"}
    shown = [(text, STYLES[role]) for role, text in names.items()]
    control = ("control token, trained", CONTROL_STYLES["trained"])
    return Text(", ").join(Text(*one) for one in [*shown, control]).append(".\n")


def _say_side(side: ShownSide, marks: _Marks, console: Console | None) -> None:
    from hone.cli import show

    counted = {role: len(list(some)) for role, some in _by_role(side)}
    lead = f"{side.name}: " if side.name else ""
    show.say(
        f"{lead}{side.kept:,} tokens, {counted.get('trained', 0):,} trained, "
        f"{counted.get('cut', 0) + side.not_shown:,} cut off"
        + (f"; {side.note}" if side.note else "")
    )
    if console is None:
        show.say(_marked(side.tokens, marks))
    else:
        console.print(_coloured(side.tokens, marks), soft_wrap=True)
    padding = [token for token in side.tokens if token.role == "padding"]
    if padding:
        show.say(f"+ {len(padding):,} x {padding[0].text} (padding, masked)")


def _by_role(side: ShownSide) -> Iterator[tuple[str, Iterator[ShownToken]]]:
    yield from groupby(sorted(side.tokens, key=lambda one: one.role), key=lambda one: one.role)


def _marked(tokens: Sequence[ShownToken], marks: _Marks) -> str:
    parts: list[str] = []
    for text, some in _pieces(tokens):
        if text:
            parts.append(text)
            continue
        opened, closed = marks.around(some[0].role)
        inner = marks.between.join(_visible(token.text, marks) for token in some)
        parts.append(f"{opened}{inner}{closed}")
    return marks.between.join(parts)


def _coloured(tokens: Sequence[ShownToken], marks: _Marks) -> object:
    from rich.text import Text

    drawn = Text()
    for text, some in _pieces(tokens):
        if text:
            drawn.append(marks.between if drawn else "", "dim").append(text, "yellow")
        for token in some:
            if drawn:
                drawn.append(marks.between, "dim")
            styles = CONTROL_STYLES if token.is_control else STYLES
            drawn.append(_visible(token.text, marks), styles[token.role])
    return drawn


def _pieces(tokens: Sequence[ShownToken]) -> Iterator[tuple[str, list[ShownToken]]]:
    """Runs of one role, or a word about tokens that are not drawn."""
    kept = [token for token in tokens if token.role != "padding"]
    middle = len(kept) - MOST_SHOWN
    if middle > 0:
        half = MOST_SHOWN // 2
        yield from _runs(kept[:half])
        yield f"({middle:,} tokens more; --json has them)", []
        kept = kept[-half:]
    yield from _runs(kept)


def _runs(tokens: Sequence[ShownToken]) -> Iterator[tuple[str, list[ShownToken]]]:
    for role, some in groupby(tokens, key=lambda one: one.role):
        run = list(some)
        if role == "cut" and len(run) > MOST_CUT_SHOWN:
            half = MOST_CUT_SHOWN // 2
            yield "", run[:half]
            yield f"({len(run) - 2 * half:,} more)", []
            run = run[-half:]
        yield "", run


def _visible(text: str, marks: _Marks) -> str:
    """The text with control characters made visible; a line break is marked and kept."""
    from hone.cli import show

    parts = [show.visible(part).replace("\t", "\\t") for part in text.split("\n")]
    return f"{marks.newline}\n".join(parts)


def _colours() -> Console | None:
    """The terminal, where it shows colours and nobody forbids them (NO_COLOR)."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal or console.no_color or console.color_system is None:
        return None
    return console
