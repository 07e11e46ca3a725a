"""Health: everything of machine and workspace that a person may stumble over, only looked at.

`hone doctor` shows it. What a training would see of a dataset is another stage: `doctor`.
"""

from hone.stages.health.examine import Health, examine
from hone.stages.health.finding import Finding, Level, Part

__all__ = ["Finding", "Health", "Level", "Part", "examine"]
