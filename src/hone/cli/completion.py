"""`hone completion`: scripts for the shell, and the candidates they ask for."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from hone.cli.options import new_app
from hone.cli.table import COMMANDS

app = new_app()

SCRIPTS = {
    "bash": """_hone_complete() {
    local IFS=$'\\n'
    COMPREPLY=($(hone __complete "${COMP_WORDS[@]:1:COMP_CWORD}"))
}
complete -o default -F _hone_complete hone
""",
    "zsh": """#compdef hone
_hone() {
    local -a candidates
    candidates=("${(@f)$(hone __complete "${(@)words[2,CURRENT]}")}")
    if [[ -n "${candidates[1]}" ]]; then compadd -- $candidates; else _files; fi
}
compdef _hone hone
""",
    "fish": """complete -c hone -f -a '(hone __complete (commandline -opc)[2..] (commandline -ct))'
""",
}


# Options whose value is a choice of a shelf.
CHOICES: dict[tuple[str, str, str], str] = {
    ("datasets", "build", "--format"): "formats",
    ("feedback", "apply", "--format"): "formats",
}


@app.command()
def completion(
    shell: Annotated[str, typer.Argument(help="bash, zsh or fish.")],
) -> None:
    """Print a completion script for your shell.

    Example: hone completion bash >> ~/.bashrc
    """
    from hone.errors import NotFound, nearest

    if shell not in SCRIPTS:
        raise NotFound(f'No completion for the shell "{shell}".', hint=nearest(shell, SCRIPTS))
    sys.stdout.write(SCRIPTS[shell])


def candidates(words: Sequence[str]) -> list[str]:
    """What could stand in place of the last of `words`: commands, options, or a value of one."""
    *before, last = words or [""]
    if not before:
        return _starting(COMMANDS, last)
    command = COMMANDS.get(before[0])
    if command is None:
        return []
    if command.subcommands and len(before) == 1:
        return _starting(command.subcommands, last)
    shelf_name = CHOICES.get((before[0], before[1] if len(before) > 1 else "", before[-1]))
    if shelf_name is not None:
        from hone import shelf

        return _starting(shelf.names(shelf_name), last)
    if not last.startswith("-"):
        return []
    return _starting(_options(before), last)


def _options(before: Sequence[str]) -> list[str]:
    group = COMMANDS[before[0]]
    click_command = typer.main.get_command(importlib.import_module(group.module).app)
    if group.subcommands:
        click_command = getattr(click_command, "commands", {}).get(before[1])
    parameters = getattr(click_command, "params", [])
    names = [name for parameter in parameters for name in parameter.opts]
    return [*(name for name in names if name.startswith("--")), "--help"]


def _starting(names: Iterable[str], prefix: str) -> list[str]:
    return sorted(name for name in names if name.startswith(prefix))
