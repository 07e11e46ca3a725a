"""On which rented cards a planned training would fit, for how many hours and at what price."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hone.stages.train.holding import choose_sharding
from hone.stages.train.machine import Machine
from hone.stages.train.plan import Held, Range, Verdict, seconds_of, verdict_on
from hone.stages.train.prepare import Prepared
from hone.stages.train.resolve import resolve
from hone.stages.train.sharing import processes_of
from hone.workspace.yaml_file import read_yaml

CARDS = Path(__file__).parents[2] / "bundled" / "cards.yaml"
ENOUGH_SECONDS = 3600
USABLE_SHARE = 0.93  # GiB that can be used, of the GB that a card is sold with


class Card(BaseModel):
    """A card that can be rented, with prices of the days that it names."""

    model_config = ConfigDict(extra="forbid")

    name: str
    memory_gb: float = Field(description="as sold")
    usd_per_hour: tuple[float, float] = Field(description="lowest and highest seen")
    at: str
    seen: str

    @property
    def memory_gib(self) -> float:
        """What of it can be used."""
        return self.memory_gb * USABLE_SHARE


class CardPlan(BaseModel):
    """What the training would take on a card."""

    card: Card
    count: int = Field(1, description="of such cards in one machine")
    verdict: Verdict
    memory_gib: Range = Field(description="of each card")
    hours: Range
    usd: Range = Field(description="hours times price of all cards, nothing else")


@cache
def cards() -> tuple[Card, ...]:
    """Every card of the table, in its order: by memory."""
    return tuple(Card.model_validate(entry) for entry in read_yaml(CARDS))


def cards_for(prepared: Prepared) -> list[CardPlan]:
    """The cards on which the recipe fits, or may fit; none where this machine is enough.

    It is, when the training surely fits here, and ends within an hour.
    """
    plan, base = prepared.plan, prepared.materials.base
    if plan.fits and plan.seconds.high <= ENOUGH_SECONDS:
        return []
    found: list[CardPlan] = []
    for card in cards():
        machine = Machine(
            device="cuda",
            name=card.name,
            memory_gib=card.memory_gib,
            free_gib=card.memory_gib,
            cores=8,
            cards=processes_of(prepared.checked.options),
        )
        options = resolve(prepared.checked.options, base, machine)
        count, held = processes_of(options), Held(plan.longest, plan.beside_gib)
        memory, _, _ = choose_sharding(base, options, machine, held)
        verdict = verdict_on(memory, card.memory_gib)
        if verdict == "does not fit":
            continue
        seconds, _ = seconds_of(base, options, machine, (plan.train, plan.val), [])
        low, high = seconds.low / 3600, seconds.high / 3600
        cheap, dear = card.usd_per_hour
        found.append(
            CardPlan(
                card=card,
                count=count,
                verdict=verdict,
                memory_gib=Range(low=memory.low, high=memory.high),
                hours=Range(low=low, high=high),
                usd=Range(low=count * low * cheap, high=count * high * dear),
            )
        )
    return found
