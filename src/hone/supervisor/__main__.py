"""`python -m hone.supervisor WORKSPACE`: carries the workspace's jobs out, then ends."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from hone.errors import HoneError


def main() -> int:
    """0 when there was nothing left to do, or another one is at work; 1 with two lines."""
    parser = argparse.ArgumentParser(prog="python -m hone.supervisor", description=__doc__)
    parser.add_argument("workspace", type=Path, help="the folder with hone.yaml")
    root: Path = parser.parse_args().workspace
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S"
    )
    logging.getLogger("hone.supervisor").setLevel(logging.INFO)
    try:
        from hone.settings import supervisor_idle_seconds
        from hone.supervisor.serve import supervise

        root = root.resolve()
        os.chdir(root)
        supervise(root, idle_seconds=supervisor_idle_seconds())
    except (HoneError, OSError) as error:
        hint = error.hint if isinstance(error, HoneError) else f"hone init {root}"
        print(f"{error}\n{hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
