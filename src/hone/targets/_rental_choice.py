"""Which machine to rent: what hone.yaml wants of what a provider has now, and at what price."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hone.errors import HoneError, NotFound, nearest
from hone.records.job import Job
from hone.records.rental import Offer
from hone.targets._check import Checked
from hone.targets._clouds import Renter, dated_offers, in_order
from hone.targets._rest import NoCapacity
from hone.workspace.targets_config import Rented

USABLE_SHARE = 0.93  # GiB that can be used, of the GB that a card is sold with
SHOWN = 6


def candidates(renter: Renter, *, least_memory_gib: float = 0.0) -> list[Offer]:
    """What hone.yaml wants and the provider has now, in the order of hone.yaml.

    NotFound where no type is named or one does not exist; NoCapacity where none is free.
    """
    return wanted_among(renter.cloud.offers(), renter.options, least_memory_gib=least_memory_gib)


def memory_needed(job: Job) -> float:
    """GiB that the job's plan needs at least, of each card; 0 where it has no plan."""
    planned = job.spec.get("plan", {}).get("memory_gib") or [0.0]
    return float(planned[0])


def wanted_among(
    offers: Sequence[Offer], options: Rented, *, least_memory_gib: float = 0.0
) -> list[Offer]:
    """The offers that `options` want, in that order."""
    if getattr(options, "cpu", None) is not None:
        return list(offers)
    setting = options.setting
    if not options.gpu:
        there = [one for one in offers if one.available != "no"]
        cheap = sorted(there, key=lambda one: one.price_per_hour_usd)[:SHOWN]
        some = ", ".join(f"{one.gpu} (${one.price_per_hour_usd:.2f} an hour)" for one in cheap)
        more = f" and {len(there) - len(cheap)} dearer ones" if len(there) > len(cheap) else ""
        raise NotFound(
            f"{setting}.gpu names no type to rent. There are: {some or 'none now'}{more}.",
            hint=f"hone config set {setting}.gpu '[NAME, NAME]'   (best first)",
        )
    known = {one.gpu for one in offers}
    for gpu in options.gpu:
        if gpu not in known:
            raise NotFound(f'{setting}.gpu: there is no "{gpu}".', hint=nearest(gpu, known))
    places = getattr(options, "region", None) or getattr(options, "cloud", None) or []
    found = in_order(offers, options.gpu, places)
    most = options.most_per_hour_usd
    fitting = [
        one
        for one in found
        if (most is None or one.price_per_hour_usd <= most)
        and (not one.cards or not least_memory_gib or one.memory_gib >= least_memory_gib)
    ]
    if fitting:
        return fitting
    if found:
        raise NotFound(
            f"None of {', '.join(options.gpu)} has {least_memory_gib:.0f} GiB "
            f"for at most {'any price' if most is None else f'${most:.2f} an hour'}.",
            hint=f"Name others in {setting}.gpu, or raise {setting}.most_per_hour_usd.",
        )
    where = f" in {', '.join(places)}" if places else ""
    raise NoCapacity(
        f"None of {', '.join(options.gpu)} is free{where} now.",
        hint=f"Name more in {setting}.gpu, or try again later.",
    )


def planned_machine(renter: Callable[[], Renter], options: Rented, provider: str) -> dict[str, Any]:
    """What the first candidate offers to training, for a plan; nothing is rented.

    Where the provider cannot be asked, prices are those of the dated table, and a note says so.
    """
    notes: list[str] = []
    try:
        with renter() as account:
            found = candidates(account)
    except NotFound:
        raise
    except HoneError as error:
        found = wanted_among(dated_offers(provider), options)
        notes.append(f"Prices are of {found[0].price_of}, not of today: {error.message}")
    offer = found[0]
    dearest = max(one.price_per_hour_usd for one in found)
    notes.append(
        f"Rented: {offer.text} at ${offer.price_per_hour_usd:.2f} an hour"
        + (f"; {len(found) - 1} others follow, at most ${dearest:.2f}." if found[1:] else ".")
    )
    memory = offer.memory_gib * USABLE_SHARE if offer.cards else 4.0 * max(1, offer.cores // 2)
    return {
        "device": "cuda" if offer.cards else "cpu",
        "name": offer.card or offer.gpu,
        "memory_gib": memory,
        "free_gib": memory,
        "cards": max(1, offer.cards),
        "cores": max(1, offer.cores // 2),  # providers count threads
        "is_glibc": True,
        "price_per_hour_usd": dearest,
        "prepare_seconds": options.prepare_seconds,
        "notes": notes,
    }


def check(renter: Callable[[], Renter], options: Rented, provider: str) -> list[Checked]:
    """The key, the account, and what the wanted types cost and whether there are any."""
    done: list[Checked] = []
    try:
        account = renter()
    except HoneError as error:
        done.append(Checked("key", False, error.message, error.hint))
        return [*done, *_prices(list(dated_offers(provider)), options)]
    try:
        done.append(Checked("account", True, account.cloud.standing().text))
        offers = account.cloud.offers()
    except HoneError as error:
        done.append(Checked("account", False, error.message, error.hint))
        offers = list(dated_offers(provider))
    finally:
        account.cloud.close()
    return [*done, *_prices(offers, options)]


def _prices(offers: list[Offer], options: Rented) -> list[Checked]:
    shown: list[Checked] = []
    for gpu in options.gpu:
        of_it = [one for one in offers if one.gpu == gpu]
        for one in of_it[:SHOWN]:
            when = "now" if one.is_live else f"as of {one.price_of}"
            has = {"yes": "available", "no": "none free", "unknown": "availability unknown"}
            text = f"${one.price_per_hour_usd:.2f} an hour {when}, {has[one.available]}"
            where = f" in {one.place}" if one.place else ""
            shown.append(Checked("price", True, f"{gpu}{where}: {text}"))
    try:
        wanted_among(offers, options)
    except HoneError as error:
        shown.append(Checked("machine", False, error.message, error.hint))
    return shown
