"""Two processes train as one does, end together, and go on with the same bits."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from hone.workspace.job_folder import JobFolder
from tests.engine.small import copy_rows, make_small_base
from tests.loop.here import worker_here
from tests.loop.kills import PATIENCE_SECONDS, run_to_end, start, step_of, traces
from tests.loop.several import (
    figures,
    kill,
    launched_by,
    listening,
    losses,
    ranks_of,
    several_job,
    wait_for_step,
    wait_until_all_have_ended,
    workers_of,
)

pytestmark = pytest.mark.loop

TOLERANCE = 2e-4
"""Of a loss, relative: sums over parts round differently, and the steps after them begin there."""
NEAR, NEAR_SHARE = 1e-3, 0.98
"""So many of the trained weights are so near. Where a gradient is nothing but rounding, AdamW makes
whole steps of it: such weights part, and the losses do not."""
WITHOUT_CHANCE = {"lora.lora_dropout": 0.0}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


@pytest.fixture(scope="module")
def nano() -> Path:
    import hone

    return Path(hone.__file__).parent / "bundled" / "hone-nano"


def trained(folder: JobFolder) -> JobFolder:
    assert run_to_end(folder) == 0, folder.log.read_text()[-3000:]
    assert folder.state() == "succeeded"
    return folder


def last_failure(folder: JobFolder) -> dict[str, Any]:
    return [event.model_extra or {} for event in folder.events() if event.type == "failed"][-1]


def compare(one: JobFolder, two: JobFolder) -> None:
    """The same curve, the same validation, nearly the same weights; the differences are shown."""
    mine, theirs = losses(one), losses(two)
    assert mine.keys() == theirs.keys()
    off = max(abs(mine[step] - theirs[step]) / abs(mine[step]) for step in mine)
    weights = [load_file(folder.final / "adapter_model.safetensors") for folder in (one, two)]
    apart = np.concatenate(
        [abs(weights[0][name] - weights[1][name]).ravel() for name in weights[0]]
    )
    near = float((apart < NEAR).mean())
    print(
        f"\nlargest difference: loss {off:.2g} of it; weights {near:.2%} within {NEAR:g}, "
        f"median {np.median(apart):.2g}, largest {apart.max():.2g}; "
        f"loss {mine[1]:.4f} -> {mine[max(mine)]:.4f}"
    )
    assert off < TOLERANCE and near >= NEAR_SHARE
    assert figures(two, "eval_loss") == pytest.approx(figures(one, "eval_loss"), rel=TOLERANCE)


def test_two_processes_follow_the_curve_of_one_on_the_bundled_base(
    tmp_path: Path, nano: Path
) -> None:
    changes = {**WITHOUT_CHANCE, "training.epochs": 8}
    one = several_job(tmp_path / "one", nano, 1, **changes)
    worker_here().start(one)
    two = trained(several_job(tmp_path / "two", nano, 2, **changes))
    curve = losses(one)
    assert curve[max(curve)] < 0.8 * curve[1], "nothing was learned that could be compared"
    compare(one, two)
    # Only the first process wrote, and every random state is kept.
    newest = two.checkpoints / f"checkpoint-{max(curve)}"
    assert {path.name for path in newest.glob("rng_state*")} == {"rng_state_0.pth",
                                                                 "rng_state_1.pth"}  # fmt: skip
    assert not list(two.final.glob("rng_state*"))
    assert [event.seq for event in two.events()] == list(range(1, len(two.events()) + 1))
    assert sum(event.type == "attempt" for event in two.events()) == 1
    assert two.damaged_lines() == 0 and not workers_of(two)


@pytest.mark.long
@pytest.mark.parametrize("method", ["dpo", "kto", "reward", "regression"])
def test_every_method_follows_the_curve_of_one_process(
    tmp_path: Path, base: Path, method: str
) -> None:
    one = trained(several_job(tmp_path / "one", base, 1, method=method, **WITHOUT_CHANCE))
    two = trained(several_job(tmp_path / "two", base, 2, method=method, **WITHOUT_CHANCE))
    compare(one, two)


def test_each_row_is_seen_once_in_an_epoch_over_all_processes(tmp_path: Path, base: Path) -> None:
    folder = several_job(tmp_path / "seen", base, 2)
    done = launched_by(
        folder, "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m",
        "tests.loop.seen",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    seen = [json.loads((folder.path / f"seen-{rank}.json").read_text()) for rank in range(2)]
    for epoch in range(2):
        mine, theirs = (set(one[epoch]) for one in seen)
        assert not mine & theirs
        together = sorted(seen[0][epoch] + seen[1][epoch])
        assert together == sorted(row["id"] for row in copy_rows(22))


LONGER = {"training.epochs": 6}


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory, base: Path) -> JobFolder:
    """Two processes with dropout, undisturbed."""
    folder = tmp_path_factory.mktemp("straight") / "straight"
    return trained(several_job(folder, base, 2, **LONGER))


def at_work(folder: JobFolder, *, step: int = 1) -> tuple[subprocess.Popen[bytes], int]:
    """One more attempt that has told a step, `step` or a later one; the last event before it."""
    seen = max((event.seq for event in folder.events()), default=0)
    process = start(folder)
    wait_for_step(folder, step, after=seen)
    return process, seen


def ended_by_a_kill_of_one_process(folder: JobFolder) -> None:
    process, _ = at_work(folder, step=3)  # one checkpoint is there
    # Nothing can be reached from another machine, and all of them give way as the launcher does.
    assert listening(folder) <= {"127.0.0.1", "::1"}
    assert {one.nice() for one in workers_of(folder)} == {workers_of(folder)[0].nice()}
    kill(ranks_of(folder)[1])
    assert process.wait(PATIENCE_SECONDS) == 1
    wait_until_all_have_ended(folder)
    assert folder.state() == "failed"
    said = last_failure(folder)
    assert said["error"] == "Process 1 of 2 was killed (signal 9), so all were ended."
    assert said["hint"].startswith(f"hone jobs resume {folder.path.name}")


def ended_by_a_polite_signal(folder: JobFolder) -> int:
    """The step at which it stopped."""
    process, seen = at_work(folder)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert folder.state() == "cancelled" and not folder.has_result
    assert not workers_of(folder)
    stopped_at = step_of(folder, after=seen)
    assert (folder.checkpoints / f"checkpoint-{stopped_at}").is_dir()
    folder.clear_stop()
    return stopped_at


def ended_by_a_kill_of_the_launcher(folder: JobFolder) -> None:
    process, _ = at_work(folder)
    kill(process)
    process.wait(PATIENCE_SECONDS)
    wait_until_all_have_ended(folder)
    assert folder.state() == "lost"


def test_however_it_is_ended_nothing_runs_on_and_the_job_goes_on_exactly(
    tmp_path: Path, base: Path, straight: JobFolder
) -> None:
    broken = several_job(tmp_path / "broken", base, 2, **LONGER)
    ended_by_a_kill_of_one_process(broken)
    stopped_at = ended_by_a_polite_signal(broken)
    ended_by_a_kill_of_the_launcher(broken)
    assert max(losses(broken)) < max(losses(straight)), "it was faster than the kill"
    trained(broken)
    texts = [str((event.model_extra or {}).get("text", "")) for event in broken.events()]
    assert sum("Going on from checkpoint-" in text for text in texts) == 3
    assert any(f"Going on from checkpoint-{stopped_at}" in text for text in texts)
    assert traces(broken) == traces(straight)


@pytest.mark.long
def test_what_one_process_has_to_say_becomes_the_state_of_the_job(
    tmp_path: Path, base: Path
) -> None:
    folder = several_job(tmp_path / "changed", base, 2)
    (base / "config.json").write_text((base / "config.json").read_text() + "\n")
    try:
        assert run_to_end(folder) == 1
    finally:
        (base / "config.json").write_text((base / "config.json").read_text().rstrip("\n"))
    assert "has changed since this job was planned" in last_failure(folder)["error"]
    assert folder.state() == "failed" and not workers_of(folder)


def test_accelerate_that_starts_one_process_instead_of_two_is_refused(
    tmp_path: Path, base: Path
) -> None:
    folder = several_job(tmp_path / "silent", base, 2)
    done = launched_by(
        folder, "accelerate.commands.launch", "--cpu", "--num_processes", "2", "-m", "hone.worker"
    )
    assert done.returncode != 0
    said = last_failure(folder)
    assert said["error"] == "accelerate launch started 1 process, and this job is planned for 2."
    assert "python -m hone.worker FOLDER starts as many as it needs" in said["hint"]
    assert f"{said['error']}\n" in done.stderr
    assert losses(folder) == {}


@pytest.mark.long
def test_accelerate_that_starts_them_all_is_taken(
    tmp_path: Path, base: Path, straight: JobFolder
) -> None:
    folder = several_job(tmp_path / "taken", base, 2, **LONGER)
    done = launched_by(
        folder, "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "-m",
        "hone.worker",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert folder.state() == "succeeded"
    assert losses(folder) == losses(straight)


def test_another_number_of_processes_is_refused(tmp_path: Path, base: Path) -> None:
    folder = several_job(tmp_path / "alone", base, 1)
    torchrun = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m")
    done = launched_by(folder, *torchrun, "hone.worker")
    assert done.returncode != 0
    # The other launcher ends the rest as soon as one refuses, perhaps before the first has told
    # the folder; what they print is always there.
    said = "The launcher started 2 processes, and this job is planned for 1."
    assert said in f"{done.stdout}{done.stderr}"
    assert not folder.has_result


def test_a_checkpoint_of_another_number_of_processes_is_refused(
    tmp_path: Path, base: Path, straight: JobFolder
) -> None:
    import shutil

    folder = several_job(tmp_path / "alone", base, 1)
    shutil.copytree(straight.checkpoints / "checkpoint-4", folder.checkpoints / "checkpoint-4")
    assert run_to_end(folder) == 1
    said = last_failure(folder)
    assert said["error"].startswith("The checkpoint was written by 2 processes, and 1 would")
    assert "Go on with 2 (training.processes)" in said["hint"]
