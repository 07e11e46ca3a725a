"""How Hone arrives on a machine: its own wheel, unpacked, beside a Python that has what it needs.

Nothing is ever installed into an environment of the host's: Hone lies unpacked under the hash of
its wheel and is named by PYTHONPATH; missing packages go into an environment that Hone makes.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import hone
from hone.errors import HoneError
from hone.targets._ssh import Host
from hone.targets._transfer import Sent, send
from hone.workspace.files import sha256_of

# What a worker loads, as pyproject.toml says it; a test compares them.
NEEDS: tuple[str, ...] = (
    "filelock>=3.20",
    "jinja2>=3.1.6",
    "numpy>=2.0",
    "psutil>=7.0",
    "pydantic>=2.12",
    "pyyaml>=6.0",
    "rapidfuzz>=3.14",
    "regex>=2025.9",
    "tokenizers>=0.22.1,<0.24",
    "accelerate>=1.12",
    "datasets>=4.7",
    "peft>=0.19",
    "safetensors>=0.7",
    "tensorboard>=2.20",
    "torch>=2.9,<2.14",
    "transformers>=5.0,<6",
    "trl>=1.0,<2",
)
PYTHONS = ((3, 11), (3, 14))  # from, below
CANDIDATES = ("python3", "python3.13", "python3.12", "python3.11")
# Packages that come with a torch that the host has already.
WITH_TORCH = re.compile(r"^(torch|triton|nvidia-.*|cuda-.*)$")
LOCK = "worker.lock"
ZIP_DATE = (2020, 1, 1, 0, 0, 0)


class Wanted(NamedTuple):
    """How a person wants Hone to live on a machine."""

    folder: str = "~/.hone"
    python: str | None = None
    package_index: str | None = None
    install_seconds: float = 1800.0


class Place(NamedTuple):
    """Where Hone lives on a machine, and what the machine is."""

    folder: str
    python: str
    hone: str
    facts: dict[str, Any]


async def arrive(host: Host, wanted: Wanted, *, asks_torch: bool = False) -> Place:
    """Bring this Hone to the machine, and find or make a Python for it; quick when all is there.

    HoneError where no Python fits, packages cannot be had, or there is no room.
    """
    found = await find_python(host, wanted, asks_torch=asks_torch)
    if unmet(found["packages"]):
        found = await _make_environment(host, wanted, found, asks_torch=asks_torch)
    host.python = str(found["executable"])
    root = str(found["folder"])
    return Place(root, host.python, await _unpack(host, root), found)


async def find_python(host: Host, wanted: Wanted, *, asks_torch: bool = False) -> dict[str, Any]:
    """The facts of the machine by the fittest Python that is there; nothing is changed.

    HoneError where there is none, or none of a version that Hone runs on.
    """
    own = f"{wanted.folder}/environments/{_lock_hash()}/bin/python"
    names = [wanted.python] if wanted.python else [own, *CANDIDATES]
    order = {"folder": wanted.folder, "packages": [_name(line) for line in NEEDS]}
    fits, old, missing = [], [], None
    for name in names:
        host.python = name
        try:
            facts = await host.surely("facts", {**order, "asks_torch": asks_torch}, seconds=150.0)
        except HoneError as error:
            if not error.message.startswith("There is no "):
                raise
            missing = missing or (error if name in (wanted.python, CANDIDATES[0]) else None)
            continue
        (fits if PYTHONS[0] <= tuple(facts["python"][:2]) < PYTHONS[1] else old).append(facts)
        if fits and not unmet(fits[-1]["packages"]):
            return fits[-1]
    if fits:
        return min(fits, key=lambda facts: len(unmet(facts["packages"])))
    if old:
        version = ".".join(map(str, old[0]["python"]))
        raise HoneError(
            f"Python {version} on {host.address.name} does not fit: 3.11 to 3.13 is needed.",
            hint="Install one there (apt install python3.12 python3.12-venv), then name it: "
            f"hone config set {host.address.setting}.python python3.12",
        )
    assert missing is not None
    raise missing


def unmet(packages: Mapping[str, str]) -> list[str]:
    """Needs that these installed versions do not meet, as pip would be asked for them."""
    return [line for line in NEEDS if not meets(packages.get(_name(line)), line)]


def meets(version: str | None, line: str) -> bool:
    """Whether an installed version meets a need such as torch>=2.9,<2.14; None never does."""
    if version is None:
        return False
    for sign, wanted in re.findall(r"(>=|<)([0-9.]+)", line):
        is_above = _numbers(version) >= _numbers(wanted)
        if is_above != (sign == ">="):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"[0-9]+(\.[0-9]+)*", version)
    numbers = [int(one) for one in found.group().split(".")] if found else [0]
    return tuple(numbers + [0] * (4 - len(numbers)))


def _name(line: str) -> str:
    return re.split(r"[<>=]", line)[0]


async def _make_environment(
    host: Host, wanted: Wanted, found: Mapping[str, Any], *, asks_torch: bool
) -> dict[str, Any]:
    """An environment of Hone's own on the machine, from the hashed constraints."""
    name, lacks = host.address.name, unmet(found["packages"])
    if wanted.python:
        raise HoneError(
            f"{wanted.python} on {name} lacks {', '.join(lacks)}.",
            hint="Install them there, or let Hone make an environment of its own: "
            f"hone config set {host.address.setting}.python null",
        )
    if not found["can_make_venv"]:
        raise HoneError(
            f"Python on {name} lacks {', '.join(lacks)}, and cannot make an environment for them.",
            hint="apt install python3-venv   (there)",
        )
    torch = next(line for line in NEEDS if _name(line) == "torch")
    keeps_torch = torch not in lacks
    host.python = str(found["executable"])
    made = await host.surely(
        "environment",
        {
            "folder": f"{found['folder']}/environments/{_lock_hash()}",
            "sees_host": keeps_torch,
            "requirements": requirements(_lock(), without_torch=keeps_torch),
            "index": wanted.package_index,
            "timeout_seconds": wanted.install_seconds,
        },
        seconds=wanted.install_seconds + 60,
    )
    if made["code"] != 0:
        said = [line for line in made["said"].splitlines() if line.strip()][-1:] or ["no reason"]
        raise HoneError(
            f"The packages could not be installed on {name}: {said[0]}",
            hint="Can it reach a package index?   "
            f"hone config set {host.address.setting}.index URL",
        )
    host.python = str(made["python"])
    order = {"folder": found["folder"], "packages": [_name(line) for line in NEEDS]}
    facts = await host.surely("facts", {**order, "asks_torch": asks_torch}, seconds=150.0)
    if lacks := unmet(facts["packages"]):
        raise HoneError(
            f"{name} still lacks {', '.join(lacks)} after installing.",
            hint="Install them there into a Python of your own, then: hone config set "
            f"{host.address.setting}.python PATH",
        )
    return facts


def requirements(lock: str, *, without_torch: bool) -> str:
    """The hashed constraints, without torch and what comes with it where the host has it."""
    blocks = re.split(r"\n(?=\S)", lock.strip())
    if without_torch:
        blocks = [one for one in blocks if not WITH_TORCH.match(one.split("==")[0].strip())]
    return "\n".join(blocks) + "\n"


def _lock() -> str:
    return files("hone.bundled").joinpath(LOCK).read_text("utf-8")


def _lock_hash() -> str:
    return hashlib.sha256(_lock().encode()).hexdigest()[:16]


async def _unpack(host: Host, root: str) -> str:
    """The folder that holds this very Hone on the machine; it is sent once per version."""
    version = fingerprint()[:16]
    place, name = f"{root}/hone/{version}", f"hone_studio-{hone.__version__}-py3-none-any.whl"
    wheels = f"{root}/wheels/{version}"
    order = {"wheel": f"{wheels}/{name}", "folder": place}
    if not (await host.surely("unpack", order))["is_there"]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(await asyncio.to_thread(wheel))
            await send(host, wheels, [Sent.of(name, path)])
        await host.surely("unpack", order)
    return place


def fingerprint() -> str:
    """The hash of everything that this Hone consists of; its wheel is named by it."""
    top, whole = Path(hone.__file__).parent, hashlib.sha256()
    for path in _sources(top):
        whole.update(f"{path.relative_to(top).as_posix()} {sha256_of(path)}\n".encode())
    return whole.hexdigest()


def wheel() -> bytes:
    """This Hone as a wheel: the same bytes for the same files, whatever it was installed from."""
    top = Path(hone.__file__).parent
    version, described = hone.__version__, f"hone_studio-{hone.__version__}.dist-info"
    members = {f"hone/{path.relative_to(top).as_posix()}": path for path in _sources(top)}
    texts = {
        f"{described}/METADATA": f"Metadata-Version: 2.1\nName: hone-studio\nVersion: {version}\n",
        f"{described}/WHEEL": "Wheel-Version: 1.0\nGenerator: hone\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        record: list[str] = []
        for name in [*sorted(members), *texts]:
            content = texts[name].encode() if name in texts else members[name].read_bytes()
            _add(archive, name, content)
            record.append(f"{name},sha256={_digest(content)},{len(content)}")
        _add(archive, f"{described}/RECORD", "\n".join([*record, f"{described}/RECORD,,", ""]))
    return packed.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes | str) -> None:
    one = zipfile.ZipInfo(name, ZIP_DATE)
    one.external_attr = 0o644 << 16
    archive.writestr(one, content, zipfile.ZIP_DEFLATED)


def _digest(content: bytes) -> str:
    import base64

    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _sources(top: Path) -> Iterable[Path]:
    found: Sequence[Path] = sorted(top.rglob("*"))
    return [
        path
        for path in found
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    ]
