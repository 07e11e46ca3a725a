"""The page of every sentence that Hone fails with: what to try, and the test that causes it."""

from __future__ import annotations

from collections import defaultdict

from tools.failures.proven import read
from tools.failures.sites import Site, all_sites

AREAS = {
    "cli": "Commands",
    "checks": "Checks of examples",
    "demo": "The demonstration",
    "desktop": "The desktop application",
    "engine": "Models while they train and answer",
    "formats": "Formats of datasets",
    "generators": "Who answers",
    "importers": "Reading files",
    "loop": "The loop",
    "methods": "Training methods",
    "metrics": "Metrics",
    "records": "Records",
    "rendering": "Prompts and tokens",
    "settings.py": "Settings",
    "shelf.py": "Choices by name",
    "stages": "Stages",
    "supervisor": "The supervisor",
    "targets": "Machines and services",
    "tasks": "Tasks",
    "web": "The web application",
    "worker": "The worker",
    "workspace": "Workspace and store",
}


def page() -> str:
    """The whole page."""
    proven = read()
    sites = list({site.key: site for site in all_sites()}.values())
    tested = sum(proven.get(site.key) is not None for site in sites)
    lines = [
        "# Errors",
        "",
        "*Generated from the source and `tests/failures.json` by `make docs`.*",
        "",
        "Every error says what happened and what to try. Words in braces are filled in; a slash",
        "stands between two ways of saying it. An error that only passes on what another program",
        "said has no sentence of its own and is shown as such a word.",
        "",
        f"{tested} of {len(sites)} sentences were seen to be caused by a test, which is named",
        "beside them, from `tests/` on.",
    ]
    for area, found in _by_area(sites).items():
        lines += ["", f"## {area}", "", "| what happened | what to try | test |", "|---|---|---|"]
        for site in found:
            test = proven.get(site.key)
            named = f"`{test.removeprefix('tests/')}`" if test else "none yet"
            lines.append(f"| {_cell(site.message)} | {_cell(site.hint)} | {named} |")
    return "\n".join(lines) + "\n"


def _by_area(sites: list[Site]) -> dict[str, list[Site]]:
    found: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        found[AREAS[site.file.partition("/")[0]]].append(site)
    return {area: found[area] for area in AREAS.values() if area in found}


def _cell(text: str) -> str:
    """As a cell of a table: nothing in it is markup."""
    shown = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return shown.replace("*", "\\*").replace("_", "\\_")
