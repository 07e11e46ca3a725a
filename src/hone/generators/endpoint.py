"""Answers by a server of one's own that speaks OpenAI's chat API: vLLM, llama.cpp, Ollama, …

Needs: its address on this machine or in one's own network, and the name of the model there.
Gives: one answer per conversation, in the order in which they come.
Source: OpenAI API reference, "Create chat completion" (POST /chat/completions).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from hone import settings
from hone.errors import HoneError, InvalidInput, Unavailable
from hone.rendering.messages import Message

if TYPE_CHECKING:
    import httpx

AGAIN_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
LONGEST_WAIT_SECONDS = 120.0
MOST_BYTES = 4 << 20
MOST_WORDS = 300
OWN_NAMES = (".local", ".lan", ".internal", ".home.arpa")
# What is wrong with one conversation; the others may be answered all the same.
OF_ONE = (400, 413, 422)


class Options(BaseModel):
    """Which server, which model there, and how it is asked."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(description="up to /v1, such as http://127.0.0.1:8000/v1")
    model: str = Field(min_length=1, description="as the server calls it")
    key: str | None = Field(
        default=None, description="the variable that holds its key, where it wants one"
    )
    keys_in: Path | None = Field(default=None, description="a folder whose .env may hold the key")
    at_once: int = Field(default=4, ge=1, le=64, description="questions that are under way at once")
    seconds: float = Field(default=120.0, gt=0, description="until an answer must have come")
    max_new_tokens: int = Field(default=256, ge=1, description="most tokens of an answer")
    batch_size: int = Field(default=16, ge=1, description="not used: the server batches by itself")


LIMITS: tuple[str, ...] = (
    "Only servers on this machine or in one's own network: what costs money or leaves the house is "
    "not asked.",
    "Temperature 0 is asked for; whether the same answer comes twice is the server's affair.",
    "The server renders the conversation by its own template; answers have no confidence.",
)


class Said(NamedTuple):
    """What came back for one conversation; `problem` says why nothing did."""

    place: int
    text: str
    is_complete: bool = True
    problem: str = ""


def refuse_unfit(options: Options) -> None:
    """InvalidInput for an address elsewhere, or a key that is not there or would travel openly."""
    parts = urlsplit(options.url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.password:
        raise InvalidInput(
            f"{parts.scheme}://{host or '?'} is no address of a server.",
            hint="Write it up to /v1, such as http://127.0.0.1:8000/v1; a key belongs into .env.",
        )
    if not is_own(host):
        raise InvalidInput(
            f"{host} is not in your own network: what is asked there would leave it, and may cost.",
            hint="Let it answer elsewhere, then: hone evaluate MODEL --against answers.jsonl",
        )
    if options.key is None:
        return
    if parts.scheme == "http" and not _is_loopback(host):
        raise InvalidInput(
            f"The key for {host} would travel in the open.",
            hint="Use an address that begins with https://, or leave the key away.",
        )
    if settings.credential((options.key,), options.keys_in) is None:
        raise InvalidInput(
            f"There is no key {options.key} for {host}.",
            hint=f"Put it into .env of the workspace: {options.key}=…",
        )


def is_own(host: str) -> bool:
    """Whether a host is this machine, or one of a private network, by its name or address."""
    if _is_loopback(host) or host.lower().endswith(OWN_NAMES):
        return True
    try:
        found = ip_address(host)
    except ValueError:
        return "." not in host  # a bare name: of this network
    return found.is_private and not found.is_unspecified


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def run(conversations: Sequence[Sequence[Message]], options: Options) -> Iterator[list[Said]]:
    """Answers as they come, each with the place of its conversation.

    HoneError where the server refuses everything, Unavailable where it stays away: what came
    before is given by then, so whoever asks again goes on.
    """
    import httpx

    refuse_unfit(options)
    key = settings.credential((options.key,), options.keys_in) if options.key else None
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    pool = ThreadPoolExecutor(options.at_once, thread_name_prefix="endpoint")
    with httpx.Client(headers=headers, timeout=options.seconds) as client:
        server = _Server(client, options, key or "")
        left = iter(enumerate(conversations))
        under_way: set[Future[Said]] = set()
        try:
            while True:
                while len(under_way) < options.at_once and (one := next(left, None)) is not None:
                    under_way.add(pool.submit(server.ask, *one))
                if not under_way:
                    return
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield [one.result() for one in done]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _Server(NamedTuple):
    client: httpx.Client
    options: Options
    key: str

    def ask(self, place: int, conversation: Sequence[Message]) -> Said:
        """One answer, asked for again while the server stumbles."""
        import httpx

        why = ""
        for pause in (*AGAIN_SECONDS, None):
            try:
                status, headers, body = self._call(conversation)
            except httpx.HTTPError as error:
                why = f"the line was cut ({type(error).__name__})"
                told = None
            else:
                if status == 200:
                    return self._read(place, body)
                if status in OF_ONE:
                    said = self._words(body)
                    return Said(place, "", problem=f"The server refuses it ({status}): {said}")
                if status != 429 and status < 500:
                    raise self._refused(status, body)
                why, told = f"it answered {status}", headers.get("retry-after")
            if pause is not None:
                time.sleep(_pause(told, pause))
        raise Unavailable(
            f"{self.options.url} does not answer: {why}.",
            hint="Is the server on? The same command then goes on where it stopped.",
        )

    def _call(self, conversation: Sequence[Message]) -> tuple[int, Mapping[str, str], bytes]:
        body = {
            "model": self.options.model,
            "messages": list(conversation),
            "temperature": 0,
            "max_tokens": self.options.max_new_tokens,
            "stream": False,
        }
        url = f"{self.options.url.rstrip('/')}/chat/completions"
        with self.client.stream("POST", url, json=body) as answer:
            found = bytearray()
            for piece in answer.iter_bytes():
                found += piece
                if len(found) > MOST_BYTES:
                    break  # whatever this is, it is no answer
            return answer.status_code, answer.headers, bytes(found)

    def _read(self, place: int, body: bytes) -> Said:
        if len(body) > MOST_BYTES:
            return Said(place, "", problem=f"The answer has more than {MOST_BYTES:,} bytes.")
        try:
            choice: Any = json.loads(body)["choices"][0]
            text = choice["message"]["content"] or ""
            if not isinstance(text, str):
                raise TypeError
        except (ValueError, LookupError, TypeError) as error:
            raise HoneError(
                f"{self.options.url} answers otherwise than OpenAI's chat API does.",
                hint="Is the address right, up to /v1?",
            ) from error
        # Half of a character can stand in no file.
        whole = text.encode(errors="replace").decode()
        return Said(place, whole, choice.get("finish_reason") != "length")

    def _refused(self, status: int, body: bytes) -> HoneError:
        said = self._words(body)
        told = f"{self.options.url} refuses ({status}): {said}"
        if status in (401, 403):
            return HoneError(told, hint=f"Is the key right? .env: {self.options.key or 'NAME'}=…")
        return HoneError(told, hint=f"Does it know the model {self.options.model}?")

    def _words(self, body: bytes) -> str:
        """What the server said, without a key that it may repeat."""
        text = body[: 4 * MOST_WORDS].decode(errors="replace")
        try:
            found: Any = json.loads(body)
            error = found.get("error", found)
            text = str(error.get("message", error) if isinstance(error, dict) else error)
        except (ValueError, AttributeError):
            text = "a page" if text.lstrip().startswith("<") else text
        text = text.replace(self.key, "(the key)") if self.key else text
        return " ".join(text.split())[:MOST_WORDS] or "nothing more"


def _pause(told: str | None, usual: float) -> float:
    try:
        return min(max(float(told or ""), usual), LONGEST_WAIT_SECONDS)
    except ValueError:
        return usual
