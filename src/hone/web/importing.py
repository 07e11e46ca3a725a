"""Carries out one ordered import: `python -m hone.web.importing WORKSPACE UPLOAD`."""

from __future__ import annotations

import os
import sys

from hone.loop import open_workspace
from hone.stages import ingest

NICE = 10


def main() -> None:
    """Do what was ordered, at low priority: people review on this machine meanwhile."""
    root, upload = sys.argv[1:]
    ingest.give_way(os.getpid(), NICE)
    with open_workspace(root) as ws:
        ingest.carry_out(ws, upload)


if __name__ == "__main__":
    main()
