"""Turns a token or a password into a cookie, and a cookie or a bearer token into a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock

from hone.loop import Workspace
from hone.stages import sign_ins as kept
from hone.stages.sign_ins import SignIn
from hone.web.access import Guesses, NotSignedIn, Person, hash_of, is_same, new_token
from hone.web.security import Access

LASTS = timedelta(days=30)
MOST_SIGN_INS = 1000


class SignIns:
    """Who is signed in; safe across threads, kept across restarts."""

    def __init__(self, ws: Workspace, access: Access, guesses: Guesses | None = None) -> None:
        self._ws = ws
        self._access = access
        self._guesses = guesses or Guesses()
        self._lock = Lock()
        self._known = kept.remembered(ws)

    def with_token(self, token: str, address: str) -> tuple[str, Person]:
        """A new cookie for who knows the start-up token, and the person."""
        self._guesses.refuse_too_many(address)
        if not is_same(token, self._access.token):
            self._guesses.count(address)
            raise NotSignedIn(
                "The token is not that of this server.",
                hint="Open the address that hone up printed when it was started last.",
            )
        operator = Person(self._access.operator, "admin")
        return self._open(SignIn(name=operator.name, is_operator=True, until=_end())), operator

    def person(self, cookie: str | None, bearer: str | None) -> Person | None:
        """Who that is; None where nothing was shown, or what was shown is not valid (any more)."""
        if bearer is not None:
            is_operator = is_same(bearer, self._access.token)
            return Person(self._access.operator, "admin") if is_operator else None
        found = self._known.get(hash_of(cookie)) if cookie else None
        if found is None or found.until <= datetime.now(UTC):
            return None
        return Person(found.name, "admin") if found.is_operator else None

    def end(self, cookie: str | None) -> None:
        """Forget a cookie."""
        with self._lock:
            if cookie and self._known.pop(hash_of(cookie), None) is not None:
                kept.remember(self._ws, self._known)

    def _open(self, one: SignIn) -> str:
        cookie = new_token()
        with self._lock:
            newest = sorted(self._known.items(), key=lambda pair: pair[1].until)
            self._known = dict(newest[-(MOST_SIGN_INS - 1) :]) | {hash_of(cookie): one}
            kept.remember(self._ws, self._known)
        return cookie


def _end() -> datetime:
    return datetime.now(UTC) + LASTS
