"""Volume, template and endpoint at RunPod: what is there by name, and making what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hone.errors import InvalidInput, NotFound, nearest
from hone.targets._clouds import dated_offers
from hone.targets._rest import AnswerLost
from hone.targets._runpod_api import RunPodApi
from hone.targets._serverless_account import DC_WITH_S3, TABLE, Worker, offers_of, worker_among
from hone.workspace.targets_config import RunPodServerlessTarget

VOLUME_USD_PER_GB_MONTH = 0.07  # below 1 TB; runpod/docs, pods/pricing.mdx, 2026-08-20
HOUR_MS = 3600 * 1000
CONTAINER_GB = 20
# Kind on REST v2 -> the word under which a list of them is wrapped.
KINDS = {"network-volumes": "networkVolumes", "templates": "templates", "serverless": "endpoints"}


class Wanted(NamedTuple):
    """What a person wants to have at RunPod."""

    name: str
    image: str
    data_center: str
    pools: tuple[str, ...]
    volume_gb: int = 50
    workers_max: int = 1
    hub_secret: str | None = None  # the name of a secret at RunPod that holds the hub's token


class Standing(NamedTuple):
    """What there is by that name; None: it is to be made."""

    volume: dict[str, Any] | None
    template: dict[str, Any] | None
    endpoint: dict[str, Any] | None

    @property
    def volume_gb(self) -> int | None:
        """How large the volume is that is there."""
        return None if self.volume is None else int(self.volume.get("size") or 0)


def refuse_unfit(wanted: Wanted) -> None:
    """InvalidInput with everything that RunPod would refuse, or that would not work later."""
    pools = sorted({one.gpu for one in dated_offers(TABLE)})
    problems: list[str] = []
    if wanted.data_center not in DC_WITH_S3:
        known = nearest(wanted.data_center, DC_WITH_S3)
        problems.append(f"{wanted.data_center} has no S3 interface to its volumes. {known}")
    for pool in wanted.pools:
        if pool not in pools:
            problems.append(f"There is no pool {pool}. {nearest(pool, pools)}")
    if not wanted.pools:
        problems.append(f"No pool of GPUs is named. There are: {', '.join(pools)}.")
    if not 10 <= wanted.volume_gb <= 4096:
        problems.append(f"A volume has 10 to 4096 GB, not {wanted.volume_gb}.")
    if not 1 <= wanted.workers_max <= 5:
        problems.append(f"1 to 5 workers may run at once, not {wanted.workers_max}.")
    if ":" not in wanted.image.rpartition("/")[2]:
        problems.append(f"The image {wanted.image} names no version: NAME:VERSION.")
    if problems:
        raise InvalidInput(" ".join(problems), hint="hone targets setup --help", problems=problems)


def standing_of(api: RunPodApi, wanted: Wanted) -> Standing:
    """Look for what is there by name; InvalidInput where it is elsewhere than wanted."""
    found = [_named(api, kind, wanted.name) for kind in KINDS]
    standing = Standing(*found)
    place = (standing.volume or {}).get("dataCenter", wanted.data_center)
    if place != wanted.data_center:
        raise InvalidInput(
            f"The volume {wanted.name} is in {place}, not in {wanted.data_center}.",
            hint=f"--data-center {place}, or another name: --called NAME",
        )
    return standing


def worker_wanted(api: RunPodApi, wanted: Wanted) -> Worker:
    """What a worker of these pools costs, live where RunPod says it."""
    offers = offers_of(api.gpus(with_availability=False), wanted.pools, ())
    return worker_among(offers, 1, RunPodServerlessTarget.model_validate({}), wanted.pools)


def make(api: RunPodApi, wanted: Wanted, standing: Standing) -> tuple[str, str]:
    """Make what is missing and bring the image up to date; ids of endpoint and volume."""
    volume = standing.volume or _made(api, "network-volumes", wanted.name, _volume(wanted))
    template = standing.template or _made(api, "templates", wanted.name, _template(wanted))
    if template.get("image") != wanted.image:
        api.change("templates", str(template["id"]), {"image": wanted.image})
    ids = (str(template["id"]), str(volume["id"]))
    endpoint = standing.endpoint or _made(api, "serverless", wanted.name, _endpoint(wanted, *ids))
    return str(endpoint["id"]), str(volume["id"])


def _named(api: RunPodApi, kind: str, name: str) -> dict[str, Any] | None:
    found = [one for one in api.listed(kind, KINDS[kind]) if one.get("name") == name]
    if len(found) > 1:
        raise NotFound(
            f"RunPod has {len(found)} {kind} of the name {name}.",
            hint="Delete all but one in the console, or take another name: --called NAME",
        )
    return found[0] if found else None


def _made(api: RunPodApi, kind: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
    try:
        return api.create(kind, body)
    except AnswerLost:
        # It may have been made all the same: then it is there by its name.
        found = _named(api, kind, name)
        if found is None:
            raise
        return found


def _volume(wanted: Wanted) -> dict[str, Any]:
    return {"name": wanted.name, "size": wanted.volume_gb, "dataCenter": wanted.data_center}


def _template(wanted: Wanted) -> dict[str, Any]:
    secret = wanted.hub_secret
    environment = {} if secret is None else {"HF_TOKEN": f"{{{{ RUNPOD_SECRET_{secret} }}}}"}
    return {
        "name": wanted.name,
        "image": wanted.image,
        "serverless": True,
        "disk": CONTAINER_GB,
        "env": environment,
        "startSsh": False,
        "startJupyter": False,
    }


def _endpoint(wanted: Wanted, template: str, volume: str) -> dict[str, Any]:
    pools: Sequence[str] = wanted.pools
    return {
        "name": wanted.name,
        "type": "QUEUE",
        "scaling": {"type": "QUEUE_DELAY", "queueDelay": 4},
        "templateId": template,
        "gpu": {"pools": list(pools), "count": 1},
        "workers": {"min": 0, "max": wanted.workers_max, "idleTimeout": 5},
        # Every request says how long it may run; this is for those that do not.
        "timeout": HOUR_MS,
        "networkVolumes": [volume],
        "dataCenterIds": [wanted.data_center],
    }
