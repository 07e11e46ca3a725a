"""The page of what goes wrong in the jobs extract and qa: each sentence as the code has it."""

from __future__ import annotations

import ast
from functools import cache

from tests.troubleshooting import TROUBLES, Trouble
from tools.failures.sites import SOURCE, Site, all_sites, text_of

HEAD = """# When something goes wrong

*Generated from `tests/troubleshooting.py` and the source by `make docs`.*

The sentences are what Hone says; words in braces are filled in, and a slash stands between two
ways of saying it. Each is caused by the test beside it; all others are in
[errors](../reference/errors.md).
`hone doctor` looks at the machine and the workspace, `hone targets check NAME` at a provider.
"""


class Said:
    """A sentence of the source with its mend."""

    def __init__(self, trouble: Trouble) -> None:
        file, _, begins = trouble.says.partition(": ")
        site = next((one for one in _sites(file) if one.message.startswith(begins)), None)
        self.sentence = site.message if site is not None else _text(file, begins)
        self.mend = trouble.mend or (site.hint if site is not None else "")


def page() -> str:
    """The whole page."""
    lines = [HEAD]
    for job, troubles in TROUBLES.items():
        lines += [f"## {job}", "", "| when | what is said | what to try | test |"]
        lines += ["|---|---|---|---|"]
        for trouble in troubles:
            said = Said(trouble)
            cells = (trouble.when, said.sentence, said.mend)
            named = trouble.test.rpartition("/")[2]
            lines.append(f"| {' | '.join(map(_cell, cells))} | `{named}` |")
        lines.append("")
    return "\n".join(lines)


@cache
def _all() -> tuple[Site, ...]:
    return tuple(all_sites())


def _sites(file: str) -> list[Site]:
    return [one for one in _all() if one.file == file]


def _text(file: str, begins: str) -> str:
    """A text of a file that is no error: the longest of those that begin so."""
    tree = ast.parse((SOURCE / file).read_text(encoding="utf-8"))
    texts = [
        text_of(node) for node in ast.walk(tree) if isinstance(node, (ast.Constant, ast.JoinedStr))
    ]
    found = [one for one in texts if one.startswith(begins)]
    if not found:
        raise LookupError(f"{file} says nothing that begins with {begins!r}.")
    return max(found, key=len)


def _cell(text: str) -> str:
    shown = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return shown.replace("*", "\\*").replace("_", "\\_")
