"""Every shape in which a provider says no becomes two lines, and no key ever stands in them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hone.errors import HoneError, InvalidInput, Unavailable
from hone.targets._lambda_api import LambdaApi
from hone.targets._rest import (
    AnswerLost,
    BadKey,
    Busy,
    CloudRefused,
    NoCapacity,
    NoCredit,
    NotThere,
)
from hone.targets._runpod_api import RunPodApi

KEY = "canary-4b1d9f60aa72c35e"
PAGE = "<!DOCTYPE html><html><head><title>Access denied</title></head><body>1015</body></html>"


class Waits:
    """A clock that only counts what was waited."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> float:
        return 1_000_000.0 + sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


def answering(*answers: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[str]]:
    """A provider that gives these answers one after the other, the last one for ever."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}")
        assert request.headers["authorization"] == f"Bearer {KEY}"
        found = answers[min(len(asked), len(answers)) - 1]
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    return httpx.MockTransport(answer), asked


def refused(provider: Any, call: str, *answers: Any, body: Any = None) -> tuple[HoneError, Waits]:
    transport, _ = answering(*answers)
    clock = Waits()
    api = provider(KEY, url="https://cloud.invalid", clock=clock, transport=transport)
    with pytest.raises(HoneError) as caught:
        getattr(api, call)(*([body] if body is not None else []))
    api.rest.close()
    error = caught.value
    assert KEY not in str(error) and "<" not in error.message
    assert error.message and "\n" not in error.message and error.hint
    return error, clock


def lambda_error(status: int, code: str, message: str, suggestion: str = "") -> httpx.Response:
    told = {"code": code, "message": message, "suggestion": suggestion}
    return httpx.Response(status, json={"error": told})


def problem(status: int, detail: str, **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"title": "T", "status": status, "detail": detail, **more})


LAMBDA: list[tuple[httpx.Response, type[HoneError], str]] = [
    (lambda_error(401, "global/invalid-api-key", "API key was invalid."), BadKey, "was invalid"),
    (lambda_error(403, "global/account-inactive", "Your account is inactive."), BadKey, "inactive"),
    (lambda_error(403, "global/invalid-address", "Bad address."), BadKey, "Bad address"),
    (lambda_error(400, "global/invalid-parameters", "Invalid request."), CloudRefused, "Invalid"),
    (lambda_error(400, "global/quota-exceeded", "Quota."), NoCredit, "quota is reached"),
    (lambda_error(400, "global/duplicate", "This name is taken."), CloudRefused, "name is taken"),
    (
        lambda_error(400, "instance-operations/launch/insufficient-capacity", "Not enough."),
        NoCapacity,
        "no such machine free",
    ),
    (
        lambda_error(400, "instance-operations/launch/file-system-in-wrong-region", "Elsewhere."),
        CloudRefused,
        "Elsewhere",
    ),
    (lambda_error(404, "global/object-does-not-exist", "No such key."), NotThere, "No such key"),
    (httpx.Response(429, html=PAGE), Busy, "asked too often"),
    (httpx.Response(301, headers={"location": "https://elsewhere.invalid"}), CloudRefused, "moved"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), LAMBDA)
def test_lambda_s_errors(answer: httpx.Response, kind: type[HoneError], words: str) -> None:
    error, _ = refused(LambdaApi, "launch", answer, body={"name": "x"})
    assert type(error) is kind and words in error.message


RUNPOD: list[tuple[httpx.Response, type[HoneError], str]] = [
    (httpx.Response(401), BadKey, "does not accept the key."),
    (httpx.Response(401, json={"error": {}}), BadKey, "does not accept the key."),
    (problem(401, "missing bearer token"), BadKey, "missing bearer token"),
    (problem(402, "Your balance is too low."), NoCredit, "balance is too low"),
    (problem(403, "access denied"), BadKey, "access denied"),
    (problem(404, "template not found"), NotThere, "template not found"),
    (problem(409, "cannot stop"), CloudRefused, "cannot stop"),
    (problem(410, "gone"), CloudRefused, "(410)"),
    (
        problem(422, "Request validation failed.", errors=["$.gpu: bad", "$.name: worse"]),
        CloudRefused,
        "validation failed: $.gpu: bad; $.name: worse",
    ),
    (
        problem(400, "There are no longer any instances available with the requested."),
        NoCapacity,
        "no such machine free",
    ),
    (
        problem(400, "This machine does not have the resources to deploy your pod"),
        NoCapacity,
        "no such machine free",
    ),
    (httpx.Response(400, json={"message": "v1 words"}), CloudRefused, "v1 words"),
    (httpx.Response(200, text="<html>"), Unavailable, "no JSON"),
    (httpx.Response(200, json={"pods": []}), CloudRefused, "another shape"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), RUNPOD)
def test_runpod_s_errors(answer: httpx.Response, kind: type[HoneError], words: str) -> None:
    error, _ = refused(RunPodApi, "create_pod", answer, body={"name": "x"})
    assert type(error) is kind and words in error.message


def test_reading_is_tried_again_for_a_while_and_a_read_that_is_answered_is_given() -> None:
    transport, asked = answering(
        httpx.Response(503), httpx.ReadError("cut"), httpx.Response(200, json={"pods": []})
    )
    clock = Waits()
    api = RunPodApi(KEY, url="https://cloud.invalid", clock=clock, transport=transport)
    assert api.pods() == [] and len(asked) == 3 and clock.waits == [1.0, 2.0]
    api.rest.close()


def test_a_provider_that_stays_away_is_said_within_minutes() -> None:
    error, clock = refused(RunPodApi, "pods", httpx.ConnectError("no"))
    assert isinstance(error, Unavailable) and "cannot be reached" in error.message
    assert sum(clock.waits) <= 120


@pytest.mark.parametrize("trouble", [httpx.ReadError("cut"), httpx.ReadTimeout("late")])
def test_renting_is_not_repeated_where_it_may_have_been_done(trouble: Exception) -> None:
    transport, asked = answering(trouble)
    api = RunPodApi(KEY, url="https://cloud.invalid", clock=Waits(), transport=transport)
    with pytest.raises(AnswerLost):
        api.create_pod({"name": "x"})
    assert len(asked) == 1
    api.rest.close()


def test_renting_is_repeated_where_it_surely_was_not_done() -> None:
    transport, asked = answering(
        httpx.ConnectError("no"),
        httpx.Response(429, headers={"retry-after": "7"}),
        httpx.Response(200, json={"id": "p"}),
    )
    clock = Waits()
    api = RunPodApi(KEY, url="https://cloud.invalid", clock=clock, transport=transport)
    assert api.create_pod({"name": "x"})["id"] == "p"
    assert len(asked) == 3 and clock.waits == [1.0, 7.0]
    api.rest.close()


def test_one_request_a_second_goes_to_lambda() -> None:
    transport, asked = answering(httpx.Response(200, json={"data": []}))
    clock = Waits()
    api = LambdaApi(KEY, url="https://cloud.invalid", clock=clock, transport=transport)
    for _ in range(3):
        api.instances()
    assert len(asked) == 3 and clock.waits == [1.0, 1.0]
    api.rest.close()


@pytest.mark.parametrize("url", ["http://cloud.lambda.ai", "ftp://127.0.0.1", "cloud.lambda.ai"])
def test_the_key_does_not_travel_in_the_open(url: str) -> None:
    with pytest.raises(InvalidInput, match="in the open"):
        LambdaApi(KEY, url=url)


def test_the_balance_is_nothing_once_graphql_is_gone() -> None:
    for status in (404, 410):
        transport, _ = answering(problem(status, "gone"))
        api = RunPodApi(KEY, url="https://cloud.invalid", clock=Waits(), transport=transport)
        assert api.balance() is None
        api.rest.close()
