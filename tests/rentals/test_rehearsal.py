"""A rehearsal on the rented machine: what is broken there is known before the training begins."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hone.cli.told import describe
from hone.records.job import Job
from hone.stages import jobs
from hone.targets._rehearsal import MOST_ROWS, MOST_VALIDATED, trial_of
from hone.workspace.job_folder import JobFolder
from hone.workspace.rental_file import rentals_of
from tests.faults.gates import Gate
from tests.faults.supervisors import BEGINS, starts_of
from tests.rentals.scene import Scene


def trials(scene: Scene, job: str) -> list[JobFolder]:
    place = scene.folder(job).path / "rehearsals"
    return [JobFolder(one) for one in sorted(place.glob("*"))]


def told(scene: Scene, job: str) -> list[str]:
    return [describe(one) for one in scene.folder(job).events() if one.type == "rehearsal"]


def test_two_steps_come_before_the_training_and_are_told(rented: Scene) -> None:
    job = rented.asked(rented.order(rehearses=True, steps=2))
    assert rented.carry(job) == "succeeded"
    types = [one.type for one in rented.folder(job).events()]
    assert types.count("rehearsal") == 2
    assert [one for one in types if one in ("rehearsal", "attempt")][-1] == "attempt"
    begins, ends = told(rented, job)
    (rental,) = rentals_of(rented.folder(job)).rentals
    assert begins == f"Rehearsing on {rental.offer.text}: 2 steps, a validation and a checkpoint."
    assert ends.startswith("Rehearsed in ") and "came here as it was" in ends
    (trial,) = trials(rented, job)
    assert trial.state() == "succeeded" and trial.log.read_text().count(BEGINS) == 1
    assert not trial.final.exists() and not trial.inputs.exists()  # only its words are kept
    assert starts_of(rented.ws, job) == 1 and rented.alive == []
    # Neither listed nor taken in as a job of its own, and nothing of it is left there.
    assert [one.id for one in jobs.list_jobs(rented.ws)] == [job]
    there = rented.ws.root.parent / "hone-there" / "jobs"
    assert [one.name for one in there.iterdir() if not one.name.startswith(".")] == [job]


def test_what_is_broken_there_costs_the_rehearsal_alone(rented: Scene) -> None:
    job = rented.asked(rented.order(rehearses=True, breaks=True))
    before = rented.clock.now()
    rented.carry(job)
    (machine,) = rented.machines
    (rental,) = rentals_of(rented.folder(job)).rentals
    status = jobs.show(rented.ws, job)
    assert status.state == "failed"
    assert status.error == (
        f"The rehearsal on {rental.offer.text} failed: "
        "ImportError: libcudart.so.12: cannot open shared object file."
    )
    (trial,) = trials(rented, job)
    assert status.hint == (
        f"None of the training was begun, and the machine is given back. {trial.log} says more."
    )
    assert "ImportError" in trial.log.read_text()
    # At once: no other machine is tried, and this one was paid for minutes.
    assert rented.alive == [] and machine["ended_at"] - before < 300
    assert not rented.folder(job).log.exists() and status.attempts == 0
    assert rented.ws.store.ledger.promised() == 0 and rented.ws.store.models.list() == []
    assert rented.ws.store.ledger.total(job=job) == pytest.approx(rental.cost_usd, abs=2e-6)


def test_what_is_stopped_while_it_rehearses_never_begins(at_lambda: Scene, gate: Gate) -> None:
    waits = {"waits_for_stop": True, "gate": str(gate.path)}
    job = at_lambda.asked(at_lambda.order(rehearses=True, **waits))
    with at_lambda.carried(job):
        gate.wait("training")
        assert at_lambda.step_of(job) == "rehearse"
        jobs.ask_to_stop(at_lambda.ws, job)
    assert jobs.show(at_lambda.ws, job).state == "cancelled"
    assert at_lambda.alive == [] and not at_lambda.folder(job).log.exists()


def test_a_machine_that_dies_while_it_rehearses_is_replaced_and_rehearses_anew(
    at_lambda: Scene, gate: Gate
) -> None:
    at_lambda.set(lost_seconds=120.0, folder="~/.hone")  # its disk dies with it
    go = gate.path.with_name("go")
    fake = {"pause_at": "after checkpoint", "gate": str(gate.path), "go": str(go), "steps": 1}
    job = at_lambda.asked(at_lambda.order(rehearses=True, **fake))
    with at_lambda.carried(job):
        gate.wait("after checkpoint")
        go.touch()
        at_lambda.arm("host_dies")
        gate.wait("after checkpoint")
    status = jobs.show(at_lambda.ws, job)
    assert status.state == "succeeded", (status.error, status.moves)
    first, second = trials(at_lambda, job)
    assert not first.has_result and second.has_result
    assert len(at_lambda.machines) == 2 and at_lambda.alive == []


def a_training(folder: Path, rows: int) -> JobFolder:
    options: dict[str, Any] = {
        "training.batch_size": {"value": 8, "source": "recipe"},
        "training.on_divergence": {"value": "stop", "source": "default"},
        "training.seed": {"value": 7, "source": "recipe"},
        "report_to": {"value": ["tensorboard"], "source": "recipe"},
    }
    spec = {"rehearses": True, "options": options, "method": "sft"}
    job = Job(id="train-1", kind="train", created_at=datetime.now(UTC), spec=spec)
    lines = [json.dumps({"n": n, "text": "x" * (n % 1000)}) + "\n" for n in range(rows)]
    inputs: dict[str, Any] = {"train.jsonl": "".join(lines), "val.jsonl": "".join(lines)}
    return JobFolder.create(folder / "train-1", job, inputs={**inputs, "task.json": "{}"})


def test_its_order_is_the_job_s_but_short_and_on_the_longest_rows(tmp_path: Path) -> None:
    folder = a_training(tmp_path, 5000)
    trial = trial_of(folder, "hone-tag-train-1-3")
    options = {key: one["value"] for key, one in trial.job.spec["options"].items()}
    assert options == {
        "training.batch_size": 8,
        "training.seed": 7,
        "training.max_steps": 2,
        "training.save_steps": 2,
        "training.eval_steps": 2,
        "training.on_divergence": "ignore",
        "report_to": [],
    }
    assert trial.job.id == "train-1-on-3" and trial.job.spec["rehearses"] is False
    rows = [json.loads(one) for one in (trial.inputs / "train.jsonl").read_text().splitlines()]
    numbers = [row["n"] for row in rows]
    assert len(rows) == MOST_ROWS and numbers == sorted(numbers)
    lengths = sorted((len(row["text"]) for row in rows), reverse=True)
    assert lengths[MOST_ROWS // 2 - 1] >= 999 - MOST_ROWS // 2 // 5
    assert min(numbers) < 100 and max(numbers) > 4900  # and others from all over
    assert (trial.inputs / "val.jsonl").read_text().count("\n") == MOST_VALIDATED
    assert (trial.inputs / "task.json").read_text() == "{}"
    # A kill in the middle of making it, and the same again.
    (trial.path / "job.json").unlink()
    assert trial_of(folder, "hone-tag-train-1-3").job == trial.job
    # The job itself is as it was.
    itself = JobFolder(folder.path).job.spec
    assert itself["rehearses"] is True and "training.max_steps" not in itself["options"]
    assert itself["options"]["training.on_divergence"]["value"] == "stop"
