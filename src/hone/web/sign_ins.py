"""Turns a token or a password into a cookie, and a cookie or a bearer token into a visitor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock

from hone.loop import Workspace
from hone.stages import people
from hone.stages import sign_ins as kept
from hone.stages.sign_ins import SignIn
from hone.web.access import Guesses, NotSignedIn, Visitor, hash_of, is_same, new_token
from hone.web.security import Access

LASTS = timedelta(days=30)
TICKET_LASTS = timedelta(minutes=5)
MOST_SIGN_INS = 1000


class SignIns:
    """Who is signed in; safe across threads, kept across restarts."""

    def __init__(self, ws: Workspace, access: Access, guesses: Guesses | None = None) -> None:
        self._ws = ws
        self._access = access
        self._guesses = guesses or Guesses()
        self._lock = Lock()
        # A guess waits for the one before it: many at once are not more guesses, nor more memory.
        self._guessing = Lock()
        self._known = kept.remembered(ws)
        self._tickets: dict[str, datetime] = {}

    def with_token(self, token: str, address: str) -> tuple[str, Visitor]:
        """A new cookie for who knows the start-up token or has a ticket, and who that is."""
        self._guesses.refuse_too_many(address)
        if not is_same(token, self._access.token) and not self._take_ticket(token):
            self._guesses.count(address)
            raise NotSignedIn(
                "The token is not that of this server.",
                hint="Open the address that hone up printed when it was started last.",
            )
        operator = Visitor(self._access.operator, "admin")
        return self._open(operator, is_operator=True), operator

    def new_ticket(self) -> str:
        """A token that signs in once, soon: for what a browser is started with."""
        ticket = new_token()
        with self._lock:
            self._tickets[hash_of(ticket)] = datetime.now(UTC) + TICKET_LASTS
        return ticket

    def with_password(self, name: str, password: str, address: str) -> tuple[str, Visitor]:
        """A new cookie for who knows the password of a name, and who that is."""
        with self._guessing:
            self._guesses.refuse_too_many(address)
            # Asked before: where the password is changed meanwhile, the old one opens nothing.
            mark = people.password_mark(self._ws, name)
            person = people.check_password(self._ws, name, password)
            if person is None:
                self._guesses.count(address)
        if person is None:
            raise NotSignedIn(
                "The name or the password is wrong.",
                hint="An admin gives a new one: hone users add NAME --role ROLE",
            )
        visitor = Visitor(person.name, person.role)
        return self._open(visitor, is_operator=False, mark=mark), visitor

    def visitor(self, cookie: str | None, bearer: str | None) -> Visitor | None:
        """Who that is; None where nothing was shown, or what was shown is not valid (any more)."""
        operator = Visitor(self._access.operator, "admin")
        if bearer is not None:
            return operator if is_same(bearer, self._access.token) else None
        found = self._known.get(hash_of(cookie)) if cookie else None
        if found is None or found.until <= datetime.now(UTC):
            return None
        if found.is_operator:
            return operator
        # Asked each time: who was removed or has a new password is out at once.
        person = people.find_person(self._ws, found.name)
        if person is None or people.password_mark(self._ws, found.name) != found.mark:
            return None
        return Visitor(person.name, person.role)

    def end(self, cookie: str | None) -> None:
        """Forget a cookie."""
        with self._lock:
            if cookie and self._known.pop(hash_of(cookie), None) is not None:
                kept.remember(self._ws, self._known)

    def _take_ticket(self, token: str) -> bool:
        with self._lock:
            until = self._tickets.pop(hash_of(token), None)
        return until is not None and until > datetime.now(UTC)

    def _open(self, visitor: Visitor, *, is_operator: bool, mark: str = "") -> str:
        cookie = new_token()
        until = datetime.now(UTC) + LASTS
        one = SignIn(name=visitor.name, is_operator=is_operator, mark=mark, until=until)
        with self._lock:
            newest = sorted(self._known.items(), key=lambda pair: pair[1].until)
            self._known = dict(newest[1 - MOST_SIGN_INS :]) | {hash_of(cookie): one}
            kept.remember(self._ws, self._known)
        return cookie
