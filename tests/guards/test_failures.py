"""Every sentence that Hone fails with is known, and the test that causes it exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hone.cli.completion import candidates
from hone.cli.table import COMMANDS
from tools.failures.proven import read, still_there
from tools.failures.sites import Site, all_sites

WITHOUT_A_TEST: dict[str, str] = {}
"""Sentences that no test can cause, each with the reason; better none."""
OUR_COMMAND = re.compile(r"\bhone ([a-z-]+)((?: (?![(])[^\s,;()]+)*)")
RECORD = "Record a run of its tests and take it in: tools/failures/__main__.py says how."


@pytest.fixture(scope="module")
def found() -> list[Site]:
    return all_sites()


def test_no_sentence_is_unknown_and_none_is_left_of_what_is_gone(found: list[Site]) -> None:
    sites = {site.key for site in found}
    known = read()
    assert sites - known.keys() == set(), RECORD
    assert known.keys() - sites == set(), "python -m tools.failures"


def test_every_test_that_is_named_exists() -> None:
    gone = {key: test for key, test in read().items() if test and not still_there(test)}
    assert not gone, RECORD


def test_every_sentence_is_caused_by_a_test() -> None:
    without = {key for key, test in read().items() if test is None}
    assert without == WITHOUT_A_TEST.keys(), RECORD


def test_every_sentence_comes_with_what_to_try(found: list[Site]) -> None:
    assert [site.key for site in found if not site.hint] == []


def test_what_to_try_names_commands_that_there_are(found: list[Site]) -> None:
    unknown = [
        f"{site.file}: {named[0]}"
        for site in found
        for named in OUR_COMMAND.finditer(site.hint)
        if not is_command(named[1], named[2].partition(" or ")[0].split())
    ]
    assert unknown == []


def is_command(name: str, words: list[str]) -> bool:
    """Whether there is this command, with the options that follow it; `{…}` stands for any."""
    command = COMMANDS.get(name)
    if command is None:
        return False
    before = [name]
    if command.subcommands:
        if not words or words[0].startswith("{"):
            return bool(words)
        if words[0].rstrip(".:") not in command.subcommands:
            return False
        before.append(words[0])
    options = {word for word in words if word.startswith("--") and "{" not in word}
    return options <= {*candidates([*before, "--"]), "--version"}


def test_a_sentence_is_read_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        "class Odd(HoneError): ...\n"
        "def f(name, rows):\n"
        "    raise Odd(f'{name} has {len(rows)} rows' + ' too many.', hint=g(name) or 'Less.')\n"
        "    raise ValueError('not ours')\n"
    )
    (found,) = all_sites(tmp_path)
    assert (found.file, found.first, found.kind) == ("one.py", 3, "Odd")
    assert (found.message, found.hint) == ("{name} has {rows} rows too many.", "{g} / Less.")
    assert found.key == "one.py: {name} has {rows} rows too many."
