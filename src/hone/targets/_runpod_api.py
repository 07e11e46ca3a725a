"""RunPod's REST v2 as far as renting pods needs it, and the balance, which only GraphQL has."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from hone.errors import HoneError
from hone.targets._clock import REAL, Clock
from hone.targets._rest import (
    Answer,
    CloudRefused,
    NoCapacity,
    NotThere,
    Provider,
    Rest,
    refusal_for,
    words_of,
)

URL = "https://api.runpod.io"
KEY = "RUNPOD_API_KEY"
V2 = "/v2"
# Two sentences, one meaning; recorded from the live service.
NO_CAPACITY = ("no longer any instances available", "does not have the resources to deploy")


class RunPodApi:
    """The calls on pods, prices and bills."""

    def __init__(self, key: str, *, url: str = URL, clock: Clock = REAL, transport: Any = None):
        self.rest = Rest(Provider("RunPod", url, key, refusal), clock=clock, transport=transport)

    def gpus(self, *, with_availability: bool = True) -> list[dict[str, Any]]:
        """GPU types: memory, price by tier in dollars an hour for one, and availability of pods."""
        query = {"include": "AVAILABILITY", "product": "POD"} if with_availability else {}
        return self._listed(self.rest.get(f"{V2}/catalog/gpus", **query), "gpus")

    def pods(self) -> list[dict[str, Any]]:
        """Every pod of the account."""
        return self._listed(self.rest.get(f"{V2}/pods"), "pods")

    def pod(self, id: str) -> dict[str, Any] | None:
        """One pod; None where it is gone."""
        try:
            found = self.rest.get(f"{V2}/pods/{quote(id)}")
        except NotThere:
            return None
        return self._shaped(found)

    def create_pod(self, body: dict[str, Any]) -> dict[str, Any]:
        """Rent one; NoCapacity, NoCredit, NotThere (an unknown template), AnswerLost."""
        return self._shaped(self.rest.make(f"{V2}/pods", body))

    def delete_pod(self, id: str) -> None:
        """Give one back; harmless where it is gone."""
        try:
            self.rest.put("DELETE", f"{V2}/pods/{quote(id)}")
        except NotThere:
            return

    def listed(self, kind: str, word: str) -> list[dict[str, Any]]:
        """Everything of a kind that the account has: serverless, templates, network-volumes."""
        return self._listed(self.rest.get(f"{V2}/{kind}"), word)

    def found(self, kind: str, id: str) -> dict[str, Any]:
        """One of them; NotThere."""
        return self._shaped(self.rest.get(f"{V2}/{kind}/{quote(id)}"))

    def create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Make one; AnswerLost where it may have been made all the same."""
        return self._shaped(self.rest.make(f"{V2}/{kind}", body))

    def change(self, kind: str, id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change fields of one."""
        return self._shaped(self.rest.put("PATCH", f"{V2}/{kind}/{quote(id)}", body))

    def billed(self, id: str) -> float | None:
        """Dollars that RunPod has billed for a pod so far; None while it says nothing."""
        found = self.rest.get(f"{V2}/billing/pods", podId=id, bucketSize="hour")
        records = self._listed(found, "records")
        mine = [one for one in records if one.get("podId") == id]
        amounts = [one.get("totalAmount") for one in mine]
        numbers = [float(one) for one in amounts if isinstance(one, int | float)]
        return sum(numbers) if numbers else None

    def billed_endpoint(self, id: str, begin: datetime, end: datetime) -> float | None:
        """Dollars billed for an endpoint in whole hours from `begin` to before `end`; None: none.

        RunPod bills endpoints by the hour, never single requests.
        """
        hours = {"startTime": begin.isoformat(), "endTime": end.isoformat(), "bucketSize": "hour"}
        found = self.rest.get(f"{V2}/billing/serverless", serverlessId=id, **hours)
        records = self._listed(found, "records")
        mine = [one.get("totalAmount") for one in records if one.get("serverlessId") == id]
        numbers = [float(one) for one in mine if isinstance(one, int | float)]
        return sum(numbers) if numbers else None

    def balance(self) -> dict[str, Any] | None:
        """Balance and spending an hour in dollars; None where GraphQL is no more."""
        query = {"query": "query{myself{id clientBalance currentSpendPerHr}}"}
        try:
            found = self.rest.put("POST", "/graphql", query)
        except NotThere:
            return None
        except CloudRefused as error:
            if error.status == 410:  # announced for early 2027
                return None
            raise
        inside = found.get("data") if isinstance(found, dict) else None
        me = inside.get("myself") if isinstance(inside, dict) else None
        return me if isinstance(me, dict) else None

    @staticmethod
    def _listed(value: Any, name: str) -> list[dict[str, Any]]:
        found = value.get(name) if isinstance(value, dict) else None
        if not isinstance(found, list):
            raise _odd()
        return found

    @staticmethod
    def _shaped(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not isinstance(value.get("id"), str):
            raise _odd()
        return value


def refusal(answer: Answer) -> HoneError:
    """The sentence for a problem of RFC 9457, for older shapes, and for an empty body."""
    said = words_of(answer, "detail", "error.message", "error", "message", "title")
    errors = answer.value.get("errors") if isinstance(answer.value, dict) else None
    if isinstance(errors, list) and errors:
        said = f"{said.rstrip('.')}: {'; '.join(map(str, errors[:5]))}"
    if answer.status == 400 and any(one in said for one in NO_CAPACITY):
        return NoCapacity(
            "RunPod has no such machine free.", hint="Name more GPUs in targets.runpod.gpu."
        ).with_words(answer.status, "no-capacity")
    return refusal_for(("RunPod", KEY), answer, said)


def _odd() -> CloudRefused:
    return CloudRefused(
        "RunPod gave an answer of another shape.", hint="Update Hone: its API may have changed."
    )
