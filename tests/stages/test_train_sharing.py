"""Plans for several processes: how many, what each holds, and what is refused before a start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.stages import jobs
from hone.stages.train import machine as machines
from hone.stages.train.machine import Machine
from hone.stages.train.prepare import Prepared, prepare_training
from hone.stages.train.resolve import environment_for
from hone.stages.train.start import start_training
from hone.workspace.open import Workspace, init_workspace
from tests.faults.gates import fake_target
from tests.stages.training_set import CPU, freeze, make_small_base

RECIPE: dict[str, Any] = {"base": "small", "dataset": "faith", "lora": {"r": 2}}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        make_small_base(workspace.root / "small")
        freeze(workspace, "faith", 40, 8)
        yield workspace


def cards(count: int, *, gib: float = 24) -> Machine:
    return Machine(device="cuda", name="L4", memory_gib=gib, free_gib=gib, cores=8, cards=count)


def prepare(
    ws: Workspace, machine: Machine, *overrides: str, base: str = "small", is_plan: bool = False
) -> Prepared:
    recipe = {**RECIPE, "base": base}
    return prepare_training(ws, recipe, overrides=overrides, machine=machine, is_plan=is_plan)


def chosen(ws: Workspace, machine: Machine, *overrides: str) -> tuple[int, str]:
    found = prepare(ws, machine, *overrides).plan.options["training.processes"]
    assert isinstance(found.value, int)
    return found.value, found.source


def test_a_processor_gets_one_process_and_each_card_one(ws: Workspace) -> None:
    assert chosen(ws, CPU) == (1, "chosen: device cpu")
    assert chosen(ws, cards(1)) == (1, "chosen: 1 card")
    assert chosen(ws, cards(4)) == (4, "chosen: 4 cards")
    together = "training.gradient_accumulation_steps=8"
    assert chosen(ws, cards(8), together, "training.batch_size=1") == (8, "chosen: 8 cards")


def test_so_many_as_share_the_rows_of_a_step_evenly(ws: Workspace) -> None:
    assert chosen(ws, cards(3)) == (
        2,
        "chosen: 2 cards of 3: the rows of a step are shared evenly",
    )
    count, why = chosen(ws, cards(2), "training.batch_size=1")
    assert count == 1 and "cannot be shared evenly by 2 cards" in why


def test_the_plan_says_what_each_card_holds_and_why(ws: Workspace) -> None:
    small = prepare(ws, cards(2)).plan
    assert (small.processes, small.sharding) == (2, "ddp")
    assert small.sharding_reason.startswith("every card holds all weights: up to ")
    wide = prepare(
        ws, cards(4), "training.gradient_checkpointing=true", base="Qwen/Qwen2.5-7B-Instruct",
        is_plan=True,
    ).plan  # fmt: skip
    alone = prepare(
        ws, cards(1), "training.gradient_checkpointing=true", base="Qwen/Qwen2.5-7B-Instruct",
        is_plan=True,
    ).plan  # fmt: skip
    assert (alone.sharding, wide.sharding) == ("none", "ddp")
    full = ("lora=null", "training.gradient_checkpointing=true")
    whole = prepare(ws, cards(4, gib=80), *full, base="Qwen/Qwen2.5-7B-Instruct", is_plan=True).plan
    assert whole.sharding == "fsdp2"
    assert "each card holds a share of the weights: all of them take up to" in whole.sharding_reason
    one = prepare(ws, cards(1, gib=80), *full, base="Qwen/Qwen2.5-7B-Instruct", is_plan=True).plan
    assert whole.memory_gib.weights == pytest.approx(one.memory_gib.weights / 4)
    assert whole.memory_gib.high < one.memory_gib.high / 2


def test_more_processes_make_the_same_steps_faster_and_with_less_memory_each(
    ws: Workspace,
) -> None:
    wide = Machine(device="cpu", name="test", memory_gib=16, free_gib=16, cores=8)
    together = "training.batch_size=8"
    one = prepare(ws, wide, together, "training.threads=1").plan
    four = prepare(ws, wide, together, "training.threads=1", "training.processes=4").plan
    assert (four.steps, four.steps_per_epoch) == (one.steps, one.steps_per_epoch)
    assert four.seconds.low < one.seconds.low and four.seconds.high < one.seconds.high
    assert four.memory_gib.activations == pytest.approx(one.memory_gib.activations / 4)
    # All of them share the memory of the machine.
    assert four.device_memory_gib == one.device_memory_gib / 4
    assert "4 processes share 16.0 GiB." in four.notes
    assert prepare(ws, wide, "training.processes=3").plan.options["training.threads"].value == 2


@pytest.mark.parametrize(
    ("machine", "overrides", "said", "mend"),
    [
        (cards(2), ["training.processes=4"], "is 4, and this machine has 2 cards",
         "--set training.processes=2"),
        (CPU, ["training.processes=3"], "is 3, and this machine has 2 cores",
         "--set training.processes=2"),
        (CPU, ["training.processes=2", "training.batch_size=1"],
         "a batch of 1 rows cannot be shared by 2 processes", "--set training.batch_size=2"),
    ],
)  # fmt: skip
def test_what_cannot_be_shared_is_refused_before_anything_starts(
    ws: Workspace, machine: Machine, overrides: list[str], said: str, mend: str
) -> None:
    with pytest.raises(InvalidInput) as told:
        prepare(ws, machine, *overrides)
    assert said in told.value.message and mend in told.value.hint
    assert ws.store.jobs.list() == []
    # A plan may be for another machine.
    prepare(ws, machine, *overrides, is_plan=True)


def test_learning_from_rewards_takes_one_process(ws: Workspace) -> None:
    rewards = ("method=grpo", "data.max_seq_length=512")
    assert chosen(ws, cards(4), *rewards) == (1, "chosen: grpo trains in one process")
    with pytest.raises(InvalidInput, match="grpo trains in one process, not in 2") as told:
        prepare(ws, cards(4), *rewards, "training.processes=2")
    assert told.value.hint == "--set training.processes=1"


def test_the_number_is_frozen_into_the_job(ws: Workspace, tmp_path: Path) -> None:
    prepared = prepare(ws, CPU, "training.processes=2")
    target = fake_target()
    started = start_training(ws, prepared, is_confirmed=True, target=target)
    folder = jobs.folder_of(ws, started.job_id)
    spec = json.loads((folder.path / "job.json").read_text())["spec"]
    assert spec["options"]["training.processes"] == {"value": 2, "source": "--set"}
    assert spec["sharding"] == "ddp"
    assert list(jobs.watch(ws, started.job_id))[-1] == "succeeded"


def test_one_process_sees_one_card(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def seen(*overrides: str) -> str | None:
        prepared = prepare(ws, cards(2), *overrides)
        return environment_for(prepared.plan.options, cards(2)).get("CUDA_VISIBLE_DEVICES")

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert seen() is None and seen("training.processes=1") == "0"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1")
    assert seen("training.processes=1") == "3"


def test_the_cards_that_are_hidden_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA L4, 23034, 22000\nNVIDIA L4, 23000, 900'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert machines._cards() == ("NVIDIA L4", 23000.0, 900.0, 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    found = machines._cards()
    assert found is not None and found[3] == 1
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert machines._cards() is None
