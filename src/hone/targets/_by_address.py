"""Calls on presigned addresses: whoever has one may do that one thing, without a key.

An address is a secret, so none is ever part of an error, nor of a log.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from hone.errors import HoneError, Unavailable
from hone.targets._clock import REAL, Clock

if TYPE_CHECKING:
    import httpx

CALL_SECONDS = 120.0
AGAIN_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0, 30.0, 30.0)
SIGNED = "X-Amz-Signature="
ONLY_NEW: Mapping[str, str] = {"If-None-Match": "*"}
STUMBLES = (409, 429, 500, 502, 503, 504)  # 409: another one was putting it at the same moment
RESUME = "hone targets check runpod-serverless, then: hone jobs resume JOB"


class ByAddress:
    """What a bucket's owner has allowed by addresses. Close it."""

    def __init__(
        self, *, clock: Clock = REAL, transport: httpx.BaseTransport | None = None
    ) -> None:
        import httpx

        # It tells every address at INFO, and RunPod's library lets that through to a worker's log.
        logging.getLogger("httpx").addFilter(is_harmless)
        self.clock = clock
        self._client = httpx.Client(timeout=CALL_SECONDS, transport=transport)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def put(self, address: str, size: int, body: Callable[[], Iterator[bytes]]) -> None:
        """Put so many bytes there; `body` gives them, anew for each try."""
        self._patiently(
            lambda: self._client.put(
                address, content=body(), headers={"Content-Length": str(size)}
            ),
            (),
        )

    def put_new(self, address: str, body: bytes) -> bool:
        """Put something small; false where there is something already."""
        answer = self._patiently(
            lambda: self._client.put(address, content=body, headers=dict(ONLY_NEW)), (412,)
        )
        return answer.status_code != 412

    def get(self, address: str) -> bytes | None:
        """What is there; None where nothing is."""
        answer = self._patiently(lambda: self._client.get(address), (404,))
        return None if answer.status_code == 404 else answer.content

    def is_open(self, address: str) -> bool:
        """Whether everybody may read this."""
        answer = self._patiently(
            lambda: self._client.get(address.partition("?")[0]), tuple(range(300, 429))
        )
        return answer.status_code == 200

    def _patiently(
        self, call: Callable[[], httpx.Response], known: tuple[int, ...]
    ) -> httpx.Response:
        """Call, and again where the service stumbles; statuses in `known` are given back."""
        import httpx

        why = ""
        for wait in (*AGAIN_SECONDS, None):
            try:
                answer = call()
            except httpx.HTTPError as error:
                why = f"the line was cut ({type(error).__name__})"
            else:
                if answer.status_code < 300 or answer.status_code in known:
                    return answer
                why = f"it answered {answer.status_code}"
                if answer.status_code not in STUMBLES:
                    raise _refused(answer)
            if wait is not None:
                self.clock.sleep(wait)
        raise Unavailable(f"The bucket cannot be reached from here: {why}.", hint=RESUME)


def is_harmless(record: logging.LogRecord) -> bool:
    """Whether a line of a log holds no presigned address."""
    return SIGNED not in record.getMessage()


def _refused(answer: httpx.Response) -> HoneError:
    # Of an answer only its code and words: it may repeat what was signed.
    found = re.findall(r"<(?:Code|Message)>([^<]{1,200})</", answer.text[:2000])
    said = ": ".join(found[:2])
    return HoneError(
        f"The bucket refuses ({' '.join(filter(None, [str(answer.status_code), said]))}).",
        hint=RESUME,
    )
