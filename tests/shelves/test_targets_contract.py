"""Every target keeps the same contract, so that stages need not know which one they have."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple

import psutil
import pytest
from pydantic import BaseModel, ValidationError

from emulators.serving import served
from hone import shelf
from hone.errors import Conflict, HoneError
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import Identity, JobFolder
from hone.workspace.rental_file import changing
from tests.faults.gates import FAKE_WORKER, Gate, wait_until
from tests.faults.orders import job_folder
from tests.rentals.scene import KEYS, TIMES, WaitingClock, emulated, settings_of
from tests.serverless.scene import Serverless, serverless, set_environment
from tests.targets.machines import Machine, machine

ORDER = ("Options", "LIMITS", "start", "is_alive", "follow", "stop", "release")


@pytest.fixture(params=shelf.names("targets"))
def module(request: pytest.FixtureRequest) -> ModuleType:
    return shelf.load("targets", request.param)


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("another")) as found:
        yield found


@pytest.fixture(scope="module")
def providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Emulated providers by the name that `--on` takes, made when one is asked for."""
    made: dict[str, Any] = {}
    with ExitStack() as running:

        def served_as(name: str) -> Any:
            if name not in made:
                made[name] = running.enter_context(served(emulated(name, **TIMES[name])))
            return made[name]

        yield {name: partial(served_as, name) for name in TIMES}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serverless]:
    with serverless(tmp_path_factory.mktemp("endpoint")) as found:
        yield found


class Target(NamedTuple):
    """A target with its options, and the worker without torch; `more`: the clock of rentals.

    `puts` puts another worker in place where a start cannot say which one.
    """

    module: ModuleType
    options: Any
    more: Mapping[str, Any] = MappingProxyType({})
    puts: Callable[[tuple[str, ...]], None] | None = None

    def start(
        self, folder: JobFolder, *, command: tuple[str, ...] = FAKE_WORKER, **changed: Any
    ) -> Identity:
        options = self.options.model_copy(update=changed)
        if self.puts is not None:
            self.puts(command)
            return self.module.start(folder, options)
        if self.more:
            with changing(folder) as rentals:
                rentals.reserved_usd = 5.0  # the stage reserves before it starts
        return self.module.start(folder, options, command=command, **self.more)

    def is_alive(self, folder: JobFolder) -> bool:
        return self.module.is_alive(folder, self.options, **self.more)

    def follow(self, folder: JobFolder) -> Any:
        return self.module.follow(folder, self.options, **self.more)

    def stop(self, folder: JobFolder, seconds: float) -> str:
        return self.module.stop(folder, seconds, self.options, **self.more)

    def release(self, folder: JobFolder) -> None:
        self.module.release(folder, self.options, **self.more)

    def wait(self, folder: JobFolder) -> str:
        """Follow the job until its worker has ended; its state then."""
        with self.follow(folder) as pull:

            def has_ended() -> bool:
                pull()
                return not folder.is_alive()

            wait_until(has_ended, "the worker ends")
        return folder.state()


@pytest.fixture
def target(
    module: ModuleType,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Target]:
    if module.__name__ == "hone.targets.runpod_serverless":
        endpoint: Serverless = request.getfixturevalue("endpoint")
        set_environment(endpoint, monkeypatch)
        yield Target(module, module.Options(**endpoint.said), puts=endpoint.run)
        return
    if not hasattr(module, "renter"):
        yield _owned(module, request)
        return
    emulator = request.getfixturevalue("providers")[module.NAME]()
    monkeypatch.setenv(KEYS[module.NAME], emulator.key)
    monkeypatch.setenv(f"HONE_{module.NAME.upper()}_URL", emulator.url)
    # One folder for all machines: Hone's wheel is then sent once.
    folder = tmp_path_factory.getbasetemp() / "hone-there"
    said = settings_of(module.NAME, emulator, folder)
    clock = WaitingClock(emulator.clock)
    yield Target(module, module.Options(**said), {"clock": clock})
    with module.renter(module.Options(**said), clock=clock) as account:
        for left in emulator.bill.alive():
            account.cloud.end(left)


def _owned(module: ModuleType, request: pytest.FixtureRequest) -> Target:
    if module.__name__ == "hone.targets.ssh":
        found: Machine = request.getfixturevalue("another")
        return Target(module, module.Options(**found.options()))
    return Target(module, module.Options())


def begins(folder: JobFolder) -> list[int]:
    """The step at which each attempt began."""
    return [(e.model_extra or {})["begins_at"] for e in folder.events() if e.type == "stage"]


def test_a_target_file_has_its_parts_in_the_shelf_s_order(module: ModuleType) -> None:
    document = module.__doc__ or ""
    assert all(word in document for word in ("Needs:", "Gives:", "Source:"))
    source = inspect.getsource(module)
    places = [source.index(f"class {ORDER[0]}"), source.index(f"\n{ORDER[1]}")]
    places += [source.index(f"\ndef {verb}(") for verb in ORDER[2:]]
    assert places == sorted(places)


def test_options_describe_every_field_and_refuse_others(module: ModuleType) -> None:
    assert issubclass(module.Options, BaseModel)
    assert all(field.description for field in module.Options.model_fields.values())
    with pytest.raises(ValidationError, match="no_such_option"):
        module.Options.model_validate({"host": "gpu", "no_such_option": 1})
    json.dumps(module.Options.model_json_schema())


def test_limits_are_sentences_and_only_a_rented_machine_has_a_price(module: ModuleType) -> None:
    assert module.LIMITS and all(limit.endswith(".") for limit in module.LIMITS)
    # A machine of one's own costs nothing by the hour; a provider is asked for its prices.
    assert hasattr(module, "KEYS") or module.PRICE_PER_HOUR_USD == 0


def test_a_target_loads_nothing_heavy(module: ModuleType) -> None:
    code = (
        f"import sys, {module.__name__}\n"
        "heavy = {'torch', 'transformers', 'sqlalchemy', 'ray', 'sky', 'asyncssh'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_start_says_who_works_and_a_second_start_is_refused(
    target: Target, tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(tmp_path, pause_at="between events", gate=str(gate.path))
    assert not target.is_alive(folder) and target.stop(folder, 0.0) == "not running"
    identity = target.start(folder)
    assert isinstance(identity, Identity) and target.is_alive(folder)
    gate.wait("between events")
    assert folder.state() == "running"
    with pytest.raises(Conflict, match="already has a worker"):
        target.start(folder)
    with pytest.raises(Conflict):
        target.release(folder)
    assert target.stop(folder, 0.0) in ("terminated", "killed")
    assert not target.is_alive(folder) and target.stop(folder, 0.0) == "not running"
    target.release(folder)
    target.release(folder)  # giving back twice is harmless


def test_a_job_runs_to_its_result_and_all_of_it_is_here(target: Target, tmp_path: Path) -> None:
    folder = job_folder(tmp_path, steps=3)
    target.start(folder)
    assert target.wait(folder) == "succeeded"
    assert folder.log_tail(1) == ["the fake worker begins"]
    events = folder.events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [e.type for e in events].count("metric") == 3 and folder.damaged_lines() == 0
    result = folder.result()
    assert result is not None and len(result.artefacts) == 2
    for artefact in result.artefacts:
        assert sha256_of(folder.path / artefact.path) == artefact.sha256
    assert {path.name for path in folder.checkpoints.iterdir()} == {
        f"checkpoint-{step}" for step in (1, 2, 3)
    }
    target.release(folder)
    assert folder.state() == "succeeded"


def test_stop_leaves_a_checkpoint_and_the_next_start_goes_on_from_it(
    target: Target, tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(tmp_path, waits_for_stop=True, gate=str(gate.path), steps=3)
    target.start(folder)
    gate.wait("training")
    assert target.stop(folder, 20.0) == "stopped"
    assert folder.state() == "cancelled" and not target.is_alive(folder)
    assert (folder.checkpoints / "checkpoint-1" / "weights").read_text() == "1"
    folder.clear_stop()
    target.start(folder)
    with target.follow(folder) as pull:

        def has_trained() -> bool:
            pull()
            return any(event.type == "metric" for event in folder.events()[-2:])

        wait_until(has_trained, "the second attempt trains")
    assert target.stop(folder, 20.0) == "stopped"
    assert begins(folder) == [0, 1]


def test_a_killed_worker_is_lost_and_the_next_start_goes_on(
    target: Target, tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(
        tmp_path, pause_at="after checkpoint", gate=str(gate.path), child=True, steps=3
    )
    identity = target.start(folder)
    gate.wait("after checkpoint")
    child = _child_of(identity.pid, folder)
    os.kill(identity.pid, signal.SIGKILL)
    wait_until(lambda: not target.is_alive(folder), "the worker is dead")
    assert folder.state() == "lost"
    target.release(folder)
    # Its signal was sent; the system may take a moment to end it.
    wait_until(lambda: _is_gone(child), "the child is gone")
    target.start(folder)
    assert target.wait(folder) == "succeeded"
    assert begins(folder) == [0, 1]
    target.release(folder)


def test_a_worker_that_ends_before_its_claim_fails_with_the_end_of_its_log(
    target: Target, tmp_path: Path
) -> None:
    folder = job_folder(tmp_path)
    command = (sys.executable, "-c", "print('no such library'); raise SystemExit(3)")
    with pytest.raises(HoneError, match="did not start: it ended with code 3") as caught:
        target.start(folder, command=command)
    assert "no such library" in caught.value.message
    assert folder.state() == "failed"


def test_a_worker_that_never_claims_is_ended_at_the_deadline(
    target: Target, tmp_path: Path, gate: Gate
) -> None:
    folder = job_folder(tmp_path, pause_at="before claim", gate=str(gate.path))
    with pytest.raises(HoneError, match=r"did not start: nothing came for 0\.8 seconds"):
        target.start(folder, claim_seconds=0.8)
    assert folder.state() == "failed" and not target.is_alive(folder)


def test_a_command_that_does_not_exist_is_said_and_not_a_traceback(
    target: Target, tmp_path: Path
) -> None:
    folder = job_folder(tmp_path)
    with pytest.raises(HoneError):
        target.start(folder, command=(str(tmp_path / "no-python"),))
    # An endpoint was asked before it could be seen.
    assert folder.state() == ("waiting" if target.puts is None else "failed")


def _child_of(worker: int, folder: JobFolder) -> int:
    for place in psutil.process_iter():
        try:
            marked = place.environ().get("HONE_JOB_FOLDER", "").endswith(folder.path.name)
            if marked and place.pid != worker and "signal.pause" in " ".join(place.cmdline()):
                return place.pid
        except psutil.Error:
            continue
    raise AssertionError("the worker's child is not there")


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
