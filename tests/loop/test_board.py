"""TensorBoard shows what a training told: every figure at its step, also after a resume."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from hone import shelf
from hone.errors import HoneError
from hone.workspace.job_folder import JobFolder
from tests.engine.small import frozen, make_job, make_small_base, scored_rows
from tests.loop.board import Curves, curves_of, curves_told
from tests.loop.kills import traces

pytestmark = pytest.mark.loop

# 18 rows, two batches of 4 a step: 3 steps an epoch, a validation after each epoch.
CHANGES: dict[str, Any] = {
    "training.epochs": 3,
    "training.gradient_accumulation_steps": 2,
    "training.save_steps": 2,
    "training.logging_steps": 1,
}
SCORED = {"kind": "score", "name": "words", "dimensions": ["words", "milk"], "scale": [0, 20]}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


def job(folder: Path, base: Path, *, reports: list[str], **changes: object) -> JobFolder:
    options = frozen(**{**CHANGES, **changes})
    options["report_to"] = {"value": reports, "source": "recipe"}
    return make_job(folder, base, options=options)


def run(folder: JobFolder) -> None:
    shelf.load("methods", str(folder.job.spec["method"])).run(folder)


def assert_shown(shown: Curves, told: Curves) -> None:
    """The same names and steps; values as exact as the files' single precision."""
    assert {name: set(steps) for name, steps in shown.items()} == {
        name: set(steps) for name, steps in told.items()
    }
    for name, steps in told.items():
        assert shown[name] == pytest.approx(steps, rel=1e-6), name


def test_it_shows_every_figure_and_nothing_twice_after_a_resume(tmp_path: Path, base: Path) -> None:
    folder = job(tmp_path / "whole", base, reports=["tensorboard"])
    run(folder)
    shown = curves_of(folder.path / "logs")
    assert_shown(shown, curves_told(folder))
    assert set(shown["loss"]) == set(shown["learning_rate"]) == set(range(1, 10))
    assert {0, 3, 6, 9} == set(shown["eval_loss"])
    assert {3, 6, 9} == set(shown["train_loss"])
    again = JobFolder(Path(shutil.copytree(folder.path, tmp_path / "again")))
    shutil.rmtree(again.final)
    for checkpoint in again.checkpoints.glob("checkpoint-*"):
        if int(checkpoint.name.rpartition("-")[2]) > 4:
            shutil.rmtree(checkpoint)
    run(again)
    assert len(list((again.path / "logs").iterdir())) == 2
    assert_shown(curves_of(again.path / "logs"), curves_told(again))
    # Whoever looks on changes nothing.
    unseen = job(tmp_path / "unseen", base, reports=[])
    run(unseen)
    assert traces(unseen) == traces(folder)


def test_nobody_asked_nothing_is_written_and_tensorboard_is_not_loaded(
    tmp_path: Path, base: Path
) -> None:
    import subprocess
    import sys

    folder = job(tmp_path / "train", base, reports=[])
    code = (
        "import sys\nfrom hone.worker.__main__ import main\n"
        "assert main(sys.argv[1:]) == 0\n"
        "assert 'tensorboard' not in sys.modules and 'torch.utils.tensorboard' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder.path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not (folder.path / "logs").exists()


def test_figures_of_dimensions_are_shown_by_name(tmp_path: Path, base: Path) -> None:
    options = frozen(method="regression", **CHANGES)
    options["report_to"] = {"value": ["tensorboard"], "source": "recipe"}
    folder = make_job(
        tmp_path / "train",
        base,
        options=options,
        rows=(scored_rows(18), scored_rows(6, seed=1)),
        method="regression",
        task=SCORED,
    )
    run(folder)
    shown = curves_of(folder.path / "logs")
    assert_shown(shown, curves_told(folder))
    assert {name for name in shown if "milk" in name and "mae" in name} == {
        "eval_mae_milk",
        "train_mae_milk",
    }


def test_a_run_that_a_watchdog_ends_leaves_its_curves(tmp_path: Path, base: Path) -> None:
    changes = {"training.learning_rate": 3.0, "training.epochs": 40, "training.max_grad_norm": 1e9}
    folder = job(tmp_path / "train", base, reports=["tensorboard"], **changes)
    with pytest.raises(HoneError):
        run(folder)
    shown, told = curves_of(folder.path / "logs"), curves_told(folder)
    assert max(shown["loss"]) == max(told["loss"]) and len(shown["loss"]) == len(told["loss"])
