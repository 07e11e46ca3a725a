"""What is away is waited for ever longer, people are told why, and that it is over."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hone.errors import Unavailable
from hone.supervisor.patience import Patience


def test_each_wait_is_twice_as_long_up_to_the_longest_and_the_end_begins_anew() -> None:
    told: list[str] = []
    waited: list[float] = []
    case: Any = SimpleNamespace(says_trouble=told.append)
    patience = Patience(case, "Trying again.", (1.0, 5.0), waited.append)
    patience.end()
    assert told == []  # nothing was in the way: what is told of a job is left alone
    for _ in range(4):
        patience.wait(Unavailable("It is away.", hint=""))
    assert waited == [1.0, 2.0, 4.0, 5.0] and set(told) == {"It is away. Trying again."}
    patience.end()
    patience.wait(Unavailable("It is away.", hint=""))
    assert waited[-1] == 1.0 and told[-2:] == ["", "It is away. Trying again."]
