"""Where jobs run: targets by name, with what hone.yaml says of them, and jobs that are elsewhere.

A job on another machine is looked at only when somebody asks (watches, lists, shows it); between
two looks its folder says what was seen last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from hone import shelf
from hone.errors import HoneError, NotFound, Unavailable, nearest
from hone.records.job import FINISHED, Job
from hone.stages.jobs.rented import RentedTarget
from hone.workspace.clock import now
from hone.workspace.job_folder import Identity, JobFolder, Ticket
from hone.workspace.rental_file import rentals_of
from hone.workspace.submission_file import submissions_of

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

HERE = "local"
LOOKS_AT_ONCE = 8


class Place(Protocol):
    """Where a job runs: the verbs that every target has, whoever starts its jobs."""

    def is_alive(self, folder: JobFolder) -> bool:
        """Whether the worker runs now."""
        ...

    def follow(self, folder: JobFolder) -> AbstractContextManager[Callable[[], None]]:
        """What brings here, each time it is called, what the job has written since."""
        ...

    def stop(self, folder: JobFolder, deadline_seconds: float) -> str:
        """End the worker within the deadline; says what it took."""
        ...

    def release(self, folder: JobFolder) -> None:
        """Give back what a dead worker left."""
        ...


class Target(Place, Protocol):
    """A target where who asks may start a job himself; a test may hand in its own."""

    def start(self, folder: JobFolder) -> Identity:
        """Start the worker; returns once it has claimed the folder."""
        ...


class Chosen(NamedTuple):
    """A target with the options that hone.yaml gives it."""

    name: str
    module: Any
    options: Any

    def start(self, folder: JobFolder) -> Identity:
        """Start the worker; returns once it has claimed the folder."""
        return self.module.start(folder, self.options)

    def upload(self, folder: JobFolder) -> None:
        """Bring Hone and everything that the job reads there."""
        self.module.upload(folder, self.options)

    def begin(self, folder: JobFolder, ticket: Ticket) -> None:
        """Start the worker, once per ticket."""
        self.module.begin(folder, ticket, self.options)

    def is_alive(self, folder: JobFolder) -> bool:
        """Whether the worker runs now."""
        return self.module.is_alive(folder, self.options)

    def follow(self, folder: JobFolder) -> AbstractContextManager[Callable[[], None]]:
        """What brings here, each time it is called, what the job has written since."""
        return self.module.follow(folder, self.options)

    def stop(self, folder: JobFolder, deadline_seconds: float) -> str:
        """End the worker within the deadline; says what it took."""
        return self.module.stop(folder, deadline_seconds, self.options)

    def release(self, folder: JobFolder) -> None:
        """Give back what a dead worker left."""
        self.module.release(folder, self.options)


# Where a target comes from; the supervisor of a test may have another source.
TargetOf = Callable[["Workspace", str], Chosen | RentedTarget]


def target_names(ws: Workspace) -> list[str]:
    """Every target that a job may name: the kinds, this machine first, then machines by name."""
    return [*shelf.names("targets"), *ws.config.targets.hosts]


def target_named(ws: Workspace, name: str) -> Chosen | RentedTarget:
    """A target by the name that --on takes; NotFound where hone.yaml says nothing of it."""
    if name in ws.config.targets.hosts:
        return _over_ssh(name, ws.config.targets.hosts[name])
    if name not in shelf.names("targets"):
        raise NotFound(f'There is no target "{name}".', hint=nearest(name, target_names(ws)))
    module = shelf.load("targets", name)
    if hasattr(module, "renter"):
        return _rented_from(ws, name, module)
    if name == "runpod-serverless":
        said = ws.config.targets.runpod_serverless
        written = said.model_dump() if said is not None else {}
        options = module.Options.model_validate(written).for_workspace(ws.root)
        return Chosen(name, module, options)
    if name != "ssh":
        return Chosen(name, module, module.Options())
    if ws.config.targets.ssh is None:
        raise NotFound(
            "hone.yaml names no machine for the target ssh.",
            hint="hone config set targets.ssh '{host: gpu.example.org, user: me}'",
        )
    return _over_ssh(name, ws.config.targets.ssh)


def _rented_from(ws: Workspace, name: str, module: Any) -> RentedTarget:
    said = ws.config.targets.rented().get(name)
    written = said.model_dump() if said is not None else {}
    options = module.Options.model_validate(written).for_workspace(ws.root)
    return RentedTarget(ws, name, module, options)


def is_rented(name: str) -> bool:
    """Whether jobs on this target rent a machine, which costs money."""
    return name in shelf.names("targets") and hasattr(shelf.load("targets", name), "renter")


def is_paid(name: str) -> bool:
    """Whether jobs on this target cost money: a provider is paid for them."""
    return name in shelf.names("targets") and hasattr(shelf.load("targets", name), "KEYS")


def _over_ssh(name: str, said: Any) -> Chosen:
    module = shelf.load("targets", "ssh")
    options = module.Options.model_validate(said.model_dump())
    return Chosen(name, module, options.known_as(name))


def unsupervised(target: Chosen | RentedTarget) -> Target | None:
    """The target where who asks starts the job himself: a plug-in without `begin`.

    None for all others: there the supervisor carries jobs out, since starts can be repeated.
    """
    if isinstance(target, RentedTarget) or hasattr(target.module, "begin"):
        return None
    return target


def machine_of(ws: Workspace, name: str) -> dict[str, Any] | None:
    """What a target offers to training, asked now; None for this machine."""
    chosen = target_named(ws, name)
    ask = getattr(chosen.module, "machine", None)
    return None if ask is None else ask(chosen.options)


def is_elsewhere(job: Job) -> bool:
    """Whether a job runs on another machine."""
    return job.target != HERE


def is_open(folder: JobFolder) -> bool:
    """Whether another machine may still have something to say of this job."""
    return has_rental(folder) or is_awaited(folder)


def is_awaited(folder: JobFolder) -> bool:
    """Whether the worker there may still write, or something that it left is not here yet."""
    seen = folder.seen()
    if seen is None:
        return False
    return seen.is_alive or seen.is_owed or folder.state() not in (*FINISHED, "lost")


def has_rental(folder: JobFolder) -> bool:
    """Whether a machine is rented for this job, or may be."""
    return rentals_of(folder).current is not None


def cost_of(folder: JobFolder) -> float:
    """Dollars that the machines and requests of a job have cost so far."""
    return rentals_of(folder).cost_at(now()) + submissions_of(folder).cost_at(now())


def billed_of(folder: JobFolder) -> float:
    """Dollars of that which are by the providers' own bills; the rest is measured here."""
    paid = [*rentals_of(folder).rentals, *submissions_of(folder).submissions]
    return sum(one.cost_usd or 0.0 for one in paid if one.cost_of == "billed")


def refresh(ws: Workspace, jobs: Sequence[Job]) -> dict[str, str]:
    """Look once at the jobs among these that are elsewhere and open; job id -> why not.

    Machines are asked side by side, so that one that does not answer holds up no other.
    """
    folders = {job.id: (job, JobFolder(ws.jobs / job.id)) for job in jobs if is_elsewhere(job)}
    asked = {name: pair for name, pair in folders.items() if is_open(pair[1])}
    if not asked:
        return {}

    def ask(pair: tuple[Job, JobFolder]) -> str:
        return _refresh_one(ws, *pair)

    with ThreadPoolExecutor(min(LOOKS_AT_ONCE, len(asked))) as threads:
        said = threads.map(ask, asked.values())
        return {name: why for name, why in zip(asked, said, strict=True) if why}


def _refresh_one(ws: Workspace, job: Job, folder: JobFolder) -> str:
    try:
        look_once(target_named(ws, job.target), folder)
    except HoneError as error:
        return error.message
    return ""


def look_once(target: Place, folder: JobFolder) -> None:
    """Bring here what a job has written; a finished one that is all here is given back."""
    with target.follow(folder) as pull:
        pull()
    give_back(target, folder)


def give_back(target: Place, folder: JobFolder) -> None:
    """Let go of what a succeeded job holds on another machine, once all of it is here.

    A rented machine is given back at every end, not only after a success.
    """
    if isinstance(target, RentedTarget):
        target.finish(folder)
        return
    seen = folder.seen()
    if seen is None or seen.is_alive or seen.is_owed or not folder.has_result:
        return
    # What cannot be reached now keeps a folder there, and no more.
    with suppress(Unavailable):
        target.release(folder)
