"""Billing history in buckets, from the emulator's own bill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from emulators.bill import Bill
from emulators.clock import iso
from emulators.rp_pods.inventory import problem

DAYS_BACK = 30
WORKER = "serverless worker"
SIZES = ("hour", "day", "week", "month", "year")
AMOUNTS = {
    "pods": ("gpuAmount", "cpuAmount", "diskAmount"),
    "network-volumes": ("standardAmount", "highPerformanceAmount"),
    "serverless": ("gpuAmount", "cpuAmount", "diskAmount", "feeAmount"),
}
ID = {"pods": "podId", "network-volumes": "networkVolumeId", "serverless": "serverlessId"}
COUNT = {
    "pods": "uniquePodCount",
    "network-volumes": "uniqueNetworkVolumeCount",
    "serverless": "uniqueServerlessCount",
}


def history(bill: Bill, kind: str, query: dict[str, str], now: float) -> dict[str, Any]:
    """Records of one kind of resource, and their totals."""
    size = query.get("bucketSize", "day")
    if size not in SIZES:
        raise problem(400, "bucketSize must be one of hour, day, week, month, year")
    begin, end = _window(query, size, now)
    wanted = query.get(ID[kind])
    records = []
    at = begin
    while at < end:
        until = _next(at, size)
        for id, amount in _amounts_in(bill, kind, (at.timestamp(), until.timestamp()), now):
            if amount > 0 and wanted in (None, id):
                period = {"startTime": iso(at.timestamp()), "endTime": iso(until.timestamp())}
                records.append({**period, **_amounts(kind, amount), ID[kind]: id})
        at = until
    total = sum(record["totalAmount"] for record in records)
    asked = {"startTime": iso(begin.timestamp()), "endTime": iso(end.timestamp())}
    return {
        "records": records,
        "metadata": {
            "query": {**asked, "bucketSize": size, ID[kind]: wanted},
            "recordCount": len(records),
            COUNT[kind]: len({record[ID[kind]] for record in records}),
            "totals": _amounts(kind, total),
        },
    }


def _amounts_in(
    bill: Bill, kind: str, span: tuple[float, float], now: float
) -> list[tuple[str, float]]:
    """What each resource of a kind cost in a span; the workers of an endpoint together."""
    found: dict[str, float] = {}
    for id, rental in bill.rentals.items():
        known = {"network volume": "network-volumes", WORKER: "serverless"}
        if known.get(rental.kind, "pods") == kind:
            name = rental.name if rental.kind == WORKER else id
            found[name] = found.get(name, 0.0) + bill.cost_between(id, *span, now)
    return list(found.items())


def _amounts(kind: str, amount: float) -> dict[str, float]:
    first, *others = AMOUNTS[kind]
    return {"totalAmount": amount, first: amount, **dict.fromkeys(others, 0.0)}


def _window(query: dict[str, str], size: str, now: float) -> tuple[datetime, datetime]:
    last = query.get("lastN")
    if last is not None and ("startTime" in query or "endTime" in query):
        raise problem(400, "lastN and startTime/endTime are mutually exclusive")
    try:
        end = _moment(query["endTime"]) if "endTime" in query else datetime.fromtimestamp(now, UTC)
        begin = _moment(query["startTime"]) if "startTime" in query else end - timedelta(DAYS_BACK)
    except ValueError:
        raise problem(400, "times are RFC 3339") from None
    if last is not None:
        begin = _floor(end, size)
        for _ in range(int(last) - 1):
            begin = _floor(begin - timedelta(seconds=1), size)
    closed = _floor(end, size)
    return _floor(begin, size), closed if closed == end else _next(closed, size)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _floor(at: datetime, size: str) -> datetime:
    hour = at.replace(minute=0, second=0, microsecond=0)
    if size == "hour":
        return hour
    day = hour.replace(hour=0)
    if size == "week":
        return day - timedelta(days=day.weekday())
    if size == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if size == "year" else day


def _next(at: datetime, size: str) -> datetime:
    steps = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
    if size in steps:
        return at + steps[size]
    return _floor(at + timedelta(days=32 if size == "month" else 366), size)
