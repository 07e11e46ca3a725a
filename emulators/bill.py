"""The emulator's own bill, by its own clock: every machine ever rented, and what it cost."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Rental:
    """One machine from the call that rented it until it is gone."""

    id: str
    name: str
    kind: str
    rented_at: float
    ended_at: float | None = None
    # (begin, end or None while it runs, dollars an hour)
    spans: list[tuple[float, float | None, float]] = field(default_factory=list)

    @property
    def is_metered(self) -> bool:
        """Whether money runs now."""
        return bool(self.spans) and self.spans[-1][1] is None


class Bill:
    """Meters by the second, or in whole `unit_seconds` where the provider rounds up."""

    def __init__(self, unit_seconds: float = 1.0) -> None:
        self.unit_seconds = unit_seconds
        self.rentals: dict[str, Rental] = {}

    def rent(self, id: str, *, name: str, kind: str, at: float) -> None:
        """Note a new machine; costs nothing until `meter`."""
        self.rentals[id] = Rental(id, name, kind, at)

    def meter(self, id: str, price_per_hour: float, at: float) -> None:
        """Let the money run, or change its rate."""
        self.pause(id, at)
        self.rentals[id].spans.append((at, None, price_per_hour))

    def pause(self, id: str, at: float) -> None:
        """Stop the meter; the machine may go on existing (a stopped pod)."""
        rental = self.rentals[id]
        if rental.is_metered:
            begin, _, price = rental.spans[-1]
            rental.spans[-1] = (begin, max(begin, at), price)

    def end(self, id: str, at: float) -> None:
        """The machine is gone."""
        self.pause(id, at)
        if self.rentals[id].ended_at is None:
            self.rentals[id].ended_at = at

    def seconds(self, id: str, now: float) -> float:
        """Billed seconds, rounded up to whole units per span."""
        spans = self.rentals[id].spans
        return sum(self._billed(begin, now if end is None else end) for begin, end, _ in spans)

    def cost(self, id: str, now: float) -> float:
        """Dollars so far, to the millionth."""
        total = 0.0
        for begin, end, price in self.rentals[id].spans:
            total += self._billed(begin, now if end is None else end) * price / 3600
        return round(total, 6)

    def cost_between(self, id: str, begin: float, end: float, now: float) -> float:
        """Dollars for the part of the spans that lies in [begin, end), for billing by the hour."""
        total = 0.0
        for start, stop, price in self.rentals[id].spans:
            overlap = min(end, now if stop is None else stop) - max(begin, start)
            total += max(0.0, overlap) * price / 3600
        return total

    def total(self, now: float) -> float:
        """Dollars of all machines so far."""
        return round(sum(self.cost(id, now) for id in self.rentals), 6)

    def alive(self) -> list[str]:
        """Machines that were rented and never ended: orphans, if nobody owns them."""
        return [rental.id for rental in self.rentals.values() if rental.ended_at is None]

    def rows(self, now: float) -> list[dict[str, Any]]:
        """Every machine ever rented, oldest first."""
        return [
            {
                "id": rental.id,
                "name": rental.name,
                "kind": rental.kind,
                "rented_at": rental.rented_at,
                "ended_at": rental.ended_at,
                "billed_seconds": self.seconds(rental.id, now),
                "cost_usd": self.cost(rental.id, now),
            }
            for rental in self.rentals.values()
        ]

    def _billed(self, begin: float, end: float) -> float:
        # A billionth of a unit is rounding of floats, not time.
        units = max(0.0, end - begin) / self.unit_seconds
        return math.ceil(units - 1e-9) * self.unit_seconds
