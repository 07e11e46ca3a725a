"""The browser's files: records stay text, nothing comes from elsewhere, vendored ones are known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import vendor

STATIC = Path(vendor.APP).parent
OWN = sorted(
    path
    for path in STATIC.rglob("*")
    if path.suffix in (".js", ".css", ".html", ".svg") and "vendor" not in path.parts
)
MODULES = [path for path in OWN if path.suffix == ".js"]
SHEETS = [path for path in OWN if path.suffix == ".css"]
# What turns text into markup or code, and what leads away from this server.
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write"
    r"|\beval\(|new Function\(|https?://|javascript:|@import"
)
SVG_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
MOST_LINES = 400


def name(path: Path) -> str:
    return path.relative_to(STATIC).as_posix()


def test_the_files_are_there() -> None:
    names = {name(path) for path in OWN}
    assert {"index.html", "theme.js", "app.js", "texts.js", "app.css"} <= names
    assert len(MODULES) > 20


@pytest.mark.parametrize("path", OWN, ids=name)
def test_nothing_becomes_markup_or_comes_from_elsewhere(path: Path) -> None:
    text = path.read_text().replace(SVG_NAMESPACE, "")
    assert not FORBIDDEN.findall(text)


def test_the_page_holds_no_script_and_no_style_of_its_own() -> None:
    page = (STATIC / "index.html").read_text()
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.S)
    assert scripts and all("src=" in tag and not inside.strip() for tag, inside in scripts)
    assert "<style" not in page
    assert not re.search(r"\son\w+=", page)


def test_the_page_asks_for_files_that_are_there_and_under_the_version() -> None:
    page = (STATIC / "index.html").read_text()
    asked = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert len(asked) > 8
    for address in asked:
        assert address.startswith("/static/VERSION/"), address
        assert (STATIC / address.removeprefix("/static/VERSION/")).is_file(), address


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_import_files_that_are_there(path: Path) -> None:
    found = re.findall(r"""(?:\bfrom |\bimport |\bimport\()["']([^"']+)["']""", path.read_text())
    for address in found:
        assert address.startswith("."), f"{name(path)} imports {address}"
        assert (path.parent / address).is_file(), f"{name(path)} imports {address}"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_open_with_a_sentence_and_stay_short(path: Path) -> None:
    lines = path.read_text().splitlines()
    first = lines[1] if lines[0] == "// @ts-check" else lines[0]
    assert re.match(r"// \S.*[.,;:]?$", first), f"{name(path)} opens with {first!r}"
    assert len(lines) <= MOST_LINES


def test_the_library_of_the_app_is_checked_by_types() -> None:
    assert all(
        path.read_text().startswith("// @ts-check") for path in MODULES if path.parent.name == "lib"
    )


def test_colours_are_tokens() -> None:
    """Colours stand in one place, `app.css`, once for each theme."""
    tokens = (STATIC / "app.css").read_text()
    light, dark = re.findall(r":root[^{]*\{(.*?)\n\}", tokens, re.S)
    rest = tokens.rpartition("color-scheme: dark;")[2]
    named = re.compile(r"--([\w-]+): (?=#|rgb)")
    assert set(named.findall(dark)) <= set(named.findall(light))
    colour = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")
    assert not colour.findall(rest)
    for sheet in SHEETS:
        if sheet.name != "app.css":
            assert not colour.findall(sheet.read_text()), sheet.name


def test_vendored_files_are_those_that_are_listed() -> None:
    assert vendor.differences(vendor.APP) == []
    assert vendor.differences(vendor.TESTS) == []


def test_a_changed_or_strange_vendored_file_is_told(tmp_path: Path) -> None:
    listed = "| `a.js` | a 1 (MIT) | `" + "0" * 64 + "` |\n"
    (tmp_path / "VENDOR.md").write_text(listed)
    (tmp_path / "a.js").write_text("changed")
    (tmp_path / "b.js").write_text("strange")
    told = vendor.differences(tmp_path)
    assert [line.split(":")[0].rpartition("/")[2] for line in told] == ["a.js", "b.js"]


def test_every_vendored_package_has_its_licence() -> None:
    for folder in (vendor.APP, vendor.TESTS):
        listing = (folder / "VENDOR.md").read_text()
        for package in re.findall(r"\| ([@\w/-]+) [\d.]+ \(", listing):
            licence = folder / f"LICENSE-{package.rpartition('/')[2]}.txt"
            assert licence.stat().st_size > 500, package
