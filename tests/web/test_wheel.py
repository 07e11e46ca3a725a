"""The wheel, installed where nothing else is, serves the app: no node, no torch."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.long
SECONDS = 60.0


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new virtual environment that holds the wheel and what it needs."""
    repository = Path(__file__).parents[2]
    place = tmp_path_factory.mktemp("clean")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    built = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place)]
    subprocess.run([*pip, *built, str(repository)], check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(place / "venv")], check=True)
    programs = place / "venv" / "bin"
    needs = ["install", "--quiet", "-c", str(repository / "constraints.txt"), str(wheel)]
    subprocess.run([programs / "pip", *needs], check=True, capture_output=True)
    return programs


def test_an_installed_wheel_serves_the_app(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("question,answer\nWhat?,This.\n")
    environment = {"PATH": str(programs), "HOME": str(tmp_path)}

    def hone(*words: str) -> str:
        command = [programs / "hone", *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, text=True, capture_output=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    hone("init", "ws")
    assert "1 taken" in hone("import", "q.csv", "--workspace", "ws")
    missing = subprocess.run(
        [programs / "python", "-c", "import torch"], env=environment, capture_output=True
    )
    assert missing.returncode == 1
    command = [programs / "hone", "up", "--no-browser", "--port", "0", "--workspace", "ws"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE
    ) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"(http://\S+/)#token=(\S+)", server.stdout.readline())
            assert found is not None
            url, token = found[1], found[2]
            page = httpx.get(url, timeout=SECONDS).text
            for name in re.findall(r'(?:src|href)="(/[^"]+)"', page):
                assert httpx.get(url + name.lstrip("/"), timeout=SECONDS).status_code == 200, name
            asked = {"Authorization": f"Bearer {token}"}
            listed = httpx.get(f"{url}api/examples", headers=asked, timeout=SECONDS).json()
            assert listed["items"][0]["input"] == {"question": "What?"}
        finally:
            server.terminate()
