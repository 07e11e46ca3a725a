"""The only reader of the environment and of `.env`: folders, switches and credentials."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NamedTuple

MEETING = "HONE_MEETING"
ENV_FILE = ".env"


def workspace_from_environment() -> Path | None:
    """The folder that HONE_WORKSPACE names, if it is set."""
    named = os.environ.get("HONE_WORKSPACE")
    return Path(named).expanduser() if named else None


def user_config_folder() -> Path:
    """Where settings of a person live: HONE_CONFIG_HOME, else the system's usual place."""
    named = os.environ.get("HONE_CONFIG_HOME")
    if named:
        return Path(named).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "hone"
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", str(Path.home()))) / "hone"
    return Path(os.environ.get("XDG_CONFIG_HOME", str(Path.home() / ".config"))) / "hone"


def reviewer_name() -> str:
    """Who decides at a terminal: HONE_REVIEWER, else the login name."""
    import getpass

    named = os.environ.get("HONE_REVIEWER")
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a user id that has no name.
        return "reviewer"


def web_token() -> str | None:
    """The web app's start-up token that HONE_TOKEN fixes, for scripts; else each start has its own.

    InvalidInput where it is short enough to be guessed, or cannot stand in an address.
    """
    import re

    from hone.errors import InvalidInput

    named = os.environ.get("HONE_TOKEN")
    if named is not None and not re.fullmatch(r"[A-Za-z0-9._~-]{32,}", named):
        raise InvalidInput(
            "HONE_TOKEN must be 32 letters, digits or more, so that it cannot be guessed.",
            hint='export HONE_TOKEN="$(openssl rand -hex 32)"',
        )
    return named


def credential(names: tuple[str, ...], folder: Path | None = None) -> str | None:
    """A key by the first of its names that is set, in the environment or in `folder`/.env.

    None where none is; what the environment says counts before the file.
    """
    written = _env_file(folder / ENV_FILE) if folder is not None else {}
    for found in (os.environ, written):
        for name in names:
            if value := found.get(name, "").strip():
                return value
    return None


def end_of(key: str) -> str:
    """By what a key is known again, behind "set": its last letters where it is long enough."""
    return f", ends in …{key[-4:]}" if len(key) >= 16 else ""


def env_file_trouble(folder: Path) -> str:
    """Why `folder`/.env may be read by others than its owner, as a sentence; or nothing."""
    path = folder / ENV_FILE
    if os.name != "posix" or not path.is_file() or not path.stat().st_mode & 0o077:
        return ""
    return f"Others on this machine can read {path}: chmod 600 {path}"


def set_credentials(folder: Path, values: dict[str, str]) -> None:
    """Put keys into `folder`/.env, readable by its owner alone; other lines stay as they are.

    Written aside and moved into place, so that no reader ever sees a part of it.
    """
    import tempfile

    from hone.errors import HoneError, InvalidInput

    path = folder / ENV_FILE
    for name, value in values.items():
        if not value.isprintable() or not value.strip() or set(value) & set("\"'# "):
            raise InvalidInput(f"What was given for {name} is no key.", hint="Copy it anew.")
    try:
        lines = path.read_text("utf-8-sig").splitlines() if path.exists() else []
        named = {line: line.strip().removeprefix("export ").partition("=")[0] for line in lines}
        kept = [line for line in lines if named[line].strip() not in values]
        text = "\n".join([*kept, *(f"{name}={value}" for name, value in values.items())]) + "\n"
        handle, aside = tempfile.mkstemp(prefix=".env.", dir=folder)  # made for the owner alone
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(aside).replace(path)
        finally:
            Path(aside).unlink(missing_ok=True)  # a disk that is full keeps no half of a key
    except (OSError, ValueError) as error:
        raise HoneError(f"{path} cannot be written.", hint=f"chmod 600 {path}") from error


def _env_file(path: Path) -> dict[str, str]:
    """Lines NAME=value, as shells and python-dotenv read them; nothing is expanded."""
    from hone.errors import HoneError

    if not path.is_file():
        return {}
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        raise HoneError(f"{path} cannot be read.", hint=f"chmod 600 {path}") from error
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, mark, value = line.strip().removeprefix("export ").partition("=")
        if not mark or name.startswith("#"):
            continue
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        else:
            value = value.partition(" #")[0].strip()
        found[name.strip()] = value
    return found


def cloud_address(provider: str, usual: str) -> str:
    """Where a provider's API is: HONE_LAMBDA_URL, HONE_RUNPOD_URL, …, else its usual address.

    Never read from a file of the workspace: whoever writes that file would be sent the key.
    """
    return os.environ.get(f"HONE_{provider.upper()}_URL", usual).rstrip("/")


def hub_address() -> str:
    """The model hub: HONE_HUB_URL, else as its own library finds it (HF_ENDPOINT).

    Of the two the supervisor keeps only the first, which is meant for Hone.
    """
    return cloud_address("hub", os.environ.get("HF_ENDPOINT") or "https://huggingface.co")


def volume_folder() -> Path:
    """Where a serverless worker finds its network volume: HONE_VOLUME, else RunPod's place."""
    return Path(os.environ.get("HONE_VOLUME", "/runpod-volume"))


def serverless_worker_id() -> str:
    """What RunPod calls this worker: RUNPOD_POD_ID; nothing outside of its platform."""
    return os.environ.get("RUNPOD_POD_ID", "")


def editor_command() -> list[str] | None:
    """The editor that VISUAL or EDITOR names, as words; None where neither is set."""
    import shlex

    named = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    return shlex.split(named) if named else None


def is_hub_offline() -> bool:
    """Whether the user asked that no model hub be contacted."""
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")


# What libraries on the way to torch read: cards, threads, caches, switches.
LIBRARIES = (
    "ACCELERATE_ CUDA_ GLOO_ HF_ HIP_ HUGGINGFACE_ MKL_ NCCL_ NVIDIA_ OMP_ OPENBLAS_ PYTORCH_ "
    "ROCR_ TOKENIZERS_ TORCH_ TRANSFORMERS_"
).split()
SECRET_ENDINGS = ("_API_KEY", "_SECRET", "_TOKEN", "_PASSWORD", "_SECRET_KEY", "_ACCESS_KEY")
IDLE_SECONDS = 120.0


def _is_for_libraries(name: str, value: str) -> bool:
    from urllib.parse import urlsplit

    if not name.startswith(tuple(LIBRARIES)) or name.upper().endswith(SECRET_ENDINGS):
        return False
    try:
        return urlsplit(value).password is None  # a mirror of the hub may ask for one
    except ValueError:
        return True  # no address


def library_environment() -> dict[str, str]:
    """What this terminal tells libraries; it goes with the job, whoever starts that. No secrets."""
    return {name: value for name, value in os.environ.items() if _is_for_libraries(name, value)}


def supervisor_environment() -> dict[str, str]:
    """The environment of the supervisor: this one without what goes with each job.

    It outlives this terminal, so what the terminal tells libraries must not stick to later jobs.
    """
    return {name: value for name, value in os.environ.items() if not _is_for_libraries(name, value)}


def supervisor_idle_seconds() -> float:
    """Seconds without work after which the supervisor ends: HONE_SUPERVISOR_IDLE_SECONDS, or 120.

    InvalidInput where it is no number above 0.
    """
    from hone.errors import InvalidInput

    named = os.environ.get("HONE_SUPERVISOR_IDLE_SECONDS", "")
    try:
        seconds = float(named or IDLE_SECONDS)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise InvalidInput(
            f'HONE_SUPERVISOR_IDLE_SECONDS is "{named}", not a number of seconds above 0.',
            hint="export HONE_SUPERVISOR_IDLE_SECONDS=120",
        )
    return seconds


def worker_environment(chosen: dict[str, str]) -> dict[str, str]:
    """The environment of a worker process: this one plus `chosen`, without other services' keys.

    A worker on this machine needs no cloud account, so nothing that looks like a secret is
    handed on, except the hub token, which a gated base needs.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().endswith(SECRET_ENDINGS) or name in ("HF_TOKEN",)
    }
    return {**kept, **chosen}


class Seat(NamedTuple):
    """The place that a launcher of several processes gave this one."""

    rank: int
    size: int
    local_rank: int
    meeting: str | None = None
    """The file in which processes that Hone started find each other; None: another launcher."""

    @property
    def is_own(self) -> bool:
        """Whether a worker of Hone is the launcher; otherwise torchrun or accelerate."""
        return self.meeting is not None


def seat() -> Seat | None:
    """RANK, WORLD_SIZE and LOCAL_RANK as torchrun sets them; None for a process on its own."""
    try:
        rank, size, local_rank = (
            int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK")
        )
    except (KeyError, ValueError):
        return None
    return Seat(rank, size, local_rank, os.environ.get(MEETING))


def is_started_by_accelerate() -> bool:
    """Whether `accelerate launch` started this process, alone or among others."""
    return "ACCELERATE_MIXED_PRECISION" in os.environ or "ACCELERATE_USE_CPU" in os.environ


def visible_cards() -> list[str] | None:
    """The cards that CUDA_VISIBLE_DEVICES names; None where it is not set."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return None if named is None else [one.strip() for one in named.split(",") if one.strip()]


def become_launcher(meeting: Path) -> None:
    """Tell the processes to come where they meet: in a file, and then on loopback alone.

    The library's own store would listen on every address of the machine, and believe who comes.
    """
    loopback = "lo0" if sys.platform == "darwin" else "lo"
    os.environ.update(
        {
            MEETING: str(meeting),
            "GLOO_SOCKET_IFNAME": loopback,
            "NCCL_SOCKET_IFNAME": loopback,
            "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        }
    )
    os.environ.setdefault("OMP_NUM_THREADS", "1")
