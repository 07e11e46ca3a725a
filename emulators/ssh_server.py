"""A real SSH and SFTP server that stands for one rented machine, in a process of its own.

python -m emulators.ssh_server MACHINE.json

The file says: home, user, keys (authorized_keys text), environment, port_file, disk_bytes. What is
started through it gets that environment and nothing of this process's. The port is written into
`port_file` when it listens; the host key is new at every start, as after a wiped container.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

CHUNK_BYTES, LINGER_SECONDS = 65536, 0.5
SHELL = "/bin/bash" if Path("/bin/bash").exists() else "/bin/sh"


@dataclass(frozen=True)
class Machine:
    """What the server is told."""

    home: str
    user: str
    keys: str
    environment: dict[str, str]
    port_file: str
    disk_bytes: int | None = None


class Doorkeeper(asyncssh.SSHServer):
    """Lets in the machine's one user, by key."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def begin_auth(self, username: str) -> bool:
        """Everybody must show a key."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Keys, and nothing else."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Whether this key opens the machine to this user."""
        if username != self._machine.user:
            return False
        shown = key.export_public_key().split()[:2]
        lines = [line.split()[:2] for line in self._machine.keys.encode().splitlines()]
        return shown in lines


class Disk(asyncssh.SFTPServer):
    """Files of the real file system, on a disk that may be full."""

    room: int | None = None

    def write(self, file_obj: Any, offset: int, data: bytes) -> int:
        """Write, or say that there is no space."""
        if Disk.room is not None:
            Disk.room -= len(data)
            if Disk.room < 0:
                raise asyncssh.SFTPError(asyncssh.FX_FAILURE, "No space left on device")
        return int(super().write(file_obj, offset, data))

    def exit(self) -> None:
        """End with status 0, as sshd does; OpenSSH's scp takes a missing one for a failure."""
        self.channel.exit(0)


async def serve(machine: Machine) -> None:
    """Listen until the process is ended."""

    async def run(process: asyncssh.SSHServerProcess[bytes]) -> None:
        await run_command(process, machine)

    Disk.room = machine.disk_bytes
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: Doorkeeper(machine),
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        process_factory=run,
        sftp_factory=Disk,
        allow_scp=True,
        encoding=None,
        line_editor=False,
    )
    path = Path(machine.port_file)
    path.with_suffix(".part").write_text(str(server.get_port()))
    path.with_suffix(".part").replace(path)
    await server.wait_closed()


async def run_command(process: asyncssh.SSHServerProcess[bytes], machine: Machine) -> None:
    """Run what was asked for in the home folder; the client's variables come on top, as usual."""
    words = [SHELL, "-c", process.command] if process.command else [SHELL]
    child = await asyncio.create_subprocess_exec(
        *words,
        cwd=machine.home,
        env={**machine.environment, **dict(process.env)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    talking = [
        asyncio.create_task(_pour(child.stdout, process.stdout)),
        asyncio.create_task(_pour(child.stderr, process.stderr)),
    ]
    listening = asyncio.create_task(_feed(process, child))
    code = await child.wait()
    # What a detached grandchild still holds open must not hold the session.
    await asyncio.wait(talking, timeout=LINGER_SECONDS)
    for task in (*talking, listening):
        task.cancel()
    process.exit(code if code >= 0 else 128 - code)


async def _pour(source: Any, target: Any) -> None:
    while piece := await source.read(CHUNK_BYTES):
        target.write(piece)
        await target.drain()


async def _feed(
    process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process
) -> None:
    assert child.stdin is not None
    try:
        while piece := await process.stdin.read(CHUNK_BYTES):
            child.stdin.write(piece)
            await child.stdin.drain()
        child.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        return  # the command ended without reading everything
    except asyncssh.Error:
        # The connection broke: the command hears the end of its input, as with sshd.
        child.stdin.close()


def main() -> None:
    """Serve the machine that the file describes."""
    logging.basicConfig(level=logging.WARNING)
    machine = Machine(**json.loads(Path(sys.argv[1]).read_text()))
    os.chdir(machine.home)
    asyncio.run(serve(machine))


if __name__ == "__main__":
    main()
