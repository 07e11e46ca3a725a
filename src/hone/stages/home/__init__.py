"""Home: where the loop stands and what to do next, from what is in the workspace."""

from hone.stages.home.screen import (
    DatasetLine,
    Home,
    JobLine,
    ModelLine,
    NextStep,
    Progress,
    home,
)

__all__ = [
    "DatasetLine",
    "Home",
    "JobLine",
    "ModelLine",
    "NextStep",
    "Progress",
    "home",
]
