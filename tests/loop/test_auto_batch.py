"""Memory that runs out: the job goes on with smaller batches and ends as if begun with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from hone.errors import HoneError
from hone.methods import sft
from hone.methods._running import carry_out
from hone.methods._training_options import chosen
from hone.workspace.job_folder import JobFolder
from tests.engine.small import copy_rows, frozen, make_job, make_small_base
from tests.loop.kills import traces

pytestmark = pytest.mark.loop
TOLERANCE = 1e-4
"""Of a loss: sums over smaller batches round differently."""
CHANGES = {
    "training.epochs": 3,
    "training.logging_steps": 1,
    "training.save_steps": 2,
    "training.keep_checkpoints": 50,
    "lora.lora_dropout": 0.0,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


def job(folder: Path, base: Path, **changes: object) -> JobFolder:
    rows = (copy_rows(22), copy_rows(6, seed=1, most_words=2))
    return make_job(folder, base, options=frozen(**{**CHANGES, **changes}), rows=rows)


def trained(folder: JobFolder, *, most_rows: int, from_step: int = 0) -> dict[str, float] | None:
    """Train with a model that has no room for more than so many rows, from a step on."""
    options, lora = chosen(folder.job.spec["options"], sft.Options)

    def build() -> tuple[Any, int]:
        trainer, rows = sft.built(folder, options, lora)

        def refuse(_: Any, args: Any, more: dict[str, Any]) -> None:
            held = len(more["input_ids"]) if "input_ids" in more else len(args[0])
            if (
                held > most_rows
                and trainer.model.training
                and trainer.state.global_step >= from_step
            ):
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

        trainer._bare.base_model.register_forward_pre_hook(refuse, with_kwargs=True)
        return trainer, rows

    return carry_out(folder, options, build)


def losses(folder: JobFolder) -> dict[int, float]:
    """Step -> loss; what was trained again counts as told last."""
    return {
        int((event.model_extra or {})["step"]): float((event.model_extra or {})["values"]["loss"])
        for event in folder.events()
        if event.type == "metric" and "loss" in (event.model_extra or {})["values"]
    }


def tried(folder: JobFolder) -> list[tuple[int, int]]:
    found = [event.model_extra or {} for event in folder.events() if event.type == "auto_batch"]
    return [(one["batch_size"], one["gradient_accumulation_steps"]) for one in found]


def test_without_auto_batch_it_is_explained(tmp_path: Path, base: Path) -> None:
    folder = job(tmp_path / "train-1", base)
    with pytest.raises(HoneError) as told:
        trained(folder, most_rows=2)
    assert "batch 4" in told.value.message and "2.00 GiB more were wanted" in told.value.message
    assert "training.batch_size=2" in told.value.hint and "auto_batch=true" in told.value.hint
    assert tried(folder) == []


def test_the_same_steps_in_smaller_batches(tmp_path: Path, base: Path) -> None:
    folder = job(tmp_path / "retried", base, **{"training.auto_batch": True})
    assert trained(folder, most_rows=1) is not None
    assert tried(folder) == [(2, 2), (1, 4)]
    warnings = [
        (event.model_extra or {})["text"]
        for event in folder.events()
        if (event.model_extra or {}).get("level") == "warning"
    ]
    assert "Trying again with batches of 2, 2 to a step" in warnings[0]
    wanted = job(tmp_path / "whole", base)
    trained(wanted, most_rows=99)
    assert losses(folder) == pytest.approx(losses(wanted), abs=TOLERANCE)
    assert len(losses(folder)) == 18


def test_from_the_last_checkpoint_on_in_the_middle_of_a_run(tmp_path: Path, base: Path) -> None:
    folder = job(tmp_path / "retried", base, **{"training.auto_batch": True})
    assert trained(folder, most_rows=2, from_step=9) is not None
    assert tried(folder) == [(2, 2)]
    said = [str((event.model_extra or {}).get("text", "")) for event in folder.events()]
    assert "Going on from checkpoint-8." in said
    wanted = job(tmp_path / "whole", base)
    trained(wanted, most_rows=99)
    assert losses(folder) == pytest.approx(losses(wanted), abs=TOLERANCE)
    # Begun anew, the job has not forgotten what fits.
    assert traces(folder).keys() == traces(wanted).keys()


def test_one_row_that_does_not_fit_ends_the_job(tmp_path: Path, base: Path) -> None:
    folder = job(tmp_path / "train-1", base, **{"training.auto_batch": True})
    with pytest.raises(HoneError, match="Out of memory at batch 1"):
        trained(folder, most_rows=0)
    assert tried(folder) == [(2, 2), (1, 4)]
