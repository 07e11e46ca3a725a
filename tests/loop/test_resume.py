"""A training that is killed at any instant ends with the same bits as one that was not."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone.workspace.job_folder import JobFolder
from tests.engine.small import copy_rows, frozen, make_job, make_small_base
from tests.loop.kills import (
    PATIENCE_SECONDS,
    Killed,
    Start,
    draw_instants,
    prepared,
    run_and_kill,
    run_to_end,
    step_of,
    traces,
)

pytestmark = pytest.mark.loop

# 22 rows, batches of 4, two batches a step: 3 steps an epoch, the last of each with one batch of
# two rows. Checkpoints every second step, so most of them lie in the middle of an epoch.
EPOCHS = 4
TOTAL_STEPS = 12
CHANGES = {
    "training.epochs": EPOCHS,
    "training.gradient_accumulation_steps": 2,
    "training.save_steps": 2,
    "training.logging_steps": 1,
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


def job(folder: Path, base: Path, *, is_lora: bool, **changes: object) -> JobFolder:
    changed = dict(CHANGES)
    if not is_lora:
        changed["training.learning_rate"] = 5e-4
    options = frozen(is_lora=is_lora, **{**changed, **changes})
    rows = (copy_rows(22), copy_rows(6, seed=1, most_words=2))
    return make_job(folder, base, options=options, rows=rows)


@pytest.fixture(scope="module")
def begin() -> Iterator[Start]:
    """Nothing may rest on the order of hashes: each attempt has another one than the last."""
    with prepared("1", "2") as start:
        yield start


def killed_often(folder: JobFolder, count: int, seed: int, begin: Start) -> list[Killed]:
    """Kill one job at each of the instants, then let it end."""
    strikes = []
    for instant in draw_instants(count, TOTAL_STEPS, seed=seed):
        struck = run_and_kill(folder, instant, begin)
        assert struck is not None, f"the run ended before {instant}"
        strikes.append(struck)
    assert run_to_end(folder, begin) == 0, folder.log.read_text()[-2000:]
    return strikes


@pytest.fixture(scope="module", params=[True, False], ids=["lora", "full"])
def straight(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    base: Path,
    begin: Start,
) -> JobFolder:
    """The same training without any kill."""
    folder = job(tmp_path_factory.mktemp("straight") / "straight", base, is_lora=request.param)
    assert run_to_end(folder, begin) == 0, folder.log.read_text()[-2000:]
    return folder


def is_lora(folder: JobFolder) -> bool:
    return "lora.r" in folder.job.spec["options"]


def texts_of(folder: JobFolder) -> list[str]:
    return [str((event.model_extra or {}).get("text", "")) for event in folder.events()]


def test_three_kills_at_random_instants_leave_the_same_weights(
    tmp_path: Path, base: Path, straight: JobFolder, begin: Start
) -> None:
    broken = job(tmp_path / "broken", base, is_lora=is_lora(straight))
    strikes = killed_often(broken, 3, 7, begin)
    assert traces(broken) == traces(straight), strikes
    # The kills struck while training, and resuming did not begin at the first step again.
    assert [strike.stage for strike in strikes] == ["training"] * 3
    assert strikes[-1].newest_checkpoint != "none"
    assert any("Going on from checkpoint-" in text for text in texts_of(broken))


def test_a_broken_checkpoint_falls_back_to_the_one_before(
    tmp_path: Path, straight: JobFolder, begin: Start
) -> None:
    broken = JobFolder(Path(shutil.copytree(straight.path, tmp_path / "broken")))
    for name in ("result.json", "identity.json"):
        (broken.path / name).unlink()
    shutil.rmtree(broken.final)
    newest = broken.checkpoints / f"checkpoint-{TOTAL_STEPS}"
    content = bytearray((newest / "optimizer.pt").read_bytes())
    content[len(content) // 2] ^= 1
    (newest / "optimizer.pt").write_bytes(content)
    assert run_to_end(broken, begin) == 0, broken.log.read_text()[-2000:]
    assert traces(broken) == traces(straight)
    assert any("checkpoint-12: optimizer.pt is damaged" in text for text in texts_of(broken))
    assert any("Going on from checkpoint-10" in text for text in texts_of(broken))


def test_a_polite_signal_writes_a_checkpoint_and_resuming_gives_the_same_weights(
    tmp_path: Path, base: Path, straight: JobFolder, begin: Start
) -> None:
    stopped = job(tmp_path / "stopped", base, is_lora=is_lora(straight))
    process = begin(stopped)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while step_of(stopped, after=0) < 3 and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert stopped.state() == "cancelled"
    assert not stopped.has_result
    # The step that was under way when the signal came was finished and kept.
    assert (stopped.checkpoints / f"checkpoint-{step_of(stopped, after=0)}").is_dir()
    stopped.clear_stop()
    assert run_to_end(stopped, begin) == 0
    assert traces(stopped) == traces(straight)


@pytest.mark.long
@pytest.mark.parametrize("instant", range(20))
def test_one_kill_at_each_of_twenty_instants_leaves_the_same_weights(
    tmp_path: Path, base: Path, straight: JobFolder, instant: int, begin: Start
) -> None:
    broken = job(tmp_path / "broken", base, is_lora=is_lora(straight))
    chosen = draw_instants(20, TOTAL_STEPS, seed=3)[instant]
    run_and_kill(broken, chosen, begin)
    if not broken.has_result:
        assert run_to_end(broken, begin) == 0
    assert traces(broken) == traces(straight), chosen
