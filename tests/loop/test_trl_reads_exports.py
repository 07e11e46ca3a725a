"""TRL reads what `hone datasets export` writes, as it is: every row, loss on the answer only."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hone.stages.prepare.layouts import layout
from tests.engine.small import copy_rows, make_small_base

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
