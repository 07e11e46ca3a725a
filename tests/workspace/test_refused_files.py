"""Files and names of a workspace that cannot be taken are refused, with what to do instead."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from hone import settings
from hone.errors import Conflict, HoneError, InvalidInput, NotFound
from hone.importers._questions import read_questions
from hone.records.dataset import Manifest
from hone.records.job import Artefact, Result
from hone.records.task import Task
from hone.rendering.template import Template
from hone.stages.jobs import new_job, submit
from hone.stages.jobs.verifying import verify
from hone.workspace.bases import read_shapes
from hone.workspace.config import load_task
from hone.workspace.file_lock import holding
from hone.workspace.follow import follow
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store.flags import Said
from hone.workspace.yaml_file import MAX_BYTES, read_yaml


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        yield workspace


TASK = Task.model_validate({"kind": "qa", "name": "qa"})


def test_yaml_that_is_too_long_no_text_or_no_settings(tmp_path: Path) -> None:
    file = tmp_path / "task.yaml"
    file.write_bytes(b"a: " + b"x" * MAX_BYTES)
    with pytest.raises(InvalidInput, match="are read as YAML"):
        read_yaml(file)
    file.write_bytes(b"name: \xff\n")
    with pytest.raises(InvalidInput, match=r"is not UTF-8 text \(byte 6\)"):
        read_yaml(file)
    file.write_text("- one\n- two\n")
    with pytest.raises(InvalidInput, match="holds no settings"):
        load_task(file)


@pytest.mark.parametrize("value", ["two words", "", "a'b", "line\nbreak"])
def test_what_is_no_key_is_not_written(tmp_path: Path, value: str) -> None:
    with pytest.raises(InvalidInput, match="What was given for LAMBDA_API_KEY is no key"):
        settings.set_credentials(tmp_path, {"LAMBDA_API_KEY": value})
    assert not (tmp_path / ".env").exists()


def test_an_env_file_that_is_no_text_is_neither_read_nor_written(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"KEY=\xff\xfe\n")
    with pytest.raises(HoneError, match="cannot be read"):
        settings.credential(("KEY",), tmp_path)
    with pytest.raises(HoneError, match="cannot be written"):
        settings.set_credentials(tmp_path, {"OTHER": "abc"})
    assert (tmp_path / ".env").read_bytes() == b"KEY=\xff\xfe\n"
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


@pytest.mark.parametrize("named", ["soon", "0", "-3", "inf"])
def test_a_time_that_is_none_is_refused(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONE_SUPERVISOR_IDLE_SECONDS", named)
    with pytest.raises(InvalidInput, match=f'HONE_SUPERVISOR_IDLE_SECONDS is "{named}"'):
        settings.supervisor_idle_seconds()


def test_a_lock_that_another_holds_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    told = {"refused": "It is held.", "hint": "Wait."}
    with (
        holding(tmp_path / "lock", within=1, **told),
        pytest.raises(Conflict, match="It is held"),
        holding(tmp_path / "lock", within=0.05, **told),
    ):
        pytest.fail("two hold one lock")


def test_a_header_of_weights_that_says_nothing_is_named(tmp_path: Path) -> None:
    header = json.dumps({"w": {"dtype": "F32"}}).encode()
    file = tmp_path / "model.safetensors"
    file.write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
    with pytest.raises(InvalidInput, match=r"the header of model.safetensors cannot be read"):
        read_shapes(file)


def test_questions_of_a_folder_and_of_broken_lines(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is a folder"):
        list(read_questions(tmp_path, TASK, needs_answers=False))
    broken = tmp_path / "rows.jsonl"
    broken.write_text("{not json\n" * 3)
    with pytest.raises(InvalidInput, match="holds no row that can be read") as told:
        list(read_questions(broken, TASK, needs_answers=False))
    assert len(told.value.problems) == 3


def test_questions_of_no_kind(tmp_path: Path) -> None:
    odd = tmp_path / "odd.txt"
    odd.write_text('\f{"question": "Who?"}\n')  # a page break before JSON
    with pytest.raises(InvalidInput, match=r"odd\.txt is no file of examples that Hone") as told:
        list(read_questions(odd, TASK, needs_answers=False))
    assert told.value.hint == "Give JSONL, JSON or CSV."


def test_a_template_without_messages_renders_nothing(repository: Path) -> None:
    template = Template.load(repository / "src" / "hone" / "bundled" / "hone-nano")
    with pytest.raises(HoneError, match="There are no messages to render"):
        template.render([], add_generation_prompt=True)


def test_results_that_are_not_there_or_lie_elsewhere_are_not_taken(ws: Workspace) -> None:
    folder = JobFolder(ws.jobs / submit(ws, new_job("train", {}), {}).id)
    with pytest.raises(HoneError, match="has no result"):
        verify(folder)
    outside = Artefact(path="../../secret", sha256="0" * 64, bytes=1)
    folder.claim()
    folder.write_result(Result(artefacts=[outside]))
    with pytest.raises(HoneError, match=r"\.\./\.\./secret lies outside its folder"):
        verify(folder)


def test_who_waits_for_a_job_is_told_that_it_goes_on(ws: Workspace) -> None:
    folder = JobFolder(ws.jobs / submit(ws, new_job("train", {}), {}).id)
    folder.claim()
    with pytest.raises(HoneError, match=r"has not ended within 0\.01 seconds; it goes on"):
        follow(folder, deadline_seconds=0.01)
    assert os.getpid() == folder.identity().pid  # type: ignore[union-attr]
    folder.release()


def test_who_waits_for_a_job_is_told_what_it_said_when_it_failed(ws: Workspace) -> None:
    folder = JobFolder(ws.jobs / submit(ws, new_job("train", {}), {}).id)
    folder.append("failed", error="it broke", hint="")
    with pytest.raises(HoneError) as told:
        follow(folder)
    assert told.value.message == "it broke"
    assert told.value.hint == f"hone jobs resume {folder.path.name}"


def test_flags_and_promotions_are_of_examples_that_are_there(ws: Workspace) -> None:
    with pytest.raises(NotFound, match='There is no example "nobody"'):
        ws.store.promotions.promote("nobody", [], reviewer="ann")
    said = Said("one", "nobody", "ann", "confirm", "evaluate-1", "pickup@v1", "[]", "[]", 0.0)
    with pytest.raises(NotFound, match='There is no example "nobody"') as told:
        ws.store.flags.resolve(said)
    assert told.value.hint == "hone flags list"


def test_a_dataset_is_named_so_that_it_can_be_a_folder(ws: Workspace) -> None:
    manifest = Manifest(
        name="../up", version=1, task="qa", format="sft", template="", seed=0, query={}, splits={},
        sha256="",
    )  # fmt: skip
    with pytest.raises(InvalidInput, match=r'"\.\./up" cannot name a dataset'):
        ws.store.datasets.freeze(manifest, [])
