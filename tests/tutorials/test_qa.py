"""The tutorial of questions and answers, played from an empty folder to a better model."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import browser, sit  # noqa: F401  (fixtures)
from tests.browser.seat import Seat
from tests.serverless.scene import Serverless, serverless
from tests.serverless.test_serverless_training import entry_point
from tests.tutorials.telling import Telling, tell

pytestmark = [pytest.mark.loop, pytest.mark.browser]

WIDE = {"width": 1240, "height": 720}
LONG_MS = 240_000


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty folder with a short name."""
    folder = Path(tempfile.mkdtemp(prefix="h-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def scene(tmp_path: Path, repository: Path) -> Iterator[Serverless]:
    with serverless(tmp_path / "there", entry_point(repository)) as found:
        yield found


def test_the_tutorial_says_what_happens(
    home: Path,
    scene: Serverless,
    repository: Path,
    sit: Callable[..., Seat],  # noqa: F811
) -> None:
    elsewhere = {name: url for name, url in scene.environment.items() if name.endswith("_URL")}
    page = repository / "docs/tutorials/qa.md"
    with tell(page, home, environment={**elsewhere, "BROWSER": "true"}) as told:
        told.run("init")
        with told.start("up", until="http") as said:
            link = said[0].rpartition(" ")[2]
            seat = sit(link, viewport=WIDE).open()
            imports(told, seat)
            print(seat.page.locator("body").inner_text())


def imports(told: Telling, seat: Seat) -> None:
    file = told.terminal.folder / "data/raw/tool-library.csv"
    with told.hand("import", seat) as hand:
        hand.click("Import", role="link")
        seat.page.locator(".drop input[type=file]").set_input_files(file)
        hand.note("data/raw/tool-library.csv")
        seat.sees("What this file is")
        hand.choose("group", "Item")
        seat.sees("660")
        hand.click("Import about 660 rows")
        seat.sees("is imported")
        hand.click("Review them", role="link")
    told.shot("shot-import", seat.page)
