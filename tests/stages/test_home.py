"""The first screen follows the loop: at every point the next step is the one that is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hone.records.choice import Choice
from hone.records.evaluation import Evaluation, Row
from hone.records.example import Example, Suggestion
from hone.records.model import Measured, ModelVersion
from hone.stages import jobs, review
from hone.stages.home import home
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.files import write_atomically
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import new_example


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "w") as workspace:
        yield workspace


def add(ws: Workspace, numbers: range) -> None:
    ws.store.examples.add_many(
        new_example(
            Example(
                id=f"q{number}",
                task="qa",
                input={"question": f"Is number {number} the one that somebody asked for?"},
                suggestions=[Suggestion(agent="import", output={"answer": f"Yes, {number}."})],
                fingerprint=f"q{number}",
            ),
            search="",
        )
        for number in numbers
    )


def decide(ws: Workspace, verdict: Any, *ids: str) -> None:
    choice = Choice(ids=list(ids)) if ids else Choice(status=["pending"])
    receipt = review.decide_many(
        ws,
        review.BulkDecision(
            op_id=review.new_op_id(), verdict=verdict, choice=choice, reviewer="ann"
        ),
    )
    assert receipt.outcome == "applied"


def register(ws: Workspace, **metrics: Measured) -> str:
    version = ws.store.models.next_version("qa")
    folder = ws.models / "qa" / version
    write_atomically(folder / "adapter_model.safetensors", "")
    model = ModelVersion(
        name="qa",
        version=version,
        base="hone-nano",
        dataset="qa@1",
        task="qa",
        kind="lora",
        metrics=metrics,
    )
    return ws.store.models.register(model, folder).ref


def evaluate(ws: Workspace, ref: str) -> None:
    row = Row(contender="tuned", examples=1, score=Measured(value=0.5))
    ws.store.evaluations.record(
        Evaluation(
            id=f"of {ref}", model=ref, task="qa", on="qa@1/test", at=datetime.now(UTC), rows=[row]
        )
    )


def commands(ws: Workspace) -> list[str]:
    return [one.command for one in home(ws).next]


def test_the_loop_is_walked_by_doing_what_is_offered(ws: Workspace) -> None:
    assert commands(ws) == ["hone import FILE"]
    add(ws, range(60))
    assert commands(ws) == ["hone review"]
    assert "a dataset needs 10 more" in home(ws).next[0].text
    decide(ws, "accept", *(f"q{number}" for number in range(30)))
    assert commands(ws) == ["hone datasets build qa --task qa", "hone review"]
    options = {"ratios": {"train": 0.6, "val": 0.2, "test": 0.2}, "similarity": 1.0}
    build_dataset(ws, "qa", BuildOptions.model_validate(options))
    train = "hone train qa_lora --set dataset=qa --set base=hone-nano --plan"
    assert commands(ws) == [train, "hone review"]
    ref = register(ws)
    assert commands(ws) == [f"hone evaluate {ref}", "hone review"]
    evaluate(ws, ref)
    assert commands(ws) == [f"hone models set-active {ref}", "hone review"]
    ws.store.models.set_active(ref)
    assert commands(ws) == ["hone review", "hone predict --message TEXT"]
    decide(ws, "accept")
    assert commands(ws)[0] == "hone datasets build qa --task qa"
    assert home(ws).next[0].title == "Freeze the next version of qa"


def test_flagged_examples_come_before_pending_ones(ws: Workspace) -> None:
    add(ws, range(3))
    decide(ws, "flag", "q1")
    flagged, pending = home(ws).next
    assert (flagged.link, pending.link) == ("#/review?status=flagged", "#/review?status=pending")


def test_a_job_that_broke_is_told_first(ws: Workspace) -> None:
    job = jobs.new_job("train", {"model_name": "qa", "dataset": {"name": "qa@1"}})
    jobs.submit(ws, job, {})
    folder = jobs.folder_of(ws, job.id)
    folder.claim()
    folder.append("failed", error="Out of memory.", hint="a smaller batch")
    folder.release()
    shown = home(ws)
    assert (shown.next[0].title, shown.next[0].text) == ("The last job failed", "Out of memory.")
    assert [(one.title, one.state) for one in shown.jobs] == [("train qa on qa@1", "failed")]


def test_what_there_is_is_counted_and_listed(ws: Workspace) -> None:
    add(ws, range(40))
    decide(ws, "accept", *(f"q{number}" for number in range(30)))
    options = {"ratios": {"train": 0.6, "val": 0.2, "test": 0.2}, "similarity": 1.0}
    build_dataset(ws, "qa", BuildOptions.model_validate(options))
    decide(ws, "accept", "q30")
    build_dataset(ws, "qa", BuildOptions.model_validate(options))
    score = Measured(value=0.7, low=0.6, high=0.8)
    ref = register(ws, token_f1=score)
    ws.store.models.set_active(ref)
    shown = home(ws)
    assert shown.statistics.sentence == "Reviewed 31 of 40 (9 pending)"
    assert shown.statistics.by_status["accepted"] == 31 and shown.examples == 40
    assert [(one.ref, one.rows) for one in shown.datasets] == [("qa@2", 31)]
    assert [(one.ref, one.is_active, one.score) for one in shown.models] == [(ref, True, score)]
    assert len(shown.next) <= 3
    assert shown.model_validate_json(shown.model_dump_json()) == shown
