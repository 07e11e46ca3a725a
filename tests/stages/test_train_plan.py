"""Plans of trainings: counted without torch, and refused before anything is written."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.stages import jobs
from hone.stages.train.machine import look_at_this_machine
from hone.stages.train.plan import FITS_BELOW
from hone.stages.train.prepare import Prepared, prepare_training
from hone.stages.train.resolve import learning_rate_for
from hone.stages.train.start import missing_for_a_real_run, start_training
from hone.workspace.open import Workspace, init_workspace
from tests.faults.gates import fake_target
from tests.stages.training_set import CPU, LAYERS, freeze, make_small_base


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        make_small_base(workspace.root / "small")
        freeze(workspace, "faith", 40, 8)
        yield workspace


RECIPE: dict[str, Any] = {"base": "small", "dataset": "faith", "lora": {"r": 2}}


def prepare(ws: Workspace, *overrides: str, recipe: dict[str, Any] = RECIPE) -> Prepared:
    return prepare_training(ws, recipe, overrides=overrides, machine=CPU)


def what_is_there(ws: Workspace) -> set[str]:
    return {str(path.relative_to(ws.root)) for path in ws.jobs.rglob("*")}


def test_a_plan_counts_rows_tokens_and_steps_and_writes_nothing(ws: Workspace) -> None:
    before = what_is_there(ws)
    plan = prepare(ws, "training.epochs=2", "training.gradient_accumulation_steps=3").plan
    assert (plan.dataset, plan.model, plan.base) == ("faith@1", "faith", "small")
    assert (plan.train.rows, plan.train.is_exact) == (40, True)
    assert plan.val is not None and plan.val.rows == 8
    assert plan.steps_per_epoch == math.ceil(math.ceil(40 / 4) / 3) == 4 and plan.steps == 8
    assert plan.train.tokens == plan.train.tokens_low == plan.train.tokens_high
    assert 0 < plan.train.trained_tokens < plan.train.tokens
    assert plan.train.longest < plan.train.tokens / 20
    assert plan.memory_gib.low < plan.memory_gib.high < 3
    assert plan.fits and plan.price_usd == 0 and 0 < plan.seconds.low < plan.seconds.high
    assert what_is_there(ws) == before and ws.store.jobs.list() == []


def test_an_adapter_is_counted_by_the_shapes_of_the_base(ws: Workspace) -> None:
    plan = prepare(ws).plan
    # r x (inputs + outputs): four square matrices and three of the MLP in each layer.
    assert plan.trained_parameters == LAYERS * 2 * (4 * (16 + 16) + 3 * (16 + 32))
    only_two = prepare(ws, "lora.target_modules=[q_proj, v_proj]").plan
    assert only_two.trained_parameters == LAYERS * 2 * 2 * (16 + 16)
    full = prepare(ws, "lora=null").plan
    assert full.trained_parameters == full.base_parameters > 10_000


def test_what_stood_open_is_chosen_with_its_reason(ws: Workspace) -> None:
    options = prepare(ws).plan.options
    assert options["training.learning_rate"].value == 6e-3
    assert options["training.learning_rate"].source.startswith("chosen: LoRA of 1")
    assert options["training.dtype"].value == "float32"
    assert options["training.threads"].value == 1
    assert not [key for key, one in options.items() if one.value == "auto" and "lora" not in key]
    fixed = prepare(ws, "training.learning_rate=1e-5", "training.threads=2").plan.options
    assert fixed["training.learning_rate"].value == 1e-5
    assert fixed["training.threads"].source == "--set"


def test_what_is_chosen_for_the_machine_stands_in_the_plan_with_its_reason(ws: Workspace) -> None:
    plan = prepare(ws).plan
    grouping, packing = (
        plan.options[f"training.{name}"] for name in ("length_grouping", "packing")
    )
    assert (grouping.value, grouping.source) == (True, "chosen: less padding to compute")
    assert packing.value is False and "no attention for packed rows on cpu" in packing.source
    attention, allocator = plan.choices
    assert attention.startswith("attention: sdpa (") and allocator.startswith("allocator: ")
    kept = prepare(ws, "training.length_grouping=false").plan.options["training.length_grouping"]
    assert (kept.value, kept.source) == (False, "--set")


@pytest.mark.parametrize(
    ("has_flash_attention", "packing", "grouping", "why"),
    [
        (True, True, False, "H200 with flash attention: no padding"),
        (False, False, True, "neither flash_attn nor kernels is installed (hone-studio[gpu])"),
    ],
)
def test_rows_are_packed_on_cards_that_have_an_attention_for_it(
    has_flash_attention: bool, packing: bool, grouping: bool, why: str, ws: Workspace
) -> None:
    changes = {"device": "cuda", "name": "H200", "has_flash_attention": has_flash_attention}
    card, as_on_large_bases = CPU.model_copy(update=changes), ["training.dtype=bfloat16"]
    plan = prepare_training(ws, RECIPE, overrides=as_on_large_bases, machine=card).plan
    assert plan.options["training.packing"].value is packing
    assert plan.options["training.packing"].source == f"chosen: {why}"
    assert plan.options["training.length_grouping"].value is grouping
    assert ("flash_attention_2" in plan.choices[0]) is packing


def test_rows_of_a_model_with_a_state_are_never_packed(ws: Workspace) -> None:
    config = ws.root / "small" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "model_type": "jamba"}))
    assert prepare(ws).plan.options["training.packing"].value is False
    with pytest.raises(InvalidInput, match="rows of a jamba model could see each other"):
        prepare(ws, "training.packing=true")


def test_learning_rates_fall_with_size_and_are_lower_for_every_weight() -> None:
    sizes = [1_000_000, 50_000_000, 500_000_000, 8_000_000_000]
    rates = [learning_rate_for(size, is_full=False) for size in sizes]
    assert rates == sorted(rates, reverse=True) and rates[-1] == 2e-4
    assert all(learning_rate_for(s, is_full=True) < r for s, r in zip(sizes, rates, strict=True))


def test_a_large_set_is_estimated_from_a_seeded_sample_with_an_interval(tmp_path: Path) -> None:
    with init_workspace(tmp_path / "large") as ws:
        make_small_base(ws.root / "small")
        freeze(ws, "faith", 6000)
        first, second = prepare(ws).plan, prepare(ws).plan
        other = prepare(ws, "training.seed=1").plan
        assert first.train == second.train and first.train != other.train
        assert (first.train.rows, first.train.sampled) == (6000, 2000)
        # All rows, counted: the interval holds the truth.
        truth = 0
        for start in range(0, 6000, 2000):
            part = tmp_path / "part.jsonl"
            lines = (ws.datasets / "faith@1" / "train.jsonl").read_text().splitlines(True)
            part.write_text("".join(lines[start : start + 2000]))
            truth += _tokens(ws, part)
        assert first.train.tokens_low <= truth <= first.train.tokens_high
        assert first.train.tokens_high - first.train.tokens_low < truth / 10


def _tokens(ws: Workspace, path: Path) -> int:
    from hone.rendering.tokens import Renderer
    from hone.stages.train.rows import Reading, count_tokens

    found = count_tokens(path, Renderer.load(ws.root / "small"), Reading(512))
    assert found.is_exact
    return found.tokens


def test_max_steps_decides_instead_of_epochs(ws: Workspace) -> None:
    plan = prepare(ws, "training.epochs=0", "training.max_steps=25").plan
    assert plan.steps == 25 and plan.epochs == 2.5
    assert missing_for_a_real_run(ws, plan, is_confirmed=True) == []


def test_a_plan_learns_its_time_from_earlier_jobs_on_the_same_base(ws: Workspace) -> None:
    rough = prepare(ws).plan
    assert "rough rate" in rough.seconds_source
    started = start_training(ws, prepare(ws), is_confirmed=True, target=fake_target())
    assert list(jobs.watch(ws, started.job_id))[-1] == "succeeded"
    folder = jobs.folder_of(ws, started.job_id)
    for rate in (90.0, 100.0, 110.0):
        folder.append("metric", step=1, values={"tokens_per_second": rate})
    learned = prepare(ws).plan
    assert learned.seconds_source == "1 earlier jobs on this base and device"
    work = learned.train.tokens * 3 / 100
    assert work * 0.9 < learned.seconds.low < learned.seconds.high < work * 1.5 + 30
    assert "rough" in prepare(ws, "lora=null").plan.seconds_source


def test_rows_that_do_not_fit_are_counted_and_the_rest_is_trained(ws: Workspace) -> None:
    rows = prepare(ws).plan.train
    plan = prepare(ws, f"data.max_seq_length={rows.longest - 2}").plan
    assert plan.train.too_long + plan.train.shortened > 0
    assert plan.train.longest <= rows.longest - 2
    assert any("left out" in note or "shortened" in note for note in plan.notes)


def test_planning_loads_no_torch(ws: Workspace, repository: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from hone.stages.train import prepare_training\n"
        "from hone.workspace.open import open_workspace\n"
        "with open_workspace(Path(sys.argv[1])) as ws:\n"
        "    prepare_training(ws, {'base': 'small', 'dataset': 'faith', 'lora': {}})\n"
        "heavy = {'torch', 'transformers', 'peft', 'trl', 'datasets'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code, str(ws.root)], check=True, cwd=repository)


def test_this_machine_is_described_without_torch() -> None:
    machine = look_at_this_machine()
    assert machine.device in ("cpu", "cuda", "mps") and machine.cores >= 1
    assert 0 < machine.free_gib <= machine.memory_gib


# What is refused before anything is written


def refused(ws: Workspace, *overrides: str, recipe: dict[str, Any] = RECIPE) -> InvalidInput:
    before = what_is_there(ws)
    with pytest.raises(InvalidInput) as caught:
        prepare(ws, *overrides, recipe=recipe)
    assert what_is_there(ws) == before
    assert caught.value.hint
    return caught.value


def test_a_dataset_that_does_not_exist_is_answered_with_the_nearest(ws: Workspace) -> None:
    error = refused(ws, "dataset=faiht")
    assert 'no dataset "faiht"' in error.message and 'Did you mean "faith@1"' in error.hint


def test_everything_that_is_missing_is_named_at_once(ws: Workspace) -> None:
    error = refused(ws, "dataset=x", "base=y", "on=moon")
    assert len(error.problems) == 3
    text = " ".join(error.problems)
    assert '"x"' in text and '"y"' in text and '"moon"' in text


def test_a_dataset_without_training_rows_is_refused(ws: Workspace) -> None:
    freeze(ws, "empty", 0, 5)
    assert "no rows in its train split" in refused(ws, "dataset=empty").message


@pytest.mark.parametrize(
    ("written", "method", "wanted"),
    [("dpo", "sft", "sft"), ("sft", "dpo", "dpo"), ("kto", "dpo", "dpo"), ("raft", "sft", "")],
)
def test_a_method_is_given_no_rows_that_it_cannot_read(
    ws: Workspace, written: str, method: str, wanted: str
) -> None:
    plain = freeze(ws, "plain", 12, 3)
    shutil.copytree(ws.datasets / "plain@1", ws.datasets / "other@1")
    ws.store.datasets.freeze(plain.model_copy(update={"name": "other", "format": written}), [])
    recipe = {**RECIPE, "dataset": "other", "method": method}
    if not wanted:
        assert prepare(ws, recipe=recipe).plan.train.rows == 12
        return
    said = f"has the format {written}; the method {method} reads {wanted}"
    with pytest.raises(InvalidInput, match=said) as caught:
        prepare(ws, recipe=recipe)
    assert caught.value.hint == f"hone datasets build other --format {wanted}"


def test_a_dataset_that_was_changed_or_lost_after_freezing_is_refused(ws: Workspace) -> None:
    path = ws.datasets / "faith@1" / "train.jsonl"
    with path.open("a") as file:
        file.write("{}\n")
    assert "was changed after" in refused(ws).message
    path.unlink()
    assert "is gone" in refused(ws).message


def test_a_task_that_changed_since_the_dataset_was_built_is_refused(ws: Workspace) -> None:
    path = ws.root / "tasks" / "qa.yaml"
    path.write_text(path.read_text().replace("Answer the question.", "Answer in rhyme."))
    assert "has changed since faith@1" in refused(ws).message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quantization_config": {"quant_method": "awq"}}, "quantised (awq)"),
        ({"auto_map": {"AutoModel": "x.Y"}}, "own Python code"),
    ],
)
def test_a_base_that_cannot_be_trained_is_refused(
    ws: Workspace, change: dict[str, Any], said: str
) -> None:
    make_small_base(ws.root / "other", **change)
    assert said in refused(ws, "base=other").message


def test_a_base_with_missing_or_damaged_files_says_all_of_it(ws: Workspace) -> None:
    base = make_small_base(ws.root / "other")
    (base / "tokenizer.json").unlink()
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    error = refused(ws, "base=other")
    assert any("tokenizer.json is missing" in problem for problem in error.problems)
    assert any("is cut off" in problem for problem in error.problems)
    weights.unlink()
    (base / "pytorch_model.bin").write_bytes(b"pickle")
    assert any("no .safetensors" in problem for problem in refused(ws, "base=other").problems)
    weights.write_bytes(b"\xff" * 64)
    assert any("no safetensors file" in problem for problem in refused(ws, "base=other").problems)


def test_a_base_of_the_hub_that_is_not_here_says_how_to_get_it(ws: Workspace) -> None:
    error = refused(ws, "base=Qwen/Qwen2.5-0.5B-Instruct")
    assert "not on this machine" in error.message and "hf download" in error.hint


def test_a_quantised_base_is_refused_by_its_name_with_the_one_to_take(ws: Workspace) -> None:
    for name in ("Qwen/Qwen2.5-7B-Instruct-AWQ", "unsloth/Qwen2.5-7B-Instruct-bnb-4bit"):
        error = refused(ws, f"base={name}")
        assert "quantised" in error.message
        assert "--set base=Qwen/Qwen2.5-7B-Instruct " in error.hint


def test_answers_that_fit_nowhere_are_refused(ws: Workspace) -> None:
    freeze(ws, "long", 5, answer="word " * 200)
    assert "none of 5 rows fits" in refused(ws, "dataset=long", "data.max_seq_length=64").message


def test_a_machine_that_is_too_small_is_refused_with_what_to_try(ws: Workspace) -> None:
    tiny = CPU.model_copy(update={"memory_gib": 0.4})
    with pytest.raises(InvalidInput, match=r"at least 0\.5 GiB of memory") as caught:
        prepare_training(ws, RECIPE, machine=tiny)
    assert "batch_size=2" in caught.value.hint
    narrow = CPU.model_copy(update={"memory_gib": 1.15})
    plan = prepare_training(ws, RECIPE, machine=narrow).plan
    assert not plan.fits and plan.memory_gib.high > FITS_BELOW * 1.15


def test_a_disk_that_is_too_full_is_refused(ws: Workspace) -> None:
    # The base claims 10^14 weights without holding them.
    huge = make_small_base(ws.root / "huge")
    header = json.dumps(
        {
            "model.layers.0.x.weight": {
                "dtype": "F32",
                "shape": [10_000_000, 10_000_000],
                "data_offsets": [0, 0],
            }
        }
    ).encode()
    (huge / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    error = refused(ws, "base=huge", "lora=null")
    assert "GiB on disk" in error.message
