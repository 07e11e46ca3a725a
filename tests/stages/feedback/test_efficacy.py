"""What corrections did: two columns, a control, and the way from each row to the model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hone import loop
from hone.errors import HoneError, InvalidInput
from hone.metrics._paired import paired_interval
from hone.records.feedback import Efficacy, EfficacyColumn
from hone.stages.evaluate import evaluate, evaluate_options, finish
from hone.stages.feedback import efficacy, owed, report_files, trial_of, write_report
from hone.stages.feedback.look_alikes import look_alikes
from hone.stages.flags import Saying, find_flags, resolve
from hone.workspace.open import Workspace, open_workspace
from tests.stages.answering import Answers, output, register
from tests.stages.flags.flagged import WRONG, answer, make_flagged, number_of, split_of
from tests.targets.here import Here

Plan = Callable[[str, Mapping[str, Any]], str]


@pytest.fixture(scope="module")
def retrained(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pickup@v2 learned from the corrections, pickup-control@v1 from the rest."""
    root = tmp_path_factory.mktemp("retrained") / "ws"
    shutil.copytree(built, root)
    with open_workspace(root) as ws:
        found = loop.apply_feedback(ws)
        register(ws, dataset=found.dataset)
        register(ws, "pickup-control", dataset=found.control)
    return root


@pytest.fixture
def ws(retrained: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(retrained, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


def learned(ws: Workspace) -> Plan:
    """v1 is wrong on even numbers; v2 knows its corrections but two, is better by quarters, and
    broke what ends in 1; the control is right on multiples of 8 too.
    """
    truth = {
        ws.store.examples.get(id).input["message"]: ws.store.examples.get(id).output
        for id in ws.store.flags.standing()
    }
    forgotten = sorted(truth)[:2]

    def answer(contender: str, example: Mapping[str, Any]) -> str:
        number, asked = number_of(example), example["input"]["message"]
        is_right = bool(number % 2)
        if contender == "pickup@v2":
            is_right = asked not in forgotten if asked in truth else number % 4 != 2
            is_right = is_right and number % 10 != 1
        if contender == "pickup-control@v1":
            is_right = is_right or number % 8 == 0
        return json.dumps(truth.get(asked, output(number))) if is_right else WRONG

    return answer


def reported(
    ws: Workspace, plan: Plan | None = None, *, model: str = "pickup@v2", **choices: Any
) -> Efficacy:
    trial = trial_of(ws, model, **choices)
    for asking in owed(ws, trial):
        first, *further = asking.models
        options = evaluate_options(
            on=asking.on,
            only=asking.only,
            further=further,
            rows=["tuned"],
            includes_trained=asking.only is not None,
        )
        finish(ws, evaluate(ws, first, options, target=Here(Answers(plan or learned(ws)))).id)
    assert owed(ws, trial) == []
    return efficacy(ws, trial)


def column(found: Efficacy, name: str) -> EfficacyColumn:
    (one,) = [one for one in found.columns if one.name == name]
    return one


def test_corrected_rows_and_look_alikes_stand_apart_beside_the_control(ws: Workspace) -> None:
    found = reported(ws)
    assert (found.model, found.before, found.control) == (
        "pickup@v2", "pickup@v1", "pickup-control@v1",
    )  # fmt: skip
    memorised, alike, others = (column(found, n) for n in ("corrected", "look_alikes", "others"))
    untouched = split_of(ws, "probe", "pickup@2") | split_of(ws, "test", "pickup@2")
    assert memorised.examples == 20 and alike.examples > 10
    assert alike.examples + others.examples == len(untouched)
    assert found.leaked == 0
    # The figures are those of the plan, computed anew from the stored scores.
    names = {"before": "pickup@v1", "control": "pickup-control@v1", "after": "pickup@v2"}
    scores = {
        who: {
            one.example_id: one.score
            for evaluation in found.evaluations
            for one in ws.store.evaluations.scores(evaluation, name)
        }
        for who, name in names.items()
    }
    chosen = {id for line in found.corrections for id in line.look_alikes}
    assert chosen <= untouched and len(chosen) == alike.examples
    for part, ids in ((memorised, set(ws.store.flags.standing())), (alike, chosen)):
        order = sorted(ids)
        after = np.array([scores["after"][id] for id in order])
        control = np.array([scores["control"][id] for id in order])
        assert part.after is not None and part.due is not None
        assert part.after.value == pytest.approx(after.mean())
        assert part.due.value == pytest.approx((after - control).mean())
        expected = paired_interval(after - control)
        assert (part.due.low, part.due.high) == pytest.approx(expected[1:], abs=0.02)
        assert part.right["after"] == int((after >= 0.6).sum())
    assert memorised.due is not None and memorised.due.low is not None and memorised.due.low > 0
    assert any("more than training again explains" in sentence for sentence in found.says)


def test_every_correction_leads_from_its_row_to_the_model(ws: Workspace) -> None:
    found = reported(ws)
    assert found.states == {"fixed": 18, "stuck": 2}
    assert len(found.corrections) == 20
    for line in found.corrections:
        said = ws.store.flags.standing([line.id])[line.id][-1]
        example = ws.store.examples.get(line.id)
        assert line.origin == f"{example.origin.file}:{example.origin.row}"
        assert (line.verdict, line.reviewer, line.note) == (said.verdict, said.reviewer, said.note)
        assert (line.evaluation, line.model) == (said.evaluation, "pickup@v2")
        assert line.dataset == "pickup@2/train" and line.id in split_of(ws, "train", "pickup@2")
        assert (line.state == "fixed") == (line.after >= 0.6 > line.before)


def test_what_newly_broke_is_named_with_what_the_control_did(ws: Workspace) -> None:
    found = reported(ws)
    untouched = split_of(ws, "probe", "pickup@2") | split_of(ws, "test", "pickup@2")
    assert {one.id for one in found.newly_broken} == {
        id for id in untouched if int(id[1:]) % 10 == 1
    }
    assert all(one.before >= 0.6 > one.after and (one.control or 0) >= 0.6
               for one in found.newly_broken)  # fmt: skip
    assert any("the control broke 0 of them too" in sentence for sentence in found.says)


def test_without_a_control_nothing_is_said_of_the_corrections_themselves(ws: Workspace) -> None:
    ws.store.models.delete("pickup-control@v1", reviewer="ann")
    found = reported(ws)
    assert found.control is None and found.control_dataset == "pickup-control@1"
    assert all(one.due is None and one.control is None for one in found.columns)
    assert any("There is no control" in sentence for sentence in found.says)
    assert not any("training again explains" in sentence for sentence in found.says)


def test_whoever_learned_from_the_very_rows_of_the_control_may_be_named_as_it(
    ws: Workspace,
) -> None:
    """Where nothing but corrections came, the version before is the same training again."""
    found = reported(ws, control="pickup@v1")
    assert (found.before, found.control) == ("pickup@v1", "pickup@v1")
    assert all(one.due == one.gained for one in found.columns)
    applied = loop.apply_feedback(ws)
    assert any("the very rows of pickup@1" in note for note in applied.notes)


def test_a_model_that_learned_by_heart_gains_in_one_column_only(ws: Workspace) -> None:
    known = {ws.store.examples.get(id).input["message"] for id in ws.store.flags.standing()}
    truth = learned(ws)

    def by_heart(contender: str, example: Mapping[str, Any]) -> str:
        is_known = example["input"]["message"] in known
        return truth("pickup@v2" if contender == "pickup@v2" and is_known else "pickup@v1", example)

    found = reported(ws, by_heart)
    memorised, alike = column(found, "corrected"), column(found, "look_alikes")
    assert memorised.gained is not None and alike.gained is not None and alike.due is not None
    assert memorised.gained.value > 0.3
    assert (alike.gained.value, alike.due.value) == (0.0, 0.0)
    assert any("look-alikes" in one and "no clear difference" in one for one in found.says)


def test_what_training_knows_is_no_look_alike(ws: Workspace) -> None:
    task = ws.task("pickup")
    training = split_of(ws, "train", "pickup@2")
    known = sorted(training - set(ws.store.flags.standing()))[0]
    held_out = split_of(ws, "probe", "pickup@2") | {known}
    likes = look_alikes(
        ws, task, "pickup@2", corrected=ws.store.flags.standing(), held_out=held_out
    )
    assert likes.leaked == {known} and known not in likes.all
    assert likes.all and likes.all <= held_out - {known}


def test_the_report_is_written_in_both_forms_and_asks_nobody_twice(ws: Workspace) -> None:
    found = reported(ws)
    count = len(ws.store.evaluations.list())
    files = write_report(ws, found)
    assert files == report_files(ws, found)
    assert json.loads(files.json.read_text()) == found.model_dump(mode="json")
    text = files.markdown.read_text()
    assert text.startswith("# What corrections did: pickup@v2")
    assert "| corrected rows | look-alikes | others |" in text and "## Newly broken" in text
    again = reported(ws)
    assert again.columns == found.columns and len(ws.store.evaluations.list()) == count


def test_what_a_base_got_wrong_is_corrected_and_measured_against_the_base(tmp_path: Path) -> None:
    """The first version may learn from the flags of a base that nobody trained."""

    def plan(contender: str, example: Mapping[str, Any]) -> str:
        is_right = contender != "base" and contender != "small" and number_of(example) % 3
        return json.dumps(output(number_of(example))) if is_right else WRONG

    with make_flagged(tmp_path / "ws", versions=0) as ws:
        answer(ws, "small", plan, rows=["base"])
        flags = find_flags(ws, "small").flags
        assert {flag.id for flag in flags} == split_of(ws, "probe")
        assert {flag.model for flag in flags} == {"base"}
        for flag in flags[:10]:
            resolve(ws, flag, Saying("confirm", "ann"))
        found = loop.apply_feedback(ws)
        assert found.of == "pickup@1" and sum(found.corrections.values()) == 10
        register(ws, dataset=found.dataset)
        trial = trial_of(ws, "pickup@v1")
        assert (trial.before, trial.control) == ("small", None)
        told = reported(ws, plan, model="pickup@v1")
        assert told.columns[0].examples == 10 and told.columns[0].gained is not None
        assert told.columns[0].gained.value > 0


def test_a_version_that_learned_no_corrections_is_refused(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="pickup@1, which holds no corrections"):
        trial_of(ws, "pickup@v1")
    with pytest.raises(InvalidInput, match="pickup@v2 is no control of pickup@2"):
        trial_of(ws, "pickup@v2", control="pickup@v2")
    with pytest.raises(HoneError, match="were asked pickup@2/train"):
        efficacy(ws, trial_of(ws, "pickup@v2"))


def test_corrected_rows_that_were_trained_on_flag_nothing(ws: Workspace) -> None:
    reported(ws)
    found = find_flags(ws, "pickup")
    assert not {one.id for one in found.flags} & split_of(ws, "train", "pickup@2")
    assert found.notes == []
