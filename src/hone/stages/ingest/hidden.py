"""The key that pseudonyms are made with: one per workspace, so that a later import agrees."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from hone.workspace.files import explained
from hone.workspace.open import Workspace

KEY_FILE = "pseudonyms.key"


def pseudonym_key(ws: Workspace) -> str:
    """The workspace's key, made where there is none yet; only its owner may read the file.

    Whoever has the key and the ids of a Slack workspace can tell who is who. Without it nobody
    can, and a later import gives everybody another pseudonym.
    """
    place = ws.data / KEY_FILE
    with explained("write", place):
        if not place.exists():
            _write(place)
        return place.read_text("ascii").strip()


def key_for_a_look(ws: Workspace) -> str:
    """The key as a plan may use it: nothing is written, so without one a passing key serves."""
    with suppress(FileNotFoundError):
        return (ws.data / KEY_FILE).read_text("ascii").strip()
    return secrets.token_hex(32)


def _write(place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")  # 0600
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(32) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    try:
        with suppress(FileExistsError):
            # The first of two imports at once wins; both read what is there.
            os.link(aside, place)
    except OSError:
        Path(aside).replace(place)  # a disk without second names
    finally:
        Path(aside).unlink(missing_ok=True)
