"""Who may come in: the start-up token, people with passwords, cookies, roles, and guesses."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from hone.errors import HoneError
from hone.records.person import Role, may

TOKEN_BYTES = 32
GUESSES_OF_ONE, GUESSES_OF_ALL = 5, 30
GUESS_SECONDS = 60.0


class Visitor(NamedTuple):
    """Somebody who is signed in."""

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether this role, or a higher one, is theirs."""
        return may(self.role, role)


class NotSignedIn(HoneError):
    """Nobody is signed in, or what was shown is not valid: 401."""


class NotAllowed(HoneError):
    """Signed in, or the request itself, but not for this: 403."""


class NotThisSeat(HoneError):
    """The page was opened by somebody else, or for another workspace: 412."""


class TooManyGuesses(HoneError):
    """Too many failed sign-ins lately: 429."""

    seconds: int = 1
    """How long to wait."""


def new_token() -> str:
    """A secret of 256 bits that can stand in a URL."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_same(given: str, expected: str) -> bool:
    """Compares secrets in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


def hash_of(secret: str) -> str:
    """What may be kept of a random secret: it cannot be turned back, and needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Guesses:
    """Counts failed sign-ins by address and together; what is older than a minute is forgotten."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._failed: deque[tuple[float, str]] = deque(maxlen=GUESSES_OF_ALL)

    def refuse_too_many(self, address: str) -> None:
        """Raise TooManyGuesses where this address, or everybody together, failed too often."""
        now = self._clock()
        while self._failed and self._failed[0][0] <= now - GUESS_SECONDS:
            self._failed.popleft()
        own = [at for at, who in self._failed if who == address]
        oldest = None
        if len(own) >= GUESSES_OF_ONE:
            oldest = own[-GUESSES_OF_ONE]
        elif len(self._failed) >= GUESSES_OF_ALL:
            oldest = self._failed[0][0]
        if oldest is not None:
            seconds = max(1, round(oldest + GUESS_SECONDS - now))
            refused = TooManyGuesses(
                "Too many failed attempts to sign in.",
                hint=f"Wait {seconds} seconds, then try again.",
            )
            refused.seconds = seconds
            raise refused

    def count(self, address: str) -> None:
        """Remember one failure."""
        self._failed.append((self._clock(), address))
