"""What stands in folders, read by another process: a store may be open in this one.

Whoever closes a file loses every lock that his process holds on it, SQLite's among them; the next
process that opens the store then takes its shared memory away from under this one, which ends it.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file and what is in it, as they were at about the same moment."""
    # It says so, and ends with 1, where a file changed or went while it was read.
    done = subprocess.run(
        ["tar", "-c", "-f", "-", "-C", str(folder), "."], capture_output=True, check=False
    )
    assert done.returncode <= 1, done.stderr.decode()
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as packed:
        for member in packed:
            if (member.isfile() or member.islnk()) and (file := packed.extractfile(member)):
                yield folder / member.name, file.read()
