"""Learning from rewards: what is drawn, what it is worth, and what cannot teach anything."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from hone.engine.load import tokenizer_of
from hone.engine.rewards import Answered
from hone.errors import HoneError, InvalidInput
from hone.methods import grpo
from hone.methods._rewards import rewards_of
from hone.methods._rows import read_pairs
from hone.methods._running import carry_out
from hone.methods._training_options import chosen
from hone.rendering.tokens import Renderer
from hone.workspace.job_folder import JobFolder
from tests.engine.small import copy_rows, frozen, make_job, make_small_base
from tests.loop.kills import traces
from tests.loop.test_methods import carried_out, cut_back, judge_beside

pytestmark = pytest.mark.loop


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


def job(folder: Path, base: Path, rows: list[Any] | None = None, **changes: Any) -> JobFolder:
    """Two prompts a step, four answers each."""
    values = {
        "training.max_steps": 6,
        "training.batch_size": 8,
        "training.num_generations": 4,
        "training.max_completion_length": 8,
        "training.save_steps": 2,
        "training.keep_checkpoints": 50,
        "training.logging_steps": 1,
        "training.learning_rate": 1e-2,
        **{key: value for key, value in changes.items() if "." in key},
    }
    spec = {key: value for key, value in changes.items() if "." not in key}
    short = [row for row in copy_rows(120) if len(row["completion"][0]["content"]) < 16]
    return make_job(
        folder,
        base,
        options=frozen(method="grpo", **values),
        rows=(short[:6] if rows is None else rows, short[6:8]),
        method="grpo",
        **spec,
    )


def told(folder: JobFolder, kind: str) -> list[dict[str, Any]]:
    return [event.model_extra or {} for event in folder.events() if event.type == kind]


def test_a_reward_model_scores_as_it_was_trained(tmp_path: Path) -> None:
    # The base fills batches up with a token that is not the one that ends an answer.
    base = make_small_base(tmp_path / "small")
    settings = json.loads((base / "tokenizer_config.json").read_text())
    settings["pad_token"] = "<|endoftext|>"
    (base / "tokenizer_config.json").write_text(json.dumps(settings))
    [stop] = Renderer.load(base).stop_ids
    assert tokenizer_of(base, stop).pad_token_id != stop
    judge = judge_beside(base)
    folder = JobFolder(base.parent / "judge")
    spec = {
        "method": "grpo",
        "base": judge["base"],
        "rewards": [judge],
        "task": folder.job.spec["task"],
    }
    scores = rewards_of(SimpleNamespace(job=SimpleNamespace(spec=spec)), ["judge@v1"], [1.0])[0]  # type: ignore[arg-type]
    renderer = Renderer.load(base)
    pairs = read_pairs(folder, "val", renderer, max_length=128)
    better, worse = (
        scores.of([Answered(one["prompt_ids"], one[side], "", "") for one in pairs])
        for side in ("chosen_ids", "rejected_ids")
    )
    margin = sum(a - b for a, b in zip(better, worse, strict=True)) / len(pairs)
    figures = [one["values"] for one in told(folder, "metric") if "eval_loss" in one["values"]]
    best = min(figures, key=lambda one: one["eval_loss"])
    assert margin == pytest.approx(best["eval_margin"], abs=1e-4)


@pytest.mark.parametrize("algorithm", ["grpo", "rloo"])
def test_answers_that_serve_several_steps_are_part_of_a_checkpoint(
    algorithm: str, tmp_path: Path, base: Path
) -> None:
    changes: dict[str, Any] = {
        "training.num_iterations": 3,
        "training.reward": "judge@v1",
        "training.algorithm": algorithm,
    }
    straight = job(tmp_path / "straight", base, rewards=[judge_beside(base)], **changes)
    carried_out(straight)
    assert (straight.checkpoints / "checkpoint-4" / "rollouts.pt").is_file()
    assert not (straight.checkpoints / "checkpoint-6" / "rollouts.pt").exists()
    resumed = cut_back(straight, tmp_path / "resumed", step=4)
    carried_out(resumed)
    assert traces(resumed) == traces(straight)
    assert not list(straight.final.glob("*.pt"))


def trained(folder: JobFolder, *, most_rows: int, from_step: int = 0) -> dict[str, float] | None:
    """Train with a model that has no room for more than so many rows, drawn or learned."""
    options, lora = chosen(folder.job.spec["options"], grpo.Options)

    def build() -> tuple[Any, int]:
        trainer, rows = grpo.built(folder, options, lora)

        def refuse(_: Any, args: Any, more: dict[str, Any]) -> None:
            held = len(more["input_ids"]) if "input_ids" in more else len(args[0])
            if held > most_rows and trainer.state.global_step >= from_step:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

        inner = trainer.model.get_base_model().base_model
        inner.register_forward_pre_hook(refuse, with_kwargs=True)
        return trainer, rows

    return carry_out(folder, options, build)


def losses(folder: JobFolder) -> dict[int, float]:
    return {
        one["step"]: one["values"]["loss"]
        for one in told(folder, "metric")
        if "loss" in one["values"]
    }


def test_memory_that_runs_out_while_answers_are_drawn_halves_both(
    tmp_path: Path, base: Path
) -> None:
    changes: dict[str, Any] = {"training.auto_batch": True, "training.reward": "judge@v1"}
    folder = job(tmp_path / "retried", base, rewards=[judge_beside(base)], **changes)
    assert trained(folder, most_rows=2) is not None
    tried = [
        (one["batch_size"], one["gradient_accumulation_steps"])
        for one in told(folder, "auto_batch")
    ]
    assert tried == [(4, 2), (2, 4)]
    assert sorted(losses(folder)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("algorithm", ["grpo", "rloo"])
def test_answers_in_a_checkpoint_are_learned_in_smaller_batches(
    algorithm: str, tmp_path: Path, base: Path
) -> None:
    changes: dict[str, Any] = {
        "training.auto_batch": True,
        "training.reward": "judge@v1",
        "training.num_iterations": 3,
        "training.algorithm": algorithm,
    }
    whole = job(tmp_path / "whole", base, rewards=[judge_beside(base)], **changes)
    trained(whole, most_rows=99)
    folder = job(tmp_path / "retried", base, rewards=[judge_beside(base)], **changes)
    assert trained(folder, most_rows=4, from_step=5) is not None
    assert "Going on from checkpoint-4." in [one["text"] for one in told(folder, "log")]
    # Steps 4 to 6 learn from the same answers, drawn before memory ran out.
    assert losses(folder) == pytest.approx(losses(whole), abs=1e-4)
    assert len(losses(folder)) == 6


def test_both_rewards_are_weighed_and_told(tmp_path: Path, base: Path) -> None:
    folder = job(
        tmp_path / "both",
        base,
        rewards=[judge_beside(base)],
        **{
            "training.max_steps": 1,
            "training.reward": ["task", "judge@v1"],
            "training.reward_weights": [1.0, 0.5],
        },
    )
    figures = carried_out(folder)
    wanted = figures["eval_reward_task"] + 0.5 * figures["eval_reward_judge"]
    assert figures["eval_reward"] == pytest.approx(wanted)
    values = [one["values"] for one in told(folder, "metric")]
    names = {"reward", "reward_std", "completion_length", "cut_share", "no_spread_share"}
    assert names <= set(values[0])


def test_groups_without_spread_are_told_and_end_the_run(tmp_path: Path, base: Path) -> None:
    # A base of random weights never earns the task's score.
    changes: dict[str, Any] = {"training.max_steps": 30, "training.max_steps_without_spread": 12}
    folder = job(tmp_path / "barren", base, **changes)
    with pytest.raises(HoneError, match="For 12 steps in a row every answer") as caught:
        carried_out(folder)
    assert "trained with sft" in caught.value.hint
    (warning,) = [one for one in told(folder, "log") if "of the groups" in one["text"]]
    assert warning["text"].startswith("In 100% of the groups all 4 answers got the same reward")


def test_a_reward_model_that_gives_no_number_ends_the_run(tmp_path: Path, base: Path) -> None:
    judge = judge_beside(base)
    broken = Path(shutil.copytree(judge["adapter"], tmp_path / "broken"))
    file = broken / "adapter_model.safetensors"
    save_file({name: one * float("nan") for name, one in load_file(file).items()}, file)
    chosen = {"training.reward": ["broken@v1"], "training.max_steps": 1}
    one = {**judge, "name": "broken@v1", "adapter": str(broken)}
    folder = job(tmp_path / "nan", base, rewards=[one], **chosen)
    with pytest.raises(HoneError, match="A reward is no finite number") as caught:
        carried_out(folder)
    assert "a lower training.learning_rate" in caught.value.hint


def test_a_reward_that_tells_nothing_apart_is_refused(tmp_path: Path, base: Path) -> None:
    rows = [
        {**row, "completion": [{"role": "assistant", "content": "yes"}]} for row in copy_rows(4)
    ]
    folder = job(tmp_path / "constant", base, rows)
    with pytest.raises(InvalidInput, match="The reward is 1 for every accepted answer"):
        carried_out(folder)
    assert not list(folder.checkpoints.glob("*"))


def test_answers_that_cannot_be_scored_or_do_not_fit_are_left_out_with_the_reason(
    tmp_path: Path, base: Path
) -> None:
    task = {"kind": "extract", "name": "pickup", "fields": {"item": {"required": True}}}
    said = [{"item": "tea"}, {"item": "milk"}, "no record", [1, 2], {"item": "soup " * 40}]
    rows = [
        {**row, "completion": [{"role": "assistant", "content": json.dumps(one)}]}
        for row, one in zip(copy_rows(5), said, strict=True)
    ]
    changes: dict[str, Any] = {"training.max_completion_length": 40, "training.dry_run": True}
    folder = job(tmp_path / "mixed", base, rows, task=task, **changes)
    assert carried_out(folder)["rows"] == 2
    (warning,) = [one["text"] for one in told(folder, "log") if "of train" in one["text"]]
    assert "3 rows of train are left out" in warning
    assert "cannot be read back by the task" in warning and "the limit is 40" in warning
