"""A workspace that rents from an emulated provider, whose time passes only when somebody waits."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from emulators.clock import Clock as EmulatedClock
from emulators.lambda_cloud.app import LambdaCloud
from emulators.lambda_cloud.cloud import Timing as LambdaTiming
from emulators.rp_pods.account import Timing as PodTiming
from emulators.rp_pods.app import RunPodPods
from emulators.serving import served
from hone.records.job import Job
from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.stages.jobs.rented import RentedTarget
from hone.supervisor.carry import Carrier
from hone.supervisor.steps import PLANS
from hone.targets._clouds import Renter
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.rental_file import changing
from tests.faults.gates import DEADLINE_SECONDS, FAKE_WORKER
from tests.faults.orders import training

GPUS = {"lambda": ["gpu_1x_a10", "gpu_1x_a6000"], "runpod": ["NVIDIA A40", "NVIDIA L40S"]}
KEYS = {"lambda": "LAMBDA_API_KEY", "runpod": "RUNPOD_API_KEY"}
LAUNCH = {"lambda": "/api/v1/instance-operations/launch", "runpod": "/v2/pods"}
# The account's key: searched for in everything that a job leaves.
CANARY = "canary-9c1e4b7d50f2a683"
# Waiting is also what lets the emulator's own processes work.
REAL_SECONDS_OF_A_WAIT = 0.02


class WaitingClock:
    """Stands still until somebody waits; then the emulated time goes on at once."""

    def __init__(self, emulated: EmulatedClock) -> None:
        self.emulated = emulated
        self.waited = 0.0

    def now(self) -> float:
        return self.emulated.now()

    def sleep(self, seconds: float) -> None:
        self.waited += max(0.0, seconds)
        self.emulated.advance(max(0.0, seconds))
        threading.Event().wait(REAL_SECONDS_OF_A_WAIT)


def emulated(name: str, **more: Any) -> Any:
    """An emulator of the provider, standing still unless a clock is handed in.

    Its machines boot as fast as they can.
    """
    clock = more.pop("clock", None) or EmulatedClock(0.0)
    if name == "lambda":
        return LambdaCloud(clock=clock, key=more.pop("key", CANARY), **more)
    return RunPodPods(clock=clock, key=more.pop("key", CANARY), **more)


def settings_of(name: str, emulator: Any, folder: Path) -> dict[str, Any]:
    """What hone.yaml says of a provider; one folder on all machines, so the wheel is sent once."""
    said: dict[str, Any] = {
        "gpu": GPUS[name],
        "python": sys.executable,
        "folder": str(folder),
        "look_seconds": 0.05,
        "connect_seconds": 5.0,
        "patience_seconds": 1.0,
    }
    return said | (
        {"port": emulator.ssh_port} if name == "lambda" else {"cloud": ["SECURE", "COMMUNITY"]}
    )


class Scene:
    """A workspace, an emulated provider, and the target between them."""

    def __init__(self, name: str, emulator: Any, ws: Workspace) -> None:
        self.name = name
        self.emulator = emulator
        self.ws = ws
        self.clock = WaitingClock(emulator.clock)
        self.kind: type[RentedTarget] = RentedTarget
        self.set()

    def set(self, **more: Any) -> None:
        """What hone.yaml says of the provider."""
        folder = self.ws.root.parent / "hone-there"
        said = {**settings_of(self.name, self.emulator, folder), **more}
        change_setting(self.ws, f"targets.{self.name}", repr(said))

    @property
    def target(self) -> RentedTarget:
        """As `--on` finds it, with the waiting clock and the worker without torch."""
        found = jobs.target_named(self.ws, self.name)
        assert isinstance(found, RentedTarget)
        return self.kind(*found._replace(clock=self.clock, command=FAKE_WORKER))

    def order(
        self,
        *,
        seconds: float = 600.0,
        budget: float | None = None,
        rehearses: bool = False,
        **fake: Any,
    ) -> Job:
        """A training that is planned to take so long at most."""
        spec = {"plan": {"seconds": [1.0, seconds], "memory_gib": [1.0, 2.0]}}
        job = training(fake=fake, budget_usd=budget, rehearses=rehearses, **spec)
        return job.model_copy(update={"target": self.name})

    def asked(self, job: Job | None = None, **fake: Any) -> str:
        """A job that is handed in, while no supervisor is there."""
        order = jobs.submit(self.ws, job or self.order(**fake), {"train.jsonl": "{}\n"})
        jobs.asking.enqueue(self.ws, self.folder(order.id))
        return order.id

    def carry(self, job: str) -> str:
        """What the supervisor does for a job, in this process; how its last attempt ended."""
        carrier, plan = Carrier(self.ws, lambda _ws, _name: self.target), PLANS[max(PLANS)]
        outcome = ""
        while (attempt := jobs.in_hand(self.ws, job)) is not None:
            outcome = carrier.carry(plan, (job, attempt.number), lambda _name, act: act())
        return outcome

    @contextmanager
    def carried(self, job: str) -> Iterator[Thread]:
        """The same beside the block, which may watch, stop and trouble the job; then its end."""
        jobs.show_supervisor(self.ws)
        thread = Thread(target=self.carry, args=(job,), daemon=True)
        thread.start()
        yield thread
        thread.join(DEADLINE_SECONDS)
        assert not thread.is_alive(), f"{job} is carried on and on"

    def step_of(self, job: str) -> str:
        """What the supervisor is at for a job."""
        attempt = self.ws.store.attempts.newest(job)
        return "" if attempt is None else attempt.step

    def submitted(self, job: Job | None = None) -> JobFolder:
        """A job that waits, with money set aside, and nothing rented yet."""
        order = jobs.submit(self.ws, job or self.order(), {"train.jsonl": "{}\n"})
        with changing(self.folder(order.id)) as rentals:
            rentals.reserved_usd = 5.0
        return self.folder(order.id)

    @contextmanager
    def account(self) -> Iterator[Renter]:
        with self.target.renter() as renter:
            yield renter

    def arm(self, fault: str, **more: Any) -> None:
        self.emulator.faults.arm(fault, **more)

    def watch(self, job: str) -> list[str]:
        """The states of a job, one after the other, until it has ended and all is given back."""
        return [one for one in jobs.watch(self.ws, job) if isinstance(one, str)]

    def folder(self, job: str) -> JobFolder:
        return JobFolder(self.ws.jobs / job)

    @property
    def files(self) -> Path:
        """Where the machines of the provider have their disks."""
        return self.emulator.folder if self.name == "lambda" else self.emulator.hosts.folder

    @property
    def machines(self) -> list[dict[str, Any]]:
        """Every machine that was ever rented, by the emulator's own bill."""
        return self.emulator.bill.rows(self.clock.now())

    @property
    def alive(self) -> list[str]:
        return self.emulator.bill.alive()

    @property
    def billed(self) -> float:
        return self.emulator.bill.total(self.clock.now())


def looking(after: Callable[[RentedTarget, JobFolder], None]) -> type[RentedTarget]:
    """A target at which something happens after each look at a job."""

    class Looking(RentedTarget):
        @contextmanager
        def follow(self, folder: JobFolder) -> Generator[Callable[[], None]]:
            with super().follow(folder) as pull:

                def look() -> None:
                    try:
                        pull()
                    finally:
                        after(self, folder)

                yield look

    return Looking


TIMES = {
    "lambda": {
        "timing": LambdaTiming(ip=5.0, active=20.0, ssh_before_active=10.0, terminating=5.0)
    },
    "runpod": {"timing": PodTiming()},
}


@contextmanager
def scene(name: str, ws: Workspace, monkeypatch: Any, **more: Any) -> Iterator[Scene]:
    """A scene with the key in the environment."""
    with served(emulated(name, **{**TIMES[name], **more})) as emulator:
        monkeypatch.setenv(KEYS[name], emulator.key)
        monkeypatch.setenv(f"HONE_{name.upper()}_URL", emulator.url)
        if name == "runpod":
            emulator.per_minute = 100_000
        yield Scene(name, emulator, ws)
