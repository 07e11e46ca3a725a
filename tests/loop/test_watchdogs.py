"""Watchdogs: real small trainings are driven into each failure, and healthy ones into none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hone import shelf
from hone.errors import HoneError
from hone.workspace.job_folder import JobFolder
from tests.engine.small import copy_rows, frozen, make_job, make_small_base, pair_rows, scored_rows

pytestmark = pytest.mark.loop

# Answers to the rows of a validation take longer than the training; they change no bit of it
# (tests/loop/test_samples.py).
UNSEEN = {"training.samples": 0}
SCORED = {"kind": "score", "name": "words", "dimensions": ["words", "milk"], "scale": [0, 20]}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


def found(folder: JobFolder) -> list[dict[str, Any]]:
    return [event.model_extra or {} for event in folder.events() if event.type == "watchdog"]


def run(folder: JobFolder) -> dict[str, float] | None:
    return shelf.load("methods", str(folder.job.spec["method"])).run(folder)


def test_a_far_too_high_rate_ends_the_run_with_the_value_to_change(
    tmp_path: Path, base: Path
) -> None:
    options = frozen(
        is_lora=False,
        **{"training.learning_rate": 3.0, "training.epochs": 40, "training.max_grad_norm": 1e9},
    )
    folder = make_job(tmp_path / "train-1", base, options=options)
    with pytest.raises(HoneError) as stopped:
        run(folder)
    assert [one["name"] for one in found(folder)] == ["divergence"]
    assert found(folder)[0]["action"] == "stopped"
    assert "has diverged" in stopped.value.message
    assert "training.learning_rate=0.75" in stopped.value.hint
    assert not folder.final.exists()


def test_told_to_warn_the_run_goes_on(tmp_path: Path, base: Path) -> None:
    options = frozen(
        is_lora=False,
        **{
            "training.learning_rate": 3.0,
            "training.epochs": 20,
            "training.on_divergence": "warn",
            "training.on_no_learning": "ignore",
            "training.max_grad_norm": 1e9,
        },
    )
    folder = make_job(tmp_path / "train-1", base, options=options)
    assert run(folder) is not None
    assert [(one["name"], one["action"]) for one in found(folder)] == [("divergence", "warned")]


def test_weights_that_are_no_numbers_end_the_run_before_a_checkpoint_holds_them(
    tmp_path: Path, base: Path
) -> None:
    options = frozen(
        is_lora=False,
        **{"training.learning_rate": 1e30, "training.epochs": 9, "training.save_steps": 1},
    )
    folder = make_job(tmp_path / "train-1", base, options=options)
    with pytest.raises(HoneError, match="weights are lost"):
        run(folder)
    (one,) = found(folder)
    assert one["name"] == "not_finite" and "learning_rate=1e+29" in one["hint"]
    assert one["step"] <= 4


@pytest.mark.parametrize("reaction", ["warn", "stop"])
def test_shuffled_labels_teach_nothing(tmp_path: Path, base: Path, reaction: str) -> None:
    # Every second pair says the opposite, so nothing is true of all of them.
    rows = [
        row if place % 2 else {**row, "chosen": row["rejected"], "rejected": row["chosen"]}
        for place, row in enumerate(pair_rows(32))
    ]
    options = frozen(method="dpo", **{"training.epochs": 4, "training.on_no_learning": reaction})
    folder = make_job(
        tmp_path / "train-1", base, options=options, rows=(rows, pair_rows(12, seed=1)),
        method="dpo",
    )  # fmt: skip
    if reaction == "stop":
        with pytest.raises(HoneError, match="Nothing was learned"):
            run(folder)
    else:
        assert run(folder) is not None
    (one,) = found(folder)
    assert one["name"] == "no_learning" and "hone datasets doctor copy@1" in one["hint"]


def test_eight_rows_for_two_hundred_epochs_are_learned_by_heart(tmp_path: Path, base: Path) -> None:
    options = frozen(
        is_lora=False,
        **{
            "training.epochs": 200,
            "training.eval_steps": 10,
            "training.save_steps": 1000,
            "training.on_overfitting": "stop",
            **UNSEEN,
        },
    )
    rows = (copy_rows(8), copy_rows(6, seed=1))
    folder = make_job(tmp_path / "train-1", base, options=options, rows=rows)
    figures = run(folder)
    (one,) = found(folder)
    assert one["name"] == "overfitting" and one["action"] == "stopped"
    # It ended well, with the weights of the best validation, before the last step.
    assert figures is not None and figures["best_step"] < one["step"] < 400
    assert f"training.max_steps={figures['best_step']:.0f}" in one["hint"]
    assert (folder.final / "model.safetensors").is_file()


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("method", ["sft", "regression"])
def test_a_healthy_run_is_left_alone(tmp_path: Path, base: Path, method: str, seed: int) -> None:
    make = copy_rows if method == "sft" else scored_rows
    changes: dict[str, Any] = {"training.seed": seed, "training.epochs": 6, **UNSEEN}
    folder = make_job(
        tmp_path / "train-1",
        base,
        options=frozen(method=method, **changes),
        rows=(make(64, seed=seed), make(16, seed=seed + 10)),
        method=method,
        **({"task": SCORED} if method == "regression" else {}),
    )
    assert run(folder) is not None
    assert found(folder) == []


def test_a_resumed_run_remembers_what_was_before_its_first_step(tmp_path: Path, base: Path) -> None:
    changes: dict[str, Any] = {"training.epochs": 2}
    folder = make_job(tmp_path / "train-1", base, options=frozen(**changes))
    folder.request_stop()
    assert run(folder) is None
    folder.clear_stop()
    assert run(folder) is not None
    assert sum(event.type == "baseline" for event in folder.events()) == 1
