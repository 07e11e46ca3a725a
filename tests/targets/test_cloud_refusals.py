"""Every shape in which a provider says no becomes two lines, and no key ever stands in them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from hone.errors import HoneError, InvalidInput, Unavailable
from hone.targets._by_address import ByAddress
from hone.targets._hub import Hub
from hone.targets._jobs_api import JobsApi, Policy
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
from hone.targets.runpod_pod import RunPodCloud
from hone.workspace.targets_config import RunPodTarget

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


@pytest.mark.parametrize(
    ("call", "answer", "body", "what"),
    [
        ("launch", {"data": {"instance_ids": []}}, {"name": "x"}, "a launch without an instance"),
        ("instances", {"data": {}}, None, "an answer of another shape"),
        ("instances", [], None, "an answer of another shape"),
    ],
)
def test_what_lambda_never_said_before_is_told(
    call: str, answer: Any, body: Any, what: str
) -> None:
    error, _ = refused(LambdaApi, call, httpx.Response(200, json=answer), body=body)
    assert error.message == f"Lambda gave {what}."
    assert error.hint == "Update Hone: its API may have changed."


def test_a_processor_has_the_price_that_a_person_allows() -> None:
    api = RunPodApi(KEY, url="https://cloud.invalid", clock=Waits())
    with pytest.raises(BadKey, match="RunPod lists no prices of processors") as told:
        RunPodCloud(api, RunPodTarget(cpu="cpu3c")).offers()
    assert told.value.hint == "hone config set targets.runpod.most_per_hour_usd 0.2"
    api.rest.close()


def jobs_refused(*answers: Any, order: dict[str, Any] | None = None) -> HoneError:
    transport, _ = answering(*answers)
    api = JobsApi(KEY, "e1", url="https://jobs.invalid", clock=Waits(), transport=transport)
    with pytest.raises(HoneError) as caught:
        api.submit(order or {"job": "train-1"}, Policy(60.0, 120.0))
    api.rest.close()
    assert KEY not in str(caught.value)
    return caught.value


def test_a_request_is_measured_before_and_believed_only_with_an_id() -> None:
    large = jobs_refused(order={"packed": "x" * 10_000_000})
    assert large.message == "The request would have 10.0 MB, and RunPod takes 10."
    assert "hone targets setup runpod-serverless" in large.hint
    said = {"error": "exceeded max body size of 10MiB"}
    refused_there = jobs_refused(httpx.Response(400, json=said))
    assert refused_there.message == "RunPod refuses the request: it is too large."
    assert "hone targets setup runpod-serverless" in refused_there.hint
    nameless = jobs_refused(httpx.Response(200, json={"status": "IN_QUEUE"}))
    assert nameless.message == "RunPod took a request and gave no id."
    assert isinstance(nameless, Unavailable) and nameless.hint == "Try again."


def test_the_hub_s_refusals() -> None:
    def read(*answers: httpx.Response | Exception) -> HoneError:
        transport, _ = answering(*answers)
        hub = Hub("me/adapters", KEY, url="https://hub.invalid", clock=Waits(), transport=transport)
        with pytest.raises(HoneError) as caught:
            hub.read("jobs/one")
        hub.close()
        return caught.value

    strange = read(httpx.Response(401))
    assert strange.message == "The hub does not let this token read me/adapters."
    assert isinstance(strange, BadKey) and "HF_TOKEN=" in strange.hint
    away = read(httpx.Response(503))
    assert away.message == "The model hub cannot be reached: it answered 503."
    assert isinstance(away, Unavailable) and away.hint == "Is this machine online?"
    assert read(httpx.ConnectError("no")).message.endswith("reached: ConnectError.")


def test_a_bucket_by_address_that_stays_away() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503)

    opened = ByAddress(clock=Waits(), transport=httpx.MockTransport(answer))
    with pytest.raises(Unavailable) as caught:
        opened.get("https://bucket.invalid/a?X-Amz-Signature=secret")
    opened.close()
    assert caught.value.message == "The bucket cannot be reached from here: it answered 503."
    assert "hone targets check runpod-serverless" in caught.value.hint
    assert "secret" not in str(caught.value)
