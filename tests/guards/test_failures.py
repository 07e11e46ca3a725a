"""Every sentence that Hone fails with is known, and the test that causes it exists."""

from __future__ import annotations

from pathlib import Path

from tools.failures.proven import read, still_there
from tools.failures.sites import all_sites

RECORD = "Record a run of its tests and take it in: tools/failures/__main__.py says how."


def test_no_sentence_is_unknown_and_none_is_left_of_what_is_gone() -> None:
    sites = {site.key for site in all_sites()}
    known = read()
    assert sites - known.keys() == set(), RECORD
    assert known.keys() - sites == set(), "python -m tools.failures"


def test_every_test_that_is_named_exists() -> None:
    gone = {key: test for key, test in read().items() if test and not still_there(test)}
    assert not gone, RECORD


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
