"""An environment that was made on another system is said to be one, and how it is made anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hone.cli.foreign import of_another_system

# How a program for a Mac with an M1 begins, which no other system loads.
MACH_O = bytes.fromhex("cffaedfe0c000001") + bytes(256)


def run_with(packages: Path) -> subprocess.CompletedProcess[str]:
    """A command that reads records, with these packages before all others."""
    path = filter(None, [os.environ.get("PYTHONPATH")])
    return subprocess.run(
        [sys.executable, "-m", "hone", "config", "show"],
        capture_output=True,
        text=True,
        cwd=packages,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(packages), *path])},
    )


@pytest.mark.parametrize(
    "compiled",
    [
        "_pydantic_core.so",  # is loaded, and is a Mac's
        "_pydantic_core.cpython-399-darwin.so",  # is not even looked for
        "_pydantic_core.cp399-win_amd64.pyd",
    ],
)
def test_packages_of_another_system_are_two_lines(tmp_path: Path, compiled: str) -> None:
    package = tmp_path / "pydantic_core"
    package.mkdir()
    (package / "__init__.py").write_text("from pydantic_core._pydantic_core import SchemaError\n")
    (package / compiled).write_bytes(MACH_O)
    done = run_with(tmp_path)
    assert done.returncode == 1, done.stderr
    first, second = done.stderr.splitlines()
    assert first.startswith(f"The Python environment {sys.prefix} was made on another system")
    assert second.startswith(f"Try: Make it anew: python3 -m venv --clear {sys.prefix} && ")


def test_what_is_merely_missing_is_nothing_of_the_kind(tmp_path: Path) -> None:
    for error in (
        ModuleNotFoundError("No module named 'numpy.nowhere'", name="numpy.nowhere"),
        ImportError("libcudart.so.12: cannot open shared object file", path="/x/torch/_C.so"),
        ImportError("cannot import name 'x' from 'y'", name="y"),
    ):
        assert of_another_system(error) is None


def test_make_says_that_it_makes_such_an_environment_anew(tmp_path: Path, repository: Path) -> None:
    shutil.copy(repository / "Makefile", tmp_path)
    for name in ("pyproject.toml", "constraints.txt", "tools/clients.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_bytes(MACH_O)
    python.chmod(0o755)
    # What makes it anew is named, and ends it there: nothing is installed by a test.
    done = subprocess.run(
        ["make", "setup", "PYTHON=false"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert ".venv was made on another system, or is broken: making it anew." in done.stderr
    assert "false -m venv --clear .venv" in done.stdout and "pip" not in done.stdout
