"""SIGKILL at every step of taking an evaluation in: run again, it is there once and whole."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from hone.records.evaluation import Evaluation
from hone.records.model import ModelVersion
from hone.stages.evaluate import collect_all_evaluated, evaluate
from hone.workspace.open import Workspace, open_workspace
from tests.faults.changes import all_changes, killed_before
from tests.faults.gates import Gate
from tests.stages.answering import Answers, make_workspace, register
from tests.targets.here import Here


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with an evaluation whose answers wait to be taken in."""
    root = tmp_path_factory.mktemp("answered") / "ws"
    with make_workspace(root) as ws:
        register(ws)
        evaluate(ws, "pickup", target=Here(Answers()))
    return root


def assert_there_once(ws: Workspace) -> None:
    for _ in range(2):
        assert collect_all_evaluated(ws).problems == []
        (evaluation,) = ws.store.evaluations.list()
        reports = [path for path in ws.reports.iterdir() if not path.name.startswith(".")]
        assert sorted(one.suffix for one in reports) == [".csv", ".html", ".json", ".md"]
        (report,) = (one for one in reports if one.suffix == ".json")
        assert Evaluation.model_validate_json(report.read_text()) == evaluation
        assert len(list(ws.store.evaluations.scores(evaluation.id))) == 5 * 24
        visible = [one for one in (ws.data / "metrics").iterdir() if one.name[0] != "."]
        assert len(visible) == 2
        registered = ws.store.models.get("pickup@v1")
        text = (registered.folder / "metadata.json").read_text()
        assert ModelVersion.model_validate_json(text) == registered.model
        assert registered.model.metrics["field_f1"] == evaluation.rows[-1].score
        assert ws.store.jobs.unsettled() == []


def unnamed(step: str) -> str:
    """A step without the random end of a file that is written aside."""
    return re.sub(r"\.\w{8}$", "", step)


def kill_and_run_again(answered: Path, tmp_path: Path, gate: Gate, number: int) -> str:
    root = tmp_path / f"killed-{number}"
    shutil.copytree(answered, root)
    label = killed_before("take in", root, number, gate)
    with open_workspace(root) as ws:
        assert_there_once(ws)
    shutil.rmtree(root)
    return label


def test_the_steps_of_taking_in_are_the_ones_that_are_killed(
    answered: Path, tmp_path: Path, gate: Gate
) -> None:
    shutil.copytree(answered, tmp_path / "whole")
    steps = all_changes("take in", tmp_path / "whole")
    commits = [place for place, step in enumerate(steps, 1) if step == "commit"]
    moves = [place for place, step in enumerate(steps, 1) if step.startswith("os.rename")]
    assert len(commits) == 3 and len(moves) == 7  # scores, figures, settled; seven files
    for number in (moves[0], commits[0], commits[1], commits[2]):
        label = kill_and_run_again(answered, tmp_path, gate, number)
        assert unnamed(label) == unnamed(steps[number - 1])


@pytest.mark.long
def test_a_kill_before_any_change_at_all_is_mended(
    answered: Path, tmp_path: Path, gate: Gate
) -> None:
    shutil.copytree(answered, tmp_path / "whole")
    steps = all_changes("take in", tmp_path / "whole")
    hit = [
        kill_and_run_again(answered, tmp_path, gate, number) for number in range(1, len(steps) + 1)
    ]
    assert list(map(unnamed, hit)) == list(map(unnamed, steps))
