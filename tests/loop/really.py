"""A workspace whose small random base really answers, on the CPU, in a second or two."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

from hone.workspace.open import Workspace
from tests.engine.small import make_small_base
from tests.stages.answering import make_workspace, register


def make_answering(root: Path, *, count: int = 60) -> Workspace:
    """The workspace of `make_workspace` with such a base, and an adapter that changes answers."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    ws = make_workspace(root, count=count)
    shutil.rmtree(ws.root / "small")
    base = make_small_base(ws.root / "small")
    model = AutoModelForCausalLM.from_pretrained(base)
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    adapter = ws.root / "adapter"
    with warnings.catch_warnings():
        # PEFT 0.21 asks transformers 5.23 for an attribute by its old name.
        warnings.simplefilter("ignore", FutureWarning)
        get_peft_model(model, config).save_pretrained(adapter)
    register(ws, files=adapter)
    ws.store.models.set_active("pickup@v1")
    return ws
