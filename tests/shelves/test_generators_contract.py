"""The contract of the generators shelf, over every choice on it."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest

from hone.shelf import load, names

CHOICES = names("generators")


@pytest.fixture(params=CHOICES)
def generator(request: pytest.FixtureRequest) -> ModuleType:
    return load("generators", request.param)


def test_every_generator_says_its_options_and_limits(generator: ModuleType) -> None:
    assert callable(generator.run)
    assert generator.LIMITS
    assert all(field.description for field in generator.Options.model_fields.values())


def test_unknown_options_are_refused(generator: ModuleType) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        generator.Options(nonsense=1)


def test_choosing_a_generator_loads_no_torch() -> None:
    loading = "; ".join(f"load('generators', {name!r})" for name in CHOICES)
    script = (
        f"from hone.shelf import load; {loading}; import sys; "
        "found = {'torch', 'transformers', 'peft', 'sqlalchemy'} & set(sys.modules); "
        "assert not found, found"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
