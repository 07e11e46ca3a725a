"""A real SSH server on 127.0.0.1 in a process of its own: `python ssh_server.py FOLDER`.

FOLDER holds `host_key`, `authorized_keys` and `settings.json` ({"path": …, "noise": …}). Commands
run by /bin/sh with FOLDER/home as their home and nothing of this process's environment. The port
goes to standard output. The server ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

import asyncssh


async def carry_out(process: asyncssh.SSHServerProcess, folder: Path) -> None:
    settings = json.loads((folder / "settings.json").read_text())
    home = folder / "home"
    environment = {"HOME": str(home), "PATH": settings["path"], "LANG": "C.UTF-8", "USER": "tester"}
    if settings.get("noise"):
        process.stdout.write(settings["noise"].encode())
    child = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        process.command or "true",
        cwd=home,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    taking = asyncio.create_task(take(process, child.stdin))
    await asyncio.gather(give(child.stdout, process.stdout), give(child.stderr, process.stderr))
    process.exit(await child.wait())
    taking.cancel()


async def take(process: asyncssh.SSHServerProcess, goal: asyncio.StreamWriter) -> None:
    """What comes goes to the command; where the line ends, its input ends."""
    with suppress(OSError, asyncssh.Error):
        while block := await process.stdin.read(65536):
            goal.write(block)
            await goal.drain()
    with suppress(OSError):
        goal.close()


async def give(source: asyncio.StreamReader, goal: asyncssh.SSHWriter) -> None:
    """What the command says goes back; it is read to its end also when nobody listens."""
    while block := await source.read(65536):
        with suppress(OSError, asyncssh.Error):
            goal.write(block)
            await goal.drain()


async def serve(folder: Path) -> None:
    async def handle(process: asyncssh.SSHServerProcess) -> None:
        await carry_out(process, folder)

    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[str(folder / "host_key")],
        authorized_client_keys=str(folder / "authorized_keys"),
        process_factory=handle,
        encoding=None,
    )
    print(server.get_port(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
