"""What services that speak S3 differ in: RunPod's volumes, and buckets as Amazon has them."""

from __future__ import annotations

from typing import NamedTuple


class Dialect(NamedTuple):
    """What one service takes."""

    skew_seconds: float  # that a request's time may be off
    most_bytes: int  # of one upload or part
    presigns: bool  # takes addresses that were signed beforehand
    is_conditional: bool  # heeds If-None-Match: * where something is put


RUNPOD = Dialect(3600, 500_000_000, presigns=False, is_conditional=False)
AMAZON = Dialect(900, 5 << 30, presigns=True, is_conditional=True)
