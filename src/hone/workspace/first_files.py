"""What `hone init` writes: the first `hone.yaml`, the first task, and what git must not see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from hone.records.task import Task

TEMPLATES: dict[str, Task] = {
    "qa": Task.model_validate(
        {
            "kind": "qa",
            "name": "qa",
            "system": "Answer the question.",
            "unanswerable": "I do not know.",
        }
    ),
    "extract": Task.model_validate(
        {
            "kind": "extract",
            "name": "extract",
            "system": "You turn messages into JSON.",
            "fields": {
                "item": {
                    "type": "string",
                    "required": True,
                    "description": "what, as it is written",
                },
                "quantity": {"type": "number", "description": "how many of the unit"},
                "unit": {"type": "enum", "values": ["cases", "lbs", "bags", "each"]},
                "location": {"type": "string", "description": "where it comes from"},
                "subcategory": {
                    "type": "enum",
                    "values": ["produce", "bakery", "dairy", "meat", "prepared", "pantry"],
                },
            },
            "many": True,
            # "each" says nothing of a weight, so it is not here: such a weight stays unknown.
            "weights_in_pounds": {"lbs": 1, "cases": 24, "bags": 10},
            "rules": "rules/extract.yaml",
        }
    ),
    "score": Task.model_validate(
        {
            "kind": "score",
            "name": "score",
            "system": "Score the text on every dimension.",
            "dimensions": ["relevance", "quality"],
            "scale": [0, 10],
        }
    ),
    "chat": Task.model_validate({"kind": "chat", "name": "chat", "system": ""}),
}

RULES_OF_TEMPLATE = {
    "extract": Path(__file__).parents[1] / "bundled" / "extract_rules.yaml",
}
"""What goes to where the template's task says that its rules are."""

GITIGNORE = """\
# Secrets
.env
.env.*
# What Hone keeps and makes; hone.yaml, tasks/, rules/ and recipes/ belong in git
hone.db
hone.db-*
data/
datasets/
jobs/
models/
checkpoints/
logs/
cache/
"""

_CONFIG = """\
# The settings of this workspace. Every key: hone config show
hone: 1                          # format version
task: {task}{gap} # the default task
store: sqlite                    # one file, hone.db
setup_mode: false                # true: every real training is refused

# Limits in US dollars; what may cost more is refused before it starts
budget: {{per_job_usd: 10, per_month_usd: 50}}

# Share of the review queue (0 to 0.2) that was decided before and is shown again, blindly
review: {{repeat_share: 0}}

# Where jobs may run besides this machine; secrets stay in the environment or in .env
targets: {{}}
#  lambda: {{gpu: [gpu_1x_a10, gpu_1x_a100], region: [us-east-1]}}
#  runpod: {{gpu: ["NVIDIA GeForce RTX 4090", NVIDIA A40], cloud: [SECURE, COMMUNITY]}}
#  runpod-serverless: {{endpoint_id: ${{RUNPOD_ENDPOINT_ID}}}}
#  ssh: {{host: gpu.example.org, user: me, key: ~/.ssh/id_ed25519}}   # then: hone targets check ssh

priority: [tuned, rl-tuned, base]   # which model answers first

# What a new version must show before it may replace the active one
gate: {{must_win: [score], must_not_lose: [], confidence: 0.95}}
"""


def config_text(task_file: str) -> str:
    """The first `hone.yaml`."""
    return _CONFIG.format(task=task_file, gap=" " * max(0, 26 - len(task_file)))


def task_text(task: Task) -> str:
    """A task as YAML: what is set, in the order of the record, `many` beside the fields."""
    value: dict[str, Any] = task.model_dump(exclude_defaults=True, mode="json")
    if task.fields:
        fields = {
            name: field.model_dump(exclude_unset=True, mode="json")
            for name, field in task.fields.items()
        }
        value["fields"] = {**fields, "many": value.pop("many", False)}
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)
