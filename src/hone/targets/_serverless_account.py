"""What a serverless endpoint is and costs, by RunPod's REST v2, and whether all of it is ready."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hone import settings
from hone.errors import HoneError, Unavailable
from hone.records.rental import Offer
from hone.targets import _jobs_api as jobs_api
from hone.targets import _own_bucket as own_bucket
from hone.targets._check import Checked
from hone.targets._clock import REAL, Clock
from hone.targets._clouds import dated_offers
from hone.targets._hub import Hub
from hone.targets._jobs_api import JobsApi
from hone.targets._rental_choice import USABLE_SHARE
from hone.targets._rest import BadKey
from hone.targets._runpod_api import URL, RunPodApi
from hone.targets._serverless_opened import KEY, SETTING, SETUP, account, endpoint_of
from hone.workspace.targets_config import RunPodServerlessTarget

TABLE = "runpod-serverless"
MEMORY_OF_CORE_GIB = 2.0
DC_WITH_S3 = (
    "EU-CZ-1 EU-RO-1 EUR-IS-1 EUR-NO-1 US-CA-2 US-GA-2 US-IL-1 US-KS-2 US-MD-1 US-MO-1 US-MO-2 "
    "US-NC-1 US-NC-2 US-NE-1 US-WA-1"
).split()


class Worker(NamedTuple):
    """What a worker of the endpoint is: the least that its types have, at the dearest price."""

    name: str
    cards: int
    memory_gib: float  # of each card; of the machine where there is none
    cores: int
    price_per_hour_usd: float
    price_of: str  # live, hone.yaml, or the day that the table knows it of


def key_of(options: RunPodServerlessTarget) -> str:
    """The account's key; BadKey where there is none."""
    key = settings.credential((KEY,), options.keys_in)
    if key is None:
        raise BadKey(
            "There is no key for RunPod.",
            hint=f"Put one into .env of the workspace: {KEY}=…   (console.runpod.io/user/settings)",
        )
    return key


def control(options: RunPodServerlessTarget, clock: Clock = REAL) -> RunPodApi:
    """REST v2 with the account's key. Close its `rest`."""
    return RunPodApi(key_of(options), url=settings.cloud_address("runpod", URL), clock=clock)


def worker_of(options: RunPodServerlessTarget, *, clock: Clock = REAL) -> Worker:
    """What the endpoint's workers are and cost now; HoneError where nobody can say."""
    endpoint = endpoint_of(options)
    if not endpoint:
        raise BadKey(f"{SETTING}.endpoint_id names no endpoint.", hint=SETUP)
    api = control(options, clock)
    try:
        found = api.found("serverless", endpoint)
        gpus = [] if found.get("cpu") else api.gpus(with_availability=False)
    finally:
        api.rest.close()
    if found.get("cpu"):
        return _processor(found["cpu"][0], options)
    wanted = found.get("gpu") or {}
    return _card(gpus, wanted, options)


def _processor(flavour: dict[str, Any], options: RunPodServerlessTarget) -> Worker:
    if options.price_per_hour_usd is None:
        raise BadKey(
            "RunPod lists no prices of processors: say what an hour of a worker costs.",
            hint=f"hone config set {SETTING}.price_per_hour_usd 0.2",
        )
    cores = int(flavour.get("vcpuCount") or 2)
    name = str(flavour.get("id") or "processor")
    memory = MEMORY_OF_CORE_GIB * cores
    return Worker(name, 0, memory, max(1, cores // 2), options.price_per_hour_usd, "hone.yaml")


def _card(
    gpus: Sequence[dict[str, Any]], wanted: dict[str, Any], options: RunPodServerlessTarget
) -> Worker:
    pools = wanted.get("pools") or []
    offers = offers_of(gpus, pools, wanted.get("excludedTypes") or ())
    return worker_among(offers, int(wanted.get("count") or 1), options, pools)


def offers_of(
    gpus: Sequence[dict[str, Any]], pools: Sequence[str], left_out: Sequence[str]
) -> list[Offer]:
    """The types of these pools with their live prices; by the dated table where it says none."""
    offers = [
        Offer(
            gpu=str(one["id"]),
            card=str(one.get("name") or one["id"]),
            memory_gib=float(one.get("memory") or 0),
            price_per_hour_usd=float(price),
        )
        for one in gpus
        if one.get("pool") in pools and one.get("id") not in left_out
        for price in [(one.get("price") or {}).get("serverless")]
        if isinstance(price, int | float) and price > 0
    ]
    return offers or [one for one in dated_offers(TABLE) if one.gpu in pools]


def worker_among(
    offers: Sequence[Offer], count: int, options: RunPodServerlessTarget, pools: Sequence[str]
) -> Worker:
    """The worker that these offers give at the worst: least memory, highest price."""
    if not offers and options.price_per_hour_usd is None:
        raise BadKey(
            f"RunPod lists no price of {', '.join(pools) or 'the endpoint'}.",
            hint=f"hone config set {SETTING}.price_per_hour_usd 4.2",
        )
    if not offers:
        return Worker(
            ", ".join(pools), count, 16.0, 8, options.price_per_hour_usd or 0, "hone.yaml"
        )
    dearest = max(offers, key=lambda one: one.price_per_hour_usd)
    price, of = dearest.price_per_hour_usd * count, dearest.price_of
    if options.price_per_hour_usd is not None:
        price, of = options.price_per_hour_usd, "hone.yaml"
    memory = min(one.memory_gib for one in offers)
    least = min(offers, key=lambda one: one.memory_gib)
    return Worker(least.card or least.gpu, count, memory, 8, round(price, 4), of)


def planned_machine(options: RunPodServerlessTarget) -> dict[str, Any]:
    """What a worker offers to training, for a plan; nothing is started."""
    found = worker_of(options)
    memory = found.memory_gib * (USABLE_SHARE if found.cards else 1.0)
    when = "" if found.price_of in ("live", "hone.yaml") else f", as of {found.price_of}"
    return {
        "device": "cuda" if found.cards else "cpu",
        "name": found.name,
        "memory_gib": memory,
        "free_gib": memory,
        "cards": max(1, found.cards),
        "cores": found.cores,
        "is_glibc": True,
        "price_per_hour_usd": found.price_per_hour_usd,
        "prepare_seconds": options.prepare_seconds,
        "notes": [
            f"Serverless: a worker with {max(1, found.cards)} x {found.name} costs up to "
            f"${found.price_per_hour_usd:.2f} an hour{when}, by the second, while it runs."
        ],
    }


def check(options: RunPodServerlessTarget, clock: Clock = REAL) -> list[Checked]:
    """Price, endpoint and volume, each with what mends it."""
    done: list[Checked] = []
    try:
        found = worker_of(options, clock=clock)
        text = f"{found.name}: up to ${found.price_per_hour_usd:.2f} an hour ({found.price_of})"
        done.append(Checked("price", True, text))
    except HoneError as error:
        done.append(Checked("price", False, error.message, error.hint))
    done.append(_check_endpoint(options, clock))
    try:
        with account(options, clock) as opened:
            if opened.volume is not None:
                opened.volume.keys("hone/jobs/no-such-job/")
                done.append(Checked("volume", True, f"{options.volume_id} answers"))
            elif isinstance(opened.files, Hub):
                opened.files.refuse_open()
                done.append(Checked("hub", True, f"{options.repository} is private"))
            else:
                own_bucket.refuse_unfit(opened.files)
                text = f"{opened.files.where.name} takes a job's end, and keeps it to itself"
                done.append(Checked("bucket", True, text))
    except HoneError as error:
        done.append(Checked("way home", False, error.message, error.hint))
    return done


def _check_endpoint(options: RunPodServerlessTarget, clock: Clock) -> Checked:
    try:
        endpoint, url = endpoint_of(options), settings.cloud_address("runpod_jobs", jobs_api.URL)
        if not endpoint:
            raise Unavailable(f"{SETTING}.endpoint_id names no endpoint.", hint=SETUP)
        api = JobsApi(key_of(options), endpoint, url=url, clock=clock)
        try:
            health = api.health()
        finally:
            api.rest.close()
    except HoneError as error:
        return Checked("endpoint", False, error.message, error.hint)
    workers = ", ".join(f"{count} {name}" for name, count in health["workers"].items() if count)
    text = f"{endpoint}: {workers or 'no worker runs (one starts when there is a request)'}"
    return Checked("endpoint", True, text)
