"""What only others can tell: the hub, the providers' clocks, and what is rented there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from hone import settings, shelf
from hone.stages import jobs
from hone.stages.health.finding import Finding, ok, problem, warning
from hone.workspace.open import Workspace

ASK_SECONDS = 5.0
SKEW_SECONDS = 60.0


def look_at_hub() -> Iterator[Finding]:
    """Whether bases can be fetched; its clock is compared on the way."""
    if settings.is_hub_offline():
        yield ok("online", "the model hub is not asked: HF_HUB_OFFLINE is set")
        return
    yield from _answers("the model hub", settings.hub_address())


def look_at_providers(ws: Workspace) -> Iterator[Finding]:
    """Clocks of the providers whose key is here, and what is rented there that nobody owns."""
    for name in filter(jobs.is_rented, shelf.names("targets")):
        module = shelf.load("targets", name)
        if settings.credential(module.KEYS, ws.root) is None:
            continue
        reached = list(_answers(name, settings.cloud_address(module.NAME, module.URL)))
        yield from reached
        # One that does not answer would be asked again for a minute.
        if not any(one.level == "problem" for one in reached):
            yield from _rented_at(ws, name)


def _rented_at(ws: Workspace, name: str) -> Iterator[Finding]:
    there = jobs.rented_there(ws, name)
    for one in there.machines:
        if one.use == "nobody's":
            price = one.price_per_hour_usd
            rate = "" if price is None else f", ${price:.2f} an hour"
            what = f"{one.target} has {one.name} ({one.said}{rate}), and nobody owns it"
            yield problem("online", what, "hone jobs reap   (gives it back)")
    for text in there.problems:
        yield problem("online", text.rstrip("."), f"hone targets check {name}   (says more)")


def _answers(name: str, address: str) -> Iterator[Finding]:
    """Whether an address answers at all, without any key, and how its clock differs from ours."""
    import httpx

    try:
        answer = httpx.head(address, timeout=ASK_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        what = f"{name} cannot be reached at {address} ({type(error).__name__})"
        yield problem("online", what, "Is this machine online, and is a proxy set that it needs?")
        return
    skew = _skew(answer.headers.get("date", ""))
    if skew is None or abs(skew) <= SKEW_SECONDS:
        yield ok("online", f"{name} answers at {address}")
        return
    way = "ahead of" if skew > 0 else "behind"
    yield warning(
        "online",
        f"this machine's clock is {abs(skew):.0f} s {way} that of {name}: deadlines and costs "
        "are measured by it",
        "sudo timedatectl set-ntp true",
    )


def _skew(date: str) -> float | None:
    """Seconds by which our clock is ahead of a Date header; None where there is no such header."""
    try:
        return time.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
