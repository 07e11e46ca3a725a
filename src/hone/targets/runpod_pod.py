"""Runs a job on a pod rented from RunPod, and gives the pod back.

Needs: RUNPOD_API_KEY in the environment or .env, and `targets.runpod.gpu` in hone.yaml.
Gives: what `ssh` gives; the pod is named before it is rented, probed, and given back.
Source: RunPod REST v2 (2.0.0), https://docs.runpod.io/api-reference-v2/overview
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from hone import settings
from hone.records.rental import Availability, Offer
from hone.targets import _rented
from hone.targets._check import Checked
from hone.targets._clock import REAL, Clock
from hone.targets._clouds import Machine, OwnEnd, Standing, State
from hone.targets._rest import BadKey
from hone.targets._runpod_api import KEY, URL, RunPodApi
from hone.workspace.job_folder import Identity, JobFolder
from hone.workspace.targets_config import RunPodTarget

NAME = "runpod"
KEYS = (KEY,)
STATES: dict[str, State] = {
    "PROVISIONING": "coming",
    "STARTING": "coming",
    "RUNNING": "ready",
    "EXITED": "ill",
    "ERROR": "ill",
    "TERMINATED": "ending",
}
HAS_SOME: dict[str, Availability] = {"NONE": "no", "LOW": "yes", "MEDIUM": "yes", "HIGH": "yes"}


class Options(RunPodTarget):
    """What hone.yaml says of pods at RunPod: `targets.runpod`."""


LIMITS: tuple[str, ...] = (
    "RunPod's API v2 sets no limit of time on a pod: the supervisor holds a job to its budget, and "
    "where this machine is off, the pod ends itself by its own key. What was not brought here by "
    "then is lost, and a pod that RunPod restarts has no such guard until it is started again.",
    "That a pod's own key may delete its pod by API v2 is not in RunPod's documents and was not "
    "tried there; where it is refused, the pod asks runpodctl, which RunPod puts on its images.",
    "Only pods that are never interrupted are rented; spot pods left with API v1.",
    "The image must start an SSH server for PUBLIC_KEY, as RunPod's own images do.",
    "Hosts of one GPU type differ in speed, and one call rents one type.",
)


def start(
    folder: JobFolder,
    options: Options,
    *,
    command: Sequence[str] | None = None,
    clock: Clock = REAL,
) -> Identity:
    """Rent a pod for the job, wait until it is usable, and start the job there."""
    with renter(options, clock=clock) as account:
        return _rented.start(account, folder, command)


def is_alive(folder: JobFolder, options: Options, *, clock: Clock = REAL) -> bool:
    """Whether the worker of this folder runs now."""
    with renter(options, clock=clock) as account:
        return _rented.is_alive(account, folder)


@contextmanager
def follow(
    folder: JobFolder, options: Options, *, clock: Clock = REAL
) -> Generator[Callable[[], None]]:
    """As `ssh` follows; beside that the limit of money is held, and a lost pod noticed."""
    with renter(options, clock=clock) as account, _rented.follow(account, folder) as pull:
        yield pull


def stop(
    folder: JobFolder, deadline_seconds: float, options: Options, *, clock: Clock = REAL
) -> str:
    """End the worker: by request, by signal, by force; says which it took."""
    with renter(options, clock=clock) as account:
        return _rented.stop(account, folder, deadline_seconds)


def release(folder: JobFolder, options: Options, *, clock: Clock = REAL) -> None:
    """Give the pod back, and wait until RunPod says that it is gone."""
    with renter(options, clock=clock) as account:
        _rented.release(account, folder)


def machine(options: Options) -> dict[str, Any]:
    """What the first pod that could be rented offers to training; nothing is rented."""
    return _rented.planned_machine(lambda: renter(options), options, NAME)


def check(options: Options, *, mends: bool = True, new_key: bool = False) -> list[Checked]:
    """The key, the balance, prices and availability of the wanted types."""
    return _rented.check(lambda: renter(options), options, NAME)


def renter(options: RunPodTarget, *, clock: Clock = REAL) -> _rented.Renter:
    """The account that the key opens; BadKey where there is none."""
    key = settings.credential(KEYS, options.keys_in)
    if key is None:
        raise BadKey(
            "There is no key for RunPod.",
            hint=f"Put one into .env of the workspace: {KEY}=…   (console.runpod.io/user/settings)",
        )
    api = RunPodApi(key, url=settings.cloud_address(NAME, URL), clock=clock)
    return _rented.Renter(NAME, RunPodCloud(api, options), options, clock)


class RunPodCloud:
    """An account at RunPod, as `_clouds.Cloud`."""

    def __init__(self, api: RunPodApi, options: RunPodTarget) -> None:
        self.api = api
        self.options = options
        self.own_end: OwnEnd | None = OwnEnd(api.rest.provider.url, options.silent_seconds)

    def standing(self) -> Standing:
        """The balance, where GraphQL still tells it; else that the key is valid."""
        me = self.api.balance()
        if me is None or not isinstance(me.get("clientBalance"), int | float):
            count = len(self.api.pods())
            return Standing(f"the key is valid; {count} pods of the account are on")
        balance, rate = float(me["clientBalance"]), float(me.get("currentSpendPerHr") or 0)
        return Standing(f"${balance:,.2f} left, ${rate:.2f} an hour run off now", balance)

    def offers(self) -> list[Offer]:
        """A line per type and tier; or the one flavour of processor that hone.yaml names."""
        wanted = self.options
        if wanted.cpu is not None:
            return [self._processor(wanted.cpu)]
        found: list[Offer] = []
        for one in self.api.gpus():
            for tier in ("SECURE", "COMMUNITY"):
                price = (one.get("price") or {}).get(tier.lower())
                most = (one.get("maxCount") or {}).get(tier.lower(), wanted.cards)
                if not isinstance(price, int | float) or price <= 0 or most < wanted.cards:
                    continue
                offer = Offer(
                    gpu=str(one["id"]),
                    card=str(one["id"]),
                    place=tier,
                    cards=wanted.cards,
                    memory_gib=float(one.get("memory") or 0),
                    price_per_hour_usd=round(price * wanted.cards, 4),
                    available=HAS_SOME.get(str(one.get("availability")), "unknown"),
                )
                found.append(offer)
        return found

    def _processor(self, flavour: str) -> Offer:
        most = self.options.most_per_hour_usd
        if most is None:
            raise BadKey(
                "RunPod lists no prices of processors: say what an hour may cost at most.",
                hint="hone config set targets.runpod.most_per_hour_usd 0.2",
            )
        # The dearest that is allowed: what it really costs stands in the answer to renting it.
        return Offer(
            gpu=flavour,
            card=flavour,
            place="SECURE",
            cards=0,
            cores=self.options.vcpus,
            price_per_hour_usd=most,
        )

    def rent(self, name: str, offer: Offer, public_key: str) -> Machine:
        """Create one; the key goes in by its environment, so the account's own keys stay as is."""
        wanted = self.options
        body: dict[str, Any] = {
            "name": name,
            "cloud": offer.place,
            "env": {"PUBLIC_KEY": public_key},
            "ports": ["22/tcp"],
        }
        if offer.cards:
            body["gpu"] = {"id": offer.gpu, "count": offer.cards}
        else:
            body["cpu"] = {"id": offer.gpu, "vcpuCount": offer.cores}
        if wanted.template_id is not None:
            body["templateId"] = wanted.template_id
        else:
            body |= {"image": wanted.image, "disk": wanted.disk_gb}
        if wanted.data_centers:
            body["dataCenterIds"] = wanted.data_centers
        return _machine(self.api.create_pod(body))

    def machines(self) -> list[Machine]:
        """Every pod."""
        return [_machine(one) for one in self.api.pods()]

    def look(self, id: str) -> Machine | None:
        """One pod; None where it is gone."""
        found = self.api.pod(id)
        return None if found is None or found.get("status") == "TERMINATED" else _machine(found)

    def end(self, id: str) -> None:
        """Delete it, with its disk."""
        self.api.delete_pod(id)

    def billed(self, id: str) -> float | None:
        """Dollars, as RunPod's own history has them."""
        return self.api.billed(id)

    def close(self) -> None:
        """Give the connections back."""
        self.api.rest.close()


def _machine(found: dict[str, Any]) -> Machine:
    said = str(found.get("status", ""))
    # The proxy's address takes no files: only the direct one will do.
    direct = (found.get("ssh") or {}).get("direct") or {}
    cost = found.get("cost")
    return Machine(
        id=str(found["id"]),
        name=str(found.get("name") or ""),
        state=STATES.get(said, "coming"),
        said=said,
        host=direct.get("host"),
        port=int(direct.get("port") or 22),
        user=direct.get("username") or "root",
        price_per_hour_usd=float(cost) if isinstance(cost, int | float) and cost > 0 else None,
    )
