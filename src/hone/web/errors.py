"""Every refusal as `{"error", "hint"}` with a fitting status; what is left over is a bug."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from hone.errors import Conflict, GateRefused, HoneError, InvalidInput, NotFound, Unavailable
from hone.web.access import NotAllowed, NotSignedIn, NotThisSeat, TooManyGuesses

log = logging.getLogger("hone.web")

# The first that fits counts. What may succeed later is a 5xx: the browser keeps it and tries again.
STATUSES: tuple[tuple[type[HoneError], int], ...] = (
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotThisSeat, 412),
    (TooManyGuesses, 429),
    (Unavailable, 503),
    (NotFound, 404),
    (Conflict, 409),
    (GateRefused, 403),
    (HoneError, 400),
)
_OF_HTTP: dict[int, tuple[str, str]] = {
    404: ("There is nothing at {path}.", "Look the path up in docs/reference/http.md."),
    405: ("{path} does not know the method {method}.", "See docs/reference/http.md."),
    413: ("The request is too large.", "Send less at once."),
}


class ErrorAnswer(BaseModel):
    """What every refusal looks like."""

    error: str = Field(description="what happened")
    hint: str = Field(description="what to try")
    problems: list[str] = Field(default_factory=list, description="each of several problems")


def refusal(status: int, error: str, hint: str, problems: tuple[str, ...] = ()) -> JSONResponse:
    """A refusal, ready to send."""
    body = ErrorAnswer(error=error, hint=hint, problems=list(problems))
    return JSONResponse(body.model_dump(), status_code=status)


def refusal_of(error: HoneError) -> JSONResponse:
    """The refusal that tells this error."""
    status = next(code for kind, code in STATUSES if isinstance(error, kind))
    problems = error.problems if isinstance(error, InvalidInput) else ()
    answer = refusal(status, error.message, error.hint, problems)
    if isinstance(error, TooManyGuesses):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


def bug(error: Exception) -> JSONResponse:
    """What an unexpected exception answers; the traceback goes to the terminal alone."""
    log.error("a request failed", exc_info=error)
    return refusal(500, "This is a bug in Hone.", "The terminal of hone up shows the details.")


def install(app: FastAPI) -> None:
    """Let the app answer errors in our form."""
    app.add_exception_handler(HoneError, _tell_hone_error)
    app.add_exception_handler(RequestValidationError, _tell_invalid)
    app.add_exception_handler(HTTPException, _tell_http)


async def _tell_hone_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HoneError)
    return refusal_of(error)


async def _tell_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = tuple(_sentence(one) for one in error.errors())
    return refusal(
        422,
        f"The request does not fit: {'; '.join(problems[:3])}.",
        "Look the request up in docs/reference/http.md.",
        problems,
    )


async def _tell_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    message, hint = _OF_HTTP.get(error.status_code, (str(error.detail), "Try again."))
    path, method = request.url.path, request.method
    return refusal(error.status_code, message.format(path=path, method=method), hint)


def _sentence(problem: dict[str, Any]) -> str:
    # The value itself is left out: it may be a whole record, or a password.
    where = ".".join(str(part) for part in problem["loc"] if part not in ("body", "query", "path"))
    return f"{where}: {problem['msg']}" if where else str(problem["msg"])
