"""How the rows of a step are shared out among several processes: arithmetic, without torch."""

from __future__ import annotations

import math


def parts_of(accumulation: int, processes: int, *, is_batch_shared: bool) -> int:
    """Into how many parts a batch is cut so that the pieces of a step can be dealt out evenly.

    1 where whole batches can be dealt out. `is_batch_shared`: every process takes part in each.
    """
    return processes if is_batch_shared else processes // math.gcd(accumulation, processes)
