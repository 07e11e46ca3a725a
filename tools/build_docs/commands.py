"""The page of every command with its arguments and options, from the Typer apps themselves."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import typer

from hone.cli.table import COMMANDS, root_help

HEAD = """# Commands

*Generated from the commands themselves by `make docs`.*

Every command takes `--workspace DIR` where it needs one (default: the nearest folder up with
`hone.yaml`, or `HONE_WORKSPACE`) and `--json` where it prints a result. Exit codes: 0 done, 1 a
mistake in what was given (two lines: what, and what to try), 2 usage, 3 a gate said no, 70 a bug.
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, "```\n" + root_help("X.Y.Z").rstrip() + "\n```\n"]
    for name, command in COMMANDS.items():
        group = typer.main.get_command(importlib.import_module(command.module).app)
        subcommands = getattr(group, "commands", None)
        if subcommands is None or not command.subcommands:
            parts.append(_section(f"hone {name}", group, level=2))
            continue
        parts.append(f"## hone {name}\n\n{command.help}\n")
        parts += [
            _section(f"hone {name} {sub}", found, level=3) for sub, found in subcommands.items()
        ]
    return "\n".join(parts)


def _section(title: str, command: Any, *, level: int) -> str:
    text, _, example = inspect.cleandoc(command.help or "").partition("Example:")
    lines = [f"{'#' * level} {title}", "", " ".join(text.split()), ""]
    if example:
        lines += ["```", *(line.strip() for line in example.strip().splitlines()), "```", ""]
    rows = [_row(parameter) for parameter in command.params]
    if rows:
        lines += ["| | | default |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = (parameter.metavar or parameter.name).strip("{}").upper()
    else:
        name = ", ".join([*parameter.opts, *parameter.secondary_opts])
    default = parameter.default
    if (
        default is None
        or callable(default)
        or default == ()
        or "Sentinel" in type(default).__name__
    ):
        default = ""
    text = (getattr(parameter, "help", "") or "").replace("|", "\\|")
    return f"| `{name}` | {text} | {default} |"
