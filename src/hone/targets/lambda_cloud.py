"""Runs a job on a machine rented from Lambda, and gives the machine back.

Needs: LAMBDA_API_KEY in the environment or .env, and `targets.lambda.gpu` in hone.yaml.
Gives: what `ssh` gives; the machine is named before it is rented, probed, and given back.
Source: Lambda Cloud API v1 (OpenAPI 1.10.0), https://docs.lambda.ai/public-cloud/cloud-api/
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

from hone import settings
from hone.records.rental import Offer
from hone.targets import _rented
from hone.targets._check import Checked
from hone.targets._clock import REAL, Clock
from hone.targets._clouds import Machine, OwnEnd, Standing, State
from hone.targets._lambda_api import KEY, URL, LambdaApi
from hone.targets._rented_key import key_pair
from hone.targets._rest import BadKey, CloudRefused
from hone.workspace.job_folder import Identity, JobFolder
from hone.workspace.targets_config import LambdaTarget

NAME = "lambda"
KEYS = (KEY, "LAMBDA_LABS_API_KEY")
USER = "ubuntu"
STATES: dict[str, State] = {
    "booting": "coming",
    "active": "ready",
    "unhealthy": "ill",
    "preempted": "ill",
    "terminating": "ending",
}


class Options(LambdaTarget):
    """What hone.yaml says of machines at Lambda: `targets.lambda`."""


LIMITS: tuple[str, ...] = (
    "Lambda sets no limit of time on a machine and gives it no key by which it could end itself: "
    "the supervisor holds a job to its budget, which needs this machine to be on.",
    "Lambda tells neither the balance nor the bill: costs are measured here, by the minute.",
    "A listed capacity does not mean that a launch succeeds.",
    "gpu_1x_gh200 is an ARM machine, for which no packages are tested.",
)


def start(
    folder: JobFolder,
    options: Options,
    *,
    command: Sequence[str] | None = None,
    clock: Clock = REAL,
) -> Identity:
    """Rent a machine for the job, wait until it is usable, and start the job there."""
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
    """As `ssh` follows; beside that the limit of money is held, and a lost machine noticed."""
    with renter(options, clock=clock) as account, _rented.follow(account, folder) as pull:
        yield pull


def stop(
    folder: JobFolder, deadline_seconds: float, options: Options, *, clock: Clock = REAL
) -> str:
    """End the worker: by request, by signal, by force; says which it took."""
    with renter(options, clock=clock) as account:
        return _rented.stop(account, folder, deadline_seconds)


def release(folder: JobFolder, options: Options, *, clock: Clock = REAL) -> None:
    """Give the machine back, and wait until Lambda says that it is gone."""
    with renter(options, clock=clock) as account:
        _rented.release(account, folder)


def machine(options: Options) -> dict[str, Any]:
    """What the first machine that could be rented offers to training; nothing is rented."""
    return _rented.planned_machine(lambda: renter(options), options, NAME)


def check(options: Options, *, mends: bool = True, new_key: bool = False) -> list[Checked]:
    """The key, the account, prices and capacity of the wanted types."""
    return _rented.check(lambda: renter(options), options, NAME)


def renter(options: LambdaTarget, *, clock: Clock = REAL) -> _rented.Renter:
    """The account that the key opens; BadKey where there is none."""
    key = settings.credential(KEYS, options.keys_in)
    if key is None:
        raise BadKey(
            "There is no key for Lambda.",
            hint=f"Put one into .env of the workspace: {KEY}=…   (cloud.lambda.ai/api-keys)",
        )
    api = LambdaApi(key, url=settings.cloud_address(NAME, URL), clock=clock)
    return _rented.Renter(NAME, LambdaCloud(api, options), options, clock)


class LambdaCloud:
    """An account at Lambda, as `_clouds.Cloud`."""

    own_end: OwnEnd | None = None

    def __init__(self, api: LambdaApi, options: LambdaTarget) -> None:
        self.api = api
        self.options = options

    def standing(self) -> Standing:
        """Whether the key is valid; Lambda tells no balance."""
        count = len(self.machines())
        return Standing(f"the key is valid; {count} machines of the account are on")

    def offers(self) -> list[Offer]:
        """A line per type and region; types without capacity once, as not available."""
        found: list[Offer] = []
        for name, one in self.api.instance_types().items():
            kind = one["instance_type"]
            specs, regions = kind["specs"], one["regions_with_capacity_available"]
            for region in regions or [{"name": ""}]:
                offer = Offer(
                    gpu=name,
                    card=str(kind.get("gpu_description") or kind.get("description") or name),
                    place=str(region["name"]),
                    cards=int(specs["gpus"]),
                    memory_gib=_memory(str(kind.get("gpu_description", ""))),
                    cores=int(specs["vcpus"]),
                    price_per_hour_usd=kind["price_cents_per_hour"] / 100,
                    available="yes" if regions else "no",
                )
                found.append(offer)
        return found

    def rent(self, name: str, offer: Offer, public_key: str) -> Machine:
        """Launch one; the name is all that tells later whose it is, and since when."""
        id = self.api.launch(
            {
                "region_name": offer.place,
                "instance_type_name": offer.gpu,
                "ssh_key_names": [self._known_key(public_key)],
                "name": name,
                "image": {"family": self.options.image},
                "tags": [{"key": "hone", "value": name}],
            }
        )
        price = offer.price_per_hour_usd
        return Machine(
            id, name, "coming", "launched", port=self.options.port, price_per_hour_usd=price
        )

    def _known_key(self, public_key: str) -> str:
        """The account's name for this key; it is made known where it is not yet."""
        wanted = public_key.split()[:2]
        for key in self.api.ssh_keys():
            if str(key.get("public_key", "")).split()[:2] == wanted:
                return str(key["name"])
        name = key_pair(self.options.key).name
        try:
            self.api.add_ssh_key(name, public_key)
        except CloudRefused:
            # Another process may have added it a moment ago.
            if not any(one.get("name") == name for one in self.api.ssh_keys()):
                raise
        return name

    def machines(self) -> list[Machine]:
        """What is listed and not gone."""
        return [one for one in map(self._machine, self.api.instances()) if one is not None]

    def look(self, id: str) -> Machine | None:
        """One instance; None where it is terminated or no longer listed."""
        found = self.api.instance(id)
        return None if found is None else self._machine(found)

    def end(self, id: str) -> None:
        """Terminate it."""
        self.api.terminate(id)

    def billed(self, id: str) -> float | None:
        """Lambda tells no bill."""
        return None

    def close(self) -> None:
        """Give the connections back."""
        self.api.rest.close()

    def _machine(self, found: dict[str, Any]) -> Machine | None:
        # Only these fields: jupyter_token and jupyter_url open the machine to whoever reads them.
        said = str(found.get("status", ""))
        if said == "terminated":
            return None
        cents = (found.get("instance_type") or {}).get("price_cents_per_hour")
        return Machine(
            id=str(found["id"]),
            name=str(found.get("name") or ""),
            state=STATES.get(said, "coming"),
            said=said,
            host=found.get("ip"),
            port=self.options.port,
            user=USER,
            price_per_hour_usd=cents / 100 if isinstance(cents, int | float) else None,
        )


def _memory(described: str) -> float:
    """GiB in `A10 (24 GB PCIe)`; 0 where it does not say."""
    before, mark, _ = described.partition(" GB")
    digits = before.rpartition("(")[2]
    return float(digits) if mark and digits.replace(".", "", 1).isdigit() else 0.0
