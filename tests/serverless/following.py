"""Asks an endpoint for a job and follows it, as the supervisor does, in this very process."""

from __future__ import annotations

from typing import Any

from hone.records.submission import Submission
from hone.targets import runpod_serverless as target
from hone.workspace.job_folder import JobFolder, Ticket
from hone.workspace.submission_file import submissions_of
from tests.faults.gates import wait_until
from tests.serverless.scene import Serverless


def options(scene: Serverless, **more: Any) -> target.Options:
    return target.Options(**{**scene.said, **more})


def begun(scene: Serverless, folder: JobFolder, **more: Any) -> Submission:
    """The job's request is out."""
    last = max((event.seq for event in folder.events()), default=0)
    number = len(submissions_of(folder).submissions) + 1
    target.begin(folder, Ticket(f"{folder.path.name}.{number}", last), options(scene, **more))
    return last_of(folder)


def last_of(folder: JobFolder) -> Submission:
    found = submissions_of(folder).last
    assert found is not None
    return found


def followed(scene: Serverless, folder: JobFolder, **more: Any) -> str:
    """Follow the job until its request is over; its state then."""
    with target.follow(folder, options(scene, **more)) as pull:

        def is_over() -> bool:
            pull()
            return not last_of(folder).is_open

        wait_until(is_over, f"the request ends: {scene.worker_logs()[-500:]}")
    return folder.state()


def attempts(folder: JobFolder) -> int:
    return sum(event.type == "attempt" for event in folder.events())
