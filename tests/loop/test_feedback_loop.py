"""The whole loop on hone-nano: evaluate, 30 flags, corrections, retrain, and what they did.

Once by functions, and once by a person who clicks in the browser and types nothing anywhere else.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hone import loop
from hone.checks._normal import normal
from hone.demo import messages
from hone.errors import NotFound
from hone.records.feedback import Applied, Efficacy
from hone.records.task import Task
from hone.stages.feedback import owed, report_files, trial_of
from hone.stages.flags import Saying, find_flags, resolve
from hone.stages.train import prepare_training
from hone.workspace.open import Workspace
from hone.workspace.yaml_file import read_yaml
from tests.browser.conftest import browser, serve, sit  # noqa: F401  (fixtures)
from tests.browser.seat import Seat
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
LONG_MS = 240_000
# Every so many-th expected answer came in wrong, as they do: its first item is another one.
WRONG_EVERY = 5
EVERY = {one.text: one.items for one in messages.generate("train", 440, 0)}
TRUTH, LATER = dict(list(EVERY.items())[:400]), dict(list(EVERY.items())[400:])


class Gone(NamedTuple):
    """What came of going once round."""

    ws: Workspace
    flagged: list[str]
    applied: Applied
    found: Efficacy


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a trained version, before anybody has looked at its answers."""
    root = tmp_path_factory.mktemp("begun") / "ws"
    task = Task.model_validate(read_yaml(TASK)).model_copy(update={"rules": None})
    with loop.init_workspace(root, task=task) as ws:
        import_messages(ws, TRUTH)
        loop.build_dataset(ws, "pickup", ratios=RATIOS)
        assert train_here(ws, {**RECIPE, "dataset": "pickup@1"}).ref == "pickup@v1"
    return root


def import_messages(ws: Workspace, truth: dict[str, Any]) -> None:
    rows = [
        {"message": text, "output": wrong(items) if place % WRONG_EVERY == 0 else items}
        for place, (text, items) in enumerate(truth.items())
    ]
    file = ws.root / f"{len(rows)}_messages.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    loop.import_examples(ws, file, accept_as="ann")


@pytest.fixture(scope="module")
def gone(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> Gone:
    ws = loop.open_workspace(shutil.copytree(begun, tmp_path_factory.mktemp("round") / "ws"))
    evaluate_here(ws, "pickup@v1", on="pickup@1/probe", rows=["tuned"], batch_size=32)
    flags = find_flags(ws, "pickup").flags
    assert len(flags) >= FLAGS
    for flag in flags[:FLAGS]:
        right = TRUTH[flag.input["message"]]
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
    return Gone(ws, [one.id for one in flags[:FLAGS]], applied, found)


def wrong(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**items[0], "item": "nothing of it"}, *items[1:]] if items else [{"item": "soap"}]


def split(ws: Workspace, ref: str, name: str) -> set[str]:
    return {one.id for one in ws.store.datasets.members(ref) if one.split == name}


def test_thirty_corrections_train_and_the_report_has_both_columns_and_the_control(
    gone: Gone,
) -> None:
    ws, found = gone.ws, gone.found
    assert sum(gone.applied.corrections.values()) == FLAGS and gone.applied.left_out == []
    assert gone.applied.next[0] == "hone train pickup@v1 --set dataset=pickup@2 --confirm-run"
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


def test_how_a_version_was_trained_is_known_and_another_trains_the_same_way(gone: Gone) -> None:
    assert loop.recipe_named(gone.ws, "pickup@v1") == {**RECIPE, "dataset": "pickup@1"}
    again = loop.recipe_named(gone.ws, "pickup-control@v1")
    assert again == {**RECIPE, "dataset": gone.applied.control, "name": "pickup-control"}
    plan = prepare_training(gone.ws, again, overrides=["dataset=pickup@1"], is_plan=True).plan
    assert (plan.dataset, plan.steps, plan.model) == ("pickup@1", 30, "pickup-control")
    assert loop.recipe_named(gone.ws, "extract_lora").name == "extract_lora.yaml"
    with pytest.raises(NotFound, match="pickup@v9"):
        loop.recipe_named(gone.ws, "pickup@v9")


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


def corrected_by_hand(seat: Seat) -> None:
    """Looks at the open flag and says what is right of it, as somebody who knows the subject."""
    asked = seat.page.locator(".flag-opened .record-text").first.inner_text()
    expected = seat.page.locator(".flag-opened .scored-part").nth(1).inner_text()
    right = EVERY[asked]
    if right and "nothing of it" in expected:
        seat.field("item (needed)").first.fill(right[0]["item"])
        seat.click("Save & Next").sees("Corrected.")
    elif not right and "soap" in expected:
        seat.click("No answer can be learned").sees("Nothing will be learned from it.")
    else:
        seat.click("Expected is right & Next").sees("The expected answer stands.")


def test_the_same_by_clicks_from_a_quick_evaluation_to_the_report(
    begun: Path,
    tmp_path: Path,
    serve: Callable[..., str],  # noqa: F811
    sit: Callable[..., Seat],  # noqa: F811
) -> None:
    ws = loop.open_workspace(shutil.copytree(begun, tmp_path / "ws"))
    import_messages(ws, LATER)  # since the training, so that a control is due as well
    seat = sit(serve(ws)).open("#/evaluate")
    seat.page.get_by_label("Asked", exact=True).select_option("probe")
    seat.page.get_by_label("How many", exact=True).select_option("200")
    seat.click("Run Quick Evaluation")
    seat.page.locator(".scored-row").first.wait_for(timeout=LONG_MS)
    seat.named("Flagged for review", role="tab").click()
    for done in range(FLAGS):
        ready = f"{done} resolved"
        seat.page.locator(".flags p", has_text=ready).wait_for()
        seat.page.locator(".flag-correct .button:not([disabled])", has_text="Skip").wait_for()
        corrected_by_hand(seat)
    seat.page.locator(".flags p", has_text=f"{FLAGS} resolved").wait_for()
    seat.click("Add corrections and retrain").click("Add corrections")
    seat.sees("pickup@2 was made for").click("Retrain…").sees("costs nothing")
    seat.page.locator("dialog").get_by_role("button", name="Retrain", exact=True).click()
    seat.page.get_by_text("pickup@v2 trained on pickup@2.").wait_for(timeout=LONG_MS)
    seat.page.get_by_text("Control: pickup-control@v1.").wait_for(timeout=LONG_MS)
    seat.click("Measure")
    seat.page.locator(".efficacy").wait_for(timeout=LONG_MS)
    found = loop.look_at_round(ws)
    assert found.step == "measured" and found.report is not None
    columns = {one.name: one for one in found.report.columns}
    assert columns["corrected"].examples == found.corrections > FLAGS // 2
    assert columns["look_alikes"].examples > 0 and found.report.leaked == 0
    for one in (columns["corrected"], columns["look_alikes"]):
        assert one.before and one.control and one.after and one.gained and one.due
        shown = seat.page.locator(".efficacy").inner_text()
        assert f"{one.after.value:.3f}" in shown and f"{one.control.value:.3f}" in shown
    made = ws.store.datasets.get("pickup@2").options["feedback"]["corrections"]
    assert not set(made) & split(ws, "pickup-control@1", "train")
    assert not ws.store.datasets.tested_ids() & split(ws, "pickup@2", "train")
    ws.close()
