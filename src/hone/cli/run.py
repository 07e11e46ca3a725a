"""Runs one command line: static help, one module loaded, errors turned into exit codes."""

from __future__ import annotations

import difflib
import importlib
import sys
import traceback
from collections.abc import Sequence

from hone.cli.table import COMMANDS, group_help, root_help
from hone.errors import HoneError, InvalidInput

USAGE, BUG, INTERRUPTED = 2, 70, 130


def run(arguments: Sequence[str]) -> int:
    """Run `hone ARGUMENTS…` and give the exit code."""
    words = list(arguments)
    if not words or words[0] in ("--help", "-h", "help"):
        return _print_help(words[1:])
    if words[0] in ("--version", "-V"):
        sys.stdout.write(f"hone {_version()}\n")
        return 0
    if words[0] == "__complete":
        return _complete(words[1:])
    command = COMMANDS.get(words[0])
    if command is None:
        close = difflib.get_close_matches(words[0], COMMANDS, n=1)
        hint = f"hone {close[0]}" if close else "hone --help"
        return _fail(f'There is no command "{words[0]}".', hint, USAGE)
    if command.subcommands and (len(words) == 1 or words[1] in ("--help", "-h")):
        sys.stdout.write(group_help(words[0]))
        return 0
    return _call(words[0], words[1:])


def _call(name: str, rest: list[str]) -> int:
    import io

    import typer

    if isinstance(sys.stdout, io.TextIOWrapper):
        # Whoever reads from a pipe (a service's log, tee) sees a line when it is said.
        sys.stdout.reconfigure(line_buffering=True)
    try:
        app = importlib.import_module(COMMANDS[name].module).app
        # Typer ends in SystemExit by itself: usage errors are printed and exit 2.
        typer.main.get_command(app)(args=rest, prog_name=f"hone {name}")
    except SystemExit as finished:
        return finished.code if isinstance(finished.code, int) else 0
    except HoneError as error:
        return _explain(error)
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) went away: nothing is wrong.
        sys.stderr.close()
        return 0
    except Exception as error:
        return _unexpected(error)
    return 0


def _unexpected(error: Exception) -> int:
    from hone.cli.foreign import of_another_system

    foreign = of_another_system(error) if isinstance(error, ImportError) else None
    if foreign is not None:
        return _explain(foreign)
    traceback.print_exception(error)
    return _fail("This is a bug in Hone.", "Please report it with the lines above.", BUG)


def _explain(error: HoneError) -> int:
    sys.stderr.write(f"{error.message}\n")
    for problem in error.problems if isinstance(error, InvalidInput) else ():
        # A sentence that already stands in the message is not said twice.
        if problem not in error.message:
            sys.stderr.write(f"  - {problem}\n")
    if error.hint:
        sys.stderr.write(f"Try: {error.hint}\n")
    return error.exit_code


def _fail(message: str, hint: str, code: int) -> int:
    sys.stderr.write(f"{message}\nTry: {hint}\n")
    return code


def _print_help(words: list[str]) -> int:
    if words and words[0] in COMMANDS and COMMANDS[words[0]].subcommands:
        sys.stdout.write(group_help(words[0]))
    elif words and words[0] in COMMANDS:
        return _call(words[0], ["--help"])
    else:
        sys.stdout.write(root_help(_version()))
    return 0


def _complete(words: list[str]) -> int:
    from hone.cli.completion import candidates

    sys.stdout.write("".join(f"{name}\n" for name in candidates(words)))
    return 0


def _version() -> str:
    import hone

    return hone.__version__
