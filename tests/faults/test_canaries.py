"""No secret is left anywhere: not in a file, a store's page, an answer, or on a command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hone.stages import jobs
from hone.stages.configure import change_setting
from hone.workspace.open import Workspace, init_workspace
from tests.faults.canaries import (
    NAMES,
    found_in,
    left_in,
    on_command_lines,
    refusing_provider,
    value_of,
)
from tests.faults.gates import Gate
from tests.faults.orders import training
from tests.faults.supervisors import supervised
from tests.faults.test_real_training_killed import make_workspace
from tests.rentals.scene import scene
from tests.targets.machines import Machine
from tests.web.server import served

PASSWORD = "PASSWORD"
READ_BY_API = "session home tasks examples reviews/changes settings users imports".split()
INPUTS: dict[str, Path | str | bytes] = {"train.jsonl": "{}\n"}


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


class Person:
    """Somebody who has every secret in his environment, and what he was told so far."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.told = b""

    def does(self, *words: str, typed: str = "") -> int:
        """One command, as a process; its exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "hone", *words],
            cwd=self.root,
            input=typed.encode(),
            capture_output=True,
        )
        self.told += done.stdout + done.stderr
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return done.returncode


@pytest.fixture
def refusing() -> Iterator[str]:
    with refusing_provider() as address:
        yield address


@pytest.fixture
def person(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusing: str) -> Person:
    for name in NAMES:
        monkeypatch.setenv(name, value_of(name))
    for provider in ("LAMBDA", "RUNPOD"):
        monkeypatch.setenv(f"HONE_{provider}_URL", refusing)
    home = f"https://me:{value_of('HF_TOKEN')}@hub.example.org"
    monkeypatch.setenv("HF_ENDPOINT", home)
    monkeypatch.setenv("HOME", str(tmp_path))
    (ws.root / ".env").write_text("".join(f"{name}={value_of(name)}\n" for name in NAMES))
    (ws.root / ".env").chmod(0o600)
    return Person(ws.root)


def assert_nothing_is_left(person: Person, *more: Path) -> None:
    names = [*NAMES, PASSWORD]
    own = person.root / ".env"
    assert found_in(own.read_bytes(), NAMES) == NAMES  # the search finds what is there
    assert left_in([person.root.parent, *more], names, but=own) == []
    assert found_in(person.told, names) == []


def test_a_training_here_and_over_ssh_leaves_no_secret(
    ws: Workspace, person: Person, gate: Gate, there: Machine
) -> None:
    change_setting(ws, "targets.ssh", str(there.options(keeps_folder=True)))
    assert person.does("targets", "check", "ssh") == 0
    slow = {"waits_for_stop": True, "gate": str(gate.path), "steps": 2, "child": True}
    with supervised(ws):
        for target in ("local", "ssh"):
            order = training(fake=slow).model_copy(update={"target": target})
            job = jobs.launch(ws, order, INPUTS).id
            gate.wait("training")
            assert on_command_lines(NAMES) == []
            assert person.does("jobs", "list") == person.does("jobs", "show", job) == 0
            jobs.ask_to_stop(ws, job)
            assert list(jobs.watch(ws, job))[-1] == "cancelled"
            person.does("jobs", "logs", job)
    assert ws.store.attempts.newest(job) is not None
    assert_nothing_is_left(person, there.folder)


@pytest.mark.parametrize("name", ["lambda", "runpod"])
def test_a_rented_training_and_a_provider_that_repeats_the_key_leave_no_secret(
    name: str, ws: Workspace, person: Person, refusing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = value_of(f"{name.upper()}_API_KEY")
    with scene(name, ws, monkeypatch, key=key) as rented:
        job = rented.asked(steps=2)
        with rented.carried(job):
            assert rented.watch(job)[-1] == "succeeded"
            assert on_command_lines(NAMES) == []
        assert person.does("spend", "--by", "job") == 0
        assert_nothing_is_left(person, rented.files)
        monkeypatch.setenv(f"HONE_{name.upper()}_URL", refusing)
        assert person.does("targets", "check", name) == 1
        assert person.does("jobs", "reap", "--list") == 1
        assert person.does("doctor", "--online", "--json") == 1
        assert b"cannot read the header" in person.told and b"(the key)" in person.told
        assert_nothing_is_left(person, rented.files)


def test_commands_the_web_app_and_what_they_refuse_leave_no_secret(
    ws: Workspace, person: Person, tmp_path: Path
) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("question,answer\nwhy?,because\nhow?,so\n")
    assert person.does("import", str(file)) == 0
    assert person.does("review", "--accept-all", "--yes") == 0
    assert person.does("users", "add", "vera", "--role", "admin", typed=value_of(PASSWORD)) == 0
    for words in ("doctor", "targets list", "config show", "users list", "jobs list"):
        assert person.does(*words.split()) == 0
    with served(ws.root, token=value_of("HONE_TOKEN")) as server:
        with server.client() as script:
            for path in READ_BY_API:
                answer = script.get(f"/api/{path}")
                person.told += answer.content + str(answer.headers).encode()
        stranger = httpx.Client(base_url=server.url, timeout=60.0)
        for given in ({"name": "vera", "password": value_of(PASSWORD) + "x"},
                      {"name": "vera", "password": value_of(PASSWORD)},
                      {"token": value_of("HONE_TOKEN")}):  # fmt: skip
            answer = stranger.post("/api/session", json=given)
            person.told += answer.content + str(answer.headers).encode()
        stranger.close()
        assert on_command_lines([*NAMES, PASSWORD]) == []
    assert_nothing_is_left(person)
    # Somebody writes a key where none belongs: the refusal does not repeat it.
    written = (ws.root / "hone.yaml").read_text()
    for wrong in (
        f"targets: {{runpod: {{api_key: {value_of('RUNPOD_API_KEY')}}}}}\n",
        f"passphrase: {value_of(PASSWORD)}\n",
    ):
        (ws.root / "hone.yaml").write_text(wrong)
        assert person.does("jobs", "list") == 1 and person.does("doctor") == 1
    (ws.root / "hone.yaml").write_text(written)
    assert_nothing_is_left(person)


@pytest.mark.loop
def test_a_real_training_and_its_model_leave_no_secret(tmp_path: Path, person: Person) -> None:
    with make_workspace(tmp_path / "real") as real:
        (real.root / ".env").write_bytes((person.root / ".env").read_bytes())
        trainer = Person(real.root)
        command = ("train", "recipe.yaml", "--confirm-run", "--set", "training.epochs=1")
        assert trainer.does(*command) == 0
        assert trainer.does("models", "info", "faith@v1") == 0
        names = [*NAMES, PASSWORD]
        assert left_in([real.root], names, but=real.root / ".env") == []
        assert list(real.root.glob("models/faith/v1/*.safetensors"))
        assert found_in(trainer.told, names) == []
