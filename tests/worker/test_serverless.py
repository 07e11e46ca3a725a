"""The serverless worker on its own, without RunPod's library: orders, tickets, endings."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import hone
from hone.records.job import Artefact
from hone.records.submission import Beat, Ending, Index, Order, folder_of, place_of
from hone.worker.serverless import carry_out
from hone.workspace.files import sha256_of, write_atomically
from hone.workspace.job_folder import JobFolder
from tests.faults.gates import FAKE_WORKER, Gate, wait_until
from tests.faults.orders import job_folder

JOB = "train-there"


@pytest.fixture
def volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A volume with one job on it, as a client leaves it."""
    monkeypatch.setenv("HONE_VOLUME", str(tmp_path / "volume"))
    monkeypatch.setenv("RUNPOD_POD_ID", "worker1")
    yield tmp_path / "volume"


def sent(volume: Path, ticket: str = f"{JOB}.1", **fake: Any) -> Order:
    """Put a job on the volume; the order of a request for it."""
    made = job_folder(volume.parent / "there", **fake)
    place, folder = volume / place_of(JOB), volume / folder_of(JOB)
    (folder / "inputs").mkdir(parents=True)
    (folder / "inputs" / "train.jsonl").write_text("{}\n")
    (place / "order.json").write_text((made.path / "job.json").read_text())
    (place / "ticket").write_text(ticket)
    names = (f"{folder_of(JOB)}/inputs/train.jsonl", f"{place_of(JOB)}/order.json")
    (place / "sent.json").write_text(
        Index(files=[artefact(volume, name) for name in names]).model_dump_json()
    )
    return Order(
        hone=hone.__version__,
        job=JOB,
        ticket=ticket,
        sent=artefact(volume, f"{place_of(JOB)}/sent.json"),
        seconds=60.0,
        grace_seconds=5.0,
        silent_seconds=2.0,
    )


def artefact(volume: Path, name: str) -> Artefact:
    path = volume / name
    return Artefact(path=name, sha256=sha256_of(path), bytes=path.stat().st_size)


def answered(order: Order | dict[str, Any], request: str = "r1", **more: Any) -> dict[str, Any]:
    said = order.model_dump(mode="json") if isinstance(order, Order) else order
    job = {"id": request, "input": said}
    return asyncio.run(carry_out(job, command=more.pop("command", FAKE_WORKER), **more))


def test_a_job_is_answered_with_a_small_manifest_and_its_files_are_listed(volume: Path) -> None:
    told: list[dict[str, Any]] = []
    answer = answered(sent(volume, steps=2), tell=told.append)
    assert (answer["state"], answer["job"], answer["ticket"]) == ("succeeded", JOB, f"{JOB}.1")
    assert len(json.dumps(answer)) < 500 and answer["hone"] == hone.__version__
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))
    place, folder = volume / place_of(JOB), volume / folder_of(JOB)
    index = Index.model_validate_json((place / "index.json").read_bytes())
    assert answer["index"] == sha256_of(place / "index.json")
    names = {one.path for one in index.files}
    assert {"result.json", "final/adapter_model.safetensors"} <= names
    assert all(sha256_of(folder / one.path) == one.sha256 for one in index.files)
    beat = Beat.model_validate_json((place / "beat.json").read_bytes())
    assert beat.ending is not None and beat.ending.exit_code == 0 and beat.worker == "worker1"
    assert beat.hashes["events.jsonl"] == sha256_of(folder / "events.jsonl")


def test_a_second_request_with_the_ticket_does_nothing(volume: Path) -> None:
    order = sent(volume, steps=1)
    answered(order)
    again = answered(order, "r2")
    assert (again["state"], again["duplicate_of"]) == ("duplicate", "r1")
    assert JobFolder(volume / folder_of(JOB)).log_tail(9) == ["the fake worker begins"]


def test_the_same_request_again_gives_the_same_answer_without_training(volume: Path) -> None:
    order = sent(volume, fails=True)
    first = answered(order)
    assert first["error"] == "it broke\nmend it"
    assert answered(order) == first
    assert JobFolder(volume / folder_of(JOB)).log_tail(9) == ["the fake worker begins"]


def test_a_request_that_a_later_asking_has_overtaken_does_nothing(volume: Path) -> None:
    order = sent(volume)
    (volume / place_of(JOB) / "ticket").write_text(f"{JOB}.2")
    assert answered(order)["state"] == "overtaken"
    assert not (volume / folder_of(JOB) / "events.jsonl").exists()


def test_while_another_worker_gives_signs_of_life_for_the_request_this_one_waits(
    volume: Path,
) -> None:
    order, place = sent(volume, steps=1), volume / place_of(JOB)
    beat = Beat(ticket=order.ticket, request="r1", worker="worker2", hone=hone.__version__)

    async def work() -> dict[str, Any]:
        write_atomically(place / "beat.json", beat.model_dump_json())
        job = {"id": "r1", "input": order.model_dump(mode="json")}
        task = asyncio.create_task(carry_out(job, command=FAKE_WORKER))
        for beat.seq in range(1, 5):  # longer than the silence after which it would begin
            await asyncio.wait([task], timeout=0.8)
            write_atomically(place / "beat.json", beat.model_dump_json())
        beat.ending = Ending(exit_code=0, has_result=True)
        write_atomically(place / "beat.json", beat.model_dump_json())
        return await task

    assert asyncio.run(work())["state"] == "succeeded"
    assert not (volume / folder_of(JOB) / "worker.log").exists()  # it was the other's work


def test_a_worker_that_is_silent_is_replaced(volume: Path) -> None:
    order, place = sent(volume, steps=1), volume / place_of(JOB)
    beat = Beat(ticket=order.ticket, request="r1", worker="worker2", hone=hone.__version__)
    write_atomically(place / "beat.json", beat.model_dump_json())
    assert answered(order)["state"] == "succeeded"
    assert JobFolder(volume / folder_of(JOB)).log_tail(9) == ["the fake worker begins"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"hone": "99.0", "protocol": 1, "job": JOB}, "out of date: it has Hone"),
        ({"hone": hone.__version__, "protocol": 2, "job": JOB}, "out of date"),
        ({"hone": hone.__version__, "protocol": 1, "learning_rate": 1}, "does not fit"),
        ({"prompt": "hello"}, "no request of Hone's"),
    ],
)
def test_an_order_that_this_image_cannot_carry_out_is_refused_with_the_mend(
    volume: Path, said: dict[str, Any], words: str
) -> None:
    error = answered(said)["error"]
    assert words in error and "docker/README.md" in error


@pytest.mark.parametrize("name", ["inputs/train.jsonl", "../order.json", "../sent.json"])
def test_a_file_that_is_not_as_it_was_sent_is_not_trained_on(volume: Path, name: str) -> None:
    order = sent(volume)
    (volume / folder_of(JOB) / name).write_text('{"files": []}')
    assert "not on the volume as it was sent" in answered(order)["error"]
    assert not (volume / folder_of(JOB) / "worker.log").exists()


def test_a_job_that_is_not_there_names_the_volume(volume: Path) -> None:
    order = sent(volume)
    other = order.model_copy(update={"job": "train-elsewhere"})
    assert "There is no job train-elsewhere" in answered(other)["error"]


def test_an_exit_code_is_no_success(volume: Path) -> None:
    command = (sys.executable, "-c", "print('no such library'); raise SystemExit(3)")
    assert "ended with code 3" in answered(sent(volume), command=command)["error"]


def test_cancelling_ends_the_whole_group_and_leaves_an_ending(volume: Path, gate: Gate) -> None:
    order = sent(volume, waits_for_stop=True, ignores_stop=True, child=True, gate=str(gate.path))

    async def work() -> None:
        job = {"id": "r1", "input": order.model_dump(mode="json")}
        task = asyncio.create_task(carry_out(job, command=FAKE_WORKER))
        await asyncio.to_thread(gate.wait, "training")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    beat = Beat.model_validate_json((volume / place_of(JOB) / "beat.json").read_bytes())
    assert beat.ending is not None
    assert (beat.ending.how, beat.ending.exit_code) == ("terminated", -15)
    listed = Index.model_validate_json((volume / place_of(JOB) / "index.json").read_bytes())
    assert "checkpoints/checkpoint-1/weights" in {one.path for one in listed.files}
    assert is_gone(volume)


def test_what_the_worker_started_does_not_outlive_it(volume: Path) -> None:
    assert answered(sent(volume, steps=1, child=True))["state"] == "succeeded"
    wait_until(lambda: is_gone(volume), "the worker's child is gone")


def is_gone(volume: Path) -> bool:
    child = int((volume / folder_of(JOB) / "child.pid").read_text())
    try:
        return psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_worker_has_no_keys_of_the_endpoint(
    volume: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPOD_AI_API_KEY", "rpa_canary")
    monkeypatch.setenv("HF_TOKEN", "hf_needed")
    code = "import os; print(sorted(name for name in os.environ if 'KEY' in name or 'TOK' in name))"
    answered(sent(volume), command=(sys.executable, "-c", code))
    assert "['HF_TOKEN']" in JobFolder(volume / folder_of(JOB)).log_tail(3)
