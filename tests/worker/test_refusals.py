"""What a worker finds and cannot go on with: files, requests, the hub, other processes."""

from __future__ import annotations

import base64
import io
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hone.errors import HoneError
from hone.settings import Seat
from hone.worker.answering import questions_of
from hone.worker.leaving import Leaving, unpack
from hone.worker.leaving_in_bucket import stream
from hone.worker.ranks import _explained, note_ending, refuse_other_launch
from tests.faults.orders import job_folder, training
from tests.serverless.hub import REPOSITORY, TOKEN, hub


def test_questions_that_are_no_json_are_named(tmp_path: Path) -> None:
    folder = job_folder(tmp_path)
    file = folder.inputs / "examples.jsonl"
    file.write_text('{"id": "e1"\n')
    with pytest.raises(HoneError) as told:
        questions_of(folder)
    assert told.value.message.startswith(f"{file} cannot be read: Expecting ")
    assert told.value.hint == "Run the evaluation anew."


def test_a_request_holds_files_of_a_job_alone(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        link = tarfile.TarInfo("inputs/train.jsonl")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(HoneError) as told:
        unpack(base64.b64encode(packed.getvalue()).decode(), tmp_path / "place")
    assert "holds what no job has" in told.value.message
    assert "'inputs/train.jsonl'" in told.value.message
    assert told.value.hint.startswith("hone jobs resume JOB")
    assert not list((tmp_path / "place").rglob("*"))


def test_an_endpoint_without_a_token_says_where_one_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(HoneError, match="The endpoint has no token for the model hub") as told:
        Leaving(REPOSITORY, "jobs")
    assert told.value.hint.startswith("Set HF_TOKEN in the endpoint's environment")


CLAIM = """
import sys
from hone.errors import HoneError
from hone.worker.leaving import Leaving
try:
    Leaving(sys.argv[1], "jobs").claim("train-1.1", "r1")
except HoneError as error:
    print(error)
"""


def test_a_hub_that_takes_no_files_is_said_after_some_tries() -> None:
    with hub() as repository:
        repository.commit = lambda lines: False  # type: ignore[method-assign]
        said = {"HF_TOKEN": TOKEN, "HF_ENDPOINT": repository.url, "HF_HUB_OFFLINE": "0"}
        done = subprocess.run(
            [sys.executable, "-c", CLAIM, REPOSITORY],
            env={**os.environ, **said},
            capture_output=True,
            text=True,
            check=True,
        )
    first, *_, last = done.stdout.strip().splitlines()
    assert first.startswith(f"The hub does not take files into {REPOSITORY}: ")
    assert last == "May the endpoint's HF_TOKEN write there?"
    assert TOKEN not in done.stdout + done.stderr


def test_a_file_that_became_shorter_while_it_goes_out_is_named(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"12345")
    with pytest.raises(HoneError, match="weights became shorter") as told:
        list(stream([(file, 10)], 0, 10))
    assert "hone jobs resume" in told.value.hint


def test_a_launcher_that_starts_another_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    two = training(options={"training.processes": {"value": 2, "source": "recipe"}})
    with pytest.raises(HoneError) as told:
        refuse_other_launch(two, Seat(rank=0, size=3, local_rank=0))
    assert told.value.message == (
        "The launcher started 3 processes, and this job is planned for 2."
    )
    assert "--nproc-per-node 2" in told.value.hint
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    with pytest.raises(HoneError, match="accelerate launch started 1 process, and") as told:
        refuse_other_launch(two, None)
    with pytest.raises(HoneError, match="started 3 processes, and this job is planned for 1"):
        refuse_other_launch(training(), Seat(rank=0, size=3, local_rank=0))


def ended(*codes: int) -> dict[int, Any]:
    """What torch's launcher has to say of its processes."""
    return {rank: SimpleNamespace(exitcode=code) for rank, code in enumerate(codes) if code}


def test_of_several_processes_the_first_cause_is_told(tmp_path: Path) -> None:
    folder = job_folder(tmp_path)
    name = folder.path.name
    killed = _explained(folder, ended(-signal.SIGTERM, -signal.SIGKILL), 2)
    assert killed.message == "Process 1 of 2 was killed (signal 9), so all were ended."
    assert killed.hint == f"hone jobs resume {name}   (goes on from the last checkpoint)"
    silent = _explained(folder, ended(0, 3), 2)
    assert silent.message == "Process 1 of 2 ended with code 3."
    assert silent.hint == f"hone jobs logs {name}"
    lost = HoneError("gloo: connection closed by peer", hint="")
    note_ending(folder, Seat(0, 2, 0), lost)
    note_ending(folder, Seat(1, 2, 1), HoneError("No row fits.", hint="Longer rows."))
    said = _explained(folder, ended(1, 1), 2)
    assert (said.message, said.hint) == ("No row fits.", "Longer rows.")
