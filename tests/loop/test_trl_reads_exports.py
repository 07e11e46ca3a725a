"""TRL reads what `hone datasets export` writes, as it is: every row, answers and labels whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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
from trl import SFTConfig, SFTTrainer

rows, base, out = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(base)
trainer = SFTTrainer(
    model=AutoModelForCausalLM.from_pretrained(base),
    args=SFTConfig(out, use_cpu=True, bf16=False, max_steps=1, report_to=[], max_length=256,
                   assistant_only_loss=False, per_device_train_batch_size=4),
    train_dataset=load_dataset("json", data_files=rows, split="train", cache_dir=out + "/cache"),
    processing_class=tokenizer,
)
batch = trainer.data_collator([trainer.train_dataset[i] for i in range(4)])
trained = [
    tokenizer.decode([token for token in labels if token != -100])
    for labels in batch["labels"].tolist()
]
result = trainer.train()
print(json.dumps({"rows": len(trainer.train_dataset), "trained": trained,
                  "loss": result.training_loss}))
"""


@pytest.mark.parametrize("name", ["trl", "messages"])
def test_trl_trains_on_an_export_as_it_is(name: str, tmp_path: Path) -> None:
    rows = copy_rows(12)
    lay_out = layout(name)
    file = tmp_path / "train.jsonl"
    file.write_text("".join(json.dumps(lay_out(row)) + "\n" for row in rows))
    base = make_small_base(tmp_path / "base")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(file), str(base), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["rows"] == 12 and told["loss"] > 0
    for row, trained in zip(rows, told["trained"], strict=False):
        answer = row["completion"][0]["content"]
        if name == "trl":
            # Only the answer and the end of its turn carry loss.
            assert trained.startswith(answer) and "Repeat." not in trained
        else:
            assert answer in trained


# Nothing is trained: what the trainer's own collator makes of the rows says what would be.
PREFERENCES = """
import json, sys, warnings
warnings.simplefilter("ignore")
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer

name, rows, base, out = sys.argv[1:]
make, Trainer = {"dpo": (DPOConfig, DPOTrainer), "kto": (KTOConfig, KTOTrainer)}[name]
tokenizer = AutoTokenizer.from_pretrained(base)
trainer = Trainer(
    model=AutoModelForCausalLM.from_pretrained(base),
    args=make(out, use_cpu=True, bf16=False, report_to=[], max_length=256),
    train_dataset=load_dataset("json", data_files=rows, split="train", cache_dir=out + "/cache"),
    processing_class=tokenizer,
)
told = []
for row in trainer.train_dataset:
    told.append({key: tokenizer.decode(value) for key, value in row.items()
                 if key.endswith("_ids") and isinstance(value, list)} | {"label": row.get("label")})
print(json.dumps(told))
"""


@pytest.mark.parametrize("name", ["dpo", "kto"])
def test_trl_takes_an_export_of_preferences_as_it_is(name: str, tmp_path: Path) -> None:
    rows = pair_rows(6) if name == "dpo" else judged_rows(3)
    sides = ("chosen", "rejected") if name == "dpo" else ("completion",)
    file = tmp_path / "train.jsonl"
    file.write_text("".join(json.dumps(layout("trl", name)(row)) + "\n" for row in rows))
    base = make_small_base(tmp_path / "base")
    done = subprocess.run(
        [sys.executable, "-c", PREFERENCES, name, str(file), str(base), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert len(told) == len(rows)
    for row, one in zip(rows, told, strict=True):
        texts = [text for text in one.values() if isinstance(text, str)]
        assert one["label"] is row.get("label")
        for messages in (row["prompt"], *(row[side] for side in sides)):
            assert any(messages[-1]["content"] in text for text in texts), one
