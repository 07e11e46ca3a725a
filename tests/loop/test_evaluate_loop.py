"""Evaluate, predict and load with the real worker and a small random base on the CPU."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.errors import HoneError
from hone.records.evaluation import Contender
from hone.rendering.messages import messages_of
from hone.rendering.tokens import Renderer
from hone.stages import jobs, registry
from hone.stages.evaluate import evaluate, evaluate_options, finish
from hone.stages.predict import predict_file, predict_message, predict_options
from hone.workspace.open import Workspace, open_workspace
from hone.workspace.predictions import read_predictions
from tests.faults.gates import wait_until
from tests.loop.here import worker_here
from tests.loop.kills import prepared, run_to_end
from tests.loop.really import make_answering
from tests.stages.answering import Lines, message, register, write_lines
from tests.targets.here import Here

pytestmark = pytest.mark.loop


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose base really answers, and an adapter on it that changes every answer."""
    root = tmp_path_factory.mktemp("built") / "ws"
    make_answering(root).close()
    return root


@pytest.fixture
def ws(built: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(built, tmp_path / "ws")
    with open_workspace(tmp_path / "ws") as workspace:
        yield workspace


def test_everybody_answers_in_the_worker_and_the_figures_come_back(ws: Workspace) -> None:
    control = Contender(
        name="random", generator="model",
        options={"base": str(ws.root / "small"), "init": "random", "init_seed": 5},
    )  # fmt: skip
    options = evaluate_options(further=[control], shots=2, max_new_tokens=12, batch_size=8)
    seen: list[tuple[int, int | None]] = []
    found = finish(
        ws,
        evaluate(ws, "pickup", options).id,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    names = ["base", "few-shot", "retrieval", "rules", "pickup@v1", "random"]
    assert [row.contender for row in found.rows] == names
    assert seen[-1] == (6 * 24, 6 * 24)
    rules = found.rows[3]
    assert rules.score.value > 0.9 and found.rows[0].score.value == 0
    assert found.differences["pickup@v1 - rules"].value < -0.9
    folder = jobs.folder_of(ws, str(found.job))
    answers = {
        name: read_predictions(folder.predictions / f"{name}.jsonl").answers for name in names
    }
    # A random base may say nothing at all; how sure it is of that differs with what it was asked.
    sure = {
        name: tuple(one.confidence for one in by_id.values()) for name, by_id in answers.items()
    }
    assert len(set(sure.values())) == 5
    assert set(sure.pop("rules")) == set(sure.pop("retrieval")) == {None}
    assert all(0 < (one or 0) <= 1 for those in sure.values() for one in those)
    assert all(one.seconds > 0 for one in answers["base"].values())


def test_a_worker_killed_on_the_way_goes_on_and_ends_with_the_same_answers(ws: Workspace) -> None:
    options = evaluate_options(rows=["base", "tuned"], max_new_tokens=24, batch_size=1)
    whole = finish(ws, evaluate(ws, "pickup", options).id)
    job = evaluate(ws, "pickup", options)
    folder = jobs.folder_of(ws, job.id)
    file = folder.predictions / "base.jsonl"
    wait_until(lambda: file.is_file() and file.read_bytes().count(b"\n") >= 3, "three answers")
    identity = folder.identity()
    assert identity is not None
    os.kill(identity.pid, signal.SIGKILL)
    wait_until(lambda: not folder.is_alive(), "the worker is dead")
    with pytest.raises(HoneError, match="ended without a word"):
        finish(ws, job.id)
    answered = len(read_predictions(file).answers)
    assert 3 <= answered < 24
    again = evaluate(ws, "pickup", options)
    assert again.id == job.id
    second = finish(ws, job.id)
    assert [row.score for row in second.rows] == [row.score for row in whole.rows]
    for name in ("base", "pickup@v1"):
        assert list(ws.store.evaluations.scores(second.id, name)) == [
            one._replace() for one in ws.store.evaluations.scores(whole.id, name)
        ]
    assert len(ws.store.evaluations.list()) == 2


KILLS = (("base", 1), ("base", 10), ("base", 23), ("pickup@v1", 2), ("pickup@v1", 17))
"""Whose answers are counted, and at how many of 24 the worker is killed."""


@pytest.mark.parametrize("batch_size", [1, 4])
def test_killed_again_and_again_it_asks_nobody_twice_and_leaves_the_same_bytes(
    ws: Workspace, batch_size: int
) -> None:
    options = evaluate_options(rows=["base", "tuned"], max_new_tokens=24, batch_size=batch_size)
    whole = evaluate(ws, "pickup", options, target=worker_here())
    finish(ws, whole.id)
    job = evaluate(ws, "pickup", options, target=Here(lambda folder: None))
    folder = jobs.folder_of(ws, job.id)
    hit = 0
    with prepared("1", "2") as start:
        for name, count in KILLS:
            file = folder.predictions / f"{name}.jsonl"
            process = start(folder)
            wait_until(
                lambda file=file, count=count, process=process: (
                    process.poll() is not None
                    or (file.is_file() and file.read_bytes().count(b"\n") >= count)
                ),
                f"{count} answers of {name}",
            )
            process.kill()
            hit += process.wait(60) == -9
        assert run_to_end(folder, start) == 0
    assert hit >= 3
    finish(ws, job.id)
    for name in ("base", "pickup@v1"):
        lines = Lines.of(folder.predictions / f"{name}.jsonl").rows
        before = Lines.of(ws.jobs / whole.id / "predictions" / f"{name}.jsonl").rows
        # Each example once: nothing that was answered was asked again.
        assert sorted(one["id"] for one in lines) == sorted({one["id"] for one in before})
        assert [told(one) for one in lines] == [told(one) for one in before]
    for pattern in ("data/metrics/eval_*_examples.jsonl", "reports/eval_*.csv"):
        first, second = (file.read_bytes() for file in sorted(ws.root.glob(pattern)))
        assert first == second


def told(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != "seconds"}


def test_one_message_and_a_file_are_answered_alike(ws: Workspace) -> None:
    options = predict_options(max_new_tokens=12, method="both")
    one = predict_message(ws, message(7), options, target=worker_here())
    assert [answer.by for answer in one.answers] == ["rules", "pickup@v1"]
    assert one.agree is False and (one.answers[1].confidence or 0) > 0
    source = write_lines(ws.root / "in.jsonl", [{"message": message(n)} for n in range(5, 10)])
    report = predict_file(ws, (source, ws.root / "out.jsonl"), options)
    rows = Lines.of(Path(report.output)).rows
    assert [row["row"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[2]["answers"][1]["text"] == one.answers[1].text
    assert report.seconds_per_message["pickup@v1"] > 0
    assert jobs.show(ws, str(report.job)).state == "succeeded"


def test_a_loaded_model_answers_as_the_worker_does(ws: Workspace) -> None:
    model, tokenizer, device = registry.load_model(ws, "pickup")
    prompt = Renderer.load(ws.root / "small").prompt(
        messages_of(ws.task("pickup"), {"message": message(7)}, answer=None)
    )
    import torch

    with torch.no_grad():
        made = model.generate(
            torch.tensor([prompt.ids], device=device),
            max_new_tokens=12,
            do_sample=False,
            eos_token_id=tokenizer.pad_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    text = tokenizer.decode(made[0][len(prompt.ids) :], skip_special_tokens=True).strip()
    options = predict_options(max_new_tokens=12)
    answer = predict_message(ws, message(7), options, target=worker_here()).answers[0]
    assert text == answer.text
    assert str(device) == "cpu"


def test_a_comparison_asks_whoever_has_not_answered_and_the_base_twice(ws: Workspace) -> None:
    register(ws, files=ws.root / "adapter")
    found = loop.compare(ws, ["pickup@v1", "pickup@v2"], max_new_tokens=6)
    first, second = sorted(ws.store.evaluations.list(), key=lambda one: one.at)
    assert [row.contender for row in first.rows] == [
        "base", "few-shot", "retrieval", "rules", "pickup@v1", "pickup@v2",
    ]  # fmt: skip
    assert [row.contender for row in second.rows] == ["base"]
    assert found.noise.examples == found.examples == 24 and found.noise.value is not None
    # The same weights under another name: nothing is won, and nothing proven equal.
    same = found.pairs[0]
    assert (same.one, same.other, same.finding) == ("pickup@v1", "pickup@v2", "same")
    assert loop.compare(ws, ["pickup@v1", "pickup@v2"]).pairs == found.pairs
    assert len(ws.store.evaluations.list()) == 2
