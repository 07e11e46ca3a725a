"""Help and completion load nothing heavy, with everything installed; guarded by modules."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "pydantic sqlalchemy alembic fastapi torch transformers trl peft datasets numpy polars".split()
)
HEAVY += "tokenizers jinja2 yaml rapidfuzz keyring dbos".split()

SCRIPT = """
import sys, contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as out:
    {action}
loaded = [name for name in {heavy!r} if name in sys.modules]
assert not loaded, loaded
"""


HELP_AND_COMPLETION = [
    "import hone",
    "import hone; dir(hone)",
    "from hone.cli.run import run; assert run(['--help']) == 0",
    "from hone.cli.run import run; assert run([]) == 0",
    "from hone.cli.run import run; assert run(['datasets', '--help']) == 0",
    "from hone.cli.run import run; assert run(['help', 'jobs']) == 0",
    "from hone.cli.run import run; assert run(['--version']) == 0",
    "from hone.cli.run import run; assert run(['__complete', 'datasets', 'bu']) == 0",
    "from hone.cli.run import run; assert run(['__complete', 'train', '--pl']) == 0",
]
# Typer converts values with pydantic, so one command's own help may load that and no more.
HELP_OF_ONE_COMMAND = [
    f"from hone.cli.run import run; assert run({words!r}) == 0"
    for words in (
        ["datasets", "build", "--help"],
        ["train", "--help"],
        ["evaluate", "--help"],
        ["completion", "bash"],
        ["up", "--help"],
        ["app", "--help"],
    )
]


@pytest.mark.parametrize("action", HELP_AND_COMPLETION)
def test_help_and_completion_load_nothing_heavy(action: str) -> None:
    refuse_heavy(action, HEAVY)


@pytest.mark.parametrize("action", HELP_OF_ONE_COMMAND)
def test_help_of_one_command_loads_no_more_than_its_parser(action: str) -> None:
    refuse_heavy(action, [name for name in HEAVY if name != "pydantic"])


def refuse_heavy(action: str, heavy: list[str]) -> None:
    script = SCRIPT.format(action=action, heavy=heavy)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_heavy_libraries_are_really_installed_here() -> None:
    import importlib.util

    assert all(importlib.util.find_spec(name) for name in ("pydantic", "sqlalchemy", "torch"))
