"""Packages: what Hone asks for, what is here, and with which versions it is tested."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files

from hone.stages.health.finding import Finding, listed, ok, problem, warning
from hone.stages.health.machine import Device
from hone.targets._arrival import LOCK, meets

DISTRIBUTION = "hone-studio"
SHOWN = ("torch", "transformers", "trl", "peft")
EXTRA = re.compile(r"extra == ['\"](\w+)['\"]")
NAME = re.compile(r"[A-Za-z0-9._-]+")
Installed = Callable[[str], str | None]


def installed_version(name: str) -> str | None:
    """The version that is here, or None; nothing is imported for it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def look_at_packages(device: Device, installed: Installed = installed_version) -> Iterator[Finding]:
    """Each need of Hone and of its extras against what is installed."""
    needs = _needs()
    wrong = _unmet(needs[""], installed)
    if wrong:
        mend = f"pip install --upgrade {DISTRIBUTION}"
        yield problem("packages", f"Hone itself needs {'; '.join(wrong)}", mend)
    else:
        yield ok("packages", f"Hone {installed(DISTRIBUTION)} and what it needs itself")
    yield _training(needs["train"], installed)
    if device.device == "cuda" and (wrong := _unmet(needs["gpu"], installed)):
        yield warning(
            "packages",
            f"bases in 4 bits and packed rows need {'; '.join(wrong)}",
            f"pip install '{DISTRIBUTION}[gpu]'",
        )


def _training(needs: list[str], installed: Installed) -> Finding:
    missing = [_name(line) for line in needs if installed(_name(line)) is None]
    install = f"pip install '{DISTRIBUTION}[train]'"
    if len(missing) == len(needs):
        what = "nothing to train or answer with is installed; reviewing works without it"
        return warning("packages", what, install)
    if wrong := _unmet(needs, installed):
        return problem("packages", f"training needs {'; '.join(wrong)}", install)
    tested = _tested()
    told: list[str] = []
    for name in SHOWN:
        here, known = str(installed(name)), tested.get(name, "")
        is_same = not known or here.partition("+")[0] == known
        told.append(f"{name} {here}" + ("" if is_same else f" (tested with {known})"))
    return ok("packages", ", ".join(told))


def _needs() -> dict[str, list[str]]:
    """Extra -> what it asks for; under "" what Hone always needs."""
    found: dict[str, list[str]] = {"": [], "train": [], "gpu": []}
    for line in requires(DISTRIBUTION) or []:
        wanted, _, condition = line.partition(";")
        extra = EXTRA.search(condition)
        name = extra.group(1) if extra else ""
        if name in found:
            found[name].append(wanted.strip())
    return found


def _unmet(needs: list[str], installed: Installed) -> list[str]:
    found = [(line, installed(_name(line))) for line in needs]
    wrong = [
        f"{line} ({'it is missing' if here is None else f'here: {here}'})"
        for line, here in found
        if not meets(here, line)
    ]
    return [listed(wrong)] if wrong else []


def _name(line: str) -> str:
    found = NAME.match(line)
    return found.group() if found else line


def _tested() -> dict[str, str]:
    """Package -> the version with which Hone is tested."""
    lock = files("hone.bundled").joinpath(LOCK).read_text("utf-8")
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)", lock, re.MULTILINE))
