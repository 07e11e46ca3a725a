"""The page and its modules: under a version, never mixed, nothing but what lies in the folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hone
from hone.errors import NotFound
from hone.web.static_files import FOLDER, KINDS, StaticFiles
from tests.web.browser import Browser

LOAD_THE_PAGE = """
import asyncio, sys, zipfile
wheel, place = sys.argv[1:]
zipfile.ZipFile(wheel).extractall(place)
sys.path.insert(0, place)
import httpx, hone
assert hone.__file__.startswith(place), hone.__file__
from hone.loop import init_workspace
from hone.web.app import build_app
from hone.web.security import Access
from hone.web.site import Site

async def load(app):
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hone") as client:
        return await client.get("/")

with init_workspace(place + "/w") as ws:
    app = build_app(Site(ws, Access(token="", operator="", hosts=frozenset({"hone"}))))
    answer = asyncio.run(load(app))
assert answer.status_code == 200 and "app.js" in answer.text
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some modules of a page."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "index.html").write_text('<script src="/static/VERSION/app.js"></script>')
    (tmp_path / "app.js").write_text("import './lib/api.js';")
    (tmp_path / "lib" / "api.js").write_text("export {};")
    (tmp_path / "notes.py").write_text("secret = 1")
    return tmp_path


def addresses(text: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/static/[^"]+)"', text)


def test_the_page_is_asked_for_anew_each_time(stranger: Browser) -> None:
    answer = stranger.get("/")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/html")
    assert "VERSION" not in answer.text


def test_everything_that_the_page_names_is_there_for_ever(stranger: Browser) -> None:
    found = addresses(stranger.get("/").text)
    assert len(found) > 3
    for address in found:
        answer = stranger.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == KINDS[Path(address).suffix]
        assert f"/static/{hone.__version__}-" in address


def test_a_module_of_another_version_is_gone_and_not_kept(stranger: Browser) -> None:
    stranger.get("/")
    answer = stranger.get("/static/0.0.1-00000000/app.js")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("cache-control", "")
    assert answer.json()["hint"] == "Reload the page."


def test_the_version_changes_with_any_file(folder: Path) -> None:
    files = StaticFiles(folder)
    before = files.version
    assert f"/static/{before}/app.js" in files.page()
    module = folder / "lib" / "api.js"
    module.write_text("export const x = 1;")
    os.utime(module, (1, 1))
    assert f"/static/{before}/" not in files.page()
    assert StaticFiles(folder).version == files.version != before


@pytest.mark.parametrize(
    "name", ["notes.py", "../conftest.py", "/etc/passwd", "lib", "", "lib/../app.js", "APP.JS"]
)
def test_only_what_was_found_in_the_folder_can_be_asked_for(folder: Path, name: str) -> None:
    with pytest.raises(NotFound):
        StaticFiles(folder).file(name)


@pytest.mark.parametrize("name", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "//etc/passwd"])
def test_no_way_leads_out_of_the_folder(stranger: Browser, name: str) -> None:
    version = addresses(stranger.get("/").text)[0].split("/")[2]
    assert stranger.get(f"/static/{version}/{name}").status_code == 404


def test_every_file_is_of_a_kind_that_is_served() -> None:
    unknown = [
        path.name for path in FOLDER.rglob("*") if path.is_file() and path.suffix not in KINDS
    ]
    assert not unknown


def test_the_wheel_brings_the_whole_page(repository: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
         "--disable-pip-version-check", "--wheel-dir", str(tmp_path), str(repository)],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        brought = set(opened.namelist())
    wanted = {
        f"hone/web/static/{path.relative_to(FOLDER).as_posix()}"
        for path in FOLDER.rglob("*")
        if path.is_file()
    }
    assert "hone/web/static/index.html" in wanted
    assert wanted <= brought
    done = subprocess.run(
        [sys.executable, "-c", LOAD_THE_PAGE, str(wheel), str(tmp_path / "unpacked")],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
