"""Carries out one ordered import: `python -m hone.web.importing WORKSPACE UPLOAD`."""

from __future__ import annotations

import sys

import psutil

from hone.loop import open_workspace
from hone.stages import ingest

NICE = 10


def main() -> None:
    """Do what was ordered, at low priority: people review on this machine meanwhile."""
    root, upload = sys.argv[1:]
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        psutil.Process().nice(NICE)
    with open_workspace(root) as ws:
        ingest.carry_out(ws, upload)


if __name__ == "__main__":
    main()
