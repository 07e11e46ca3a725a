"""What a worker is handed and cannot train on is refused before anything is loaded or drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hone.errors import HoneError, InvalidInput
from hone.methods import grpo, kto, sft
from hone.methods._exporting import export_model
from hone.methods._rewards import rewards_of
from hone.workspace.job_folder import JobFolder
from tests.engine.small import frozen, make_job, make_small_base


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


def weights(folder: Path) -> None:
    (folder / "weights").write_text("some")


def refused(run: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(HoneError) as told:
        run()
    return told.value.message, told.value.hint


def test_another_template_than_was_planned_for_is_not_trained_with(
    tmp_path: Path, base: Path
) -> None:
    folder = make_job(tmp_path / "train-1", base, template="sha256:" + "0" * 64)
    message, hint = refused(lambda: sft.run(folder))
    assert message == (
        f"The chat template or tokenizer in {base} has changed since this job was planned."
    )
    assert "Put the old files back" in hint and not list(folder.checkpoints.glob("*"))


def test_without_a_whole_checkpoint_there_is_no_model_to_keep(tmp_path: Path, base: Path) -> None:
    folder = make_job(tmp_path / "train-1", base)
    message, hint = refused(lambda: export_model(folder))
    assert message.startswith(f"No checkpoint in {folder.checkpoints} is whole")
    assert hint.startswith("hone jobs resume train-1 ")


def test_a_checkpoint_of_two_processes_is_not_gone_on_with_by_one(
    tmp_path: Path, base: Path
) -> None:
    from hone.engine import checkpoints

    folder = make_job(tmp_path / "train-1", base)
    checkpoints.write(folder.checkpoints / "checkpoint-5", weights, step=5, processes=2)
    message, hint = refused(lambda: sft.run(folder))
    assert message == "The checkpoint was written by 2 processes, and 1 would go on from it."
    assert hint.startswith("Go on with 2 (training.processes)")


def test_a_reward_model_lies_where_the_job_says(tmp_path: Path, base: Path) -> None:
    folder = make_job(tmp_path / "train-1", base, method="grpo")
    message, hint = refused(lambda: rewards_of(folder, ["judge@v1"], [1.0]))
    assert message == "The job does not say where the reward model judge@v1 lies."
    assert hint.startswith("Start it with hone train")


def with_options(place: Path, base: Path, method: str, **changes: object) -> JobFolder:
    return make_job(place, base, options=frozen(method=method, **changes), method=method)


def test_options_that_do_not_go_together_begin_nothing(tmp_path: Path, base: Path) -> None:
    folder = with_options(
        tmp_path / "train-1", base, "grpo",
        **{"training.reward_weights": [0.0], "training.batch_size": 8},
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="This training cannot begin: ") as told:
        grpo.run(folder)
    assert any("reward_weights are all 0" in one for one in told.value.problems)
    assert told.value.hint.startswith("hone train RECIPE --plan")
    folder = with_options(tmp_path / "train-2", base, "kto", **{"training.batch_size": 1})
    message, hint = refused(lambda: kto.run(folder))
    assert "a batch of 1 has no other" in message and hint == "--set training.batch_size=8"
