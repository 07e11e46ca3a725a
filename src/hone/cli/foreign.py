"""Says so where the environment was made on another system: its compiled packages do not load."""

from __future__ import annotations

import sys
from pathlib import Path

from hone.errors import HoneError

COMPILED = ("so", "pyd")
# What the loaders of Linux, macOS and Windows say of a file that was compiled for another machine.
SIGNS = (
    "invalid ELF header",
    "wrong ELF class",
    "cannot open shared object file: Exec format error",
    "incompatible architecture",
    "not a mach-o file",
    "slice is not valid mach-o file",
    "is not a valid Win32 application",
)


def of_another_system(error: ImportError) -> HoneError | None:
    """What to tell where a package's compiled part is of another system or Python; None else."""
    is_foreign = any(sign in str(error) for sign in SIGNS)
    if not is_foreign and not _is_compiled_for_another(error):
        return None
    here = Path(sys.prefix)
    return HoneError(
        f"The Python environment {here} was made on another system or by another Python: {error}",
        hint=f"Make it anew: python3 -m venv --clear {here} && "
        f"{here / 'bin' / 'pip'} install 'hone-studio[train]'",
    )


def _is_compiled_for_another(error: ImportError) -> bool:
    """Whether the module that was not found lies there, under the ending of another Python."""
    package, _, last = (error.name or "").rpartition(".")
    # Its package did not load either, so it is looked for as Python does.
    folders = [Path(entry, *package.split(".")) for entry in sys.path] if package else []
    return any(
        next(folder.glob(f"{last}.*.{ending}"), None) is not None
        for folder in folders
        for ending in COMPILED
    )
