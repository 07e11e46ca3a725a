"""The SSH key by which rented machines let Hone in: made once, in the person's own settings.

It opens machines that live for hours, and nothing else; no account is reached by it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock

from hone import settings
from hone.errors import HoneError
from hone.workspace.files import explained

PLACE = "rentals_ed25519"


class KeyPair(NamedTuple):
    """A private key's file, and the public half as providers take it."""

    path: Path
    public: str
    name: str  # the same for the same key, so that an account gets it once


def key_pair(named: str | None) -> KeyPair:
    """The key of a file that hone.yaml names, else Hone's own, made when it is first needed."""
    import asyncssh

    path = Path(named).expanduser() if named else _own()
    try:
        key = asyncssh.read_private_key(path)
    except (OSError, asyncssh.KeyImportError) as error:
        raise HoneError(
            f"The key {path} cannot be used for rented machines: it must be readable and without "
            "a passphrase.",
            hint="Name another one, or leave `key` out: Hone then makes one of its own.",
        ) from error
    public = " ".join(key.export_public_key().decode().split()[:2])
    short = key.get_fingerprint().partition(":")[2]
    safe = "".join(one for one in short if one.isalnum())[:10]
    return KeyPair(path, f"{public} hone", f"hone-{safe}")


def _own() -> Path:
    import asyncssh

    path = settings.user_config_folder() / PLACE
    with explained("write", path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), thread_local=False):
            if path.exists():
                return path
            aside = path.with_suffix(".new")
            aside.unlink(missing_ok=True)
            # Private from its first byte on.
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(asyncssh.generate_private_key("ssh-ed25519").export_private_key())
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
    return path
