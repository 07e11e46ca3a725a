"""Writes which records a process is given in two epochs: one of several, started by torchrun."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hone import settings
from hone.engine import team
from hone.methods import sft
from hone.methods._training_options import chosen
from hone.workspace.job_folder import JobFolder


def main(path: str) -> None:
    """Build the job's trainer and walk through its loader."""
    folder, seat = JobFolder(Path(path)), settings.seat()
    assert seat is not None
    team.join("cpu", seat)
    # The trainer must tell nothing: both processes are equals here.
    folder.append = lambda *_, **__: None  # type: ignore[method-assign]
    options, lora = chosen(folder.job.spec["options"], sft.Options)
    trainer, _ = sft.built(folder, options, lora)
    lines = (folder.inputs / "train.jsonl").read_text().splitlines()
    ids = [json.loads(line)["id"] for line in lines]
    loader = trainer.get_train_dataloader()
    seen: list[list[str]] = []
    for epoch in range(2):
        loader.batch_sampler.set_epoch(epoch)
        given = [part for [part] in loader.batch_sampler if part.weight]
        batches = [batch for batch in loader if batch["weight_in_step"]]
        for part, batch in zip(given, batches, strict=True):
            for place, row in enumerate(part.rows):
                kept = batch["attention_mask"][place].bool()
                wanted = trainer._train_rows[row]["input_ids"]
                assert batch["input_ids"][place][kept].tolist() == wanted.tolist()
        seen.append([ids[row] for part in given for row in part.rows])
    (folder.path / f"seen-{seat.rank}.json").write_text(json.dumps(seen))
    team.leave()


if __name__ == "__main__":
    main(sys.argv[1])
