"""A rental: a paid machine, from the intent to rent it until the provider says it is gone."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Availability = Literal["yes", "no", "unknown"]


class Offer(BaseModel):
    """A machine that could be rented, and what an hour of it costs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gpu: str = Field(description="the provider's name for it, as targets.*.gpu takes it")
    card: str = Field(default="", description="what people call it: A10, NVIDIA A40")
    place: str = Field(default="", description="region, or tier of the cloud")
    cards: int = Field(default=1, ge=0, description="in the machine; 0: a processor only")
    memory_gib: float = Field(default=0.0, description="of each card, as sold")
    cores: int = Field(default=8, description="processors of the machine, where it says so")
    price_per_hour_usd: float = Field(gt=0, description="of the whole machine")
    available: Availability = "unknown"
    price_of: str = Field(default="live", description="live, or the day that the table knows it of")

    @property
    def is_live(self) -> bool:
        """Whether the price was asked of the provider now."""
        return self.price_of == "live"

    @property
    def text(self) -> str:
        """`gpu_1x_a10 in us-east-1`."""
        return f"{self.gpu} in {self.place}" if self.place else self.gpu


class Rental(BaseModel):
    """One machine that was or is to be rented; a line of `rental.json`."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="given to the provider, unique; by it a machine is found again")
    target: str
    offer: Offer
    most_usd: float = Field(description="what it may cost at most; then it is given back")
    intended_at: datetime
    id: str | None = Field(default=None, description="the provider's, once it is rented")
    rented_at: datetime | None = Field(default=None, description="when money may have begun to run")
    price_per_hour_usd: float | None = Field(default=None, description="that the provider charges")
    usable_at: datetime | None = None
    host: str | None = None
    port: int = 22
    user: str | None = None
    fingerprint: str | None = Field(default=None, description="of its SSH key at first contact")
    given_back_at: datetime | None = Field(default=None, description="when we asked to end it")
    gone_at: datetime | None = Field(default=None, description="when the provider said it is gone")
    why: str = Field(default="", description="why it was given back, in a sentence")
    is_lost: bool = Field(
        default=False, description="it died or fell silent: the job may go on elsewhere"
    )
    cost_usd: float | None = Field(default=None, description="measured here, or as it was billed")
    cost_of: Literal["", "measured", "billed"] = ""

    @property
    def is_open(self) -> bool:
        """Whether it may still cost money: intended or rented, and not known to be gone."""
        return self.gone_at is None

    @property
    def rate(self) -> float:
        """Dollars an hour: what is charged, or what was offered."""
        return self.price_per_hour_usd or self.offer.price_per_hour_usd

    @property
    def limit_seconds(self) -> float:
        """How long it may be held."""
        return self.most_usd / self.rate * 3600

    def cost_at(self, now: datetime) -> float:
        """Dollars so far, by our clock; what the provider billed where it is known."""
        if self.cost_usd is not None:
            return self.cost_usd
        if self.rented_at is None:
            return 0.0
        end = self.given_back_at or now
        return max(0.0, (end - self.rented_at).total_seconds()) * self.rate / 3600


class Rentals(BaseModel):
    """`rental.json` in a job's folder: every machine that was rented for it, the oldest first."""

    model_config = ConfigDict(extra="forbid")

    hone: int = 1
    reserved_usd: float = Field(default=0.0, description="in the ledger, for the present attempt")
    before: int = Field(default=0, description="rentals of earlier attempts, paid from elsewhere")
    rentals: list[Rental] = Field(default_factory=list[Rental])

    @property
    def current(self) -> Rental | None:
        """The one that may still cost money."""
        return next((one for one in reversed(self.rentals) if one.is_open), None)

    @property
    def last(self) -> Rental | None:
        """The newest, gone or not."""
        return self.rentals[-1] if self.rentals else None

    @property
    def of_this_attempt(self) -> list[Rental]:
        """Those that the present reservation pays for."""
        return self.rentals[self.before :]

    def cost_at(self, now: datetime) -> float:
        """Dollars of all of them so far."""
        return sum(one.cost_at(now) for one in self.rentals)

    def left_usd(self, now: datetime) -> float:
        """What of the present reservation is not used up."""
        used = sum(one.cost_at(now) for one in self.of_this_attempt)
        return self.reserved_usd - used
