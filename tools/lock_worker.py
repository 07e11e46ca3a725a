"""Writes the hashed constraints of what a worker on another machine loads; needs `pip install uv`.

python -m tools.lock_worker
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hone.targets._arrival import LOCK, NEEDS

REPOSITORY = Path(__file__).resolve().parents[1]
HEAD = "# What a worker loads on another machine: python -m tools.lock_worker writes it anew.\n"


def main() -> int:
    """Resolve the needs within constraints.txt, for every platform, with every wheel's hash."""
    command = "uv pip compile --quiet --generate-hashes --universal --python-version 3.11".split()
    command += ["--no-annotate", "--no-header", "--constraints", "constraints.txt", "-"]
    done = subprocess.run(
        command, cwd=REPOSITORY, input="\n".join(NEEDS), capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        return 1
    place = REPOSITORY / "src" / "hone" / "bundled" / LOCK
    place.write_text(HEAD + done.stdout, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
