"""Every format through the whole build: splits, quarantine, counts and bytes hold for each."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hone import shelf
from hone.errors import InvalidInput
from hone.records.dataset import SPLITS, ExampleQuery, SplitRatios
from hone.records.task import Task
from hone.rendering.tokens import Renderer
from hone.stages.prepare import BuildOptions, build_dataset, compare_datasets
from hone.workspace.bases import find_base
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import Filter, new_example
from tests.stages.prepare.conftest import row
from tests.stages.prepare.mixed import (
    BOOK,
    NEWS,
    built,
    content,
    grow,
    members,
    mixed,
    rows_in,
    split_ids,
)

FORMATS = shelf.names("formats")
TASK_OF = {"regression": NEWS}


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_reviews_and_seed_give_the_same_bytes(
    name: str, tmp_path: Path, opened: list[Workspace]
) -> None:
    for place in ("one", "two"):
        opened.append(mixed(tmp_path / place, 80, 5, task=TASK_OF.get(name, BOOK)))
    first, second = (built(one, name) for one in opened)
    assert content(first.folder) == content(second.folder)
    assert set(content(first.folder)) == {
        *("train.jsonl", "val.jsonl", "test.jsonl"),
        *("members.jsonl", "kept_out.jsonl", "manifest.json"),
    }
    assert not built(opened[0], name).is_new


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(30, 90))
def test_nothing_is_lost_and_nothing_stands_twice(name: str, seed: int, count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = mixed(Path(folder) / "ws", count, seed, task=TASK_OF.get(name, BOOK))
        done = built(workspace, name)
        wanted = set(shelf.load("formats", name).STATUSES)
        reviewed = {
            one.id: one for one in workspace.store.examples.iterate() if one.status in wanted
        }
        workspace.close()
        by_split = split_ids(done.folder)
        standing = [one for ids in by_split.values() for one in ids]
        assert len(standing) == len(set(standing)), "an id stands in two splits"
        listed = members(done.folder)
        assert {one["id"]: one["split"] for one in listed} == {
            one: split for split, ids in by_split.items() for one in ids
        }
        assert len(listed) == len(standing)
        out = {one.id for one in done.kept_out}
        assert set(standing) | out == set(reviewed), "an example is neither in nor kept out"
        counted = {split: len(rows_in(done.folder, split)) for split in by_split}
        assert counted == {name: file.rows for name, file in done.manifest.splits.items()}
        reasons = Counter(one.reason for one in done.kept_out)
        assert done.manifest.kept_out == dict(reasons)
        weights = {one["id"]: one["weight"] for one in listed}
        rows = [one for split in by_split for one in rows_in(done.folder, split)]
        assert all(weights[one["id"]] == one["weight"] for one in rows)
        if not any("cut through" in note for note in done.manifest.notes):
            groups = {(reviewed[one].group, split) for split in by_split for one in by_split[split]}
            assert len({g for g, _ in groups if g}) == len([g for g, _ in groups if g])


@pytest.mark.parametrize("name", FORMATS)
def test_growing_keeps_every_example_in_its_split(
    name: str, tmp_path: Path, opened: list[Workspace]
) -> None:
    workspace = mixed(tmp_path / "ws", 90, 3, task=TASK_OF.get(name, BOOK))
    opened.append(workspace)
    first = built(workspace, name)
    grow(workspace, range(90, 150), 4)
    second = built(workspace, name)
    assert second.is_new
    assert compare_datasets(workspace, "book@1", "book@2").moved == []
    kept = split_ids(second.folder)
    assert all(ids <= kept[split] for split, ids in split_ids(first.folder).items())


@pytest.mark.parametrize("name", ["raft", "dpo", "kto"])
def test_what_was_tested_in_one_format_never_trains_in_another(
    name: str, tmp_path: Path, opened: list[Workspace]
) -> None:
    workspace = mixed(tmp_path / "ws", 90, 3)
    opened.append(workspace)
    tested = split_ids(built(workspace, "sft").folder)
    done = build_dataset(
        workspace,
        "other",
        BuildOptions(format=name, ratios=SplitRatios(train=1, val=0, test=0, probe=0)),
    )
    trained = split_ids(done.folder)["train"]
    assert trained and not trained & (tested["val"] | tested["test"])
    assert done.manifest.kept_out["quarantine"]


def test_every_row_of_a_kto_example_stands_in_its_split(
    tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(mixed(tmp_path / "ws", 90, 3))
    done = built(opened[0], "kto", edited_weight="2", rejected_weight=0.5)
    rows = [one for split in SPLITS[:3] for one in rows_in(done.folder, split)]
    several = Counter(one["id"] for one in rows)
    assert max(several.values()) == 2
    assert f"{len(rows)} rows of {len(several)} examples." in done.manifest.notes
    # Where there are two, the edit is true and what it replaced is false.
    pairs = {id: [r["label"] for r in rows if r["id"] == id] for id in several if several[id] > 1}
    assert all(labels == [True, False] for labels in pairs.values())
    assert {one["weight"] for one in members(done.folder)} == {1.0, 2.0, 0.5}
    assert done.manifest.options["format_options"] == {"edited_weight": 2, "rejected_weight": 0.5}
    assert done.manifest.query["status"] == ["accepted", "edited", "rejected"]


def twins(folder: Path, groups: tuple[str | None, ...]) -> Workspace:
    """Forty questions, each asked twice with another answer; the second of a pair is rejected."""
    workspace = init_workspace(folder, task=Task(kind="qa", name="catechism"))
    rows = []
    for number in range(80):
        one = row(number // 2, group=groups[number % 2])
        answer = [one.suggestions[0].model_copy(update={"output": {"answer": f"It is {number}."}})]
        rows.append(one.model_copy(update={"id": f"t{number:03}", "suggestions": answer}))
    workspace.store.examples.add_many(new_example(one, search="") for one in rows)
    for verdict, places in (("accept", range(0, 80, 2)), ("reject", range(1, 80, 2))):
        ids = tuple(f"t{number:03}" for number in places)
        workspace.store.journal.bulk(verdict, verdict, Filter(ids=ids), reviewer="ann")
    return workspace


def test_judgements_of_one_question_stay_together(tmp_path: Path, opened: list[Workspace]) -> None:
    opened.append(twins(tmp_path / "ws", (None, None)))
    done = built(opened[0], "kto")
    assert done.manifest.kept_out == {}
    assert {split: file.rows for split, file in done.manifest.splits.items()} == {
        "train": 64,
        "val": 8,
        "test": 8,
    }
    for ids in split_ids(done.folder).values():
        assert {int(id[1:]) // 2 for id in ids} == {
            int(id[1:]) // 2 for id in ids if id[-1] in "02468"
        }
        assert len(ids) == 2 * len({int(id[1:]) // 2 for id in ids})
    # A format with one answer per question keeps the first of each.
    query = ExampleQuery(status=["accepted"])
    assert build_dataset(opened[0], "plain", BuildOptions(query=query)).manifest.kept_out == {}


def test_judgements_of_one_question_in_two_groups_cannot_stay_together(
    tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(twins(tmp_path / "ws", (None, "late")))
    done = built(opened[0], "kto")
    assert done.manifest.kept_out == {"duplicate": 40}


def test_a_dataset_of_pairs_says_so_when_there_are_none(
    tmp_path: Path, opened: list[Workspace]
) -> None:
    workspace = init_workspace(tmp_path / "ws", task=Task(kind="qa", name="catechism"))
    opened.append(workspace)
    workspace.store.examples.add_many(new_example(row(number), search="") for number in range(10))
    workspace.store.journal.bulk("all", "accept", Filter(), reviewer="ann")
    with pytest.raises(InvalidInput, match=r"it needs a pair.*\(10 no_pair\)") as caught:
        built(workspace, "dpo")
    assert caught.value.problems[0].startswith("e00000: Accepted")
    assert list(workspace.datasets.iterdir()) == []


def test_every_label_that_does_not_fit_is_kept_out_with_the_reason(
    tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(mixed(tmp_path / "ws", 90, 3, task=NEWS))
    done = built(opened[0], "regression")
    assert done.manifest.options["dimensions"] == ["agency", "progress"]
    wrong = [one for one in done.kept_out if one.reason == "invalid"]
    assert len(wrong) == done.manifest.kept_out["invalid"] > 0
    assert all("progress must lie from 0 to 10" in one.detail for one in wrong)
    lines = (done.folder / "kept_out.jsonl").read_text().splitlines()
    assert {json.loads(line)["detail"] for line in lines} == {one.detail for one in done.kept_out}


@pytest.mark.parametrize("name", ["sft", "raft", "dpo", "kto"])
def test_rows_that_are_too_long_are_kept_out_whole(
    name: str, tmp_path: Path, opened: list[Workspace]
) -> None:
    workspace = mixed(tmp_path / "ws", 60, 3)
    opened.append(workspace)
    base = find_base(workspace, "hone-nano").path
    renderer, module = Renderer.load(base), shelf.load("formats", name)
    whole = built(workspace, name)
    tokens: dict[str, int] = {}
    for one in (one for split in SPLITS[:3] for one in rows_in(whole.folder, split)):
        lengths = [
            len(renderer.training_row(conversation, 9999).input_ids)
            for conversation in module.conversations(one)
        ]
        tokens[one["id"]] = max(tokens.get(one["id"], 0), *lengths, 0)
    limit = sorted(tokens.values())[len(tokens) * 2 // 3]
    options = BuildOptions(format=name, max_tokens=limit, base=base)
    done = build_dataset(workspace, "short", options)
    out = {one.id for one in done.kept_out if one.reason == "too_long"}
    assert out == {id for id, count in tokens.items() if count > limit} and out
    # What repeats a row that is too long may now stand in its place.
    assert (
        set(tokens) - out
        <= set().union(*split_ids(done.folder).values())
        <= set(tokens) | {one.id for one in whole.kept_out}
    )
    assert not out & set().union(*split_ids(done.folder).values())
    with pytest.raises(InvalidInput, match="longer than 8 tokens"):
        build_dataset(workspace, "none", options.model_copy(update={"max_tokens": 8}))


def test_tokens_of_a_row_without_a_conversation_are_not_counted(
    tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(mixed(tmp_path / "ws", 30, 3, task=NEWS))
    base = find_base(opened[0], "hone-nano").path
    options = BuildOptions(format="regression", max_tokens=100, base=base)
    with pytest.raises(InvalidInput, match="their tokens cannot be counted"):
        build_dataset(opened[0], "news", options)


def test_options_that_do_not_fit_are_named_together(
    tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(mixed(tmp_path / "ws", 30, 3))
    with pytest.raises(InvalidInput) as caught:
        built(opened[0], "raft", distracters=3, without_golden_share=2)
    assert len(caught.value.problems) == 2
    assert 'Did you mean "distractors"?' in caught.value.hint
    with pytest.raises(InvalidInput, match="qa task cannot be written as regression"):
        built(opened[0], "regression")
    assert list(opened[0].datasets.iterdir()) == []


def test_decisions_of_a_chosen_status_alone(tmp_path: Path, opened: list[Workspace]) -> None:
    workspace = init_workspace(tmp_path / "ws", task=BOOK)
    opened.append(workspace)
    grow(workspace, range(60), 1)
    options = BuildOptions(format="kto", query=ExampleQuery(status=["rejected"]))
    done = build_dataset(workspace, "bad", options)
    assert {one["label"] for one in rows_in(done.folder, "train")} == {False}
