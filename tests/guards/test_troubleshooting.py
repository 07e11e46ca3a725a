"""Every sentence of the troubleshooting page stands in the code, with a mend and its test."""

from __future__ import annotations

import re

import pytest

from tests.troubleshooting import TROUBLES, Trouble
from tools.build_docs.troubleshooting import Said
from tools.failures.proven import still_there

ALL = [one for troubles in TROUBLES.values() for one in troubles]


@pytest.mark.parametrize("trouble", ALL, ids=[one.when for one in ALL])
def test_it_is_said_with_a_mend_and_caused_by_a_test(trouble: Trouble) -> None:
    said = Said(trouble)
    assert len(said.sentence) > len("No.")
    # A mend that is only filled in would say nothing on the page.
    assert said.mend and not re.fullmatch(r"\{\w+\}", said.mend)
    assert still_there(trouble.test), trouble.test


def test_what_is_not_said_is_found_out() -> None:
    with pytest.raises(LookupError):
        Said(Trouble("never", "cli/jobs.py: This is said nowhere", "tests/x.py::test_x"))
