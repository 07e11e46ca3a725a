"""Lambda's cloud API v1 as far as renting needs it; fields that are secrets are never kept."""

from __future__ import annotations

from typing import Any

from hone.errors import HoneError
from hone.targets._clock import REAL, Clock
from hone.targets._rest import (
    Answer,
    CloudRefused,
    NoCapacity,
    NoCredit,
    NotThere,
    Provider,
    Rest,
    refusal_for,
    words_of,
)

URL = "https://cloud.lambda.ai"
KEY = "LAMBDA_API_KEY"
V1 = "/api/v1"
SECONDS_BETWEEN = 1.0  # one request a second over all
NO_CAPACITY = "instance-operations/launch/insufficient-capacity"


class LambdaApi:
    """The calls; each returns what stands under `data`."""

    def __init__(self, key: str, *, url: str = URL, clock: Clock = REAL, transport: Any = None):
        provider = Provider("Lambda", url, key, refusal, SECONDS_BETWEEN)
        self.rest = Rest(provider, clock=clock, transport=transport)

    def instance_types(self) -> dict[str, Any]:
        """By name: `instance_type` (price of the whole in cents an hour) and regions with some."""
        return self._under(self.rest.get(f"{V1}/instance-types"), dict)

    def instances(self) -> list[dict[str, Any]]:
        """Everything that is listed, also what is on its way out."""
        return self._under(self.rest.get(f"{V1}/instances"), list)

    def instance(self, id: str) -> dict[str, Any] | None:
        """One instance; None where it is gone."""
        try:
            return self._under(self.rest.get(f"{V1}/instances/{id}"), dict)
        except NotThere:
            return None

    def launch(self, body: dict[str, Any]) -> str:
        """Rent one instance; its id. NoCapacity, NoCredit, AnswerLost."""
        made = self._under(self.rest.make(f"{V1}/instance-operations/launch", body), dict)
        ids = made.get("instance_ids") or []
        if not ids:
            raise _odd("a launch without an instance")
        return str(ids[0])

    def terminate(self, id: str) -> None:
        """Give one back; harmless where it is gone."""
        order = {"instance_ids": [id]}
        try:
            self.rest.put("POST", f"{V1}/instance-operations/terminate", order)
        except NotThere:
            return

    def ssh_keys(self) -> list[dict[str, Any]]:
        """Public keys of the account: id, name, public_key."""
        return self._under(self.rest.get(f"{V1}/ssh-keys"), list)

    def add_ssh_key(self, name: str, public_key: str) -> None:
        """Make a public key known; CloudRefused where the name is taken."""
        self.rest.put("POST", f"{V1}/ssh-keys", {"name": name, "public_key": public_key})

    @staticmethod
    def _under(value: Any, kind: type) -> Any:
        found = value.get("data") if isinstance(value, dict) else None
        if not isinstance(found, kind):
            raise _odd("an answer of another shape")
        return found


def refusal(answer: Answer) -> HoneError:
    """The sentence for `{"error": {"code", "message", "suggestion"}}`, and for a page of HTML."""
    code = words_of(answer, "error.code")
    said = words_of(answer, "error.message")
    more = words_of(answer, "error.suggestion")
    if code == NO_CAPACITY:
        return NoCapacity(
            "Lambda has no such machine free.", hint="Name more in targets.lambda.gpu or .region."
        ).with_words(answer.status, code)
    if code == "global/quota-exceeded":
        return NoCredit(
            "Lambda rents no more machines to this account: its quota is reached.",
            hint=more or "Give some back: hone jobs reap",
        ).with_words(answer.status, code)
    error = refusal_for(("Lambda", KEY), answer, said, code)
    if (code == "global/account-inactive" and more) or (
        code == "global/invalid-parameters" and more
    ):
        error.hint = more
    return error


def _odd(what: str) -> CloudRefused:
    return CloudRefused(f"Lambda gave {what}.", hint="Update Hone: its API may have changed.")
