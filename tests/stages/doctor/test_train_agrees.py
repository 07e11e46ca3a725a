"""What the doctor calls untrainable, `hone train` refuses, and its hint leads to the doctor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.records.dataset import Manifest
from hone.stages.doctor import DoctorOptions, Report, examine
from hone.stages.train.prepare import Prepared, prepare_training
from hone.workspace.open import Workspace
from tests.stages.doctor.frozen import answer_row, freeze_rows
from tests.stages.training_set import CPU, make_small_base

Make = Callable[..., Workspace]


def planned(ws: Workspace, manifest: Manifest, limit: int) -> Prepared:
    recipe: dict[str, Any] = {
        "base": "hone-nano",
        "dataset": manifest.ref,
        "lora": {"r": 2},
        "data": {"max_seq_length": limit},
    }
    return prepare_training(ws, recipe, machine=CPU)


def looked_at(ws: Workspace, manifest: Manifest, limit: int) -> Report:
    options = DoctorOptions(max_length=limit, examples=0)
    return examine(ws, (manifest, ws.datasets / manifest.ref), options)


def test_answers_that_fit_nowhere_are_refused_by_both(make_ws: Make) -> None:
    ws = make_ws()
    rows = [answer_row(f"What is {n * 7919}?", f"{n} " + "word " * 200) for n in range(4)]
    manifest = freeze_rows(ws, {"train": rows, "val": []})
    [problem] = looked_at(ws, manifest, 64).problems
    assert problem.what == "nothing would be trained: no answer of 4 rows fits 64 tokens"
    with pytest.raises(InvalidInput, match="none of 4 rows fits max_seq_length 64") as refused:
        planned(ws, manifest, 64)
    assert "hone datasets doctor set@1 --base hone-nano" in refused.value.hint
    # What the doctor offers, works.
    offered = int(problem.mend.rpartition("=")[2])
    train = planned(ws, manifest, offered).plan.train
    assert (train.too_long, train.shortened, train.longest) == (0, 0, offered)


def test_both_count_the_same(make_ws: Make) -> None:
    ws = make_ws()
    rows = [
        answer_row("why " * (n % 60) + str(n), "so " * (n % 80 + 1) + str(n)) for n in range(150)
    ]
    manifest = freeze_rows(ws, {"train": rows, "val": rows[30:90]})
    report = looked_at(ws, manifest, 96)
    plan = planned(ws, manifest, 96).plan
    for split, planned_count in (("train", plan.train), ("val", plan.val)):
        found = report.splits[split]
        assert planned_count is not None and found.refused_rows > 0 and found.cut_rows > 0
        assert (found.rows, found.tokens, found.longest) == (
            planned_count.rows,
            planned_count.tokens,
            planned_count.longest,
        )
        assert found.trained_tokens == planned_count.trained_tokens
        assert found.refused_rows == planned_count.too_long
        assert found.cut_rows == planned_count.shortened


STRICT = """\
{% for one in messages %}{% if "Why" in one["content"] %}\
{{ raise_exception("No whys") }}{% endif %}{% endfor %}"""


def test_rows_that_the_template_does_not_take_are_refused_by_both(make_ws: Make) -> None:
    ws = make_ws()
    base = make_small_base(ws.root / "small")
    template = (base / "chat_template.jinja").read_text()
    (base / "chat_template.jinja").write_text(STRICT + template)
    rows = [answer_row(f"Why is it {n}?", f"It is {n}.") for n in range(4)]
    manifest = freeze_rows(ws, {"train": rows, "val": []})
    options = DoctorOptions(base="small", examples=0)
    [problem] = examine(ws, (manifest, ws.datasets / manifest.ref), options).problems
    assert "nothing would be trained: all 4 rows are left out (row 1: " in problem.what
    assert "refuses these messages: No whys" in problem.what
    assert problem.mend.startswith("--base another one: the template of small")
    recipe = {"base": "small", "dataset": manifest.ref, "lora": {"r": 2}}
    with pytest.raises(InvalidInput, match="not one token of 4 rows would be trained") as refused:
        prepare_training(ws, recipe, machine=CPU)
    assert refused.value.hint.startswith("Take another base")


def test_the_same_answer_everywhere_is_refused_by_both(make_ws: Make) -> None:
    ws = make_ws()
    rows = [answer_row(f"What is {n * 7919}?", "Yes.") for n in range(4)]
    manifest = freeze_rows(ws, {"train": rows, "val": []})
    [problem] = looked_at(ws, manifest, 64).problems
    with pytest.raises(InvalidInput) as refused:
        planned(ws, manifest, 64)
    assert problem.what == "all 4 answers are the same: 'Yes.'"
    assert refused.value.message == "All 4 answers are the same: 'Yes.'."
