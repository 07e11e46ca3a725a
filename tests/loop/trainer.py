"""The worker with all that a training imports, for tests/faults/begun.py to begin at once."""

from __future__ import annotations

import sys

from transformers.models.qwen2 import modeling_qwen2

from hone.engine import supervised
from hone.methods import sft
from hone.worker import __main__ as worker

LOADED = (modeling_qwen2, sft, supervised)


def main() -> None:
    sys.exit(worker.main(sys.argv[1:]))
