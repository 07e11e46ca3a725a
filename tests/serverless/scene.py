"""An emulated endpoint with its volume, and what hone.yaml and the environment say of it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from emulators.clock import Clock
from emulators.rp_jobs.app import RunPodJobs
from emulators.rp_pods.app import RunPodPods
from emulators.rp_s3.app import RunPodS3
from emulators.serving import served
from hone.records.submission import folder_of, place_of
from tests.faults.gates import FAKE_WORKER

ENTRY = Path(__file__).with_name("entry.py")
QUIET = {
    "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
    "RUNPOD_SKIP_GPU_CHECK": "true",
    "RUNPOD_DEBUG_LEVEL": "INFO",
    # What the image has: a Python of that name.
    "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
}
VOLUME, CENTER = "vol1234567", "EU-RO-1"
# Searched for in everything that a job leaves.
KEY, SECRET = "canary-rpa-7d20b1c94e8f", "canary-rps-5a61f0e39b27"


class Serverless:
    """The job API, the volume's S3 interface and REST v2 of one account, with one endpoint."""

    def __init__(self, running: ExitStack, folder: Path, command: Sequence[str] = ()) -> None:
        self.command_file = folder / "command.json"
        self.run(FAKE_WORKER)
        entry = command or (sys.executable, str(ENTRY), str(self.command_file))
        clock = Clock(1.0, start=time.time())  # bills are asked for by the time of day
        self.jobs = running.enter_context(served(RunPodJobs([], key=KEY, clock=clock)))
        keys = {"user_emulated": SECRET}
        volumes = {VOLUME: self.jobs.volume}
        self.s3 = running.enter_context(served(RunPodS3(volumes, region=CENTER, keys=keys)))
        self.control = running.enter_context(served(RunPodPods(key=KEY, clock=clock)))
        self.control.workers_bill = self.jobs.bill
        self.control.per_minute = 100_000
        self.control.jobs_url, self.control.on_endpoint = self.jobs.url, self.jobs.follow(entry)
        made = self.control.account.inventory.create_endpoint(
            {
                "name": "hone",
                "type": "QUEUE",
                "image": "hone-worker",
                "scaling": {"type": "QUEUE_DELAY", "queueDelay": 4},
                "cpu": [{"id": "cpu3c", "vcpuCount": 4}],
                "env": {"HONE_VOLUME": "{volume}", **QUIET},
                "workers": {"max": 1, "idleTimeout": 3600},
                "timeout": 600_000,
            },
            self.control.clock.now(),
            self.jobs.url,
        )
        self.endpoint = str(made["id"])
        self.jobs.follow(entry)(self.endpoint, made)

    def run(self, command: Sequence[str]) -> None:
        """What workers run from now on in place of Hone's own worker."""
        self.command_file.write_text(json.dumps(list(command)))

    @property
    def said(self) -> dict[str, Any]:
        """What hone.yaml says of it."""
        return {
            "endpoint_id": self.endpoint,
            "volume_id": VOLUME,
            "data_center": CENTER,
            "price_per_hour_usd": 3.6,
            "look_seconds": 0.05,
            "silent_seconds": 3.0,
            "grace_seconds": 10.0,
            "prepare_seconds": 60.0,
        }

    @property
    def environment(self) -> dict[str, str]:
        return {
            "RUNPOD_API_KEY": KEY,
            "RUNPOD_S3_ACCESS_KEY": "user_emulated",
            "RUNPOD_S3_SECRET": SECRET,
            "HONE_RUNPOD_URL": self.control.url,
            "HONE_RUNPOD_JOBS_URL": self.jobs.url,
            "HONE_RUNPOD_S3_URL": self.s3.url,
        }

    @property
    def requests(self) -> dict[str, Any]:
        """Every request that the endpoint still knows, by id."""
        return self.jobs.endpoints[self.endpoint].jobs

    def place(self, job: str) -> Path:
        return self.jobs.volume / place_of(job)

    def folder(self, job: str) -> Path:
        return self.jobs.volume / folder_of(job)

    def worker_logs(self) -> str:
        return "".join(path.read_text() for path in self.jobs.folder.glob("workers/*.log"))


@contextmanager
def serverless(folder: Path, command: Sequence[str] = ()) -> Iterator[Serverless]:
    folder.mkdir(exist_ok=True)
    with ExitStack() as running:
        yield Serverless(running, folder, command)


def set_environment(scene: Serverless, monkeypatch: Any) -> None:
    for name, value in scene.environment.items():
        monkeypatch.setenv(name, value)
