"""Plots as inline SVG: no library, nothing that runs, readable in both colour schemes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import NamedTuple

from hone.records.model import Measured

WIDTH, HEIGHT, EDGE = 640, 320, 56
LINES = 4
_INK, _RANGE = "#2f6fde", "#c2571a"


class Point(NamedTuple):
    """Something that was measured."""

    x: float
    y: float


class Band(NamedTuple):
    """A value with its interval, and what it is."""

    x: float
    y: float
    low: float
    high: float
    label: str


def plot(points: Sequence[Point], bands: Sequence[Band], *, x: str, y: str) -> str:
    """Points and intervals: x, above 0, on a scale of doublings, y from 0 to 1."""
    xs = [one.x for one in points] + [one.x for one in bands]
    ys = [one.y for one in points] + [end for one in bands for end in (one.low, one.high)]
    if not xs:
        return ""
    across = _scale((math.log2(min(xs)), math.log2(max(xs))), (EDGE, WIDTH - EDGE))
    up = _scale(_rounded(min(ys), max(ys)), (HEIGHT - EDGE, EDGE / 2))
    parts = [
        *_opening(x, y),
        *_across_lines(sorted(set(xs)), across),
        *_up_lines(_rounded(min(ys), max(ys)), up),
    ]
    for one in bands:
        place = across(math.log2(one.x))
        parts.append(
            f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{up(one.low):.1f}" '
            f'y2="{up(one.high):.1f}" stroke="{_RANGE}" stroke-width="3"/>'
            f'<circle cx="{place:.1f}" cy="{up(one.y):.1f}" r="5" fill="{_RANGE}"/>'
            f'<text x="{place:.1f}" y="{up(one.high) - 6:.1f}" text-anchor="middle">'
            f"{escape(one.label)}</text>"
        )
    parts += [
        f'<circle cx="{across(math.log2(one.x)):.1f}" cy="{up(one.y):.1f}" r="4" fill="{_INK}"/>'
        for one in points
    ]
    return "".join([*parts, *_ending(x, y)])


def _opening(x: str, y: str) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-size="12" fill="currentColor"><title>{escape(y)} by {escape(x)}</title>'
    ]


def _ending(x: str, y: str) -> list[str]:
    return [
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x)}</text>'
        f'<text x="12" y="14">{escape(y)}</text></svg>'
    ]


def _scale(source: tuple[float, float], target: tuple[float, float]) -> Callable[[float], float]:
    width = (source[1] - source[0]) or 1.0
    return lambda value: target[0] + (value - source[0]) / width * (target[1] - target[0])


def _rounded(low: float, high: float) -> tuple[float, float]:
    """The next tenths outside."""
    return math.floor(low * 10) / 10, max(math.ceil(high * 10), math.floor(low * 10) + 1) / 10


def _across_lines(values: Sequence[float], across: Callable[[float], float]) -> list[str]:
    found: list[str] = []
    last = -math.inf
    for value in values:
        place = across(math.log2(value))
        if place - last >= 40:
            found.append(
                f'<text x="{place:.1f}" y="{HEIGHT - EDGE + 18}" text-anchor="middle">'
                f"{value:,.0f}</text>"
            )
            last = place
    return found


def _up_lines(ends: tuple[float, float], up: Callable[[float], float]) -> list[str]:
    found: list[str] = []
    for number in range(LINES + 1):
        value = ends[0] + (ends[1] - ends[0]) * number / LINES
        found.append(
            f'<line x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{up(value):.1f}" y2="{up(value):.1f}" '
            'stroke="currentColor" stroke-opacity=".2"/>'
            f'<text x="{EDGE - 8}" y="{up(value) + 4:.1f}" text-anchor="end">{value:.2f}</text>'
        )
    return found


def line_plot(series: Mapping[str, Sequence[Point]], *, x: str, y: str) -> str:
    """Lines over an even scale, each in its own dash and named at its end."""
    shown = {name: list(points) for name, points in series.items() if points}
    xs = [one.x for points in shown.values() for one in points]
    ys = [one.y for points in shown.values() for one in points if math.isfinite(one.y)]
    if not xs or not ys:
        return ""
    top = max(ys) or 1.0
    across = _scale((min(xs), max(xs)), (EDGE, WIDTH - 2 * EDGE))
    up = _scale((0.0, top), (HEIGHT - EDGE, EDGE / 2))
    parts = [*_opening(x, y), *_up_lines((0.0, top), up)]
    for number, (name, points) in enumerate(shown.items()):
        drawn = [one for one in points if math.isfinite(one.y)]
        if not drawn:
            continue
        path = " ".join(f"{across(one.x):.1f},{up(one.y):.1f}" for one in drawn)
        dash = f' stroke-dasharray="{6 * number}"' if number else ""
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{(_INK, _RANGE)[number % 2]}" '
            f'stroke-width="2"{dash}/><text x="{across(drawn[-1].x) + 6:.1f}" '
            f'y="{up(drawn[-1].y) + 4:.1f}">{escape(name)}</text>'
        )
    for value in (min(xs), max(xs)):
        parts.append(
            f'<text x="{across(value):.1f}" y="{HEIGHT - EDGE + 18}" text-anchor="middle">'
            f"{value:,.0f}</text>"
        )
    return "".join([*parts, *_ending(x, y)])


def interval_plot(figures: Mapping[str, Measured], *, y: str) -> str:
    """One line for each figure from 0 to 1, with its interval where it has one."""
    if not figures:
        return ""
    height = 34 * len(figures) + 40
    across = _scale((0.0, 1.0), (WIDTH / 3, WIDTH - EDGE))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-size="12" fill="currentColor"><title>{escape(y)}</title>'
    ]
    for tenth in range(0, 11, 2):
        place = across(tenth / 10)
        parts.append(
            f'<line x1="{place:.1f}" x2="{place:.1f}" y1="8" y2="{height - 30}" '
            'stroke="currentColor" stroke-opacity=".2"/>'
            f'<text x="{place:.1f}" y="{height - 14}" text-anchor="middle">{tenth / 10:g}</text>'
        )
    for number, (name, one) in enumerate(figures.items()):
        middle = 24 + 34 * number
        shown = name if len(name) <= 28 else f"{name[:27]}…"
        low, high = (one.value if end is None else end for end in (one.low, one.high))
        parts.append(
            f'<text x="{WIDTH / 3 - 10:.1f}" y="{middle + 4}" text-anchor="end">{escape(shown)}'
            f'</text><line x1="{across(low):.1f}" x2="{across(high):.1f}" y1="{middle}" '
            f'y2="{middle}" stroke="{_INK}" stroke-width="3"/>'
            f'<circle cx="{across(one.value):.1f}" cy="{middle}" r="5" fill="{_INK}"/>'
        )
    return "".join([*parts, "</svg>"])
