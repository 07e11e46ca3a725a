"""The public names: sorted, loadable, documented, typed."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import hone
from hone.errors import GateRefused, HoneError, InvalidInput, nearest


def test_all_is_sorted_and_complete() -> None:
    assert hone.__all__ == sorted(hone.__all__)
    assert set(dir(hone)) == set(hone.__all__)


@pytest.mark.parametrize("name", [name for name in hone.__all__ if name != "__version__"])
def test_every_public_name_loads_and_is_documented(name: str, repository: Path) -> None:
    thing = getattr(hone, name)
    assert inspect.getdoc(thing), f"{name} has no docstring"
    assert f"`{name}" in (repository / "docs/reference/api.md").read_text(), name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        hone.nonsense  # noqa: B018


def test_errors_carry_what_and_what_to_try() -> None:
    error = InvalidInput("2 options are wrong.", hint="mend them", problems=["a", "b"])
    assert str(error) == "2 options are wrong.\nmend them"
    assert error.problems == ("a", "b") and isinstance(error, HoneError)
    assert (HoneError("x").exit_code, GateRefused("x").exit_code) == (1, 3)


def test_the_nearest_name_is_offered() -> None:
    assert nearest("stf", ["sft", "dpo"]) == 'Did you mean "sft"? Known: dpo, sft.'
    assert nearest("zzz", []) == "Known: none."
