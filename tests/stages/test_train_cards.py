"""The table of cards: what it says can be read, compared and dated."""

from __future__ import annotations

from datetime import date

from hone.stages.train.cards import cards

PROVIDERS = {"RunPod", "Lambda"}


def test_every_card_has_prices_of_known_days_at_known_providers() -> None:
    found = cards()
    assert len({card.name for card in found}) == len(found) >= 8
    assert [card.memory_gb for card in found] == sorted(card.memory_gb for card in found)
    for card in found:
        places = card.at.split(", ")
        days = [date.fromisoformat(day) for day in card.seen.split(", ")]
        assert set(places) <= PROVIDERS and len(days) == len(places), card.name
        assert all(date(2026, 1, 1) < day < date(2026, 12, 31) for day in days)
        cheap, dear = card.usd_per_hour
        assert 0.2 < cheap <= dear < 10, card.name
        assert 0.9 * card.memory_gb < card.memory_gib < card.memory_gb
