"""Connects to the GPU service: which keys are set, which endpoints the account has, which is taken.

Keys are read from the environment and `.env`, go into the header of a call, and are never shown or
kept.
"""

from __future__ import annotations

from contextlib import closing
from typing import Any, cast

from pydantic import BaseModel, Field

from hone import settings
from hone.errors import InvalidInput, NotFound, nearest
from hone.stages import jobs
from hone.targets._serverless_account import control
from hone.targets._serverless_opened import (
    ENDPOINT,
    KEY,
    S3_ACCESS,
    S3_SECRET,
    SETTING,
    SETUP,
    endpoint_of,
)
from hone.workspace.config import CONFIG_FILE, load_config, set_config
from hone.workspace.open import Workspace
from hone.workspace.targets_config import RunPodServerlessTarget

NAME = "runpod-serverless"


class NamedKey(BaseModel):
    """A name that the service's settings are looked up by; never its value."""

    name: str
    is_set: bool = Field(description="in the environment or in .env of the workspace")


class ServiceStanding(BaseModel):
    """What is known of the service without asking it."""

    keys: list[NamedKey]
    endpoint: str = Field(description="the id that trainings go to; empty: none")
    trouble: str = Field(default="", description="why others could read .env")


class FoundEndpoint(BaseModel):
    """An endpoint of the account."""

    id: str
    name: str
    hardware: str = Field(description="pools of GPUs, or the processor, of its workers")
    workers_max: int | None = None
    volumes: list[str] = Field(
        default_factory=list[str], description="network volumes that its workers have"
    )


class Connected(ServiceStanding):
    """The service has answered: the endpoints of the account."""

    endpoints: list[FoundEndpoint]


def service_standing(ws: Workspace) -> ServiceStanding:
    """Which keys are set and which endpoint is taken; nobody is asked."""
    names = (KEY, ENDPOINT, S3_ACCESS, S3_SECRET)
    return ServiceStanding(
        keys=[
            NamedKey(name=name, is_set=settings.credential((name,), ws.root) is not None)
            for name in names
        ],
        endpoint=endpoint_of(_options(ws)),
        trouble=settings.env_file_trouble(ws.root),
    )


def connect_service(ws: Workspace) -> Connected:
    """Ask the service for the account's endpoints; nothing is made or changed.

    BadKey where there is no key or it is refused; NotFound where the account has no endpoint.
    """
    api = control(_options(ws))
    with closing(api.rest):
        listed = api.listed("serverless", "endpoints")
    found = [_endpoint(one) for one in listed if isinstance(one.get("id"), str)]
    if not found:
        raise NotFound(
            "RunPod accepts the key, and no endpoints were found: the account has none.",
            hint=f"{SETUP} --image NAME:VERSION   (says the price first)",
        )
    found.sort(key=lambda one: (one.name, one.id))
    return Connected(**service_standing(ws).model_dump(), endpoints=found)


def choose_endpoint(ws: Workspace, id: str) -> ServiceStanding:
    """Take an endpoint of the account for trainings, in hone.yaml; NotFound where it has no such.

    Where `.env` names the same one, nothing is written. InvalidInput where its workers would not
    find the volume that hone.yaml names.
    """
    known = {one.id: one for one in connect_service(ws).endpoints}
    if id not in known:
        raise NotFound(f"The account has no endpoint {id}.", hint=nearest(id, known))
    options = _options(ws)
    if options.volume_id and options.volume_id not in known[id].volumes:
        raise InvalidInput(
            f"The endpoint {id} does not have the volume {options.volume_id} that "
            f"{SETTING}.volume_id names: what is sent would not be found there.",
            hint=f"hone config set {SETTING} '{{endpoint_id: {id}, volume_id: …, data_center: …}}'",
        )
    if endpoint_of(options) != id:
        path = ws.root / CONFIG_FILE
        set_config(path, f"{SETTING}.endpoint_id", id)
        ws.config = load_config(path)
    return service_standing(ws)


def _options(ws: Workspace) -> RunPodServerlessTarget:
    return cast("RunPodServerlessTarget", jobs.target_named(ws, NAME).options)


def _endpoint(one: dict[str, Any]) -> FoundEndpoint:
    gpu: dict[str, Any] = one.get("gpu") or {}
    flavours: list[dict[str, Any]] = one.get("cpu") or []
    pools: list[Any] = gpu.get("pools") or []
    hardware = [*pools, *(flavour.get("id") for flavour in flavours)]
    workers: dict[str, Any] = one.get("workers") or {}
    volumes: list[Any] = one.get("networkVolumes") or []
    most = workers.get("max")
    return FoundEndpoint(
        id=one["id"],
        name=str(one.get("name") or one["id"]),
        hardware=", ".join(map(str, hardware)),
        workers_max=most if isinstance(most, int) else None,
        volumes=list(map(str, volumes)),
    )
