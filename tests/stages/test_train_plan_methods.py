"""Plans of every method: rows of every format are counted, and what cannot work is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hone.errors import InvalidInput
from hone.records.task import Task
from hone.stages.train.characters import estimate_tokens
from hone.stages.train.plan import Plan
from hone.stages.train.prepare import prepare_training
from hone.stages.train.recipe import check_recipe
from hone.stages.train.resolve import resolve
from hone.workspace.bases import FoundBase
from hone.workspace.open import Workspace, init_workspace
from tests.stages.training_set import CPU, freeze, make_small_base, rewrite

GRPO = ("training.max_completion_length=64",)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        make_small_base(workspace.root / "small")
        freeze(workspace, "faith", 40, 8)
        yield workspace


def plan_of(ws: Workspace, method: str, *overrides: str, **recipe: Any) -> Plan:
    written = {"base": "small", "dataset": "faith", "lora": {"r": 2}, "method": method, **recipe}
    return prepare_training(ws, written, overrides=overrides, machine=CPU).plan


def as_pairs(row: dict[str, Any]) -> dict[str, Any]:
    worse = [{"role": "assistant", "content": "No."}]
    return {**row, "chosen": row["completion"], "rejected": worse}


def test_a_pair_counts_both_of_its_texts_and_the_longer_one_for_memory(ws: Workspace) -> None:
    plain = plan_of(ws, "sft").train
    rewrite(ws, "faith@1", "pairs", "dpo", as_pairs)
    for method in ("dpo", "reward"):
        found = plan_of(ws, method, dataset="pairs").train
        assert 1.4 * plain.tokens < found.tokens < 2 * plain.tokens
        assert found.longest == plain.longest


def test_a_single_judgement_counts_once(ws: Workspace) -> None:
    rewrite(ws, "faith@1", "judged", "kto", lambda row: {**row, "label": row["id"] < "train-2"})
    assert plan_of(ws, "kto", dataset="judged").train.tokens == plan_of(ws, "sft").train.tokens


def test_a_scored_text_is_counted_bare_and_cut_at_the_limit(ws: Workspace) -> None:
    task = Task.model_validate({"kind": "score", "name": "scores", "dimensions": ["one"]})

    def scored(row: dict[str, Any]) -> dict[str, Any]:
        return {"id": row["id"], "text": "word " * 30, "labels": [float(row["id"][-1])]}

    rewrite(ws, "faith@1", "scored", "regression", scored, task=task)
    plan = plan_of(ws, "regression", "data.max_seq_length=20", dataset="scored")
    found = plan.train
    assert (found.tokens, found.longest, found.shortened) == (40 * 20, 20, 40)
    # Where the tokenizer is not here, its characters are counted.
    file = ws.datasets / "scored@1" / "train.jsonl"
    assert estimate_tokens(file, max_length=20).tokens == 40 * 20
    assert estimate_tokens(file, max_length=500).tokens == round(40 * 150 / 4)


def test_a_head_goes_on_reading_texts_as_it_learned_to(tmp_path: Path) -> None:
    adapter = tmp_path / "v1"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"task_type": "SEQ_CLS", "r": 2}')
    (adapter / "hone.json").write_text("{}")
    base = FoundBase(id="small", path=tmp_path, adapter=adapter, model="scores@v1")

    def asked(base: FoundBase, *overrides: str) -> tuple[object, str]:
        written = {"base": "small", "dataset": "d", "lora": {"r": 2}, "method": "regression"}
        found = resolve(check_recipe(written, overrides).options, base, CPU)["training.pooling"]
        return found.value, found.source

    assert asked(base) == ("last", "chosen: as scores@v1 has it")
    (adapter / "hone.json").write_text('{"pooling": "mean"}')
    assert asked(base) == ("mean", "default")
    with pytest.raises(InvalidInput, match="is last, and the head of scores@v1 reads mean") as told:
        asked(base, "training.pooling=last")
    assert told.value.hint.startswith("--set training.pooling=mean")
    (tmp_path / "config.json").write_text('{"architectures": ["Qwen2ForCausalLM"]}')
    assert asked(FoundBase(id="small", path=tmp_path), "training.pooling=last")[0] == "last"


def test_a_row_of_another_shape_is_named(ws: Workspace) -> None:
    rewrite(ws, "faith@1", "pairs", "dpo", lambda row: row)
    with pytest.raises(InvalidInput, match="none of the format dpo: 'chosen' is missing"):
        plan_of(ws, "dpo", dataset="pairs")


def test_drawn_answers_are_in_tokens_steps_and_memory(ws: Workspace) -> None:
    plain = plan_of(ws, "sft").train
    plan = plan_of(ws, "grpo", *GRPO, "training.epochs=2")
    # 16 answers at once, 8 to a prompt: 2 prompts a step.
    assert (plan.steps_per_epoch, plan.steps) == (20, 40)
    assert plan.train.tokens == 8 * plain.tokens
    assert plan.train.tokens_high == 8 * (plain.tokens - plain.trained_tokens + 40 * 64)
    assert plan.longest == plain.longest + 64
    assert any("320 answers are drawn per epoch" in note for note in plan.notes)
    twice = plan_of(ws, "grpo", *GRPO, "training.num_iterations=2")
    assert twice.steps_per_epoch == 40


def test_a_reference_of_a_full_training_is_in_the_memory(ws: Workspace) -> None:
    free = plan_of(ws, "grpo", *GRPO, lora=None)
    held = plan_of(ws, "grpo", *GRPO, "training.beta=0.1", lora=None)
    assert held.beside_gib - free.beside_gib == pytest.approx(free.base_parameters * 4 / 1024**3)
    assert held.memory_gib.likely > free.memory_gib.likely


def test_options_that_contradict_each_other_are_told_at_once(ws: Workspace) -> None:
    with pytest.raises(InvalidInput) as told:
        plan_of(
            ws,
            "grpo",
            "training.batch_size=12",
            "training.max_completion_length=512",
            "training.reward_weights=[0, 0]",
            "training.algorithm=rloo",
            "training.loss_type=grpo",
        )
    said = " ".join(told.value.problems)
    assert "is 12, no multiple of num_generations 8 (--set training.batch_size=16)" in said
    assert "leaves no room for a prompt in data.max_seq_length 512" in said
    assert "2 numbers for 1 rewards" in said and "all 0" in said
    assert "rloo has one loss of its own" in said


def test_a_reward_model_that_does_not_exist_or_is_none_is_refused(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match=r"training\.reward"):
        plan_of(ws, "grpo", *GRPO, "training.reward=judge@v1")


def test_kto_with_one_row_at_once_is_refused_before_it_begins(ws: Workspace) -> None:
    rewrite(ws, "faith@1", "judged", "kto", lambda row: {**row, "label": True})
    with pytest.raises(InvalidInput) as told:
        plan_of(ws, "kto", "training.batch_size=1", dataset="judged")
    assert "a batch of 1 has no other" in told.value.problems[0]


def test_four_bits_are_refused_where_there_is_no_card_and_planned_for_one(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="load_in_4bit needs an NVIDIA card") as told:
        plan_of(ws, "sft", lora={"r": 2, "load_in_4bit": True})
    assert told.value.hint.startswith("--set lora.load_in_4bit=false")
    card = CPU.model_copy(update={"device": "cuda", "name": "a card"})
    recipe = {"base": "small", "dataset": "faith", "lora": {"r": 2}}
    plain, held, dora = (
        prepare_training(ws, recipe, overrides=extra, machine=card, is_plan=True).plan
        for extra in ([], ["lora.load_in_4bit=true"], ["lora.use_dora=true"])
    )
    assert held.memory_gib.weights < plain.memory_gib.weights
    assert dora.trained_parameters > plain.trained_parameters


def test_answers_and_prompts_that_have_no_room_are_found_before_anything_begins(
    ws: Workspace,
) -> None:
    short = ("training.max_completion_length=1",)
    with pytest.raises(InvalidInput, match="an answer may have 1 tokens") as told:
        plan_of(ws, "grpo", *short)
    assert "hone datasets doctor faith@1" in told.value.hint
    with pytest.raises(InvalidInput, match=r"a prompt the rest of 65 \(data.max_seq_length\)"):
        plan_of(ws, "grpo", *GRPO, "data.max_seq_length=65")
    # Answers differ in length: with half of the room some rows are left, and it is said.
    plan = plan_of(ws, "grpo", "training.max_completion_length=16")
    assert 0 < plan.train.too_long < 40
    assert any("rows are left out" in note for note in plan.notes)
    assert plan.steps_per_epoch == -(-(40 - plan.train.too_long) // 2)


def test_weights_of_dimensions_and_layers_of_adapters_are_checked_with_everything_else(
    ws: Workspace,
) -> None:
    task = ws.task().model_dump(mode="json", exclude_defaults=True)
    scored = {**task, "kind": "score", "name": "news", "dimensions": ["agency", "progress"]}
    (ws.root / "tasks" / "news.yaml").write_text(yaml.safe_dump(scored))
    wanted: dict[str, Any] = {"task": "news", "dataset": "nowhere", "lora": {"r": 2}}
    with pytest.raises(InvalidInput) as told:
        plan_of(
            ws,
            "regression",
            "training.dimension_weights={agencyy: 2}",
            "lora.target_modules=[q_proj, v_prj, proj]",
            **wanted,
        )
    said = " ".join(told.value.problems)
    assert "names agencyy, which is no dimension" in said and 'Did you mean "agency"?' in said
    assert "'v_prj' names no linear layer of small" in said and "'proj' names no" in said
    assert "q_proj'" not in said and "nowhere" in said
    with pytest.raises(InvalidInput) as told:
        zeros = "training.dimension_weights={agency: 0, progress: 0}"
        plan_of(ws, "regression", zeros, **wanted)
    assert "are all 0: nothing would be learned" in " ".join(told.value.problems)
    with pytest.raises(InvalidInput) as told:
        plan_of(ws, "sft", "lora.target_modules=[]")
    assert "lora.target_modules" in told.value.problems[0]
