"""Calls on a cloud's API: within its rate, again where it says so, and every refusal in two lines.

No key ever stands in an error, a log or an event: it goes into the header of a call, and no
further. What a provider says is passed on only where it is a sentence of its own.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from hone.errors import HoneError, InvalidInput, Unavailable
from hone.targets._clock import REAL, Clock

if TYPE_CHECKING:
    import httpx

CALL_SECONDS = 30.0
AGAIN_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
LONGEST_WAIT_SECONDS = 120.0
MOST_WORDS = 300
AGAIN_LATER = (429, 500, 502, 503, 504)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class CloudRefused(HoneError):
    """The provider said no; `status` and `code` are its own words for it."""

    status = 0
    code = ""

    def with_words(self, status: int, code: str) -> CloudRefused:
        """The same with what the provider calls it."""
        self.status, self.code = status, code
        return self


class BadKey(CloudRefused):
    """The account's key is missing, wrong, or may not do this."""


class NoCapacity(CloudRefused, Unavailable):
    """There is no such machine now; another type or place may have one."""


class NotThere(CloudRefused):
    """What was named does not exist (any more)."""


class NoCredit(CloudRefused):
    """The account may not rent more: its balance, its quota or its standing."""


class Busy(CloudRefused, Unavailable):
    """The provider could not answer now, though it was asked again and again."""


class AnswerLost(Unavailable):
    """A request that changes something was sent, and its answer did not come."""


class Answer(NamedTuple):
    """What came back: the status, the value that the body holds (None: no JSON), and its text."""

    status: int
    value: Any
    text: str
    headers: Mapping[str, str]


class Provider(NamedTuple):
    """How a provider is called, and what it says when it refuses."""

    name: str  # as people know it: Lambda
    url: str
    key: str
    refusal: Callable[[Answer], HoneError]
    seconds_between: float = 0.0


class Rest:
    """A provider's API; safe to use from several threads. Close it."""

    def __init__(
        self,
        provider: Provider,
        *,
        clock: Clock = REAL,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        import httpx

        refuse_open_address(provider.name, provider.url)
        self.provider = provider
        self.clock = clock
        self._free_at = 0.0
        self._turn = threading.Lock()
        self._client = httpx.Client(
            base_url=provider.url,
            headers={"Authorization": f"Bearer {provider.key}", "Accept": "application/json"},
            timeout=CALL_SECONDS,
            follow_redirects=False,  # a redirect would turn POST into GET and drop the key
            transport=transport,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def get(self, path: str, **query: str | int) -> Any:
        """Read; asked again for a while where the provider is busy or the line was cut."""
        return self._again("GET", path, None, query)

    def put(self, method: str, path: str, body: Any = None) -> Any:
        """Change something so that doing it twice does no harm; asked again like `get`."""
        return self._again(method, path, body, {})

    def make(self, path: str, body: Any) -> Any:
        """POST what must not be done twice.

        Asked again only where the provider surely did nothing (429, no connection). AnswerLost
        where it may have: whoever calls looks for what was made before asking anew.
        """
        import httpx

        for wait in (*AGAIN_SECONDS, None):
            try:
                answer = self._call("POST", path, body, {})
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if wait is None:
                    raise self._unreachable(error) from error
                self.clock.sleep(wait)
                continue
            except httpx.HTTPError as error:
                raise self._lost(f"the line was cut ({type(error).__name__})") from error
            if answer.status == 429 and wait is not None:
                self.clock.sleep(_wait(answer, wait))
            elif answer.status >= 500:
                raise self._lost(f"it answered {answer.status}")
            else:
                return self._value(answer)
        raise AssertionError("unreachable")

    def _again(self, method: str, path: str, body: Any, query: Mapping[str, str | int]) -> Any:
        import httpx

        for wait in (*AGAIN_SECONDS, None):
            try:
                answer = self._call(method, path, body, query)
            except httpx.HTTPError as error:
                if wait is None:
                    raise self._unreachable(error) from error
                self.clock.sleep(wait)
                continue
            if answer.status not in AGAIN_LATER or wait is None:
                return self._value(answer)
            self.clock.sleep(_wait(answer, wait))
        raise AssertionError("unreachable")

    def _call(self, method: str, path: str, body: Any, query: Mapping[str, str | int]) -> Answer:
        import httpx

        with self._turn:
            rest = self._free_at - self.clock.now()
            if 0 < rest <= self.provider.seconds_between:
                self.clock.sleep(rest)
            self._free_at = self.clock.now() + self.provider.seconds_between
        try:
            came = self._client.request(method, path, json=body, params=dict(query) or None)
            # A provider may repeat the header that it does not like.
            text = came.text.replace(self.provider.key, "(the key)")
        except httpx.InvalidURL as error:
            raise self._unreachable(error) from error
        try:
            value: Any = json.loads(text) if text else None
        except ValueError:
            value = None
        return Answer(came.status_code, value, text, came.headers)

    def _value(self, answer: Answer) -> Any:
        if 200 <= answer.status < 300:
            if answer.text and answer.value is None:
                raise Unavailable(
                    f"{self.provider.name} answered with something that is no JSON.",
                    hint=f"Is {self.provider.url} its address?",
                )
            return answer.value
        raise self.provider.refusal(answer)

    def _unreachable(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"{self.provider.name} cannot be reached at {self.provider.url}: "
            f"{type(error).__name__}.",
            hint="Is this machine online?",
        )

    def _lost(self, why: str) -> AnswerLost:
        return AnswerLost(
            f"Whether {self.provider.name} did what it was asked is not known: {why}.",
            hint="hone jobs reap   (shows what it holds for this workspace)",
        )


def words_of(answer: Answer, *places: str) -> str:
    """A sentence of the provider's own from one of these places in its JSON, or nothing.

    HTML pages and long texts are left out.
    """
    for place in places:
        value = answer.value
        for part in place.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())[:MOST_WORDS]
    return ""


def refusal_for(
    provider: tuple[str, str], answer: Answer, said: str, code: str = ""
) -> CloudRefused:
    """The error that every provider's status means; `provider`: its name, and its key's name."""
    name, key = provider
    told = f": {said.rstrip('.')}." if said else "."
    status = answer.status
    if status == 401:
        error = BadKey(
            f"{name} does not accept the key{told}",
            hint=f"Put a valid one into .env of the workspace: {key}=…",
        )
    elif status == 402:
        error = NoCredit(f"{name} rents nothing more to this account{told}", hint="Add credit.")
    elif status == 403:
        error = BadKey(
            f"{name} does not let this account do that{told}",
            hint="Look at the account's page there: its standing, and what the key may do.",
        )
    elif status == 404:
        error = NotThere(f"{name} knows nothing of that name{told}", hint="hone jobs reap")
    elif status in AGAIN_LATER:
        why = "is asked too often" if status == 429 else f"is in trouble ({status})"
        error = Busy(f"{name} {why}{told}", hint="Wait a minute, then run the same command.")
    elif 300 <= status < 400:
        error = CloudRefused(
            f"{name} has moved: it answered {status}.", hint="Update Hone, or correct its address."
        )
    else:
        error = CloudRefused(f"{name} refuses ({status}){told}", hint="hone targets check NAME")
    return error.with_words(status, code)


def _wait(answer: Answer, usual: float) -> float:
    """Seconds until one may ask again, as the provider says it (Retry-After), else the usual."""
    told = answer.headers.get("retry-after", "")
    try:
        return min(max(float(told), usual), LONGEST_WAIT_SECONDS)
    except ValueError:
        return usual


def refuse_open_address(name: str, url: str) -> None:
    """InvalidInput where a key would travel to this address without encryption."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    raise InvalidInput(
        f"{url} is no address for {name}: the key would travel in the open.",
        hint="Use an address that begins with https://",
    )
