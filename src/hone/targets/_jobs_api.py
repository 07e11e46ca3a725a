"""RunPod's job API of one endpoint: submit, look, cancel, and how its workers stand."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import quote

from hone.errors import HoneError, InvalidInput, Unavailable
from hone.targets._clock import REAL, Clock
from hone.targets._rest import Answer, CloudRefused, NotThere, Provider, Rest, refusal_for, words_of

URL = "https://api.runpod.ai"
KEY = "RUNPOD_API_KEY"
MOST_BYTES = 10_000_000  # of one request; the service's own limit is a little above
WEEK_MS = 7 * 24 * 3600 * 1000
LEAST_MS = 10_000


class Policy(NamedTuple):
    """How long a request may run, and how long it may wait and run together, in seconds."""

    execution_seconds: float
    ttl_seconds: float

    def shown(self) -> dict[str, int]:
        """As the API takes it: whole milliseconds, within its bounds."""
        limits = {"executionTimeout": self.execution_seconds, "ttl": self.ttl_seconds}
        return {
            name: max(LEAST_MS, min(WEEK_MS, round(seconds * 1000)))
            for name, seconds in limits.items()
        }


class JobsApi:
    """One endpoint with the account's key. Close its `rest`."""

    def __init__(
        self,
        key: str,
        endpoint: str,
        *,
        url: str = URL,
        clock: Clock = REAL,
        transport: Any = None,
    ) -> None:
        self.endpoint = endpoint
        provider = Provider("RunPod", url, key, self._refusal)
        self.rest = Rest(provider, clock=clock, transport=transport)

    def submit(self, order: dict[str, Any], policy: Policy) -> str:
        """The id of a new request. AnswerLost where it may have been taken all the same."""
        body = {"input": order, "policy": policy.shown()}
        refuse_large(body)
        found = self.rest.make(self._path("run"), body)
        if not isinstance(found, dict) or not isinstance(found.get("id"), str):
            raise Unavailable("RunPod took a request and gave no id.", hint="Try again.")
        return found["id"]

    def status(self, id: str) -> dict[str, Any] | None:
        """The status document; None where RunPod does not know the request (any more)."""
        try:
            found = self.rest.get(self._path("status", id))
        except NotThere:
            return None
        return found if isinstance(found, dict) else {}

    def cancel(self, id: str) -> None:
        """Ask for its end; harmless where it is over or gone."""
        try:
            self.rest.put("POST", self._path("cancel", id))
        except NotThere:
            return

    def health(self) -> dict[str, dict[str, int]]:
        """Counts: `jobs` (inQueue, inProgress, …) and `workers` (idle, running, throttled, …)."""
        found = self.rest.get(self._path("health"))
        parts = found if isinstance(found, dict) else {}
        return {
            name: {
                key: int(count)
                for key, count in (parts.get(name) or {}).items()
                if isinstance(count, int)
            }
            for name in ("jobs", "workers")
        }

    def purge(self) -> int:
        """Drop every request that waits at the endpoint, whoever made it; how many that were."""
        found = self.rest.put("POST", self._path("purge-queue"))
        return int(found.get("removed", 0)) if isinstance(found, dict) else 0

    def _path(self, *parts: str) -> str:
        return "/v2/" + "/".join(quote(part, safe="") for part in (self.endpoint, *parts))

    def _refusal(self, answer: Answer) -> HoneError:
        said = words_of(answer, "error", "error.message", "message", "detail")
        if answer.status == 404:
            return NotThere(
                f"RunPod knows no endpoint {self.endpoint}, or not this request there.",
                hint="hone config set targets.runpod-serverless.endpoint_id ID",
            ).with_words(404, "")
        if answer.status == 400 and "exceeded max body size" in said:
            return CloudRefused(
                "RunPod refuses the request: it is too large.",
                hint="Give the endpoint a network volume: hone targets setup runpod-serverless",
            ).with_words(400, "too-large")
        return refusal_for(("RunPod", KEY), answer, said)


def waiting_words(endpoint: str, health: dict[str, dict[str, int]]) -> str:
    """Why a request waits, in a sentence, by how the endpoint's workers stand."""
    jobs, workers = health["jobs"], health["workers"]
    begins = "Waiting in queue..."
    if workers.get("initializing"):
        return f"{begins} a worker of endpoint {endpoint} is starting."
    if workers.get("throttled"):
        return f"{begins} a worker of endpoint {endpoint} waits for a free GPU of its types."
    if workers.get("unhealthy") and not workers.get("running") and not workers.get("idle"):
        return f"{begins} the workers of endpoint {endpoint} are unhealthy: look at their logs."
    if workers.get("running"):
        ahead = jobs.get("inProgress", 0)
        return f"{begins} every worker of endpoint {endpoint} is busy ({ahead} requests run)."
    if workers.get("idle") or workers.get("ready"):
        return f"{begins} a worker of endpoint {endpoint} is ready."
    return f"{begins} no worker is ready: check max workers of endpoint {endpoint}."


def refuse_large(body: dict[str, Any]) -> None:
    """InvalidInput where a request is over the limit; measured before anything is sent."""
    size = len(json.dumps(body).encode())
    if size > MOST_BYTES:
        raise InvalidInput(
            f"The request would have {size / 1e6:.1f} MB, and RunPod takes 10.",
            hint="Give the endpoint a network volume (hone targets setup runpod-serverless), "
            "or train on fewer rows.",
        )
