"""The gate: a real improvement passes; a regression, an equal version and the unmeasured do not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.errors import GateRefused, InvalidInput
from hone.records.comparison import GateResult
from hone.stages.compare import judge_gate
from hone.stages.configure import change_setting
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.open import Workspace, open_workspace
from tests.stages.answering import RATIOS, message, output, register
from tests.stages.compare.planted import answer, make_planted


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "ws"
    with make_planted(root) as ws:
        answer(ws, "pickup@v2", further=["pickup@v1", "pickup@v3", "pickup@v4"])
        register(ws)  # v5, which nobody asked
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "ws"))


@pytest.fixture
def ws(root: Path) -> Iterator[Workspace]:
    with open_workspace(root) as workspace:
        yield workspace


def active(ws: Workspace) -> str:
    found = ws.store.models.active("pickup")
    assert found is not None
    return found.model.ref


def verdicts(result: GateResult) -> list[tuple[str, str]]:
    return [(one.rule, one.verdict) for one in result.rules]


def test_a_real_improvement_passes_and_the_journal_says_so(ws: Workspace) -> None:
    judged = judge_gate(ws, "pickup@v2")
    chosen = loop.set_active(ws, judged, reviewer="ann")
    assert chosen.ref == active(ws) == "pickup@v2"
    assert verdicts(judged) == [("must win: field_f1", "pass")]
    assert judged.rules[0].says.startswith("better: +0.")
    last = ws.store.models.activations("pickup")[-1]
    assert (last.reviewer, last.note) == (
        "ann", "gate: pickup@v2 passes the one rule against pickup@v1.",
    )  # fmt: skip


def test_a_planted_regression_is_refused(ws: Workspace) -> None:
    with pytest.raises(GateRefused) as told:
        loop.set_active(ws, judge_gate(ws, "pickup@v4"), reviewer="ann")
    assert told.value.exit_code == 3 and active(ws) == "pickup@v1"
    assert told.value.message == "pickup@v4 may not replace pickup@v1: of 1 rule 1 failed."
    assert judge_gate(ws, "pickup@v4").rules[0].says.startswith("worse: -0.")


def test_an_equal_version_is_no_win(ws: Workspace) -> None:
    result = judge_gate(ws, "pickup@v3")
    assert result.verdict == "fail"
    assert result.rules[0].says == "no better: the same score on all 100 examples"


def test_what_was_not_measured_is_incomplete_and_says_what_to_do(ws: Workspace) -> None:
    with pytest.raises(GateRefused) as told:
        loop.set_active(ws, judge_gate(ws, "pickup@v5"), reviewer="ann")
    command = "hone compare pickup@v5 pickup@v1 --data pickup@1/test"
    assert told.value.hint == (f"{command}; or hone models set-active pickup@v5 --force --note WHY")
    (rule,) = judge_gate(ws, "pickup@v5").rules
    assert (rule.verdict, rule.command) == ("incomplete", command)
    assert rule.says == "not measured: pickup@v5 on pickup@1/test"


def test_the_first_version_of_a_name_and_the_active_one_pass(ws: Workspace) -> None:
    first = register(ws, "other")
    result = judge_gate(ws, first)
    assert (result.verdict, result.rules) == ("pass", [])
    assert result.says == "No version of other is active: there is nothing to be held against."
    loop.set_active(ws, judge_gate(ws, first), reviewer="ann", note="the only one")
    assert ws.store.models.activations("other")[-1].note == f"the only one; gate: {result.says}"
    assert judge_gate(ws, "pickup@v1").says == "It is active."


def test_an_override_needs_a_reason_and_is_journalled(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="says why"):
        loop.set_active(ws, judge_gate(ws, "pickup@v4"), reviewer="ann", is_forced=True)
    assert active(ws) == "pickup@v1"
    loop.set_active(
        ws, judge_gate(ws, "pickup@v4"), reviewer="ann", is_forced=True, note="v1 leaks names"
    )
    last = ws.store.models.activations("pickup")[-1]
    assert (active(ws), last.reviewer) == ("pickup@v4", "ann")
    assert last.note == "v1 leaks names; forced past the gate: must win: field_f1 fail"


def test_a_loss_must_be_ruled_out_not_only_unseen(root: Path) -> None:
    with open_workspace(root) as ws:
        change_setting(ws, "gate.must_not_lose", "[score, exact_match]")
        change_setting(ws, "gate.must_win", "[]")
    with open_workspace(root) as ws:
        # 100 examples without a difference rule out a loss of .05.
        equal = judge_gate(ws, "pickup@v3")
        assert verdicts(equal) == [
            ("must not lose: field_f1", "pass"), ("must not lose: exact_match", "pass"),
        ]  # fmt: skip
        assert equal.says == "pickup@v3 passes all 2 rules against pickup@v1."
        assert judge_gate(ws, "pickup@v4").verdict == "fail"
        change_setting(ws, "gate.tolerance", "0.001")
    with open_workspace(root) as ws:
        (rule, _) = judge_gate(ws, "pickup@v3").rules
        assert rule.verdict == "incomplete"
        assert (
            "Not enough examples to rule out a loss of more than 0.00: there are 100" in rule.says
        )


def test_a_figure_without_a_value_per_example_never_passes(root: Path) -> None:
    with open_workspace(root) as ws:
        change_setting(ws, "gate.must_not_lose", "[bleu]")
    with open_workspace(root) as ws:
        result = judge_gate(ws, "pickup@v2")
    assert verdicts(result) == [
        ("must win: field_f1", "pass"),
        ("must not lose: bleu", "incomplete"),
    ]
    assert result.verdict == "incomplete"
    assert result.rules[1].command == "use one of field_f1, exact_match in hone.yaml: gate"


def test_without_any_rule_there_is_no_gate(root: Path) -> None:
    with open_workspace(root) as ws:
        change_setting(ws, "gate.must_win", "[]")
    with open_workspace(root) as ws:
        result = judge_gate(ws, "pickup@v4")
    assert result.verdict == "pass" and result.says.startswith("hone.yaml names no rule")


def test_what_the_active_version_learned_before_must_not_be_forgotten(ws: Workspace) -> None:
    options: dict[str, Any] = {"ratios": RATIOS, "task": "pickup"}
    build_dataset(ws, "later", BuildOptions.model_validate(options))
    version = register(ws, dataset="later@1", parents=["pickup@v1"])
    result = judge_gate(ws, version)
    assert [(one.rule, one.on, one.verdict) for one in result.rules] == [
        ("must win: field_f1", "later@1/test", "incomplete"),
        ("must not forget: field_f1", "pickup@1/test", "incomplete"),
    ]
    answer(ws, version, on="pickup@1/test", rows=["tuned"], further=["pickup@v1"])
    # Version v6 is planted to know nothing.
    assert judge_gate(ws, version).rules[1].verdict == "fail"


def test_five_examples_never_pass_however_well_they_went(root: Path) -> None:
    numbers = [n for n in range(301, 600) if 0.4 <= n * 0.6180339887 % 1 < 0.75][:5]
    file = root / "five.jsonl"
    rows = [{"input": {"message": message(n)}, "output": output(n)} for n in numbers]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with open_workspace(root) as ws:
        answer(ws, "pickup@v2", on=str(file), rows=["tuned"], further=["pickup@v1"])
        change_setting(ws, "gate.data", "five.jsonl")
    with open_workspace(root) as ws:
        (rule,) = judge_gate(ws, "pickup@v2").rules
    assert (rule.verdict, rule.examples) == ("incomplete", 5)
    assert "5 won, 0 lost" in rule.says
    assert "Not enough examples to tell: there are 5; about 6 would show" in rule.says
