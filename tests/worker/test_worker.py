"""The worker: one command for every job, whose every outcome is an event and an exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hone.records.job import Job
from hone.rendering.messages import messages_of
from hone.rendering.tokens import Renderer
from hone.worker.times import active_seconds
from hone.workspace.job_folder import JobFolder
from tests.engine.small import TASK, copy_rows, frozen, make_job, make_small_base
from tests.loop.kills import Start, environment, prepared, run_to_end


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_small_base(tmp_path_factory.mktemp("bases") / "small")


def failure(folder: JobFolder) -> dict[str, Any]:
    return [event.model_extra or {} for event in folder.events() if event.type == "failed"][-1]


def make_evaluation(folder: Path, contenders: list[dict[str, Any]], count: int) -> JobFolder:
    job = Job(
        id=folder.name,
        kind="evaluate",
        created_at=datetime(2026, 11, 20, tzinfo=UTC),
        spec={
            "task": TASK,
            "on": "copy@1/test",
            "contenders": contenders,
            "max_new_tokens": 6,
            "batch_size": 4,
            "seed": 0,
        },
    )
    lines = [
        {"id": row["id"], "input": {"question": row["prompt"][1]["content"]}, "context": [],
         "output": None, "answer": row["completion"][0]["content"], "tags": []}
        for row in copy_rows(count)
    ]  # fmt: skip
    shots = [{"input": {"question": "milk"}, "answer": "milk"}] * 2
    inputs: dict[str, Path | str | bytes] = {
        "examples.jsonl": "".join(json.dumps(line) + "\n" for line in lines),
        "shots.jsonl": "".join(json.dumps(shot) + "\n" for shot in shots),
    }
    return JobFolder.create(folder, job, inputs=inputs)


def predictions(folder: JobFolder, name: str) -> list[dict[str, Any]]:
    lines = (folder.predictions / f"{name}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def begin() -> Iterator[Start]:
    """As a process that imports for itself the worker trains once below."""
    with prepared("1") as start:
        yield start


def test_a_folder_without_a_job_is_a_user_error(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hone.worker", str(tmp_path)],
        capture_output=True, text=True, env=environment(),
    )  # fmt: skip
    assert done.returncode == 1
    assert "There is no job" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_the_user_can_mend_is_a_failed_event_with_a_hint(
    base: Path, tmp_path: Path, begin: Start
) -> None:
    long_rows = [
        {"prompt": [{"role": "user", "content": "?"}],
         "completion": [{"role": "assistant", "content": "word " * 300}]}
    ]  # fmt: skip
    folder = make_job(tmp_path / "train-1", base, rows=(long_rows, []))
    assert run_to_end(folder, begin) == 1
    assert "Not one of 1 training rows can be learned" in failure(folder)["error"]
    assert "the limit is 128" in failure(folder)["error"]
    assert "data.max_seq_length" in failure(folder)["hint"]
    assert folder.state() == "failed"
    assert "Traceback" not in folder.log.read_text()


def test_a_bug_leaves_its_trace_in_the_log_and_exits_70(
    base: Path, tmp_path: Path, begin: Start
) -> None:
    folder = make_job(tmp_path / "train-1", base, options={"training.epochs": {}})
    assert run_to_end(folder, begin) == 70
    assert failure(folder)["error"].startswith("KeyError")
    assert "Traceback" in folder.log.read_text()
    assert folder.state() == "failed"


def test_a_dry_run_builds_everything_and_leaves_nothing(
    base: Path, tmp_path: Path, begin: Start
) -> None:
    options = frozen(**{"training.dry_run": True, "training.epochs": 0})
    folder = make_job(tmp_path / "train-1", base, options=options, dry_run=True)
    assert run_to_end(folder, begin) == 0, folder.log.read_text()
    result = folder.result()
    assert result is not None and result.artefacts == []
    assert result.metrics["trained_parameters"] < result.metrics["parameters"]
    assert 3 < result.metrics["loss"] < 10
    assert not folder.final.exists() and not any(folder.path.glob("checkpoints/*"))
    assert not any(event.type == "metric" for event in folder.events())


def test_a_training_leaves_model_tokenizer_curves_and_says_what_it_did(
    base: Path, tmp_path: Path
) -> None:
    options = frozen(**{"training.epochs": 2, "training.early_stopping_evals": 50})
    options["report_to"] = {"value": ["tensorboard"], "source": "recipe"}
    folder = make_job(tmp_path / "train-1", base, options=options)
    assert run_to_end(folder) == 0, folder.log.read_text()
    result = folder.result()
    assert result is not None
    names = {artefact.path for artefact in result.artefacts}
    assert names == {
        f"final/{name}"
        for name in ("adapter_config.json", "adapter_model.safetensors", "hone.json",
                     "chat_template.jinja", "tokenizer.json", "tokenizer_config.json")
    }  # fmt: skip
    about = json.loads((folder.final / "hone.json").read_text())
    assert about["base"]["id"] == "small" and "path" not in about["base"]
    assert about["template"] == Renderer.load(base).fingerprint
    assert about["lora"]["lora.r"] == 4
    assert {"eval_loss", "train_loss", "best_step"} <= set(result.metrics)
    assert list((folder.path / "logs").glob("events.out.tfevents.*"))
    metrics = [event.model_extra or {} for event in folder.events() if event.type == "metric"]
    trained = [one["values"] for one in metrics if "loss" in one["values"]]
    assert {
        "loss",
        "learning_rate",
        "grad_norm",
        "tokens_per_second",
        "epoch",
        "memory_gib",
    } <= set(trained[-1])
    progress = [event.model_extra or {} for event in folder.events() if event.type == "progress"]
    assert progress[-1] == {"done": 10, "total": 10, "eta_seconds": 0.0}
    steps = [one["step"] for one in metrics if "eval_loss" in one["values"]]
    assert steps == [5, 10]


def test_everybody_answers_and_a_cut_off_file_is_gone_on_with(
    base: Path, tmp_path: Path, begin: Start
) -> None:
    contenders = [
        {"name": "base", "generator": "model", "options": {"base": str(base)}},
        {"name": "few-shot", "generator": "model", "shots": 2, "options": {"base": str(base)}},
    ]
    folder = make_evaluation(tmp_path / "evaluate-1", contenders, 10)
    assert run_to_end(folder, begin) == 0, folder.log.read_text()
    whole = {name: predictions(folder, name) for name in ("base", "few-shot")}
    assert {one["id"] for one in whole["base"]} == {f"row-{n}" for n in range(10)}
    assert all(0 < one["confidence"] <= 1 and one["seconds"] > 0 for one in whole["base"])
    assert folder.result() is not None
    # As after a kill: three whole lines and a torn one; only the rest is asked for again.
    path = folder.predictions / "base.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:3]) + lines[3][:20])
    for name in ("result.json", "identity.json"):
        (folder.path / name).unlink()
    assert run_to_end(folder, begin) == 0, folder.log.read_text()
    kept = [line for line in path.read_text().splitlines() if line.endswith("}")]
    again = {one["id"]: one["text"] for one in map(json.loads, kept)}
    assert again == {one["id"]: one["text"] for one in whole["base"]}
    assert len(kept) == 10
    assert predictions(folder, "few-shot") == whole["few-shot"]


def test_few_shot_prompts_hold_the_worked_examples(base: Path) -> None:
    from hone.records.task import Task

    shots = [({"question": "milk"}, "milk")]
    messages = messages_of(Task.model_validate(TASK), {"question": "tea"}, answer=None, shots=shots)
    text = Renderer.load(base).prompt(messages).text
    assert text.index("milk") < text.index("tea")


def test_a_kind_without_a_worker_is_refused(tmp_path: Path, begin: Start) -> None:
    job = Job(id="host-1", kind="host", created_at=datetime(2026, 11, 20, tzinfo=UTC), spec={})
    folder = JobFolder.create(tmp_path / "host-1", job)
    assert run_to_end(folder, begin) == 1
    assert 'the kind "host"' in failure(folder)["error"]


def test_no_database_and_no_server_is_loaded(base: Path, tmp_path: Path) -> None:
    contenders = [{"name": "base", "generator": "model", "options": {"base": str(base)}}]
    folder = make_evaluation(tmp_path / "evaluate-1", contenders, 2)
    script = (
        "import sys\n"
        "from hone.worker.__main__ import main\n"
        f"assert main([{str(folder.path)!r}]) == 0\n"
        "import hone.engine.watch, hone.methods.sft\n"
        "found = {'sqlalchemy', 'alembic', 'dbos', 'fastapi', 'typer'} & set(sys.modules)\n"
        "assert not found, found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment()
    )
    assert done.returncode == 0, done.stderr


def test_the_time_of_all_attempts_is_counted_without_the_pauses(tmp_path: Path) -> None:
    from hone.records.job import Event

    def at(second: int, kind: str) -> Event:
        return Event(seq=second, at=datetime(2026, 11, 20, 12, 0, second, tzinfo=UTC), type=kind)

    events = [at(0, "attempt"), at(5, "metric"), at(20, "attempt"), at(22, "metric")]
    assert active_seconds(events, now=datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)) == 15.0
