"""TRL reads what `hone datasets export` writes, as it is: every row, answers and labels whole."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from hone.stages.prepare.layouts import layout
from tests.engine.small import copy_rows, judged_rows, make_small_base, pair_rows

pytestmark = pytest.mark.loop

# A process of its own: TRL patches classes of transformers, and takes seconds to load.
SCRIPT = """
import json, sys, warnings
warnings.simplefilter("ignore")
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer

base, folder, *exports = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(base)

def trainer_of(Trainer, make, name, **changes):
    out = f"{folder}/{name}"
    rows = load_dataset("json", data_files=f"{out}.jsonl", split="train", cache_dir=f"{out}/cache")
    return Trainer(
        model=AutoModelForCausalLM.from_pretrained(base),
        args=make(out, use_cpu=True, bf16=False, report_to=[], max_length=256, **changes),
        train_dataset=rows,
        processing_class=tokenizer,
    )

def trained(name):
    trainer = trainer_of(SFTTrainer, SFTConfig, name, max_steps=1, assistant_only_loss=False,
                         per_device_train_batch_size=4)
    batch = trainer.data_collator([trainer.train_dataset[i] for i in range(4)])
    texts = [
        tokenizer.decode([token for token in labels if token != -100])
        for labels in batch["labels"].tolist()
    ]
    result = trainer.train()
    return {"rows": len(trainer.train_dataset), "trained": texts, "loss": result.training_loss}

# Nothing is trained: what the trainer's own collator makes of the rows says what would be.
def read(name):
    make, Trainer = {"dpo": (DPOConfig, DPOTrainer), "kto": (KTOConfig, KTOTrainer)}[name]
    return [
        {key: tokenizer.decode(value) for key, value in row.items()
         if key.endswith("_ids") and isinstance(value, list)} | {"label": row.get("label")}
        for row in trainer_of(Trainer, make, name).train_dataset
    ]

print(json.dumps({name: (read if name in ("dpo", "kto") else trained)(name) for name in exports}))
"""
ROWS = {"trl": copy_rows(12), "messages": copy_rows(12), "dpo": pair_rows(6), "kto": judged_rows(3)}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What TRL says of each export; the names of some are those of a method in TRL's layout."""
    folder = tmp_path_factory.mktemp("exports")
    for name, rows in ROWS.items():
        lay_out = layout("trl", name) if name in ("dpo", "kto") else layout(name)
        lines = (json.dumps(lay_out(row)) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text("".join(lines))
    base = make_small_base(folder / "base")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(base), str(folder), *ROWS],
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", ["trl", "messages"])
def test_trl_trains_on_an_export_as_it_is(name: str, told: dict[str, Any]) -> None:
    rows, found = ROWS[name], told[name]
    assert found["rows"] == 12 and found["loss"] > 0
    for row, trained in zip(rows, found["trained"], strict=False):
        answer = row["completion"][0]["content"]
        if name == "trl":
            # Only the answer and the end of its turn carry loss.
            assert trained.startswith(answer) and "Repeat." not in trained
        else:
            assert answer in trained


@pytest.mark.parametrize("name", ["dpo", "kto"])
def test_trl_takes_an_export_of_preferences_as_it_is(name: str, told: dict[str, Any]) -> None:
    rows, found = ROWS[name], told[name]
    sides = ("chosen", "rejected") if name == "dpo" else ("completion",)
    assert len(found) == len(rows)
    for row, one in zip(rows, found, strict=True):
        texts = [text for text in one.values() if isinstance(text, str)]
        assert one["label"] is row.get("label")
        for messages in (row["prompt"], *(row[side] for side in sides)):
            assert any(messages[-1]["content"] in text for text in texts), one
