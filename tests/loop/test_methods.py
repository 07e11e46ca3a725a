"""Every method of training: resumed anywhere it ends with the same bits, and it learns."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hone import shelf
from hone.errors import InvalidInput
from hone.workspace.job_folder import JobFolder
from tests.engine.small import (
    copy_rows,
    frozen,
    judged_rows,
    make_job,
    make_small_base,
    pair_rows,
    scored_rows,
)
from tests.loop.kills import draw_instants, run_and_kill, run_to_end, traces

pytestmark = pytest.mark.loop

Rows = Callable[..., list[dict[str, Any]]]


class Case(NamedTuple):
    """A method with the rows it reads, and the figure that tells whether it learned."""

    method: str
    rows: Rows
    is_lora: bool
    rate: float


CASES = {
    "dpo-lora": Case("dpo", pair_rows, True, 3e-3),
    "dpo-full": Case("dpo", pair_rows, False, 3e-4),
    "kto-lora": Case("kto", judged_rows, True, 3e-3),
    "kto-full": Case("kto", judged_rows, False, 3e-4),
    "reward-lora": Case("reward", pair_rows, True, 3e-3),
    "reward-full": Case("reward", pair_rows, False, 1e-3),
    "grpo-lora": Case("grpo", copy_rows, True, 1e-2),
    "grpo-full": Case("grpo", copy_rows, False, 1e-3),
    "rloo-lora": Case("grpo", copy_rows, True, 1e-2),
    "regression-lora": Case("regression", scored_rows, True, 3e-3),
    "regression-full": Case("regression", scored_rows, False, 1e-3),
}
SCORED = {"kind": "score", "name": "words", "dimensions": ["words", "milk"], "scale": [0, 20]}
# Batches of 4, two batches a step; checkpoints every second step: most lie inside an epoch.
CHANGES = {
    "training.epochs": 3,
    "training.gradient_accumulation_steps": 2,
    "training.save_steps": 2,
    "training.keep_checkpoints": 50,
    "training.logging_steps": 1,
}


# Of answers: two prompts a step, four answers each. A base of random weights never earns the
# task's score, so a reward model judges.
DRAWING = {
    "training.batch_size": 4,
    "training.num_generations": 4,
    "training.max_completion_length": 10,
    "training.reward": "judge@v1",
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("base") / "small")


def job_of(case: Case, folder: Path, base: Path, **changes: object) -> JobFolder:
    changed = {**CHANGES, "training.learning_rate": case.rate, **changes}
    spec: dict[str, Any] = {"task": SCORED} if case.method == "regression" else {}
    if case.method == "grpo":
        changed = {**changed, **DRAWING, **changes}
        changed |= {"training.algorithm": "rloo", "training.beta": 0.01} if case is RLOO else {}
        spec["rewards"] = [judge_beside(base)]
    return make_job(
        folder,
        base,
        options=frozen(is_lora=case.is_lora, method=case.method, **changed),
        rows=(case.rows(22), case.rows(6, seed=1)),
        method=case.method,
        **spec,
    )


RLOO = CASES["rloo-lora"]


def judge_beside(base: Path) -> dict[str, Any]:
    """A reward model on the base, trained once and kept beside it."""
    folder = JobFolder(base.parent / "judge")
    if not folder.final.is_dir():
        case = CASES["reward-lora"]
        carried_out(job_of(case, folder.path, base, **{"training.max_steps": 12}))
    spec = folder.job.spec["base"]
    return {"name": "judge@v1", "base": spec, "adapter": str(folder.final)}


def carried_out(folder: JobFolder) -> dict[str, float]:
    figures = shelf.load("methods", str(folder.job.spec["method"])).run(folder)
    assert figures is not None
    return figures


def cut_back(folder: JobFolder, place: Path, step: int) -> JobFolder:
    """The job as it was when the checkpoint of that step was its newest."""
    cut = JobFolder(Path(shutil.copytree(folder.path, place)))
    shutil.rmtree(cut.final)
    for checkpoint in cut.checkpoints.glob("checkpoint-*"):
        if int(checkpoint.name.rpartition("-")[2]) > step:
            shutil.rmtree(checkpoint)
    best = cut.checkpoints / "best"
    if best.is_dir() and json.loads((best / "manifest.json").read_text())["step"] > step:
        shutil.rmtree(best)
    return cut


@pytest.mark.parametrize("name", CASES)
def test_resumed_inside_an_epoch_it_ends_with_the_same_bits(
    name: str, tmp_path: Path, base: Path
) -> None:
    case = CASES[name]
    straight = job_of(case, tmp_path / "straight", base)
    carried_out(straight)
    resumed = cut_back(straight, tmp_path / "resumed", step=4)
    carried_out(resumed)
    before, after = traces(straight), traces(resumed)
    assert after == before
    assert any(path.endswith(".safetensors") for path in before)


@pytest.mark.parametrize("file", ["trainer_state.json", "optimizer.pt"])
def test_a_broken_newest_checkpoint_is_passed_over_for_the_one_before(
    tmp_path: Path, base: Path, file: str
) -> None:
    straight = job_of(CASES["regression-lora"], tmp_path / "straight", base)
    carried_out(straight)
    resumed = cut_back(straight, tmp_path / "resumed", step=4)
    broken = resumed.checkpoints / "checkpoint-4" / file
    broken.write_bytes(broken.read_bytes()[:-1] + b"?")
    carried_out(resumed)
    texts = [str((event.model_extra or {}).get("text")) for event in resumed.events()]
    assert any(f"checkpoint-4: {file} is damaged" in text for text in texts)
    assert any("Going on from checkpoint-2" in text for text in texts)
    # The history as well: what training did since the last validation is in the checkpoint.
    assert traces(resumed) == traces(straight)


def test_no_more_checkpoints_are_kept_than_were_asked_for(tmp_path: Path, base: Path) -> None:
    changes = {"training.save_steps": 1, "training.keep_checkpoints": 2}
    folder = job_of(CASES["regression-lora"], tmp_path / "train", base, **changes)
    carried_out(folder)
    kept = sorted(path.name for path in folder.checkpoints.iterdir())
    assert kept == ["best", "checkpoint-8", "checkpoint-9"]


@pytest.mark.parametrize("name", CASES)
def test_its_own_measure_gets_better_on_rows_it_has_not_seen(
    name: str, tmp_path: Path, base: Path
) -> None:
    case = CASES[name]
    folder = job_of(case, tmp_path / "train", base, **{"training.epochs": 8})
    carried_out(folder)
    told = [
        (event.model_extra or {})["values"] for event in folder.events() if event.type == "metric"
    ]
    told_of_everything(folder, case)
    if case.method == "grpo":
        rewards = [values["eval_reward"] for values in told if "eval_reward" in values]
        assert max(rewards[1:]) > rewards[0]
        return
    losses = [values["eval_loss"] for values in told if "eval_loss" in values]
    assert min(losses[1:]) < losses[0]
    if case.method in ("dpo", "reward"):
        assert max(values["eval_accuracy"] for values in told if "eval_accuracy" in values) > 0.8
    if case.method == "kto":
        last = [values for values in told if "eval_reward_chosen" in values][-1]
        margin = last["eval_reward_chosen"] - last["eval_reward_rejected"]
        assert last["eval_margin"] == pytest.approx(margin) and margin > 0
        assert 0.8 < last["eval_accuracy"] <= 1


def test_good_and_bad_answers_are_counted_in_all_their_pairs() -> None:
    from hone.engine.preference import share_in_order

    assert share_in_order([2.0, 0.0], [1.0, 0.0, -1.0]) == pytest.approx(4.5 / 6)


def told_of_everything(folder: JobFolder, case: Case) -> None:
    """Every figure that a run must tell while it trains, whatever it learns."""
    events = [(event.type, event.model_extra or {}) for event in folder.events()]
    steps = [one["values"] for kind, one in events if kind == "metric" and "loss" in one["values"]]
    wanted = {"loss", "learning_rate", "grad_norm", "tokens_per_second", "memory_gib"}
    assert steps and all(wanted <= set(values) for values in steps)
    assert all(one["eta_seconds"] >= 0 for kind, one in events if kind == "progress")
    validations = [
        one for kind, one in events if kind == "metric" and "train_loss" in one["values"]
    ]
    shown = [one for kind, one in events if kind == "samples"]
    assert len(validations) >= 8 and len(shown) == len(validations)
    assert {row["pick"] for one in shown for row in one["rows"]} == {"best", "worst", "random"}
    assert [kind for kind, _ in events].count("best") >= 1


def test_a_regression_begins_at_the_mean_of_its_labels(tmp_path: Path, base: Path) -> None:
    folder = job_of(CASES["regression-full"], tmp_path / "train", base, **{"training.max_steps": 1})
    carried_out(folder)
    rows = scored_rows(22)
    mean = [sum(row["labels"][place] for row in rows) / len(rows) for place in range(2)]
    of_the_mean = (
        sum(
            abs(row["labels"][place] - mean[place])
            for row in scored_rows(6, seed=1)
            for place in (0, 1)
        )
        / 12
    )
    (told,) = json.loads((folder.final / "training_history.json").read_text())
    assert told["val"]["mae"] < 1.5 * of_the_mean


def test_a_regression_leaves_its_history_and_its_best_error(tmp_path: Path, base: Path) -> None:
    folder = job_of(CASES["regression-lora"], tmp_path / "train", base)
    figures = carried_out(folder)
    history = json.loads((folder.final / "training_history.json").read_text())
    metadata = json.loads((folder.final / "training_metadata.json").read_text())
    assert len(history) == 3
    for split in ("train", "val"):
        assert set(history[0][split]["per_dimension"]) == {"words", "milk"}
        assert all(
            one[split]["rmse"] >= one[split]["mae"] > 0
            and one[split]["loss"] == pytest.approx(one[split]["rmse"] ** 2, rel=0.3)
            for one in history
        )
    told = [event for event in folder.events() if event.type in ("best", "verdict")]
    assert [event.type for event in told][-1] == "verdict"
    assert sum(event.type == "best" for event in told) == sum(one["is_best"] for one in history)
    assert metadata["dimension_names"] == ["words", "milk"]
    best = min(one["val"]["mae"] for one in history)
    assert metadata["best_val_mae"] == figures["best_val_mae"] == figures["eval_mae"] == best


def test_a_head_of_scores_is_read_back_with_its_adapter(tmp_path: Path, base: Path) -> None:
    import torch

    from hone.engine.load import BaseSpec, ScoreHead, load_base
    from hone.engine.lora import with_adapter

    folder = job_of(CASES["regression-lora"], tmp_path / "train", base)
    carried_out(folder)
    fresh = load_base(BaseSpec.of(folder.job.spec["base"]), head=ScoreHead(2, 0))
    ids = torch.tensor([[5, 6, 7, 8]])
    untrained = fresh(input_ids=ids).logits
    trained = with_adapter(fresh, folder.final).eval()
    assert trained(input_ids=ids).logits.shape == (1, 2)
    assert not torch.equal(trained(input_ids=ids).logits, untrained)


def test_answers_of_one_kind_cannot_be_told_apart(tmp_path: Path, base: Path) -> None:
    rows = [row for row in judged_rows(8) if row["label"]]
    folder = make_job(
        tmp_path / "train",
        base,
        options=frozen(method="kto", **CHANGES),
        rows=(rows, []),
        method="kto",
    )
    with pytest.raises(InvalidInput, match="All 8 answers are good"):
        carried_out(folder)


def test_weights_of_dimensions_that_do_not_exist_are_refused(tmp_path: Path, base: Path) -> None:
    case = CASES["regression-lora"]
    folder = job_of(case, tmp_path / "a", base, **{"training.dimension_weights": {"word": 2.0}})
    with pytest.raises(InvalidInput, match="names word, which is no dimension of the task") as told:
        carried_out(folder)
    assert 'Did you mean "words"?' in told.value.message


def test_a_dry_run_of_every_method_trains_nothing(tmp_path: Path, base: Path) -> None:
    for name, case in CASES.items():
        folder = job_of(case, tmp_path / name, base, **{"training.dry_run": True})
        figures = carried_out(folder)
        assert figures["loss"] > 0 or case.method == "grpo", name
        assert not folder.final.exists() and not list(folder.checkpoints.glob("*")), name


def test_sft_reads_what_it_always_read(tmp_path: Path, base: Path) -> None:
    folder = make_job(tmp_path / "train", base, rows=(copy_rows(8), copy_rows(4, seed=1)))
    assert carried_out(folder)["train_loss"] > 0


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_killed_three_times_it_ends_with_the_same_bits(
    name: str, tmp_path: Path, base: Path
) -> None:
    case = CASES[name]
    straight = job_of(case, tmp_path / "straight", base, **{"training.epochs": 6})
    assert run_to_end(straight) == 0, straight.log.read_text()[-2000:]
    broken = job_of(case, tmp_path / "broken", base, **{"training.epochs": 6})
    struck = [run_and_kill(broken, one) for one in draw_instants(3, 12, seed=5)]
    assert all(struck)
    assert run_to_end(broken) == 0, broken.log.read_text()[-2000:]
    assert traces(broken) == traces(straight), struck
