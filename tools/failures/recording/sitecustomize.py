"""Notes which test makes which error of Hone, in this process and in those that it starts.

    FAILURES=$PWD/noted PYTHONPATH=$PWD/tools/failures/recording python -m pytest …
    python -m tools.failures noted     # what was noted becomes tests/failures.json

Python imports a module of this name when it starts. Nothing of it is part of the product.
"""

import contextlib
import os
import sys
from pathlib import Path


def _note_errors(folder: str) -> None:
    from hone import errors

    made = errors.HoneError.__init__
    mine = Path(folder) / str(os.getpid())
    seen: set[tuple[str, int, str]] = set()
    root = f"{Path(errors.__file__).parent}{os.sep}"

    def noted(self: errors.HoneError, *told: object, **named: object) -> None:
        made(self, *told, **named)  # type: ignore[arg-type]
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename == errors.__file__:
            frame = frame.f_back  # type: ignore[assignment]
        if not test or frame is None or not frame.f_code.co_filename.startswith(root):
            return
        site = (frame.f_code.co_filename[len(root) :], frame.f_lineno, test)
        if site not in seen:
            seen.add(site)
            with contextlib.suppress(OSError), mine.open("a") as file:
                file.write("\t".join(map(str, site)) + "\n")

    errors.HoneError.__init__ = noted  # type: ignore[method-assign]


if os.environ.get("FAILURES"):
    with contextlib.suppress(ImportError):
        _note_errors(os.environ["FAILURES"])
