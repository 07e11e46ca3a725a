"""A qa task end to end: exact match, token F1, ROUGE-L and BLEU of a version in its report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hone.metrics import bleu, exact_match, rouge, token_f1
from hone.records.evaluation import Evaluation
from hone.records.example import Example
from hone.records.task import Task
from hone.stages.evaluate import evaluate, finish
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import Filter, new_example
from tests.stages.answering import RATIOS, Answers, register, write_base
from tests.targets.here import Here

NOUNS = "river mountain candle harbour engine violin lantern orchard basket window".split()


def question(number: int) -> str:
    return f"What stands {number * 7919} steps behind the {NOUNS[number % 10]} of page {number}?"


def answer(number: int) -> str:
    return f"Behind the {NOUNS[number % 10]} stands the old {NOUNS[(number * 3) % 10]}."


def partly_right(contender: str, example: Mapping[str, Any]) -> str:
    number = int(str(example["input"]["question"]).split()[-1].rstrip("?"))
    if contender == "base":
        return "I do not know."
    return answer(number) if number % 3 else "the old window stands."


def make(root: Path) -> Workspace:
    ws = init_workspace(root, task=Task(kind="qa", name="catechism"))
    write_base(ws.root / "small")
    rows = [
        Example.model_validate(
            {
                "id": f"q{number:03}",
                "task": "catechism",
                "input": {"question": question(number)},
                "suggestions": [{"agent": "import", "output": {"answer": answer(number)}}],
                "fingerprint": f"f{number}",
            }
        )
        for number in range(60)
    ]
    ws.store.examples.add_many(new_example(one, search=str(one.input)) for one in rows)
    ws.store.journal.bulk("all", "accept", Filter(status=("pending",)), reviewer="ann")
    build_dataset(ws, "catechism", BuildOptions.model_validate({"ratios": RATIOS}))
    register(ws, "catechism", dataset="catechism@1", task="catechism")
    return ws


def test_the_four_metrics_of_answers_stand_in_the_report(tmp_path: Path) -> None:
    with make(tmp_path / "ws") as ws:
        job = evaluate(ws, "catechism", target=Here(Answers(partly_right)))
        found = finish(ws, job.id)
        (path,) = ws.reports.glob("eval_catechism@v1_*.json")
        report = Evaluation.model_validate_json(path.read_text())
        assert report == found and [row.contender for row in report.rows] == [
            "base", "few-shot", "retrieval", "catechism@v1"
        ]  # fmt: skip
        asked = [
            json.loads(line)
            for line in (ws.jobs / job.id / "inputs" / "examples.jsonl").read_text().splitlines()
        ]
        said = [partly_right("catechism@v1", one) for one in asked]
        truth = [one["answer"] for one in asked]
        figures = report.rows[-1].metrics
        squad = exact_match.Options(normalise="squad")
        assert figures["exact_match"].value == exact_match.run(said, truth, squad).total
        assert figures["token_f1"].value == pytest.approx(token_f1.run(said, truth).total)
        assert figures["rouge_l"].value == pytest.approx(rouge.run(said, truth).total)
        assert figures["bleu"].value == pytest.approx(bleu.run(said, truth).total)
        assert 0.5 < figures["exact_match"].value < 0.8 and report.rows[-1].bands["green"]
        assert report.rows[-1].score.value == pytest.approx(figures["token_f1"].value)
        metadata = json.loads((ws.models / "catechism" / "v1" / "metadata.json").read_text())
        assert metadata["metrics"].keys() >= {"exact_match", "token_f1", "rouge_l", "bleu"}
