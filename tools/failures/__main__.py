"""Takes in what a recorded run of the tests noted (tools/failures/recording).

FAILURES=$PWD/noted PYTHONPATH=$PWD/tools/failures/recording make test
python -m tools.failures noted          # writes tests/failures.json; then: make docs
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

from tools.failures.proven import function_of, read, still_there, write
from tools.failures.sites import SOURCE, Site, all_sites


def main() -> int:
    """Bring the file up to what the source says now; the sentences without a test are printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("noted", type=Path, nargs="?", help="folder of a recorded run")
    parser.add_argument("--source", type=Path, default=SOURCE, help="the source that was recorded")
    asked = parser.parse_args()
    caused = _caused(asked.noted, all_sites(asked.source)) if asked.noted else {}
    known = read()
    found: dict[str, str | None] = {}
    for site in all_sites():
        before = known.get(site.key)
        is_there = before is not None and still_there(before)
        found[site.key] = before if is_there else _chosen(site, caused.get(site.key, set()))
    write(found)
    for key, test in found.items():
        if test is None:
            print(key)
    print(f"{sum(test is None for test in found.values())} of {len(found)} have no test.")
    return 0


def _caused(folder: Path, sites: list[Site]) -> dict[str, set[str]]:
    """Site -> the tests that came to it."""
    by_file: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        by_file[site.file].append(site)
    found: dict[str, set[str]] = defaultdict(set)
    for noted in sorted(folder.iterdir()):
        for line in noted.read_text(encoding="utf-8").splitlines():
            file, number, test = line.split("\t")
            for site in by_file[file]:
                if site.first <= int(number) <= site.last:
                    found[site.key].add(function_of(test))
    return found


def _chosen(site: Site, tests: set[str]) -> str | None:
    """The test that is nearest to the place by its name, and the first of those."""
    words = set(site.file.removesuffix(".py").replace("/", "_").split("_"))

    def far(test: str) -> tuple[int, int, str]:
        shared = words & set(test.partition("::")[0].replace("/", "_").split("_"))
        return -len(shared), len(test), test

    there = [test for test in tests if still_there(test)]
    return min(there, key=far, default=None)


if __name__ == "__main__":
    sys.exit(main())
