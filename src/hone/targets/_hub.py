"""Files of a private repository at the model hub, read by their names; writing is the worker's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hone.errors import HoneError, Unavailable
from hone.targets._clock import REAL, Clock
from hone.targets._rest import BadKey, NotThere, refuse_open_address
from hone.targets._s3 import PART_BYTES, fill

if TYPE_CHECKING:
    import httpx

AGAIN_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)
CALL_SECONDS = 60.0


class Hub:
    """One repository with a token that may read it. Close it."""

    def __init__(
        self,
        repository: str,
        token: str,
        *,
        url: str,
        clock: Clock = REAL,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        import httpx

        refuse_open_address("the model hub", url)
        self.repository = repository
        self.clock = clock
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=CALL_SECONDS,
            follow_redirects=True,  # to another host without the token: httpx leaves it out there
            transport=transport,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes | None:
        """The bytes from `start` to before `end`; None where there is no such file."""
        last = "" if end is None else str(end - 1)
        headers = {} if not start and end is None else {"Range": f"bytes={start}-{last}"}
        path = f"/{self.repository}/resolve/main/{quote(key)}"
        answer = self._call(path, headers)
        if answer.status_code == 416:
            return b""
        if answer.status_code == 200 and headers:
            return answer.content[start:end]  # who serves it does not know ranges
        return None if answer.status_code == 404 else answer.content

    def fetch(self, key: str, part: Path, size: int) -> bool:
        """Append to `part` what is missing of it; false where the file is gone."""
        return fill(self.read, key, part, (size, PART_BYTES))

    def refuse_open(self) -> None:
        """HoneError where the repository is not there, or everybody may read it."""
        answer = self._call(f"/api/models/{self.repository}", {})
        if answer.status_code == 404:
            raise NotThere(
                f"The hub knows no repository {self.repository} that this token may see.",
                hint="Make it at huggingface.co/new (private), or give the token access to it.",
            )
        if _said(answer).get("private") is not True:
            raise HoneError(
                f"Everybody may read {self.repository}: what was trained would be public.",
                hint="Make it private in its settings at the hub, or name another one.",
            )

    def _call(self, path: str, headers: dict[str, str]) -> httpx.Response:
        import httpx

        why = ""
        for wait in (*AGAIN_SECONDS, None):
            try:
                answer = self._client.get(path, headers=headers)
            except httpx.HTTPError as error:
                why = type(error).__name__
            else:
                if answer.status_code in (401, 403):
                    raise BadKey(
                        f"The hub does not let this token read {self.repository}.",
                        hint="Put one that may into .env of the workspace: HF_TOKEN=…",
                    )
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
                why = f"it answered {answer.status_code}"
            if wait is not None:
                self.clock.sleep(wait)
        raise Unavailable(
            f"The model hub cannot be reached: {why}.", hint="Is this machine online?"
        )


def _said(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable(
            "The model hub answered with something else than was asked.",
            hint="Is HF_ENDPOINT the address of a hub? A proxy may also stand between.",
        )
    return found
