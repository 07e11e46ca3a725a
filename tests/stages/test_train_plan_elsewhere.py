"""Plans for a base that is not here, and for cards that are not in this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hone.errors import GateRefused, InvalidInput, NotFound
from hone.stages.train.bases import list_bases
from hone.stages.train.cards import cards, cards_for
from hone.stages.train.prepare import Prepared, prepare_training
from hone.stages.train.start import missing_for_a_real_run, start_dry_run, start_training
from hone.workspace.open import Workspace, init_workspace
from tests.stages.training_set import CPU, freeze, make_small_base

SEVEN = "Qwen/Qwen2.5-7B-Instruct"


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        make_small_base(workspace.root / "small")
        freeze(workspace, "faith", 40, 8)
        yield workspace


def planned(ws: Workspace, base: str, **training: Any) -> Prepared:
    recipe = {"base": base, "dataset": "faith", "lora": {"r": 16}, "training": training}
    return prepare_training(ws, recipe, machine=CPU, is_plan=True)


def test_a_base_of_the_catalogue_is_planned_for_without_its_files(ws: Workspace) -> None:
    prepared = planned(ws, SEVEN)
    plan = prepared.plan
    assert (plan.is_base_here, plan.base_parameters) == (False, 7_615_616_512)
    # r x (inputs + outputs): queries and output, keys and values, and the three of the MLP.
    per_layer = 2 * (3584 + 3584) + 2 * (3584 + 512) + 3 * (3584 + 18944)
    assert plan.trained_parameters == 28 * 16 * per_layer
    assert plan.verdict == "does not fit" and not plan.fits
    assert "not on this machine" in plan.notes[0] and "3 to 4.5" in plan.notes[1]
    missing = missing_for_a_real_run(ws, plan, is_confirmed=True)
    assert any("GiB of memory are needed" in one for one in missing)
    assert missing[-1] == f"the base {SEVEN} is not on this machine (hf download {SEVEN})"
    with pytest.raises(GateRefused):
        start_training(ws, prepared, is_confirmed=True)
    with pytest.raises(NotFound, match=r"weights of .* are not on this machine"):
        start_dry_run(ws, prepared)
    assert ws.store.jobs.list() == []


def test_without_a_tokenizer_tokens_are_a_range_that_holds_the_truth(ws: Workspace) -> None:
    exact = planned(ws, "small").plan.train
    about = planned(ws, SEVEN).plan.train
    assert (about.rows, about.sampled, about.is_exact) == (exact.rows, 0, False)
    assert about.tokens_low < about.tokens < about.tokens_high
    lines = (ws.datasets / "faith@1" / "train.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    characters = sum(len(m["content"]) for r in rows for m in [*r["prompt"], *r["completion"]])
    messages = sum(len(r["prompt"]) + 1 for r in rows)
    assert about.tokens == round(characters / 4 + 6 * messages)
    assert 0 < about.trained_tokens < about.tokens


def test_with_config_and_tokenizer_alone_tokens_are_counted(ws: Workspace) -> None:
    folder = make_small_base(ws.root / "described")
    (folder / "model.safetensors").unlink()
    plan = planned(ws, "described").plan
    assert not plan.is_base_here and plan.train.is_exact
    assert plan.train == planned(ws, "small").plan.train
    # The family has biases that the small base of these tests goes without.
    weights = planned(ws, "small").plan.base_parameters
    assert weights < plan.base_parameters < 1.01 * weights
    assert not any("characters" in note for note in plan.notes)


def test_a_real_run_refuses_a_base_that_is_not_here_or_does_not_fit(ws: Workspace) -> None:
    recipe = {"base": SEVEN, "dataset": "faith", "lora": {}}
    with pytest.raises(InvalidInput, match="not on this machine"):
        prepare_training(ws, recipe, machine=CPU)


def test_cards_are_shown_where_this_machine_is_not_enough(ws: Workspace) -> None:
    assert cards_for(planned(ws, "small")) == []
    short = cards_for(planned(ws, SEVEN, batch_size=1, gradient_checkpointing=True))
    wide = cards_for(planned(ws, SEVEN, batch_size=64))
    names = [one.card.name for one in short]
    assert "A40" in names and "H100 SXM" in names
    assert {one.card.name for one in wide} < set(names)
    for one in short:
        assert one.verdict in ("fits", "tight")
        assert 0 < one.memory_gib.low < one.memory_gib.high
        assert 0 < one.hours.low < one.hours.high and 0 < one.usd.low < one.usd.high
        assert (one.verdict == "fits") == (one.memory_gib.high <= 0.92 * one.card.memory_gib)
    full = {"base": SEVEN, "dataset": "faith"}
    whole = prepare_training(ws, full, machine=CPU, is_plan=True)
    # Sixteen bytes for each of 7.6 billion weights: 113 GiB, without what goes through them.
    assert [one.card.name for one in cards_for(whole)] == ["H200 SXM", "B200"]


def test_the_table_of_cards_says_when_and_where_its_prices_were_seen() -> None:
    for card in cards():
        assert 0 < card.usd_per_hour[0] <= card.usd_per_hour[1]
        assert card.at and card.seen.startswith("2026-")
        assert card.memory_gib < card.memory_gb
    sizes = [card.memory_gb for card in cards()]
    assert sizes == sorted(sizes)


def test_every_base_of_the_catalogue_has_its_need_and_larger_ones_need_more() -> None:
    needs = {one.base.id: one.lora_gib for one in list_bases()}
    family = [needs[f"Qwen/Qwen2.5-{size}B-Instruct"] for size in ("0.5", "1.5", "3", "7", "14")]
    assert all(a.high < b.high and a.low < b.low for a, b in pairwise(family))
    # torchtune's README: 16.2 GiB for LoRA on Llama 3.1 8B at two rows of 2,048.
    assert needs["meta-llama/Llama-3.1-8B-Instruct"].low < 16.6 + 0.5
