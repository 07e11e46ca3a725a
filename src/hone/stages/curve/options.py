"""How a learning curve is drawn; everything here has a default."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.errors import InvalidInput
from hone.metrics._power_law import LEAST_SIZES
from hone.workspace.problems import checked

LEAST_EXAMPLES = 8
"""Of the smallest part; fewer tell more of the draw than of the data."""


class CurveOptions(BaseModel):
    """Which parts are trained on, and what is asked of them."""

    model_config = ConfigDict(extra="forbid")

    points: int = Field(
        default=5,
        ge=LEAST_SIZES,
        le=12,
        description="numbers of examples: all of them, half, a quarter, and so on",
    )
    repeats: int = Field(
        default=2, ge=1, le=20, description="trainings on each number, each with its own draw"
    )
    seed: int = Field(default=0, ge=0, le=2**31, description="of the first draw")
    split: Literal["test", "val", "probe"] = Field(
        default="test", description="the held-out examples that every training is asked"
    )
    reach: float | None = Field(
        default=None, gt=0, lt=1, description="a score: how many examples would it take?"
    )

    @property
    def seeds(self) -> list[int]:
        """One for each repeat."""
        return [self.seed + number for number in range(self.repeats)]

    def shares(self, examples: int) -> list[float]:
        """The parts of so many training examples, the smallest first, each twice the one before.

        InvalidInput where there are too few for the least number of points; points whose part
        would hold fewer than eight examples are left out.
        """
        found = [2.0**-power for power in range(self.points)]
        kept = [share for share in found if round(share * examples) >= LEAST_EXAMPLES]
        if len(kept) < LEAST_SIZES:
            least = LEAST_EXAMPLES * 2 ** (LEAST_SIZES - 1)
            raise InvalidInput(
                f"{examples} training examples are not enough to tell: a curve needs at least "
                f"{least}, for {LEAST_SIZES} parts of {LEAST_EXAMPLES} or more.",
                hint="Label more first: hone review --order most_valuable",
            )
        return sorted(kept)


def curve_options(**choices: Any) -> CurveOptions:
    """The options that these choices give; InvalidInput lists every mistake."""
    return checked(CurveOptions, choices, hint="hone datasets curve --help")
