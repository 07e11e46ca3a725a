"""The files that others read keep their names and meanings: one golden example of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from hone.records.dataset import Manifest, Member
from hone.records.evaluation import Evaluation
from hone.records.model import ModelVersion
from hone.stages.evaluate import evaluate, finish
from hone.workspace.files import write_json
from hone.workspace.open import Workspace
from tests.stages.answering import Answers, make_workspace, register
from tests.targets.here import Here

FIXTURES = Path(__file__).parent.parent / "fixtures" / "formats"


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with make_workspace(tmp_path_factory.mktemp("golden") / "ws") as workspace:
        register(workspace)
        finish(workspace, evaluate(workspace, "pickup", target=Here(Answers())).id)
        yield workspace


def assert_reads_and_writes(name: str, record: type[BaseModel], tmp_path: Path) -> dict[str, Any]:
    text = (FIXTURES / name).read_text(encoding="utf-8")
    value = record.model_validate_json(text)
    write_json(tmp_path / name, value.model_dump(mode="json"))
    assert (tmp_path / name).read_text(encoding="utf-8") == text
    return json.loads(text)


def test_metadata_json_of_a_version_reads_and_writes_the_same(
    ws: Workspace, tmp_path: Path
) -> None:
    golden = assert_reads_and_writes("metadata.json", ModelVersion, tmp_path)
    # The contract of the format; further keys may come.
    assert golden.keys() >= {
        "hone", "name", "version", "base", "parents", "dataset", "job", "kind", "metrics",
        "runtime_seconds", "cost_usd", "target", "licence", "sha256",
    }  # fmt: skip
    assert golden["metrics"]["field_f1"].keys() == {"value", "low", "high", "on"}
    written = json.loads((ws.models / "pickup" / "v1" / "metadata.json").read_text())
    assert list(written) == list(golden)


def test_eval_json_reads_and_writes_the_same(ws: Workspace, tmp_path: Path) -> None:
    golden = assert_reads_and_writes("eval.json", Evaluation, tmp_path)
    (path,) = ws.reports.glob("eval_*.json")
    written = json.loads(path.read_text())
    assert list(written) == list(golden)
    assert list(written["rows"][0]) == list(golden["rows"][0])
    assert written["rows"][0]["score"].keys() == golden["rows"][0]["score"].keys()


def test_manifest_json_reads_and_writes_the_same(ws: Workspace, tmp_path: Path) -> None:
    golden = assert_reads_and_writes("manifest.json", Manifest, tmp_path)
    assert golden.keys() >= {
        "hone", "name", "version", "format", "template", "seed", "query", "splits", "kept_out",
        "sha256",
    }  # fmt: skip
    assert golden["splits"]["train"].keys() == {"rows", "sha256"}
    written = json.loads((ws.datasets / "pickup@1" / "manifest.json").read_text())
    assert list(written) == list(golden)


def test_members_jsonl_reads_and_writes_the_same(ws: Workspace) -> None:
    lines = (FIXTURES / "members.jsonl").read_text(encoding="utf-8").splitlines()
    assert [Member.model_validate_json(line).model_dump_json() for line in lines] == lines
    written = (ws.datasets / "pickup@1" / "members.jsonl").read_text().splitlines()
    assert len(written) == 60 and list(json.loads(written[0])) == list(json.loads(lines[0]))


def test_an_evaluation_of_a_later_version_with_unknown_keys_is_refused_not_misread() -> None:
    golden = json.loads((FIXTURES / "eval.json").read_text())
    with pytest.raises(ValueError, match="extra"):
        Evaluation.model_validate({**golden, "weighted": True})


def test_metadata_of_a_later_version_keeps_the_keys_that_this_one_does_not_know() -> None:
    golden = json.loads((FIXTURES / "metadata.json").read_text())
    later = ModelVersion.model_validate({**golden, "signed_by": "ann"})
    assert later.model_dump(mode="json")["signed_by"] == "ann"
