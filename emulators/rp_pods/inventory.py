"""What an account owns beside pods: keys, templates, network volumes, serverless endpoints."""

from __future__ import annotations

import random
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from emulators.bill import Bill
from emulators.clock import iso
from emulators.rp_pods import schemas
from emulators.schema import Schema, problems
from emulators.shell import Refusal, Reply

VOLUME_GB_MONTH, HOURS_A_MONTH = 0.07, 730
KIND = "application/problem+json"
# Taken over from a template unless the request says otherwise.
OF_TEMPLATE = ("image", "args", "disk", "ports", "registry", "mounts", "startSsh", "startJupyter")


class Inventory:
    """Templates, volumes, endpoints and keys by id."""

    def __init__(self, bill: Bill, dice: random.Random) -> None:
        self.bill = bill
        self.dice = dice
        self.ssh_keys: list[str] = []
        self.templates: dict[str, dict[str, Any]] = {}
        self.volumes: dict[str, dict[str, Any]] = {}
        self.endpoints: dict[str, dict[str, Any]] = {}

    def _new_id(self) -> str:
        return "".join(self.dice.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=10))

    def replace_keys(self, body: Any) -> list[str]:
        """PUT of all keys."""
        self.ssh_keys = list(checked(body, schemas.SSH_KEYS)["keys"])
        return self.ssh_keys

    def with_template(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The request with the template's settings below it; env is merged key by key."""
        id = wanted.get("templateId")
        if id is None:
            return wanted
        template = found(self.templates, id, "template")
        if template["serverless"]:
            raise problem(422, "Request validation failed.", ["$.templateId: serverless template"])
        taken = {name: template[name] for name in OF_TEMPLATE if template.get(name) is not None}
        if "cpu" in wanted:
            taken.pop("mounts", None)
        merged = {**taken, **wanted}
        merged["env"] = {**template.get("env", {}), **wanted.get("env", {})}
        return merged

    def create_template(self, body: Any) -> dict[str, Any]:
        """A template with everything that it did not say."""
        wanted = checked(body, schemas.CREATE_TEMPLATE)
        template = {
            "id": self._new_id(),
            "args": "",
            "disk": 20,
            "mounts": {},
            "ports": [],
            "env": {},
            "registry": None,
            "serverless": False,
            "public": False,
            "category": "NVIDIA",
            "startSsh": True,
            "startJupyter": True,
            "allowedCudaVersions": [],
            **wanted,
        }
        self.templates[template["id"]] = template
        return template

    def update_template(self, id: str, body: Any) -> dict[str, Any]:
        """Change fields."""
        template = found(self.templates, id, "template")
        template.update(checked(body, schemas.UPDATE_TEMPLATE))
        return template

    def delete_template(self, id: str) -> None:
        """400 while an endpoint uses it."""
        found(self.templates, id, "template")
        if any(one.get("templateId") == id for one in self.endpoints.values()):
            raise problem(400, "template is in use by a serverless endpoint")
        del self.templates[id]

    def volume(self, id: str) -> dict[str, Any]:
        """A volume that exists."""
        return found(self.volumes, id, "network volume")

    def create_volume(self, body: Any, now: float) -> dict[str, Any]:
        """A volume is billed from now on, used or not."""
        wanted = checked(body, schemas.CREATE_VOLUME)
        volume = {"id": self._new_id(), "type": "STANDARD", **wanted}
        self.volumes[volume["id"]] = volume
        self.bill.rent(volume["id"], name=volume["name"], kind="network volume", at=now)
        self._meter(volume, now)
        return volume

    def update_volume(self, id: str, body: Any, now: float) -> dict[str, Any]:
        """Rename or grow; it never shrinks."""
        volume = self.volume(id)
        wanted = checked(body, schemas.UPDATE_VOLUME)
        if not wanted:
            raise problem(422, "Request validation failed.", ["$: minProperties: got 0, want 1"])
        if wanted.get("size", volume["size"]) < volume["size"]:
            raise problem(400, "a network volume cannot shrink")
        volume.update(wanted)
        self._meter(volume, now)
        return volume

    def _meter(self, volume: dict[str, Any], now: float) -> None:
        self.bill.meter(volume["id"], volume["size"] * VOLUME_GB_MONTH / HOURS_A_MONTH, now)

    def delete_volume(self, id: str, now: float) -> None:
        """Gone with its files."""
        self.volume(id)
        del self.volumes[id]
        self.bill.end(id, now)

    def create_endpoint(self, body: Any, now: float, jobs_url: str) -> dict[str, Any]:
        """A serverless endpoint; it costs nothing until a worker runs."""
        wanted = checked(body, schemas.CREATE_ENDPOINT)
        if not wanted.get("image") and "templateId" not in wanted:
            raise problem(400, "image is required unless templateId is set")
        if "templateId" in wanted:
            template = found(self.templates, wanted["templateId"], "template")
            if not template["serverless"]:
                raise problem(422, "Request validation failed.", ["$.templateId: pod template"])
        for id in wanted.get("networkVolumes", []):
            self.volume(id)
        id = self._new_id() + "".join(self.dice.choices("0123456789", k=4))
        workers = {"min": 0, "max": 3, "idleTimeout": 10, **wanted.get("workers", {})}
        endpoint = {
            "id": id,
            "timeout": 300_000,
            "flashboot": "OFF",
            "dataCenterIds": [],
            "networkVolumes": [],
            "createdAt": iso(now),
            **wanted,
            "workers": workers,
            "requestUrls": request_urls(jobs_url, id),
        }
        if "gpu" in wanted:
            usual = {"count": 1, "allowedCudaVersions": [], "minCudaVersion": None}
            endpoint["gpu"] = {**usual, **wanted["gpu"]}
        self.endpoints[id] = endpoint
        return endpoint

    def update_endpoint(self, id: str, body: Any) -> dict[str, Any]:
        """Change fields; workers are merged."""
        endpoint = found(self.endpoints, id, "endpoint")
        wanted = checked(body, schemas.UPDATE_ENDPOINT)
        wanted["workers"] = {**endpoint["workers"], **wanted.get("workers", {})}
        endpoint.update(wanted)
        return endpoint


def request_urls(jobs_url: str, id: str) -> dict[str, str]:
    """Where jobs are sent."""
    place = f"{jobs_url}/v2/{id}"
    return {
        "run": f"{place}/run",
        "runSync": f"{place}/runsync",
        "status": f"{place}/status/{{id}}",
        "stream": f"{place}/stream/{{id}}",
        "cancel": f"{place}/cancel/{{id}}",
        "retry": f"{place}/retry/{{id}}",
        "purgeQueue": f"{place}/purge-queue",
        "health": f"{place}/health",
    }


def found(things: dict[str, dict[str, Any]], id: str, what: str) -> dict[str, Any]:
    """The thing, or 404."""
    if id not in things:
        raise problem(404, f"{what} not found")
    return things[id]


def checked(body: Any, schema: Schema) -> dict[str, Any]:
    """The body if it is as the schema says, else 422 with all that is wrong."""
    wrong = problems(body, schema)
    if wrong:
        raise problem(422, "Request validation failed.", wrong)
    return dict(body)


def problem(status: int, detail: str, errors: Sequence[str] = ()) -> Refusal:
    """An error as RFC 9457 writes it."""
    title = HTTPStatus(status).phrase.replace("Unprocessable Content", "Unprocessable Entity")
    body: dict[str, Any] = {"title": title, "status": status, "detail": detail}
    if errors:
        body["errors"] = list(errors)
    return Refusal(Reply(status, body, kind=KIND))
