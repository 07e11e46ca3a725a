"""What every cloud that rents machines out can do, and dated prices where it cannot be asked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from hone.records.rental import Offer
from hone.targets._clock import Clock
from hone.workspace.targets_config import Rented
from hone.workspace.yaml_file import read_yaml

PRICES = Path(__file__).parents[1] / "bundled" / "rental_prices.yaml"
State = Literal["coming", "ready", "ill", "ending"]


class Machine(NamedTuple):
    """A machine of the account, as the provider shows it now."""

    id: str
    name: str
    state: State
    said: str  # the provider's own word for the state
    host: str | None = None
    port: int = 22
    user: str | None = None
    price_per_hour_usd: float | None = None


class Standing(NamedTuple):
    """What a valid key tells of its account."""

    text: str
    balance_usd: float | None = None


class OwnEnd(NamedTuple):
    """How a machine ends itself: where it asks, and after how long a silence."""

    url: str
    silent_seconds: float


class Cloud(Protocol):
    """One provider with one account."""

    own_end: OwnEnd | None
    """How a machine ends itself by a key of its own; None: it has none."""

    def standing(self) -> Standing:
        """Whether the key is valid, and what is left; HoneError where it is not."""
        ...

    def offers(self) -> list[Offer]:
        """Every machine that could be rented, with live prices."""
        ...

    def rent(self, name: str, offer: Offer, public_key: str) -> Machine:
        """Rent one under this name; NoCapacity, NoCredit, AnswerLost."""
        ...

    def machines(self) -> list[Machine]:
        """Everything of the account that is not gone."""
        ...

    def look(self, id: str) -> Machine | None:
        """One machine; None where it is gone."""
        ...

    def end(self, id: str) -> None:
        """Ask for its end; it is gone when `look` says so. Harmless where it is gone."""
        ...

    def billed(self, id: str) -> float | None:
        """Dollars that the provider has billed for it; None where it does not say."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class Renter(NamedTuple):
    """Who rents: an account, what hone.yaml says of it, and a clock."""

    target: str
    cloud: Cloud
    options: Rented
    clock: Clock

    def __enter__(self) -> Renter:
        return self

    def __exit__(self, *_: object) -> None:
        self.cloud.close()


@cache
def dated_offers(provider: str) -> tuple[Offer, ...]:
    """Prices as the table of this Hone knows them, each with its day; capacity is not known."""
    table: Any = read_yaml(PRICES)
    return tuple(
        Offer(
            gpu=str(one["gpu"]),
            card=str(one["gpu"]).split("x_")[-1].replace("_", " ").upper(),
            place=str(one.get("place", "")),
            cards=int(one.get("cards", 1)),
            memory_gib=float(one["memory_gb"]),
            price_per_hour_usd=float(one["usd_per_hour"]),
            price_of=str(one["seen"]),
        )
        for one in table[provider]
    )


def in_order(
    offers: Sequence[Offer], gpus: Sequence[str], places: Sequence[str], *, takes_any: bool = True
) -> list[Offer]:
    """The offers that a person wants, in their order: by GPU first, then by place.

    No places: any, the cheapest first. Those that the provider says it has not come last out.
    """
    found: list[Offer] = []
    for gpu in gpus:
        of_it = [one for one in offers if one.gpu == gpu and one.available != "no"]
        if places:
            found += [one for place in places for one in of_it if one.place in (place, "")]
        elif takes_any:
            found += sorted(of_it, key=lambda one: one.price_per_hour_usd)
    return list(dict.fromkeys(found))
