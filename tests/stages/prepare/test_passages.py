"""Distractors: drawn by the seed, never across a split, from examples and from a library."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput
from hone.records.dataset import SPLITS
from hone.records.review import Decision
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.open import Workspace
from tests.stages.prepare.mixed import built, mixed, passage, rows_in, split_ids


def passages_of(one: dict[str, Any]) -> list[str]:
    context = one["prompt"][-1]["content"].removeprefix("Context:\n").partition("\n\nQuestion: ")
    return [text.partition("] ")[2] for text in context[0].split("\n\n")]


def golden_of(one: dict[str, Any]) -> str:
    return passage(int(one["id"][1:]))


def test_another_seed_draws_other_passages(tmp_path: Path, opened: list[Workspace]) -> None:
    opened.append(mixed(tmp_path / "ws", 80, 5))
    first = built(opened[0], "raft")
    other = build_dataset(opened[0], "book", BuildOptions(format="raft", seed=1))
    # Whoever was in a split stays there; what stands beside them is drawn anew.
    assert split_ids(other.folder) == split_ids(first.folder)
    assert rows_in(other.folder, "train") != rows_in(first.folder, "train")


def test_a_distractor_never_comes_from_another_split(
    tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(mixed(tmp_path / "ws", 120, 3))
    library = tmp_path / "library.jsonl"
    # The library holds every passage of the examples as well: none may come in by this door.
    texts = [passage(number) for number in range(120)] + [f"Shelf {n} holds it." for n in range(9)]
    library.write_text("".join(json.dumps({"id": t[:9], "text": t}) + "\n" for t in texts))
    done = built(opened[0], "raft", passages=str(library), distractors=6)
    rows = {split: rows_in(done.folder, split) for split in SPLITS[:3]}
    golden = {split: {golden_of(one) for one in rows[split]} for split in rows}
    seen: Counter[str] = Counter()
    for split, some in rows.items():
        others = set().union(*(golden[one] for one in golden if one != split))
        for one in some:
            shown = passages_of(one)
            assert len(shown) == len(set(shown)) and not set(shown) & others
            seen.update("shelf" if text.startswith("Shelf") else "page" for text in shown)
    assert seen["shelf"] and seen["page"]
    assert done.manifest.options["passages"]["file"] == "library.jsonl"
    assert str(tmp_path) not in (done.folder / "manifest.json").read_text()


def test_raft_shares_hold_and_are_said(tmp_path: Path, opened: list[Workspace]) -> None:
    opened.append(mixed(tmp_path / "ws", 400, 3))
    done = built(opened[0], "raft", without_golden_share=0.25)
    rows = [one for split in SPLITS[:3] for one in rows_in(done.folder, split)]
    bare = [one for one in rows if golden_of(one) not in passages_of(one)]
    assert 0.18 < len(bare) / len(rows) < 0.32
    assert f"{len(bare)} of {len(rows)} rows stand without their golden passages." in (
        done.manifest.notes
    )
    assert all("##begin_quote##" not in one["completion"][0]["content"] for one in bare)
    places = Counter(passages_of(one).index(golden_of(one)) for one in rows if one not in bare)
    assert set(places) == {0, 1, 2, 3, 4}
    assert "no_passage" in done.manifest.kept_out


def test_a_row_of_raft_stays_as_it_is_when_only_others_are_edited(
    tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(mixed(tmp_path / "ws", 60, 3))
    first = built(opened[0], "raft")
    one = next(iter(split_ids(first.folder)["train"]))
    edit = Decision(
        op_id="new", example_id=one, verdict="edit", reviewer="ann", output={"answer": "New."}
    )
    opened[0].store.journal.decide([edit])
    second = built(opened[0], "raft")
    before = {r["id"]: r for r in rows_in(first.folder, "train")}
    after = {r["id"]: r for r in rows_in(second.folder, "train")}
    assert {id for id in before if before[id] != after[id]} == {one}


def test_a_library_that_is_none_is_refused_line_by_line(
    tmp_path: Path, opened: list[Workspace]
) -> None:
    opened.append(mixed(tmp_path / "ws", 60, 3))
    library = tmp_path / "library.jsonl"
    library.write_bytes(
        b'{"id": 1, "text": "good"}\n\nnot json\n{"id": 2}\n[1]\n{"text": 3}\n\xff\n'
    )
    with pytest.raises(InvalidInput, match=r"line 3 is .*; line 4 is .*line 7 is") as caught:
        built(opened[0], "raft", passages=library)
    assert len(caught.value.problems) == 5
    assert list(opened[0].datasets.iterdir()) == []
