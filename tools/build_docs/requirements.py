"""The page that says which requirement is built, and which test proves it."""

from __future__ import annotations

from tests.requirements import REQUIREMENTS

JOBS = {"QA": "qa", "DOC": "docs", "SCO": "score", "EXT": "extract", "MEM": "memories"}


def page() -> str:
    """The whole page."""
    built = sum(1 for requirement in REQUIREMENTS.values() if requirement.tests)
    lines = [
        "# Requirements",
        "",
        "*Generated from `tests/requirements.py` by `make docs`.*",
        "",
        f"{built} of {len(REQUIREMENTS)} are proven by a test; the others are not built yet.",
    ]
    for prefix, job in JOBS.items():
        lines += ["", f"## {job}", "", "| id | what | proven by |", "|---|---|---|"]
        for id, requirement in REQUIREMENTS.items():
            if id.startswith(f"{prefix}-"):
                tests = "<br>".join(f"`{test}`" for test in requirement.tests) or "not built yet"
                lines.append(f"| {id} | {requirement.caption} | {tests} |")
    return "\n".join(lines) + "\n"
