"""The next dataset version: every correction trains, nothing else moves, a control is beside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.errors import HoneError, InvalidInput, NotFound
from hone.records.task import Task
from hone.stages.flags import Saying, find_flags, resolve
from hone.workspace.files import write_atomically
from hone.workspace.open import Workspace
from tests.stages.flags.flagged import WRONG, answer, make_flagged, split_of, wrong_on


def rows(ws: Workspace, ref: str, split: str) -> list[dict[str, Any]]:
    file = ws.datasets / ref / f"{split}.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()]


def corrected(ws: Workspace) -> set[str]:
    return set(ws.store.flags.standing())


def test_every_correction_trains_and_nothing_else_moves(ws: Workspace) -> None:
    before = {split: split_of(ws, split) for split in ("train", "val", "test", "probe")}
    found = loop.apply_feedback(ws)
    assert (found.dataset, found.of, found.is_new) == ("pickup@2", "pickup@1", True)
    assert found.corrections == {"confirm": 15, "edit": 5} and found.left_out == []
    assert found.moved == {"probe to train": 20}
    assert (found.added, found.removed, found.rewritten) == (0, 0, 20)
    ids = corrected(ws)
    after = {split: split_of(ws, split, "pickup@2") for split in before}
    assert after["train"] == before["train"] | ids
    assert after["probe"] == before["probe"] - ids
    assert (after["val"], after["test"]) == (before["val"], before["test"])
    answers = {row["id"]: row["completion"][0]["content"] for row in rows(ws, "pickup@2", "train")}
    for id in ids:
        assert json.loads(answers[id]) == ws.store.examples.get(id).output
    kept = ws.store.datasets.get("pickup@2").options["feedback"]
    assert kept["of"] == "pickup@1"
    said = {one.seq: id for id, some in ws.store.flags.standing().items() for one in some}
    assert {said[seq] for seq in kept["corrections"].values()} == ids


def test_the_control_is_the_same_bytes_without_the_corrections(ws: Workspace) -> None:
    found = loop.apply_feedback(ws)
    assert found.control == "pickup-control@1"
    ids = corrected(ws)
    whole = rows(ws, "pickup@2", "train")
    assert rows(ws, "pickup-control@1", "train") == [one for one in whole if one["id"] not in ids]
    for split in ("val", "test", "probe"):
        one, other = (ws.datasets / ref / f"{split}.jsonl" for ref in ("pickup@2", found.control))
        assert one.read_bytes() == other.read_bytes()
    loop.check_files(ws, found.control)
    manifest = ws.store.datasets.get(found.control)
    assert (manifest.options["control_of"], manifest.options["without"]) == ("pickup@2", 20)


def test_applied_twice_feedback_changes_nothing(ws: Workspace) -> None:
    first = loop.apply_feedback(ws)
    again = loop.apply_feedback(ws)
    assert not again.is_new
    assert (again.dataset, again.control) == (first.dataset, first.control)
    assert again.corrections == first.corrections
    assert len(ws.store.datasets.list()) == 3


def test_later_corrections_make_a_further_version_that_keeps_the_earlier_ones(
    ws: Workspace,
) -> None:
    loop.apply_feedback(ws)
    earlier = corrected(ws)
    answer(ws, "pickup@v1", wrong_on(1), on="pickup@2/probe")
    for flag in find_flags(ws).flags[:3]:
        resolve(ws, flag, Saying("confirm", "ann"))
    found = loop.apply_feedback(ws)
    assert (found.dataset, found.of, found.corrections) == (
        "pickup@3", "pickup@2", {"confirm": 3},
    )  # fmt: skip
    assert earlier < corrected(ws) <= split_of(ws, "train", "pickup@3")
    made = ws.store.datasets.get("pickup@3").options["feedback"]["corrections"]
    assert set(made) == corrected(ws) - earlier


def test_pairs_hold_the_correction_beside_what_the_model_answered(ws: Workspace) -> None:
    found = loop.apply_feedback(ws, format="dpo")
    assert (found.dataset, found.control) == ("pickup-dpo@1", None)
    made = [*rows(ws, found.dataset, "train"), *rows(ws, found.dataset, "val")]
    pairs = {(one["id"], one["rejected"][0]["content"]): one["chosen"] for one in made}
    for id in corrected(ws):
        (message,) = pairs[id, WRONG]
        assert json.loads(message["content"]) == ws.store.examples.get(id).output
    # An edit also replaces what had been expected until then.
    edited = [id for id in corrected(ws) if ws.store.examples.get(id).status == "edited"]
    assert all(sum(id == one for one, _ in pairs) == 2 for id in edited)
    assert not {one["id"] for one in made} & split_of(ws, "test")


def test_judgements_hold_what_was_rejected(ws: Workspace) -> None:
    flag = find_flags(ws).flags[0]
    resolve(ws, flag, Saying("reject", "ann"))
    found = loop.apply_feedback(ws, format="kto")
    assert found.rejected == 1
    made = [*rows(ws, found.dataset, "train"), *rows(ws, found.dataset, "val")]
    judged = {
        (one["id"], one["completion"][0]["content"]): one["label"]
        for one in made
    }  # fmt: skip
    assert judged[flag.id, flag.expected] is False
    for id in corrected(ws) - {flag.id}:
        assert judged[id, WRONG] is False
        right = {text for (one, text), label in judged.items() if one == id and label}
        assert [json.loads(text) for text in right] == [ws.store.examples.get(id).output]


def test_a_version_with_a_replay_keeps_it(ws: Workspace) -> None:
    from tests.stages.flags.test_promote import add

    add(ws, range(501, 561))
    ratios = {"train": 0.5, "val": 0.1, "test": 0.2, "probe": 0.2}
    loop.build_dataset(
        ws, "later", ratios=ratios, replay="pickup@1", replay_rows=10,
        query={"files": ["b.csv"]},
    )  # fmt: skip
    found = loop.apply_feedback(ws, "later")
    options = ws.store.datasets.get(found.dataset).options
    assert (options["replay"]["of"], options["replay"]["rows"]) == ("pickup@1", 10)
    assert found.corrections and {id for id in corrected(ws)} >= split_of(
        ws, "train", found.dataset
    ) - split_of(ws, "train", "later@1") - split_of(ws, "train", "pickup@1")


def test_a_rejected_flag_leaves_the_dataset(ws: Workspace) -> None:
    flag = find_flags(ws).flags[0]
    resolve(ws, flag, Saying("reject", "ann"))
    found = loop.apply_feedback(ws)
    assert (found.removed, found.rejected) == (1, 1)
    assert not any(flag.id in split_of(ws, split, "pickup@2") for split in ("train", "probe"))


def test_a_correction_that_cannot_train_is_named_with_its_reason(ws: Workspace) -> None:
    gone, *_ = sorted(corrected(ws))
    from hone.records.review import Decision

    later = Decision(op_id="later", example_id=gone, verdict="skip", reviewer="ben")
    ws.store.journal.decide([later])
    found = loop.apply_feedback(ws)
    assert [(one.id, one.why) for one in found.left_out] == [(gone, "it is skipped now")]
    assert sum(found.corrections.values()) == 19


def test_a_correction_moves_its_group_out_of_the_probe_split(tmp_path: Path) -> None:
    from hone.workspace.store import Filter, new_example
    from tests.stages.answering import example, message

    with make_flagged(tmp_path / "ws") as ws:
        fresh = [
            example(number).model_copy(update={"group": f"thread {number % 8}"})
            for number in range(201, 281)
        ]
        ws.store.examples.add_many(new_example(one, search=message(one.position)) for one in fresh)
        ws.store.journal.bulk("new", "accept", Filter(status=("pending",)), reviewer="ann")
        ratios = {"train": 0.4, "val": 0.1, "test": 0.2, "probe": 0.3}
        loop.build_dataset(ws, "threads", ratios=ratios, query={"files": ["b.csv"]})
        answer(ws, "pickup@v1", wrong_on(2), on="threads@1/probe")
        grouped = [one for one in find_flags(ws).flags if ws.store.examples.get(one.id).group]
        resolve(ws, grouped[0], Saying("confirm", "ann"))
        group = ws.store.examples.get(grouped[0].id).group
        loop.apply_feedback(ws, "threads")
        placed = {
            member.split
            for member in ws.store.datasets.members("threads@2")
            if ws.store.examples.get(member.id).group == group
        }
        assert placed == {"train"}


def test_nothing_corrected_says_where_to_begin(tmp_path: Path) -> None:
    with make_flagged(tmp_path / "ws") as ws:
        with pytest.raises(HoneError, match="No flag was corrected yet"):
            loop.apply_feedback(ws)
        with pytest.raises(InvalidInput, match="No flag of the task pickup was corrected"):
            loop.apply_feedback(ws, "pickup")


def test_a_dataset_of_another_task_is_refused(ws: Workspace) -> None:
    other = Task(kind="qa", name="catechism")
    write_atomically(ws.root / "tasks" / "catechism.yaml", "kind: qa\nname: catechism\n")
    file = ws.root / "qa.csv"
    lines = [f"What is thing number {n * 7919}?,Thing {n} of many." for n in range(12)]
    file.write_text("Question,Answer\n" + "\n".join(lines) + "\n")
    loop.import_examples(ws, file, task=other.name, accept_as="ann")
    loop.build_dataset(ws, "answers", task=other.name)
    with pytest.raises(InvalidInput, match="No flag of the task catechism was corrected"):
        loop.apply_feedback(ws, "answers")
    with pytest.raises(NotFound, match='There is no dataset "nothing"'):
        loop.apply_feedback(ws, "nothing")
    assert [one.ref for one in ws.store.datasets.list()] == ["answers@1", "pickup@1"]
