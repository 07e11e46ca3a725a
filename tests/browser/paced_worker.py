"""A worker without torch that goes on when a test lets it: `python paced_worker.py GATES FOLDER`.

It claims its job once GATES/claim is there, and ends it once GATES/finish is.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hone.workspace.job_folder import JobFolder
from tests.faults.fake_worker import train


def wait_for(path: Path) -> None:
    while not path.exists():
        signal.sigtimedwait([signal.SIGUSR1], 0.05)


def main() -> int:
    gates, folder = Path(sys.argv[1]), JobFolder(sys.argv[2])
    wait_for(gates / "claim")
    print("the paced worker begins", flush=True)
    folder.claim()

    def pause(step: str) -> None:
        if step == "after checkpoint":
            wait_for(gates / "finish")

    return train(folder, {"steps": 3}, pause)


if __name__ == "__main__":
    raise SystemExit(main())
