"""Captions of requirements that nothing proves yet: not built. They follow the others, in order."""

from __future__ import annotations

PLANNED: dict[str, str] = {
    "MEM-01": "three method cards with live checks",
    "MEM-02": "recommendation of a method",
    "MEM-03": "GPU service step",
    "MEM-04": "dataset step",
    "MEM-05": "configuration step",
    "MEM-06": "confirmation and monitor",
    "MEM-07": "success and failure screens",
    "MEM-08": "wizard endpoints",
    "MEM-09": "wizard state survives reloading",
    "MEM-10": "smart defaults",
    "MEM-11": "command equivalents",
    "MEM-12": "GGUF output, registered for progressive training",
    "MEM-13": "presets, schedules, history, automatic training",
}
