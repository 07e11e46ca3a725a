"""Training up to the worker: gated, started once, gone on with after a crash, registered."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import Conflict, GateRefused, HoneError, InvalidInput
from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.stages.train.prepare import Prepared, prepare_training
from hone.stages.train.register import collect_trained
from hone.stages.train.start import (
    missing_for_a_real_run,
    start_dry_run,
    start_training,
)
from hone.workspace.open import Workspace, init_workspace
from tests.faults.gates import Gate, fake_target, wait_until
from tests.stages.training_set import CPU, freeze, make_small_base


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        make_small_base(workspace.root / "small")
        freeze(workspace, "faith", 40, 8)
        yield workspace


RECIPE: dict[str, Any] = {"base": "small", "dataset": "faith", "lora": {"r": 2}}


def prepare(ws: Workspace, *overrides: str, recipe: dict[str, Any] = RECIPE) -> Prepared:
    return prepare_training(ws, recipe, overrides=overrides, machine=CPU)


# The gate


@pytest.mark.parametrize(
    ("overrides", "setup_mode", "is_confirmed", "expected"),
    [
        ((), False, True, []),
        ((), False, False, ["--confirm-run"]),
        (("training.dry_run=true",), False, True, ["dry_run is true"]),
        (("training.epochs=0",), False, True, ["epochs is 0"]),
        ((), True, True, ["setup mode"]),
        (
            ("training.dry_run=true", "training.epochs=0"),
            True,
            False,
            ["--confirm-run", "dry_run is true", "epochs is 0", "setup mode"],
        ),
    ],
)
def test_each_condition_that_is_missing_is_named_and_nothing_starts(
    ws: Workspace,
    overrides: tuple[str, ...],
    setup_mode: bool,
    is_confirmed: bool,
    expected: list[str],
) -> None:
    ws.config.setup_mode = setup_mode
    prepared = prepare(ws, *overrides)
    missing = missing_for_a_real_run(ws, prepared.plan, is_confirmed=is_confirmed)
    assert len(missing) == len(expected)
    assert all(part in said for part, said in zip(expected, missing, strict=True))
    if missing:
        with pytest.raises(GateRefused) as caught:
            start_training(ws, prepared, is_confirmed=is_confirmed, target=fake_target())
        assert all(said in caught.value.message for said in missing)
        assert ws.store.jobs.list() == [] and not list(ws.jobs.glob("train-*"))


# Starting, going on, registering


def train(ws: Workspace, *overrides: str, **more: Any) -> str:
    prepared = prepare(ws, *overrides)
    started = start_training(ws, prepared, is_confirmed=True, target=fake_target(), **more)
    assert list(jobs.watch(ws, started.job_id))[-1] == "succeeded"
    return started.job_id


def test_how_many_share_the_device_is_frozen_and_no_part_of_what_makes_a_training(
    ws: Workspace,
) -> None:
    first = ws.store.jobs.get(train(ws)).spec
    assert "trainings_at_once" not in first
    change_setting(ws, "targets.local.trainings_at_once", "3")
    job = ws.store.jobs.get(train(ws))
    assert job.spec["trainings_at_once"] == 3
    assert job.spec["fingerprint"] == first["fingerprint"]
    assert jobs.asking.queue_of(job) == "local: cpu (3 at once)"


def test_the_order_is_frozen_with_inputs_sources_and_environment(ws: Workspace) -> None:
    job = ws.store.jobs.get(train(ws, "training.epochs=1"))
    spec, folder = job.spec, jobs.folder_of(ws, job.id)
    assert spec["options"]["training.epochs"] == {"value": 1.0, "source": "--set"}
    assert spec["options"]["lora.r"] == {"value": 2, "source": "recipe"}
    assert spec["options"]["training.threads"]["source"].startswith("chosen: 2 cores")
    told = " ".join(spec["choices"])
    assert "training.threads: 1 (2 cores, one left free)" in told and "attention: sdpa" in told
    assert spec["cache"] == str(ws.root / "cache")
    assert spec["base"]["path"] == str(ws.root / "small") and len(spec["base"]["sha256"]) == 64
    assert spec["dataset"] == {"name": "faith@1", "sha256": ws.store.datasets.get("faith").sha256}
    assert spec["environment"]["OMP_NUM_THREADS"] == "1" and spec["device"] == "cpu"
    assert spec["task"]["name"] == "qa" and spec["model_name"] == "faith"
    frozen = ws.datasets / "faith@1" / "train.jsonl"
    copied = folder.inputs / "train.jsonl"
    assert copied.read_bytes() == frozen.read_bytes()
    assert copied.stat().st_ino != frozen.stat().st_ino
    assert sorted(p.name for p in folder.inputs.iterdir()) == [
        "task.json",
        "train.jsonl",
        "val.jsonl",
    ]


def test_a_finished_training_becomes_a_version_with_its_ancestry(ws: Workspace) -> None:
    job_id = train(ws)
    found = collect_trained(ws)
    assert found.problems == [] and [model.ref for model in found.models] == ["faith@v1"]
    model = ws.store.models.get("faith").model
    assert (model.job, model.dataset, model.base, model.kind) == (
        job_id,
        "faith@1",
        "small",
        "lora",
    )
    assert model.base_sha256 == ws.store.jobs.get(job_id).spec["base"]["sha256"]
    assert model.runtime_seconds == 1.5 and model.cost_usd == 0
    assert model.metrics["eval_loss"].on == "faith@1/val" and model.template.startswith("sha256:")
    home = ws.models / "faith" / "v1"
    assert json.loads((home / "metadata.json").read_text())["version"] == "v1"
    assert (ws.checkpoints / "lora" / "faith" / "final" / "adapter_config.json").is_file()
    assert (ws.checkpoints / "lora" / "faith" / "checkpoint-4" / "weights").is_file()
    assert (ws.logs / "lora_training" / "faith" / "v1" / "training.log").is_file()
    # The first version answers until another is chosen.
    assert ws.store.models.get("faith").is_active
    train(ws)
    assert [model.ref for model in collect_trained(ws).models] == ["faith@v2"]
    active = ws.store.models.active("faith")
    assert active is not None and active.model.version == "v1"
    assert collect_trained(ws) == ([], [])


def test_a_new_training_can_go_on_from_a_registered_adapter(ws: Workspace) -> None:
    train(ws)
    collect_trained(ws)
    job = ws.store.jobs.get(train(ws, "base=faith@v1"))
    assert job.spec["base"]["id"] == "small"
    assert job.spec["adapter"] == str(ws.models / "faith" / "v1")
    assert job.spec["parents"] == ["faith@v1"]
    [model] = collect_trained(ws).models
    assert model.parents == ["faith@v1"] and model.base == "small"
    found = prepare(ws, "base=faith@v1", "lora={}").plan.options["lora.r"]
    assert (found.value, found.source) == (2, "chosen: as faith@v1 has it")
    with pytest.raises(InvalidInput, match=r"lora\.r is 16, that of faith@v1 is 2"):
        prepare(ws, "base=faith@v1", "lora.r=16")
    with pytest.raises(InvalidInput, match="faith@v1 is an adapter"):
        prepare(ws, "base=faith@v1", "lora=null")
    config = ws.root / "small" / "config.json"
    config.write_text(config.read_text().replace('"qwen2"', '"qwen3"'))
    with pytest.raises(InvalidInput, match="not the one that faith@v1 was trained on"):
        start_training(ws, prepare(ws, "base=faith@v1"), is_confirmed=True, target=fake_target())


def test_an_adapter_with_a_head_of_numbers_does_not_learn_to_answer(ws: Workspace) -> None:
    train(ws)
    collect_trained(ws)
    assert ws.store.models.get("faith").model.details["gives"] == "answers"
    config = ws.models / "faith" / "v1" / "adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "task_type": "SEQ_CLS"}))
    with pytest.raises(
        InvalidInput, match="faith@v1 gives numbers, and sft trains another"
    ) as told:
        prepare(ws, "base=faith@v1")
    assert told.value.hint == "Begin from its base: --set base=small"


def test_files_that_changed_after_training_are_not_registered(ws: Workspace) -> None:
    job_id = train(ws)
    weights = ws.jobs / job_id / "final" / "adapter_model.safetensors"
    weights.write_bytes(b"other")
    found = collect_trained(ws)
    assert found.models == [] and "was changed after training" in found.problems[0]
    weights.unlink()
    assert "is gone" in collect_trained(ws).problems[0]
    assert ws.store.models.list() == []


def test_the_version_may_be_named_when_it_is_the_next(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match='next version of faith is v1, not "v7"'):
        train(ws, version="v7")
    train(ws, version="v1")
    assert [model.version for model in collect_trained(ws).models] == ["v1"]


def test_a_dry_run_needs_no_confirmation_and_registers_nothing(ws: Workspace) -> None:
    ws.config.setup_mode = True
    prepared = prepare(ws, "training.dry_run=true", "training.epochs=0")
    started = start_dry_run(ws, prepared, target=fake_target())
    assert started.is_dry_run
    spec = ws.store.jobs.get(started.job_id).spec
    assert (
        spec["options"]["training.dry_run"]["value"] is True
        and ws.store.jobs.get(started.job_id).spec["dry_run"] is True
    )
    assert list(jobs.watch(ws, started.job_id))[-1] == "succeeded"
    assert collect_trained(ws) == ([], []) and ws.store.jobs.unsettled() == []


def test_a_dry_run_of_a_recipe_that_would_train_tells_the_worker_not_to(ws: Workspace) -> None:
    started = start_dry_run(ws, prepare(ws), target=fake_target())
    found = ws.store.jobs.get(started.job_id).spec["options"]["training.dry_run"]
    assert found == {"value": True, "source": "--dry-run"}
    assert list(jobs.watch(ws, started.job_id))[-1] == "succeeded"
    # It is not taken for an unfinished or finished training of that recipe.
    real = start_training(ws, prepare(ws), is_confirmed=True, target=fake_target())
    assert real.job_id != started.job_id and not real.is_resumed
    assert list(jobs.watch(ws, real.job_id))[-1] == "succeeded"


def pausing(ws: Workspace, gate: Gate) -> Any:
    """A target whose worker waits after its first checkpoint, to be killed."""
    target = fake_target()
    start = target.start

    def slowly(folder: Any) -> Any:
        order = json.loads((folder.path / "job.json").read_text())
        order["spec"]["fake"] = {"pause_at": "after checkpoint", "gate": str(gate.path)}
        (folder.path / "job.json").write_text(json.dumps(order))
        return start(type(folder)(folder.path))

    target.start = slowly
    return target


def test_the_same_command_after_a_crash_goes_on_with_the_same_job(
    ws: Workspace, gate: Gate
) -> None:
    first = start_training(ws, prepare(ws), is_confirmed=True, target=pausing(ws, gate))
    gate.wait("after checkpoint")
    with pytest.raises(Conflict, match=f"already runs as {first.job_id}"):
        start_training(ws, prepare(ws), is_confirmed=True, target=fake_target())
    with pytest.raises(Conflict, match=f"{first.job_id} is training"):
        start_training(
            ws, prepare(ws, "training.epochs=1"), is_confirmed=True, target=fake_target()
        )
    folder = jobs.folder_of(ws, first.job_id)
    identity = folder.identity()
    assert identity is not None
    os.kill(identity.pid, 9)
    wait_until(lambda: not folder.is_alive(), "the worker is dead")
    second = start_training(ws, prepare(ws), is_confirmed=True, target=fake_target())
    assert second == (first.job_id, True, False)
    assert list(jobs.watch(ws, first.job_id))[-1] == "succeeded"
    assert jobs.show(ws, first.job_id).attempts == 2
    # It is finished now: once more is a training of its own; so is another recipe.
    third = start_training(ws, prepare(ws), is_confirmed=True, target=fake_target())
    assert third.job_id != first.job_id and not third.is_resumed


def test_another_recipe_after_a_crash_is_another_job(ws: Workspace, gate: Gate) -> None:
    first = start_training(ws, prepare(ws), is_confirmed=True, target=pausing(ws, gate))
    gate.wait("after checkpoint")
    jobs.stop(ws, first.job_id, deadline_seconds=0)
    other = start_training(
        ws, prepare(ws, "training.seed=1"), is_confirmed=True, target=fake_target()
    )
    assert other.job_id != first.job_id and not other.is_resumed


def test_a_job_whose_folder_was_deleted_is_not_gone_on_with(ws: Workspace) -> None:
    first = start_training(ws, prepare(ws), is_confirmed=True, target=fake_target())
    assert list(jobs.watch(ws, first.job_id))[-1] == "succeeded"
    shutil.rmtree(ws.jobs / first.job_id)
    second = start_training(ws, prepare(ws), is_confirmed=True, target=fake_target())
    assert second.job_id != first.job_id
    with pytest.raises(HoneError):
        jobs.resume(ws, first.job_id)
