"""The whole loop on hone-nano: evaluate, 30 flags, corrections, retrain, and what they did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hone import loop
from hone.checks._normal import normal
from hone.demo import messages
from hone.records.feedback import Applied, Efficacy
from hone.records.task import Task
from hone.stages.feedback import owed, report_files, trial_of
from hone.stages.flags import Saying, find_flags, resolve
from hone.workspace.open import Workspace
from hone.workspace.yaml_file import read_yaml
from tests.loop.here import evaluate_here, train_here

pytestmark = pytest.mark.loop

TASK = Path(messages.__file__).with_name("task.yaml")
RECIPE: dict[str, Any] = {
    "task": "pickup",
    "base": "hone-nano",
    "lora": {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0},
    "data": {"max_seq_length": 256},
    "training": {"max_steps": 30, "batch_size": 8, "seed": 0, "threads": 1},
}
RATIOS = {"train": 0.35, "val": 0.05, "test": 0.2, "probe": 0.4}
FLAGS = 30
# Every so many-th expected answer came in wrong, as they do: its first item is another one.
WRONG_EVERY = 5


class Gone(NamedTuple):
    """What came of going once round."""

    ws: Workspace
    truth: dict[str, Any]
    flagged: list[str]
    applied: Applied
    found: Efficacy


@pytest.fixture(scope="module")
def gone(tmp_path_factory: pytest.TempPathFactory) -> Gone:
    root = tmp_path_factory.mktemp("round") / "ws"
    task = Task.model_validate(read_yaml(TASK)).model_copy(update={"rules": None})
    ws = loop.init_workspace(root, task=task)
    truth = {one.text: one.items for one in messages.generate("train", 400, 0)}
    rows = [
        {"message": text, "output": wrong(items) if place % WRONG_EVERY == 0 else items}
        for place, (text, items) in enumerate(truth.items())
    ]
    file = ws.root / "messages.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    loop.import_examples(ws, file, accept_as="ann")
    loop.build_dataset(ws, "pickup", ratios=RATIOS)
    assert train_here(ws, {**RECIPE, "dataset": "pickup@1"}).ref == "pickup@v1"
    evaluate_here(ws, "pickup@v1", on="pickup@1/probe", rows=["tuned"], batch_size=32)
    flags = find_flags(ws, "pickup").flags
    assert len(flags) >= FLAGS
    for flag in flags[:FLAGS]:
        right = truth[flag.input["message"]]
        resolve(ws, flag, Saying("edit", "expert", right, note="looked at the message"))
    applied = loop.apply_feedback(ws)
    assert train_here(ws, {**RECIPE, "dataset": applied.dataset}).ref == "pickup@v2"
    train_here(ws, {**RECIPE, "dataset": applied.control, "name": "pickup-control"})
    trial = trial_of(ws, "pickup@v2")
    for asking in owed(ws, trial):
        first, *further = asking.models
        evaluate_here(
            ws, first, on=asking.on, only=asking.only, further=further, rows=["tuned"],
            includes_trained=asking.only is not None, batch_size=32,
        )  # fmt: skip
    found = loop.report_feedback(ws, "pickup@v2")
    return Gone(ws, truth, [one.id for one in flags[:FLAGS]], applied, found)


def wrong(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**items[0], "item": "nothing of it"}, *items[1:]] if items else [{"item": "soap"}]


def split(ws: Workspace, ref: str, name: str) -> set[str]:
    return {one.id for one in ws.store.datasets.members(ref) if one.split == name}


def test_thirty_corrections_train_and_the_report_has_both_columns_and_the_control(
    gone: Gone,
) -> None:
    ws, found = gone.ws, gone.found
    assert sum(gone.applied.corrections.values()) == FLAGS and gone.applied.left_out == []
    # Where the expected answer was right the edit confirms it; where it was wrong it mends it.
    assert set(gone.applied.corrections) == {"confirm", "edit"}
    assert (found.model, found.before, found.control) == (
        "pickup@v2", "pickup@v1", "pickup-control@v1",
    )  # fmt: skip
    columns = {one.name: one for one in found.columns}
    assert columns["corrected"].examples == FLAGS == len(found.corrections)
    assert columns["look_alikes"].examples >= FLAGS // 2
    for one in (columns["corrected"], columns["look_alikes"]):
        assert one.before and one.control and one.after and one.gained and one.due
        assert None not in (one.gained.low, one.gained.high, one.due.low, one.due.high)
    assert sum(found.states.values()) == FLAGS and found.states.get("fixed", 0) > 0
    gained = columns["corrected"].gained
    assert gained is not None and gained.value > 0
    assert {one.id for one in found.corrections} == set(gone.flagged)
    written = json.loads(report_files(ws, found).json.read_text())
    assert written == found.model_dump(mode="json")


def test_nothing_leaked_between_what_trained_and_what_it_is_measured_on(gone: Gone) -> None:
    ws, ref = gone.ws, gone.applied.dataset
    held_out = split(ws, ref, "test") | split(ws, ref, "probe")
    training = split(ws, ref, "train")
    assert gone.found.leaked == 0
    texts = {
        name: {normal(ws.store.examples.get(id).input["message"]) for id in ids}
        for name, ids in (("held_out", held_out), ("training", training))
    }
    assert not texts["held_out"] & texts["training"]
    alike = {id for line in gone.found.corrections for id in line.look_alikes}
    assert alike and alike <= held_out and not alike & set(gone.flagged)
    assert not ws.store.datasets.tested_ids() & training
    # The control knows none of the corrections, and the version before knew none either.
    for older in (str(gone.applied.control), "pickup@1"):
        assert not set(gone.flagged) & split(ws, older, "train")


def test_what_was_corrected_is_no_longer_flagged_and_what_is_still_wrong_is(gone: Gone) -> None:
    found = find_flags(gone.ws, "pickup")
    assert not {flag.id for flag in found.flags} & set(gone.flagged)
    assert found.flags and {flag.model for flag in found.flags} == {"pickup@v2"}
    assert {flag.id for flag in found.flags} <= split(gone.ws, gone.applied.dataset, "probe")
