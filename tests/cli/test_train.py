"""`hone train` and `hone jobs` as a person meets them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.cli.run import run
from hone.cli.told import duration
from hone.records.model import ModelVersion
from hone.stages import jobs
from hone.stages.evaluate import what_comes_next
from hone.workspace.open import Workspace, init_workspace
from tests.faults.gates import DEADLINE_SECONDS, Gate, fake_target
from tests.faults.orders import training
from tests.stages.doctor.frozen import answer_row, freeze_rows
from tests.stages.training_set import freeze, make_small_base

RECIPE = """\
# hone train recipe.yaml --plan
base: small
dataset: faith
lora: {r: 2}
training: {epochs: 2, threads: 1}
"""


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "ws") as workspace:
        make_small_base(workspace.root / "small")
        freeze(workspace, "faith", 20, 4)
        (workspace.root / "recipe.yaml").write_text(RECIPE)
        monkeypatch.chdir(workspace.root)
        yield workspace


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert run(words) == code
    out, err = capsys.readouterr()
    return out if code == 0 else err


def answered(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    return json.loads(said(capsys, *words, "--json"))


def test_a_plan_shows_what_it_would_do_and_writes_nothing(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, "train", "recipe.yaml", "--plan")
    for part in ("faith@1: 20 rows, 4 for validation", "10 (2 epochs of 5)", "GiB: fits", "$0.00"):
        assert part in text
    assert "training.epochs" in text and "recipe" in text and "chosen: LoRA of" in text
    assert not list(ws.jobs.iterdir())
    plan = answered(capsys, "train", "recipe.yaml", "--plan", "--set", "training.epochs=1")
    assert plan["plan"]["steps"] == 5 and plan["missing"] == ["--confirm-run was not given"]
    assert plan["plan"]["options"]["training.epochs"] == {"value": 1.0, "source": "--set"}


def test_a_base_that_is_not_here_is_planned_for_with_the_cards_that_it_fits_on(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("train", "recipe.yaml", "--set", "base=Qwen/Qwen2.5-7B-Instruct")
    text = said(capsys, *words, "--plan")
    for part in ("7,615,616,512 weights", "does not fit", "would fit on", "A40", "by its shape"):
        assert part in text
    answer = answered(capsys, *words)
    assert answer["plan"]["is_base_here"] is False and answer["plan"]["train"]["sampled"] == 0
    assert "hf download Qwen/Qwen2.5-7B-Instruct" in answer["missing"][-1]
    assert {"card", "count", "verdict", "memory_gib", "hours", "usd"} == set(answer["cards"][0])
    assert "not on this machine" in said(capsys, *words, "--confirm-run", code=1)
    assert not list(ws.jobs.iterdir())


def test_bases_are_listed_with_what_adapting_them_needs(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "models", "bases")
    for part in ("Qwen/Qwen2.5-7B-Instruct", "apache-2.0", "llama3.2", "unknown", "rank 16"):
        assert part in text
    first = answered(capsys, "models", "bases")[0]
    assert first["base"]["id"] == "Qwen/Qwen2.5-0.5B-Instruct"
    assert 0 < first["lora_gib"]["low"] < first["lora_gib"]["high"]


def test_without_a_confirmation_it_says_what_is_missing_and_exits_0(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(
        capsys,
        "train",
        "recipe.yaml",
        "--set",
        "training.dry_run=true",
        "--set",
        "training.epochs=0",
    )
    assert "Nothing was started" in text
    for part in ("--confirm-run was not given", "dry_run is true", "epochs is 0"):
        assert part in text
    assert not list(ws.jobs.iterdir())


def test_a_confirmed_run_that_lacks_something_exits_3_and_names_it(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(
        capsys, "train", "recipe.yaml", "--confirm-run", "--set", "training.epochs=0", code=3
    )
    assert "training.epochs is 0" in text and len(text.strip().splitlines()) == 2
    config = ws.root / "hone.yaml"
    config.write_text(config.read_text().replace("setup_mode: false", "setup_mode: true"))
    if "setup_mode: true" not in config.read_text():
        config.write_text(config.read_text() + "\nsetup_mode: true\n")
    text = said(capsys, "train", "recipe.yaml", "--confirm-run", code=3)
    assert "setup mode" in text


def test_mistakes_are_two_lines_and_exit_1(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, "train", "recipe.yaml", "--set", "dataset=faiht", code=1)
    assert text.splitlines()[0] == 'There is no dataset "faiht".' and "Did you mean" in text
    assert len(text.splitlines()) == 2
    text = said(capsys, "train", "recipe.yaml", "--set", "training.epohcs=1", "--on", "x", code=1)
    assert "did you mean training.epochs?" in text
    assert "no recipe" in said(capsys, "train", "nowhere.yaml", code=1)
    assert run(["train", "recipe.yaml", "--plan", "--confirm-run"]) == 2


@pytest.mark.parametrize("asked", ["--plan", "--confirm-run"])
def test_rows_from_which_nothing_could_be_learned_are_two_lines(
    ws: Workspace, capsys: pytest.CaptureFixture[str], asked: str
) -> None:
    rows = [answer_row(f"What is {n}?", f"It is {n}.") for n in range(6)]
    freeze_rows(ws, {"train": rows, "val": []}, name="long")
    changes = ("--set", "dataset=long", "--set", "data.max_seq_length=8")
    first, second = said(capsys, "train", "recipe.yaml", asked, *changes, code=1).splitlines()
    assert "none of 6 rows fits max_seq_length 8: no answer could be learned" in first
    assert second.startswith("Try: hone datasets doctor long@1 --base small --max-length N")
    # What is named is a command that works, and says the same.
    assert run(["datasets", "doctor", "long@1", "--base", "small", "--max-length", "8"]) == 1
    out, err = capsys.readouterr()
    assert "nothing would be trained: no answer of 6 rows fits 8 tokens" in out + err
    assert ws.store.jobs.list() == [] and not list(ws.jobs.glob("*/job.json"))


def test_whatever_is_missing_comes_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    init_workspace(tmp_path / "new").close()
    monkeypatch.chdir(tmp_path / "new")
    text = said(capsys, "train", "extract_lora", "--dry-run", code=1)
    assert "Try: hone import FILE; hf download meta-llama/" in text
    # A plan needs no base on this machine.
    text = said(capsys, "train", "extract_lora", "--plan", code=1)
    assert text.endswith("Try: hone import FILE\n")


def test_a_job_that_has_printed_nothing_says_where_its_log_is(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    job = jobs.submit(ws, training(), {"train.jsonl": "{}\n"})
    log = ws.jobs / job.id / "worker.log"
    text = said(capsys, "jobs", "logs", job.id)
    assert text == f"Its worker has printed nothing yet; the log is {log}.\n"
    assert answered(capsys, "jobs", "logs", job.id) == {"lines": []}


def test_what_comes_next_is_an_evaluation_that_works(ws: Workspace) -> None:
    trained = ModelVersion(name="faith", version="v1", kind="full", base="small", dataset="faith@1")
    assert what_comes_next(ws, trained) == "hone evaluate faith@v1 --data FILE"
    freeze(ws, "tested", 20, 4, test=4)
    tested = trained.model_copy(update={"dataset": "tested@1"})
    assert what_comes_next(ws, tested) == "hone evaluate faith@v1"
    scores = {"gives": "numbers", "method": "regression"}
    asked = tested.model_copy(update={"details": scores})
    assert what_comes_next(ws, asked) == "hone evaluate faith@v1"
    judge = tested.model_copy(update={"details": {**scores, "method": "reward"}})
    assert "training.reward=faith@v1" in what_comes_next(ws, judge)


def test_jobs_can_be_listed_shown_followed_and_read(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "no jobs yet" in said(capsys, "jobs", "list")
    job = jobs.launch(ws, training(fake={"steps": 3}), {}, target=fake_target())
    assert "succeeded" in said(capsys, "jobs", "watch", job.id)
    assert job.id in said(capsys, "jobs", "list") and "3/3" in said(capsys, "jobs", "list")
    assert answered(capsys, "jobs", "list")[0]["state"] == "succeeded"
    shown = answered(capsys, "jobs", "show", job.id[:20])
    assert shown["status"]["id"] == shown["job"]["id"] == job.id
    assert "eval_loss" in said(capsys, "jobs", "show", job.id)
    assert said(capsys, "jobs", "logs", job.id) == "the fake worker begins\n"
    assert answered(capsys, "jobs", "logs", job.id) == {"lines": ["the fake worker begins"]}
    text = said(capsys, "jobs", "resume", job.id, code=1)
    assert "nothing to resume" in text and len(text.splitlines()) == 2
    assert "already succeeded" in said(capsys, "jobs", "stop", job.id, code=1)
    assert 'no job "x"' in said(capsys, "jobs", "show", "x", code=1)


def test_a_running_job_is_stopped_with_a_checkpoint(
    ws: Workspace, gate: Gate, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = {"waits_for_stop": True, "gate": str(gate.path)}
    job = jobs.launch(ws, training(fake=fake), {}, target=fake_target())
    gate.wait("training")
    text = said(capsys, "jobs", "stop", job.id)
    assert "Stopped, with a checkpoint." in text and f"hone jobs resume {job.id}" in text
    assert answered(capsys, "jobs", "show", job.id)["status"]["state"] == "cancelled"


ATTACHED = """
import sys
from pathlib import Path
from hone.cli.follow import follow
from hone.cli.train import finish
from hone.stages import jobs
from hone.workspace.open import open_workspace
from tests.faults.gates import fake_target
from tests.faults.orders import training
with open_workspace(Path(sys.argv[1])) as ws:
    fake = {"waits_for_stop": True, "gate": sys.argv[2], "ignores_stop": sys.argv[3] == "deaf"}
    job = jobs.launch(ws, training(fake=fake), {}, target=fake_target())
    state = follow(ws, job.id, stops_on_interrupt=True, is_silent=False)
    finish(ws, job.id, state, json=False)
"""


def attach(ws: Workspace, gate: Gate, repository: Path, how: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", ATTACHED, str(ws.root), str(gate.path), how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=repository,
    )
    gate.wait("training")
    # It follows when it has shown the first line of the job.
    assert process.stderr is not None and "training started" in process.stderr.readline()
    return process


def test_ctrl_c_stops_with_a_checkpoint_and_says_how_to_go_on(
    ws: Workspace, gate: Gate, repository: Path
) -> None:
    process = attach(ws, gate, repository, "hears")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 130
    assert "Stopping with a checkpoint" in err
    [job] = jobs.list_jobs(ws)
    assert job.state == "cancelled" and "Stopped at step 1 of 4." in out
    assert f"hone jobs resume {job.id}" in out


def test_a_second_ctrl_c_lets_go_and_the_job_stops_by_itself(
    ws: Workspace, gate: Gate, repository: Path
) -> None:
    process = attach(ws, gate, repository, "deaf")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert "Stopping with a checkpoint" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 130 and "Left it alone" in err
    [job] = jobs.list_jobs(ws)
    assert job.state == "running" and jobs.folder_of(ws, job.id).is_stop_requested
    jobs.stop(ws, job.id, deadline_seconds=0)


def test_a_job_that_fails_while_it_is_followed_exits_with_its_reason(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    job = jobs.launch(ws, training(fake={"fails": True}), {}, target=fake_target())
    assert "failed. it broke" in said(capsys, "jobs", "watch", job.id)
    text = said(capsys, "jobs", "show", job.id)
    assert "it broke" in text and "Try: mend it" in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (65, "1 min 05 s"), (3600, "1 h 00 min"), (90061, "25 h 01 min")],
)
def test_durations_are_short_words(seconds: float, text: str) -> None:
    assert duration(seconds) == text
