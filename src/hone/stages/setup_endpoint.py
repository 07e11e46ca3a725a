"""Sets a serverless endpoint up: the price first, then what is missing, then hone.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from pydantic import BaseModel, Field

from hone import settings
from hone.errors import NotFound, nearest
from hone.targets._serverless_account import control
from hone.targets._serverless_opened import KEY, S3_ACCESS, S3_SECRET, SETTING
from hone.targets._serverless_setup import (
    VOLUME_USD_PER_GB_MONTH,
    Wanted,
    make,
    refuse_unfit,
    standing_of,
    worker_wanted,
)
from hone.workspace.config import CONFIG_FILE, load_config, set_config
from hone.workspace.open import Workspace
from hone.workspace.targets_config import RunPodServerlessTarget

__all__ = [
    "KEY",
    "S3_ACCESS",
    "S3_PAGE",
    "S3_SECRET",
    "EndpointPlan",
    "Wanted",
    "keep_keys",
    "missing_keys",
    "plan_endpoint",
    "refuse_other",
    "set_up_endpoint",
]

NAME = "runpod-serverless"
S3_PAGE = "https://console.runpod.io/user/settings (S3 API Keys)"


class EndpointPlan(BaseModel):
    """What would be made, and what it costs."""

    makes: list[str] = Field(description="in words, in order; empty: all is there")
    keeps: list[str] = Field(description="what is there by that name already")
    worker: str = Field(description="the least GPU that a worker may have")
    per_hour_usd: float = Field(description="of a worker while it runs, at most")
    price_of: str = Field(description="live, or the day that the table knows it of")
    volume_per_month_usd: float = Field(description="of the volume, used or not")


class Endpoint(BaseModel):
    """What is set up now."""

    endpoint_id: str
    volume_id: str
    missing_keys: list[str] = Field(description="names of keys that .env lacks")


def plan_endpoint(ws: Workspace, wanted: Wanted) -> EndpointPlan:
    """What a set-up would make and cost; nothing is made. BadKey, or all that is wrong at once."""
    refuse_unfit(wanted)
    api = control(_options(ws))
    with closing(api.rest):
        standing = standing_of(api, wanted)
        worker = worker_wanted(api, wanted)
    size = standing.volume_gb or wanted.volume_gb
    parts = [
        (standing.volume, f"the volume {wanted.name} of {size} GB in {wanted.data_center}"),
        (standing.template, f"the template {wanted.name} with {wanted.image}"),
        (standing.endpoint, f"the endpoint {wanted.name} for {', '.join(wanted.pools)}"),
    ]
    return EndpointPlan(
        makes=[text for there, text in parts if there is None],
        keeps=[text for there, text in parts if there is not None],
        worker=worker.name,
        per_hour_usd=worker.price_per_hour_usd,
        price_of=worker.price_of,
        volume_per_month_usd=round(size * VOLUME_USD_PER_GB_MONTH, 2),
    )


def set_up_endpoint(ws: Workspace, wanted: Wanted) -> Endpoint:
    """Make what is missing and say it in hone.yaml; again: what is there is found by its name."""
    refuse_unfit(wanted)
    api = control(_options(ws))
    with closing(api.rest):
        endpoint, volume = make(api, wanted, standing_of(api, wanted))
    path = ws.root / CONFIG_FILE
    for key, value in (
        ("endpoint_id", endpoint),
        ("volume_id", volume),
        ("data_center", wanted.data_center),
    ):
        set_config(path, f"{SETTING}.{key}", value)
    ws.config = load_config(path)
    return Endpoint(endpoint_id=endpoint, volume_id=volume, missing_keys=missing_keys(ws))


def missing_keys(ws: Workspace) -> list[str]:
    """Names of keys that neither the environment nor .env has."""
    return [
        name
        for name in (KEY, S3_ACCESS, S3_SECRET)
        if settings.credential((name,), ws.root) is None
    ]


def keep_keys(ws: Workspace, keys: Mapping[str, str]) -> None:
    """Put keys into .env of the workspace, for its owner alone."""
    settings.set_credentials(ws.root, dict(keys))


def refuse_other(name: str) -> None:
    """NotFound for a target that needs no set-up of its own."""
    if name != NAME:
        raise NotFound(f"There is nothing to set up for {name}.", hint=nearest(name, [NAME]))


def _options(ws: Workspace) -> RunPodServerlessTarget:
    return RunPodServerlessTarget.model_validate({}).for_workspace(ws.root)
