"""One machine over SSH: a pinned key, a line that is opened again when it was cut, and calls on it.

What runs there is the text of `_there/`, sent with every call; nothing of Hone need be there
before. No word of an order stands on a command line: orders go through standard input.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from hone.errors import HoneError, Unavailable
from hone.targets import _pins
from hone.targets._there import source
from hone.targets._there.answers import ANSWER

if TYPE_CHECKING:
    import asyncssh

T = TypeVar("T")
CALL_SECONDS = 60.0
AGAIN_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
GREETINGS = 3
KEEPALIVE_SECONDS = 15.0
MOST_NOISE_LINES = 1000
# Reads the program itself from its input; -I keeps the host's own settings out of it.
LOADER = "import sys;exec(compile(sys.stdin.buffer.read(int(sys.argv[1])),'hone','exec'))"


class Address(NamedTuple):
    """Where a machine is, how to get in, and how long to wait for it."""

    host: str
    port: int = 22
    user: str | None = None
    key: str | None = None
    fingerprint: str | None = None
    connect_seconds: float = 20.0
    stall_seconds: float = 60.0
    patience_seconds: float = 600.0
    setting: str = "targets.ssh"  # what hone.yaml calls it, for hints

    @property
    def name(self) -> str:
        """`me@gpu.example.org:2222`, as people write it."""
        who = f"{self.user}@" if self.user else ""
        return f"{who}{self.host}" + (f":{self.port}" if self.port != 22 else "")


class Unreachable(Unavailable):
    """The machine does not answer; what was asked may have been done there."""


class Cut(Exception):
    """The line was cut; the same may go through on the next one."""


class Host:
    """A machine; use it as an async context, so that its line is closed."""

    def __init__(self, address: Address, *, python: str = "python3") -> None:
        self.address = address
        self.python = python
        self.notes: list[str] = []  # what a person should see, such as a key seen first
        self.fingerprint: str | None = None  # of the key that it showed
        self._line: asyncssh.SSHClientConnection | None = None
        self._was_reached = False
        self._moved_at = time.monotonic()

    async def __aenter__(self) -> Host:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._hang_up()

    @property
    def was_reached(self) -> bool:
        """Whether it ever let us in."""
        return self._was_reached

    async def call(
        self, verb: str, order: Mapping[str, Any], *, seconds: float = CALL_SECONDS
    ) -> dict[str, Any]:
        """One verb of `_there/`; HoneError where the machine refuses, Cut where the line ends."""
        async with self.talk(verb, order) as talk:
            return await talk.answer(seconds)

    async def surely(
        self, verb: str, order: Mapping[str, Any], *, seconds: float = CALL_SECONDS
    ) -> dict[str, Any]:
        """The same, again on a new line where one is cut."""
        return await self.patiently(lambda: self.call(verb, order, seconds=seconds))

    async def patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it again on a new line where one is cut, until nothing moves for `patience_seconds`.

        A machine that was never reached is not waited for.
        """
        self.moved()
        tries = 0
        while True:
            before = self._moved_at
            try:
                return await work()
            except Cut as cut:
                await self._hang_up()
                tries = 0 if self._moved_at != before else tries + 1
                waited = time.monotonic() - self._moved_at
                if not self._was_reached or waited > self.address.patience_seconds:
                    raise self.unreachable(str(cut)) from cut
                await asyncio.sleep(AGAIN_SECONDS[min(tries, len(AGAIN_SECONDS) - 1)])

    def moved(self) -> None:
        """Say that something went through: patience begins anew."""
        self._moved_at = time.monotonic()

    def unreachable(self, why: str) -> Unreachable:
        """The sentence for a machine that cannot be reached."""
        address = self.address
        port = f" -p {address.port}" if address.port != 22 else ""
        who = f"{address.user}@" if address.user else ""
        return Unreachable(
            f"{address.name} cannot be reached: {why}.",
            hint=f"Is it on, is the address right, and does no firewall close the port?   "
            f"ssh{port} {who}{address.host}",
        )

    @asynccontextmanager
    async def talk(self, verb: str, order: Mapping[str, Any]) -> AsyncGenerator[Talk]:
        """A verb that goes on talking after its order; Cut where the line ends."""
        with self._cuts():
            line = await self._open()
            program = source() + b"\nmain(sys.argv[2])\n"
            words = shlex.join(["-I", "-c", LOADER, str(len(program)), verb])
            process = await line.create_process(f"{_word(self.python)} {words}", encoding=None)
            try:
                talk = Talk(self, process)
                await talk.send(program + json.dumps(order).encode() + b"\n")
                yield talk
            finally:
                process.close()

    @contextmanager
    def _cuts(self) -> Iterator[None]:
        import asyncssh

        try:
            yield
        except (asyncssh.DisconnectError, asyncssh.ChannelOpenError) as error:
            raise Cut(error.reason or type(error).__name__) from error
        except TimeoutError as error:
            raise Cut("nothing came for too long") from error
        except OSError as error:
            raise Cut(_reason(error)) from error

    async def _open(self) -> asyncssh.SSHClientConnection:
        if self._line is not None and not self._line.is_closed():
            return self._line
        address = self.address
        pin = _pins.Pin.of(address.host, address.port, address.fingerprint)
        try:
            async with asyncio.timeout(address.connect_seconds):
                self._line = await _connected(address, pin)
        except HoneError:
            raise
        except TimeoutError as error:
            raise Cut(f"no answer within {address.connect_seconds:g} seconds") from error
        self.fingerprint = pin.fingerprint or None
        if note := pin.keep():
            self.notes.append(note)
        self._was_reached = True
        return self._line

    async def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.abort()
            await line.wait_closed()


class Talk:
    """A call under way: bytes to it, an answer and bytes from it; nothing waits for ever."""

    def __init__(self, host: Host, process: asyncssh.SSHClientProcess[bytes]) -> None:
        self._host = host
        self._process = process

    async def send(self, block: bytes) -> None:
        """Hand bytes on; Cut where they are not taken within `stall_seconds`."""
        async with asyncio.timeout(self._host.address.stall_seconds):
            self._process.stdin.write(block)
            await self._process.stdin.drain()

    async def answer(self, seconds: float = CALL_SECONDS) -> dict[str, Any]:
        """The next line that is an answer; what login scripts print is passed over."""
        async with asyncio.timeout(seconds):
            for _ in range(MOST_NOISE_LINES):
                line = (await self._process.stdout.readline()).decode(errors="replace")
                if not line:
                    raise await self._no_answer()
                _, mark, text = line.partition(ANSWER)
                if mark and text.endswith("\n"):
                    answer: dict[str, Any] = json.loads(text)
                    if "error" in answer:
                        raise refusal(self._host.address, answer)
                    self._host.moved()
                    return answer
        raise HoneError(
            f"{self._host.address.name} prints without end and never answers.",
            hint="See what its login scripts print, and silence them for programs: ssh HOST true",
        )

    async def read(self, most: int) -> bytes:
        """Bytes after an answer, at least one; Cut where none come within `stall_seconds`."""
        async with asyncio.timeout(self._host.address.stall_seconds):
            block = await self._process.stdout.read(most)
        if not block:
            raise Cut("it ended in the middle of a file")
        self._host.moved()
        return block

    async def _no_answer(self) -> Exception:
        """Why a call ended without a word: the line, no Python, or a bug of ours."""
        await self._process.wait_closed()
        code, name = self._process.exit_status, self._host.address.name
        if code is None:
            return Cut("it ended without a word")
        said = (await self._process.stderr.read(4000)).decode(errors="replace").strip()
        if code in (126, 127) or "No such file" in said:
            return HoneError(
                f"There is no {self._host.python} on {name}.",
                hint="Install Python 3.11 to 3.13 there (apt install python3), or name one: "
                f"hone config set {self._host.address.setting}.python PATH",
            )
        last = said.splitlines()[-1:] or ["it said nothing"]
        return HoneError(
            f"{name} could not carry a call out (code {code}): {last[0]}",
            hint=f"hone targets check NAME; or another Python: hone config set "
            f"{self._host.address.setting}.python PATH",
        )


def _word(path: str) -> str:
    # A shell does not expand ~ inside quotes.
    return f'"$HOME"/{shlex.quote(path[2:])}' if path.startswith("~/") else shlex.quote(path)


def refusal(address: Address, answer: Mapping[str, Any]) -> HoneError:
    """The sentence for what the system of a machine refuses."""
    name, folder = address.name, f"hone config set {address.setting}.folder PATH"
    code, place = answer.get("code", ""), answer.get("path") or "its folder"
    if code in ("ENOSPC", "EDQUOT"):
        return HoneError(
            f"No space is left on {name} for {place}: {answer['error']}.",
            hint=f"Free some space there, or use another disk: {folder}",
        )
    if code in ("EACCES", "EPERM", "EROFS", "ENOENT", "ENOTDIR"):
        return HoneError(
            f"{place} cannot be written on {name}: {answer['error']}.",
            hint=f"Choose a folder of your own there: {folder}",
        )
    return HoneError(f"{name} refuses {place}: {answer['error']}.", hint="hone targets check NAME")


async def _connected(address: Address, pin: _pins.Pin) -> asyncssh.SSHClientConnection:
    """A line on which we are logged in; every refusal in words."""
    import asyncssh

    class Guard(asyncssh.SSHClient):
        def validate_host_public_key(
            self, host: str, addr: str, port: int, key: asyncssh.SSHKey
        ) -> bool:
            return pin.accepts(key.export_public_key().decode(), key.get_fingerprint())

    chosen: dict[str, Any] = {"username": address.user} if address.user else {}
    is_locked = False
    if address.key:
        try:
            chosen["client_keys"] = [asyncssh.read_private_key(Path(address.key).expanduser())]
        except (asyncssh.KeyImportError, OSError) as error:
            is_locked = _is_locked(error)  # an agent may hold it open
            if not is_locked:
                raise HoneError(
                    f"The key {address.key} cannot be used: {_reason(error)}.",
                    hint=f"hone config set {address.setting}.key PATH   (of a private key)",
                ) from error
    if pin.algorithms:
        chosen["server_host_key_algs"] = pin.algorithms
    try:
        return await _greeted(address, pin, {**chosen, "client_factory": Guard})
    except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed) as error:
        raise pin.refusal(address.name) from error
    except asyncssh.PermissionDenied as error:
        if is_locked:
            raise HoneError(
                f"The key {address.key} needs its passphrase.", hint=f"ssh-add {address.key}"
            ) from error
        key = address.key or "the keys of your agent and of ~/.ssh"
        who = f" for {address.user}" if address.user else ""
        raise HoneError(
            f"{address.name} refuses {key}{who}.",
            hint=f"ssh-copy-id -i KEY {address.name}, "
            f"or: hone config set {address.setting}.key PATH",
        ) from error


async def _greeted(
    address: Address, pin: _pins.Pin, chosen: dict[str, Any]
) -> asyncssh.SSHClientConnection:
    """A line, asked for again where it was cut before the host had shown its key.

    A host that has no key of the pinned kind may hang up before it is read why.
    """
    import asyncssh

    left = GREETINGS
    while True:
        left -= 1
        try:
            return await asyncssh.connect(
                address.host,
                address.port,
                known_hosts=([], [], []),
                preferred_auth="publickey",
                # Whatever ~/.ssh/config says: nobody there gets use of keys, nor the environment.
                agent_forwarding=False,
                send_env=(),
                keepalive_interval=KEEPALIVE_SECONDS,
                **chosen,
            )
        except asyncssh.ConnectionLost:
            if not left or not pin.algorithms or pin.fingerprint:
                raise


def _is_locked(error: Exception) -> bool:
    import asyncssh

    # asyncssh says of a key with a passphrase that one must be specified, by no error of its own.
    said = str(error).lower()
    return isinstance(error, asyncssh.KeyEncryptionError) or "passphrase" in said


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens on that port"
    if isinstance(error, socket.gaierror):
        return "no machine of that name is known"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
