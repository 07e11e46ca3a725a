"""Takes in what finished in the background before a command looks at models."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hone.workspace.open import Workspace


def take_in_finished(ws: Workspace) -> None:
    """Register finished trainings, report finished evaluations; what cannot be is said aside."""
    from hone.cli.show import visible
    from hone.stages.evaluate import collect_all_evaluated
    from hone.stages.train.register import collect_trained

    for problem in [*collect_trained(ws).problems, *collect_all_evaluated(ws).problems]:
        sys.stderr.write(visible(f"Not taken in: {problem}") + "\n")
