"""Secrets with values that are nowhere else, and the search for them in all that is left behind."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import psutil

from tests.answers import Answer, answering
from tests.faults.read_elsewhere import contents

# Every secret that Hone reads, and some that only lie about in a person's environment.
NAMES = (
    "LAMBDA_API_KEY LAMBDA_LABS_API_KEY RUNPOD_API_KEY RUNPOD_S3_ACCESS_KEY RUNPOD_S3_SECRET "
    "HONE_BUCKET_ACCESS_KEY HONE_BUCKET_SECRET_KEY "
    "HF_TOKEN HUGGING_FACE_HUB_TOKEN OPENAI_API_KEY AWS_SECRET_ACCESS_KEY WANDB_API_KEY HONE_TOKEN"
).split()


def value_of(name: str) -> str:
    """The canary that stands in for one secret; long enough for a token."""
    return f"canary-{name.lower().replace('_', '-')}-7f3a91c4e6d2b805"


def forms(value: str) -> list[bytes]:
    """How it may stand in a file: as it is, in hexadecimal, or inside of something in base64."""
    raw = value.encode()
    shifted = [base64.b64encode(b"\0" * shift + raw)[4:-4] for shift in range(3)]
    return [raw, raw.hex().encode(), *shifted]


def found_in(content: bytes, names: Iterable[str]) -> list[str]:
    """Which canaries stand in it, in any form."""
    return [name for name in names if any(form in content for form in forms(value_of(name)))]


def left_in(folders: Iterable[Path], names: Iterable[str], *, but: Path) -> list[str]:
    """Files that hold a canary; `but` is where its owner has put them himself."""
    wanted = list(names)
    return [
        f"{path}: {', '.join(found)}"
        for folder in folders
        for path, content in contents(folder)
        if path != but and (found := found_in(content, wanted))
    ]


def on_command_lines(names: Iterable[str]) -> list[str]:
    """Processes that were started with a canary: everybody on the machine can read that."""
    wanted, seen = list(names), []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if found := found_in("\0".join(process.cmdline()).encode(), wanted):
                seen.append(f"{process.name()}: {', '.join(found)}")
    return seen


def refusing_provider() -> AbstractContextManager[str]:
    """A provider that refuses everything, and repeats the header with the key as it does."""

    def refuses(request: BaseHTTPRequestHandler) -> Answer:
        said = f"cannot read the header Authorization: {request.headers.get('Authorization')}"
        problem = {"title": "Bad Request", "detail": said, "error": {"message": said}}
        return Answer(400, json.dumps(problem).encode())

    return answering(refuses)
