"""How a process is started that outlives the terminal: the only platform switch of starting."""

from __future__ import annotations

import os
import subprocess
from typing import Any


def detached() -> dict[str, Any]:
    """The arguments of Popen that let a child outlive its terminal."""
    if os.name == "posix":
        return {"start_new_session": True}
    flags = getattr(subprocess, "DETACHED_PROCESS", 0)
    return {"creationflags": flags | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
