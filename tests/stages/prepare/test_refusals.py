"""What cannot be frozen, read, replayed or laid out is refused with what to do instead."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hone import shelf
from hone.errors import HoneError, InvalidInput, NotFound
from hone.records.dataset import SPLITS
from hone.records.review import Decision
from hone.records.task import Task
from hone.rendering.tokens import Renderer
from hone.stages.feedback.apply import as_built
from hone.stages.prepare import (
    BuildOptions,
    build_dataset,
    check_files,
    export_dataset,
    freeze_without,
)
from hone.stages.prepare.loaded import MOST_BYTES, Prepared, load_prepared
from hone.workspace.bases import find_base
from hone.workspace.open import Workspace
from tests.stages.answering import write_lines
from tests.stages.prepare.conftest import accept_all, fill, row
from tests.stages.prepare.mixed import built, mixed, rows_in, split_ids

Make = Callable[..., Workspace]


def test_without_examples_there_is_nothing_to_learn_from(make_workspace: Make) -> None:
    workspace = make_workspace(0)
    with pytest.raises(InvalidInput) as told:
        build_dataset(workspace, "catechism")
    what = "No example of the task catechism can be trained on: there are no examples of it."
    assert (told.value.message, told.value.hint) == (what, "hone import FILE")
    other = Task(kind="qa", name="other")
    (workspace.root / "tasks" / "other.yaml").write_text(other.model_dump_json())
    fill(workspace, [row(1)])
    with pytest.raises(InvalidInput, match="of the task other can be trained on") as told:
        build_dataset(workspace, "catechism", BuildOptions(task="other"))
    assert told.value.hint == "--task catechism, where the examples are"


def test_tokens_are_counted_by_a_base(make_workspace: Make) -> None:
    with pytest.raises(HoneError, match="Tokens cannot be counted without a base") as told:
        build_dataset(make_workspace(20), "catechism", BuildOptions(max_tokens=100))
    assert told.value.hint.startswith("add --base hone-nano")


def test_a_split_whose_finished_rows_are_all_too_long_is_named(
    tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(workspace := mixed(tmp_path / "ws", 40, 3))
    base = find_base(workspace, "hone-nano").path
    renderer, module = Renderer.load(base), shelf.load("formats", "raft")
    folder = built(workspace, "raft").folder
    shortest = {
        split: min(
            len(renderer.training_row(conversation, 9999).input_ids)
            for one in rows_in(folder, split)
            for conversation in module.conversations(one)
        )
        for split in SPLITS[:3]
    }
    split = max(shortest, key=shortest.__getitem__)
    limit = shortest[split] - 1
    assert limit >= min(shortest.values())
    options = BuildOptions(format="raft", max_tokens=limit, base=base)
    with pytest.raises(InvalidInput) as told:
        build_dataset(workspace, "short", options)
    assert f"{split} is longer than {limit} tokens." in told.value.message
    assert told.value.hint == "raise --max-tokens, or ask for fewer distractors"
    assert not list(workspace.datasets.glob("*short*"))


def test_a_control_without_a_row_is_none(make_workspace: Make) -> None:
    workspace = make_workspace(20)
    folder = build_dataset(workspace, "catechism").folder
    with pytest.raises(InvalidInput, match="nothing of catechism@1 is left to train on") as told:
        freeze_without(workspace, "catechism@1", split_ids(folder)["train"], "control")
    assert told.value.hint.startswith("review more examples")
    assert [path.name for path in workspace.datasets.iterdir()] == ["catechism@1"]


def test_turns_that_alpaca_cannot_hold_are_refused(make_workspace: Make, tmp_path: Path) -> None:
    workspace = make_workspace(0)
    asked = [{"role": "user", "content": "One?"}, {"role": "user", "content": "Two?"}]
    file = write_lines(tmp_path / "given.jsonl", [{"prompt": asked, "completion": "Both."}])
    load_prepared(workspace, "given", Prepared(file, file.name))
    with pytest.raises(HoneError, match="alpaca layout holds question and answer in turn") as told:
        export_dataset(workspace, "given", tmp_path / "out", layout_name="alpaca")
    assert told.value.hint == "export with --layout trl or --layout sharegpt"


def test_a_prepared_file_is_not_larger_than_can_be_checked(
    make_workspace: Make, tmp_path: Path
) -> None:
    file = tmp_path / "huge.jsonl"
    with file.open("wb") as sparse:
        sparse.truncate(MOST_BYTES + 1)
    with pytest.raises(InvalidInput, match=r"huge\.jsonl is larger than 1 GiB") as told:
        load_prepared(make_workspace(0), "huge", Prepared(file, file.name))
    assert told.value.hint == "Load it in parts."


def test_a_dataset_whose_files_are_gone_is_built_again(make_workspace: Make) -> None:
    workspace = make_workspace(20)
    shutil.rmtree(build_dataset(workspace, "catechism").folder)
    with pytest.raises(NotFound, match="files of the dataset catechism@1 are gone from") as told:
        check_files(workspace, "catechism@1")
    assert told.value.hint.startswith("hone datasets build catechism ")


def test_only_what_may_train_is_replayed(make_workspace: Make) -> None:
    workspace = make_workspace(30)
    trained = split_ids(build_dataset(workspace, "catechism").folder)["train"]
    fill(workspace, [row(number) for number in range(30, 50)])
    accept_all(workspace, "more")
    rejects = [
        Decision(op_id=f"no-{id}", example_id=id, verdict="reject", reviewer="ann")
        for id in sorted(trained)
    ]
    workspace.store.journal.decide(rejects)
    options = BuildOptions(replay="catechism@1", replay_rows=5)
    with pytest.raises(InvalidInput, match="No example of catechism@1 can be replayed") as told:
        build_dataset(workspace, "newer", options)
    assert told.value.hint.startswith("leave out --replay")
    other = Task(kind="qa", name="other")
    (workspace.root / "tasks" / "other.yaml").write_text(other.model_dump_json())
    with pytest.raises(InvalidInput, match="belongs to the task catechism, not to other") as told:
        build_dataset(workspace, "newer", options.model_copy(update={"task": "other"}))
    assert told.value.hint.startswith("hone datasets list")


def test_what_a_manifest_does_not_keep_has_to_be_said_again(
    tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(workspace := mixed(tmp_path / "ws", 40, 3))
    passages = write_lines(
        tmp_path / "passages.jsonl",
        [{"id": f"p{n}", "text": f"Passage {n} says something of its own."} for n in range(5)],
    )
    manifest = built(workspace, "raft", passages=str(passages)).manifest
    with pytest.raises(InvalidInput, match="book@1 was built with passages, which its") as told:
        as_built(workspace, manifest)
    assert told.value.hint == "hone feedback apply book --option passages=…"
