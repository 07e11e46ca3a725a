"""Frozen datasets: byte-identical, quarantined, complete, never half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hone.errors import HoneError, InvalidInput, NotFound
from hone.records.dataset import ExampleQuery, SplitRatios
from hone.records.review import Decision
from hone.stages.prepare import (
    BuildOptions,
    build_dataset,
    check_files,
    compare_datasets,
    export_dataset,
    kept_out,
)
from hone.workspace.open import Workspace
from tests.stages.prepare.conftest import accept_all, fill, row

Make = Callable[..., Workspace]


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def ids(folder: Path, split: str) -> set[str]:
    lines = (folder / f"{split}.jsonl").read_text().splitlines()
    return {json.loads(line)["id"] for line in lines}


def test_the_same_rows_reviews_and_seed_give_the_same_bytes(make_workspace: Make) -> None:
    first = build_dataset(make_workspace(120, "one"), "catechism")
    second = build_dataset(make_workspace(120, "two"), "catechism")
    assert content(first.folder) == content(second.folder)
    assert {name: split.rows for name, split in first.manifest.splits.items()} == {
        "train": 96,
        "val": 12,
        "test": 12,
    }


def test_building_again_without_a_change_gives_the_same_version(make_workspace: Make) -> None:
    workspace = make_workspace(40)
    first, again = build_dataset(workspace, "catechism"), build_dataset(workspace, "catechism")
    assert (first.is_new, again.is_new) == (True, False)
    assert again.manifest.ref == "catechism@1"
    assert [path.name for path in workspace.datasets.iterdir()] == ["catechism@1"]


def test_what_was_accepted_and_what_trains_is_where_people_look_for_it(
    make_workspace: Make,
) -> None:
    workspace = make_workspace(40)
    built = build_dataset(workspace, "catechism")
    training = workspace.data / "training" / "catechism@1.jsonl"
    assert training.read_bytes() == (built.folder / "train.jsonl").read_bytes()
    curated = workspace.data / "curated" / "catechism@1.jsonl"
    rows = [json.loads(line) for line in curated.read_text().splitlines()]
    assert len(rows) == 40 and {row["reviewer"] for row in rows} == {"ann"}
    assert {row["id"] for row in rows if row["split"] == "test"} == ids(built.folder, "test")
    training.unlink()
    build_dataset(workspace, "catechism")
    assert training.is_file()


def test_another_seed_gives_other_splits(make_workspace: Make) -> None:
    one = build_dataset(make_workspace(60, "one"), "catechism").folder
    two = build_dataset(make_workspace(60, "two"), "catechism", BuildOptions(seed=1)).folder
    assert ids(one, "test") != ids(two, "test")


def test_growing_keeps_every_example_in_its_split(make_workspace: Make) -> None:
    workspace = make_workspace(100)
    first = build_dataset(workspace, "catechism").folder
    fill(workspace, [row(number) for number in range(100, 200)])
    accept_all(workspace, "more")
    built = build_dataset(workspace, "catechism")
    for split in ("train", "val", "test"):
        assert ids(first, split) <= ids(built.folder, split)
    assert built.manifest.splits["test"].rows == 20
    difference = compare_datasets(workspace, "catechism@1", "catechism@2")
    assert (len(difference.added), difference.removed, difference.moved) == (100, [], [])


def test_what_was_tested_never_trains_in_any_dataset(make_workspace: Make) -> None:
    workspace = make_workspace(100)
    tested = ids(build_dataset(workspace, "catechism").folder, "test")
    only_train = BuildOptions(ratios=SplitRatios(train=1, val=0, test=0, probe=0))
    other = build_dataset(workspace, "another", only_train)
    assert not tested & ids(other.folder, "train")
    assert {i["reason"] for i in kept_out(workspace, "another")} == {"quarantine"}


def test_what_was_tested_in_one_dataset_is_tested_in_another(make_workspace: Make) -> None:
    workspace = make_workspace(100)
    first = build_dataset(workspace, "catechism").folder
    other = build_dataset(workspace, "another").folder
    assert ids(first, "test") == ids(other, "test")
    assert ids(first, "val") == ids(other, "val")


def test_a_near_duplicate_of_a_test_row_is_quarantined(make_workspace: Make) -> None:
    workspace = make_workspace(60)
    tested = sorted(ids(build_dataset(workspace, "catechism").folder, "test"))[0]
    twin = row(999).model_copy(
        update={"input": {"question": row(int(tested[1:])).input["question"] + " "}}
    )
    fill(workspace, [twin])
    accept_all(workspace, "twin")
    built = build_dataset(workspace, "catechism")
    (left,) = built.kept_out
    assert (left.id, left.reason, left.because_of) == (twin.id, "quarantine", tested)
    # Nothing else changed, so there is no new version to freeze.
    assert not built.is_new


def test_a_sibling_of_a_test_row_is_quarantined(make_workspace: Make) -> None:
    workspace = make_workspace(0)
    fill(workspace, [row(number, group=f"thread {number // 2}") for number in range(80)])
    accept_all(workspace)
    built = build_dataset(workspace, "catechism")
    tested = sorted(ids(built.folder, "test"))[0]
    fill(workspace, [row(500, group=f"thread {int(tested[1:]) // 2}")])
    accept_all(workspace, "sibling")
    (left,) = build_dataset(workspace, "catechism").kept_out
    assert (left.id, left.reason) == ("e00500", "quarantine")


def test_groups_that_had_to_be_cut_do_not_empty_the_next_version(make_workspace: Make) -> None:
    workspace = make_workspace(0)
    fill(workspace, [row(number, group="one file") for number in range(40)])
    accept_all(workspace)
    first = build_dataset(workspace, "catechism")
    assert any("groups were cut through" in note for note in first.manifest.notes)
    fill(workspace, [row(number, group="one file") for number in range(40, 60)])
    accept_all(workspace, "more")
    second = build_dataset(workspace, "catechism")
    assert second.kept_out == []
    for split in ("train", "val", "test"):
        assert ids(first.folder, split) < ids(second.folder, split)


def test_a_correction_makes_a_new_version_and_a_probe_row_free_to_train(
    make_workspace: Make,
) -> None:
    workspace = make_workspace(100)
    ratios = SplitRatios(train=0.6, val=0.1, test=0.1, probe=0.2)
    first = build_dataset(workspace, "catechism", BuildOptions(ratios=ratios))
    probed = sorted(ids(first.folder, "probe"))[0]
    edit = Decision(
        op_id="edit", example_id=probed, verdict="edit", reviewer="ann", output={"answer": "New."}
    )
    workspace.store.journal.decide([edit])
    second = build_dataset(workspace, "catechism", BuildOptions(ratios=ratios))
    assert second.is_new
    # Every other row is pinned, so the free one goes where its share is missing: any split.
    assert compare_datasets(workspace, "catechism@1", "catechism@2").changed == [probed]
    rows = [json.loads(x) for x in (second.folder / "members.jsonl").read_text().splitlines()]
    assert {r["version"] for r in rows if r["id"] == probed} == {3}


def test_nothing_accepted_says_what_there_is(make_workspace: Make) -> None:
    workspace = make_workspace(0)
    fill(workspace, [row(1), row(2)])
    with pytest.raises(InvalidInput, match="2 pending") as caught:
        build_dataset(workspace, "catechism")
    assert caught.value.hint == "review first: hone review"
    assert list(workspace.datasets.iterdir()) == []


def test_a_dataset_smaller_than_its_splits_is_refused(make_workspace: Make) -> None:
    workspace = make_workspace(2)
    with pytest.raises(InvalidInput, match="2 examples cannot fill the 3 splits"):
        build_dataset(workspace, "catechism")
    assert list(workspace.datasets.iterdir()) == []


def test_an_unknown_format_and_a_bad_name_are_refused(make_workspace: Make) -> None:
    workspace = make_workspace(5)
    with pytest.raises(NotFound, match="stf"):
        build_dataset(workspace, "catechism", BuildOptions(format="stf"))
    with pytest.raises(InvalidInput, match="cannot be the name"):
        build_dataset(workspace, "../out")


def test_a_limit_and_a_status_choose_what_is_in(make_workspace: Make) -> None:
    workspace = make_workspace(50)
    options = BuildOptions(query=ExampleQuery(status=["accepted"], limit=20))
    built = build_dataset(workspace, "few", options)
    assert sum(split.rows for split in built.manifest.splits.values()) == 20


def test_a_folder_left_by_a_killed_build_is_replaced(make_workspace: Make) -> None:
    workspace = make_workspace(30)
    (workspace.datasets / "catechism@1").mkdir(parents=True)
    (workspace.datasets / "catechism@1" / "train.jsonl").write_text("half")
    build_dataset(workspace, "catechism")
    check_files(workspace, "catechism@1")


def test_a_changed_file_is_noticed(make_workspace: Make) -> None:
    workspace = make_workspace(30)
    built = build_dataset(workspace, "catechism")
    with (built.folder / "test.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(HoneError, match="changed after it was frozen: test"):
        check_files(workspace, "catechism")


def test_every_layout_holds_every_row(make_workspace: Make, tmp_path: Path) -> None:
    workspace = make_workspace(30)
    build_dataset(workspace, "catechism")
    for name in ("trl", "messages", "openai", "alpaca", "sharegpt"):
        written = export_dataset(workspace, "catechism", tmp_path / name, layout_name=name)
        assert [path.name for path in written] == ["train.jsonl", "val.jsonl", "test.jsonl"]
        rows = [json.loads(line) for line in written[0].read_text().splitlines()]
        assert len(rows) == 24
    alpaca = json.loads((tmp_path / "alpaca/train.jsonl").read_text().splitlines()[0])
    assert set(alpaca) == {"instruction", "input", "output"}
    with pytest.raises(HoneError, match="exists already"):
        export_dataset(workspace, "catechism", tmp_path / "trl", layout_name="trl")
    with pytest.raises(NotFound, match="csv"):
        export_dataset(workspace, "catechism", tmp_path / "x", layout_name="csv")
