"""Help and completion load nothing heavy, with everything installed; guarded by modules."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "pydantic sqlalchemy alembic fastapi torch transformers trl peft datasets numpy polars".split()
)
HEAVY += "tokenizers jinja2 yaml rapidfuzz keyring".split()

SCRIPT = """
import sys, contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as out:
    {action}
loaded = [name for name in {heavy!r} if name in sys.modules]
assert not loaded, loaded
"""


@pytest.mark.parametrize(
    "action",
    [
        "import hone",
        "import hone; dir(hone)",
        "from hone.cli.run import run; assert run(['--help']) == 0",
        "from hone.cli.run import run; assert run([]) == 0",
        "from hone.cli.run import run; assert run(['datasets', '--help']) == 0",
        "from hone.cli.run import run; assert run(['datasets', 'build', '--help']) == 0",
        "from hone.cli.run import run; assert run(['train', '--help']) == 0",
        "from hone.cli.run import run; assert run(['--version']) == 0",
        "from hone.cli.run import run; assert run(['completion', 'bash']) == 0",
        "from hone.cli.run import run; assert run(['__complete', 'datasets', 'bu']) == 0",
        "from hone.cli.run import run; assert run(['__complete', 'train', '--pl']) == 0",
    ],
)
def test_loads_nothing_heavy(action: str) -> None:
    script = SCRIPT.format(action=action, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_heavy_libraries_are_really_installed_here() -> None:
    import importlib.util

    assert all(importlib.util.find_spec(name) for name in ("pydantic", "sqlalchemy", "torch"))
