"""The worker image: all that its Dockerfile copies is here, and what it installs is pinned."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.fixture
def lines(repository: Path) -> list[str]:
    """The Dockerfile's instructions, each on one line."""
    text = (repository / "docker/Dockerfile").read_text()
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return [" ".join(one.split()) for one in kept.replace("\\\n", " ").splitlines() if one.strip()]


def test_everything_that_is_copied_exists_and_is_let_into_the_build(
    lines: list[str], repository: Path
) -> None:
    let_in = (repository / "docker/Dockerfile.dockerignore").read_text().splitlines()
    sources = [one for line in lines if line.startswith("COPY ") for one in line.split()[1:-1]]
    assert {"src", "constraints.txt", "pyproject.toml"} <= set(sources)
    for source in sources:
        assert (repository / source).exists(), source
        assert any(source.startswith(one[1:]) for one in let_in if one.startswith("!")), source


def test_everything_that_is_installed_is_pinned(lines: list[str], repository: Path) -> None:
    pinned = (repository / "constraints.txt").read_text().lower()
    (line,) = [one for one in lines if "pip install" in one and "-c constraints.txt" in one]
    first, second = line.split(" && ")
    names = first.split("-c constraints.txt ")[1].split()
    assert {"aiohttp", "bitsandbytes", "hatchling"} <= set(names)
    assert not [name for name in names if f"\n{name.lower()}==" not in f"\n{pinned}"]
    assert second.endswith("--no-deps -r clients.txt")
    clients = (repository / "tools/clients.txt").read_text()
    assert re.search(r"^runpod==1\.\d+\.\d+$", clients, re.MULTILINE)
    assert any("--require-hashes -r worker.lock" in one for one in lines)


def test_make_image_names_it_by_the_version_of_hone(repository: Path) -> None:
    import subprocess

    import hone

    done = subprocess.run(
        ["make", "-n", "image", "IMAGE=me/hone"], cwd=repository, capture_output=True, text=True
    )
    assert f"-f docker/Dockerfile -t me/hone:{hone.__version__} ." in done.stdout, done.stderr
