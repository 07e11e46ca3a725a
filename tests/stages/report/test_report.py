"""A report holds what is known of a version, says what is not, and takes no markup from records."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.cli.run import run as hone
from hone.errors import InvalidInput
from hone.records.job import Result
from hone.records.report import Provenance
from hone.stages import jobs, registry
from hone.stages import report as reporting
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from tests.stages.answering import Answers, by_plan, make_workspace, register
from tests.stages.evaluate.running import run
from tests.targets.here import Here

HOSTILE = "</pre><script>alert(1)</script>`|[x](javascript:alert(2))"


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with make_workspace(tmp_path / "ws") as workspace:
        register(workspace, job=trained(workspace), details={"method": "sft"})
        yield workspace


def trained(ws: Workspace) -> str:
    """A training's job with settings and losses, as the report reads them."""

    def work(folder: JobFolder) -> None:
        for step in (1, 2, 3):
            folder.append("metric", step=step, values={"loss": 2.0 / step})
        folder.append("metric", step=3, values={"eval_loss": 0.9})
        folder.write_result(Result(runtime_seconds=61.0))

    options = {
        "method": {"value": "sft", "source": "default"},
        "base": {"value": "small", "source": "recipe"},
        "training.epochs": {"value": 3, "source": "--set"},
        "training.seed": {"value": 0, "source": "default"},
        "lora.r": {"value": 8, "source": "recipe"},
    }
    spec: dict[str, Any] = {
        "method": "sft", "dataset": {"name": "pickup@1"}, "options": options, "environment": {},
    }  # fmt: skip
    job = jobs.launch(ws, jobs.new_job("train", spec), {}, target=Here(work))
    ws.store.jobs.mark_settled(job.id)
    return job.id


def written(ws: Workspace, ref: str = "pickup@v1", *, format: str = "html") -> str:
    provenance = Provenance.model_validate(registry.model_info(ws, ref).model_dump())
    facts = reporting.gather(ws, provenance, loop.judge_gate(ws, ref))
    path = reporting.write_report(ws, facts, format=format)
    assert path.parent == ws.reports and path.suffix == f".{format}"
    return path.read_text()


class Elements(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_everything_that_is_known_stands_in_it(ws: Workspace) -> None:
    found = run(ws)
    page = Elements(written(ws))
    score = found.rows[-1].score
    for told in (
        "pickup@v1 is a LoRA adapter on small, for the task pickup.",
        f"Its field_f1 is {score.value:.3f} [{score.low:.3f}, {score.high:.3f}] on pickup@1/test",
        "pickup@v1 - few-shot: +",
        "a.csv", "ann", "accepted",
        "training.epochs", "--set",
        "What it gets wrong",
        "hone train recipe.yaml --confirm-run", '  epochs: 3', 'dataset: "pickup@1"',
    ):  # fmt: skip
        assert told in page.text, told
    assert {"svg", "polyline", "circle"} <= page.names


def test_the_recipe_in_it_is_one_that_can_be_read(ws: Workspace) -> None:
    from hone.stages.train.recipe import check_recipe
    from hone.workspace.yaml_file import parse_yaml

    text = Elements(written(ws)).text
    recipe = re.search(r"(method: .*?)\n\n# hone train", text, re.DOTALL)
    assert recipe is not None
    checked = check_recipe(parse_yaml(recipe.group(1), "the report"))
    assert checked.recipe.dataset == "pickup@1" and checked.value("training.epochs") == 3


def test_a_version_that_was_never_evaluated_says_so(ws: Workspace) -> None:
    text = Elements(written(ws)).text
    assert "It was not evaluated on its test split: nothing here says how good it is." in text
    assert "None yet: hone evaluate pickup@v1" in text and "Nothing was asked yet." in text


def test_what_is_gone_is_said_and_keeps_nothing_from_being_written(ws: Workspace) -> None:
    import shutil

    bare = register(ws, "bare", dataset="gone@7", job="train-20200101-000000-gone")
    shutil.rmtree(ws.models / "bare")
    text = Elements(written(ws, bare)).text
    assert "Its dataset, gone@7, is no longer in this workspace." in text
    assert "Its job's folder is gone, and with it the settings." in text
    assert "adapter_model.safetensors is gone from its folder." in text


@pytest.mark.parametrize("format", ["html", "md"])
def test_records_stay_text(ws: Workspace, format: str) -> None:
    def hostile(contender: str, one: Mapping[str, Any]) -> str:
        return HOSTILE if contender == "pickup@v1" else by_plan(contender, one)

    run(ws, target=Here(Answers(hostile)))
    register(ws, "pickup", licence={"data": HOSTILE}, details={"method": "sft"})
    for ref in ("pickup@v1", "pickup@v2"):
        text = written(ws, ref, format=format)
        if format == "html":
            page = Elements(text)
            assert not page.names & {"script", "iframe", "img", "object", "a", "form"}
            assert not [name for name in page.attributes if name.startswith("on")]
            assert "default-src 'none'" in text and HOSTILE in page.text
        else:
            assert "<script" not in text.replace("\\<script", "").replace("`</pre><script", "")
            assert "](javascript" not in text.replace("\\](", "").replace("[x](", "")


def test_comparisons_gate_and_failures_stand_in_it(ws: Workspace) -> None:
    second = register(ws, "pickup", details={"method": "sft"})
    ws.store.models.set_active("pickup@v1")
    worse = {second: lambda one: "[]"}

    def answer(contender: str, one: Mapping[str, Any]) -> str:
        return worse[contender](one) if contender in worse else by_plan(contender, one)

    run(ws, target=Here(Answers(answer)))
    run(ws, second, target=Here(Answers(answer)))
    loop.compare(ws, [second, "pickup@v1"], repeats_base=False)
    text = Elements(written(ws, second)).text
    assert "pickup@v2 - pickup@v1" in text and "worse" in text
    assert "The gate says:" in text and "must win" in text
    assert "The 10 lowest scores on pickup@1/test, in full." in text


def test_the_command_writes_it_and_names_the_file(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--workspace", str(ws.root)]
    assert hone(["report", "pickup", "--format", "md", *place]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert (
        Path(said.removeprefix("Wrote ").rstrip(".")).read_text().startswith("# Report on pickup")
    )
    assert hone(["report", "pickup", "--json", *place]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["model"] == "pickup@v1" and Path(told["report"]).suffix == ".html"
    assert hone(["report", "pikcup", *place]) == 1
    assert "pickup" in capsys.readouterr().err


def test_an_unknown_form_is_refused_with_those_there_are(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match='no form "pdf"') as caught:
        written(ws, format="pdf")
    assert "html, md" in caught.value.hint
