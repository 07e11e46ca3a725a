"""Writes the generated pages; with --check only compares them.

python -m tools.build_docs [--check]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tools.build_docs import (
    commands,
    contracts,
    errors,
    faults_page,
    http,
    recipes,
    requirements,
    troubleshooting,
)

REPOSITORY = Path(__file__).resolve().parents[2]

PAGES: dict[str, Callable[[], str]] = {
    "docs/how-to/troubleshooting.md": troubleshooting.page,
    "docs/reference/cli.md": commands.page,
    "docs/reference/errors.md": errors.page,
    "docs/reference/faults.md": faults_page.page,
    "docs/reference/http.md": http.page,
    "docs/reference/openapi.json": http.openapi,
    "docs/reference/recipes.md": recipes.page,
    "docs/reference/requirements.md": requirements.page,
    **contracts.pages(),
}


def main() -> int:
    """Write or compare every page; the exit code counts as failed when one differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    is_check = parser.parse_args().check
    stale = []
    for name, page in PAGES.items():
        path, text = REPOSITORY / name, page()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"{'differs from the code' if is_check else 'wrote'}: {name}")
    if is_check and stale:
        print("Run: make docs")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
