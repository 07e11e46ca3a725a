"""A test example leaves every test for ever, with its siblings; a fresh one takes its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hone import loop
from hone.errors import Conflict, InvalidInput
from hone.records.dataset import SplitRatios
from hone.stages.flags import (
    Saying,
    find_flag,
    find_flags,
    plan_promotion,
    promote,
    resolve,
)
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.open import Workspace
from hone.workspace.store import Filter, new_example
from tests.stages.answering import example, message
from tests.stages.flags.flagged import answer, make_flagged, split_of, wrong_on


def add(ws: Workspace, numbers: range, group: str | None = None) -> None:
    rows = [example(number).model_copy(update={"group": group}) for number in numbers]
    ws.store.examples.add_many(new_example(one, search=message(one.position)) for one in rows)
    ws.store.journal.bulk(
        f"add {numbers.start}", "accept", Filter(status=("pending",)), reviewer="ann"
    )


@pytest.fixture
def grouped(tmp_path: Path) -> Iterator[Workspace]:
    """pickup@1 and threads@1, whose examples come from groups of four."""
    with make_flagged(tmp_path / "ws") as ws:
        for group in range(20):
            add(ws, range(1001 + 4 * group, 1005 + 4 * group), f"thread {group}")
        ratios = SplitRatios(train=0.3, val=0.1, test=0.4, probe=0.2)
        build_dataset(ws, "threads", BuildOptions(ratios=ratios))
        yield ws


def low_in_test(ws: Workspace) -> str:
    answer(ws, "pickup@v1", wrong_on(3), on="pickup@1/test")
    return find_flags(ws, is_tested=True).flags[0].id


def test_a_promoted_example_leaves_the_test_set_and_a_fresh_one_takes_its_place(
    ws: Workspace,
) -> None:
    promoted = low_in_test(ws)
    size = len(split_of(ws, "test"))
    add(ws, range(500, 501))
    done = loop.promote_flag(ws, promoted, note="mislabelled from the start", reviewer="lead")
    assert done.versions == {"pickup@1": "pickup@2"} and done.notes == []
    tested = split_of(ws, "test", "pickup@2")
    assert promoted not in tested and len(tested) == size
    assert tested - split_of(ws, "test") == {"e500"}
    assert promoted in split_of(ws, "probe", "pickup@2")
    # The earlier version stays as it was frozen.
    assert promoted in split_of(ws, "test", "pickup@1")
    loop.check_files(ws, "pickup@1")
    (kept,) = ws.store.promotions.list()
    assert (kept.example_id, kept.because_of, kept.reviewer, kept.note) == (
        promoted, promoted, "lead", "mislabelled from the start",
    )  # fmt: skip


def test_it_may_be_corrected_then_and_its_correction_trains(ws: Workspace) -> None:
    promoted = low_in_test(ws)
    add(ws, range(500, 503))
    loop.promote_flag(ws, promoted, note="mislabelled", reviewer="lead")
    flag = find_flag(ws, promoted)
    assert not flag.is_tested and flag.state == "open"
    resolve(ws, flag, Saying("edit", "ann", [{"item": "rye"}]))
    found = loop.apply_feedback(ws)
    assert found.of == "pickup@2" and promoted in split_of(ws, "train", found.dataset)


def test_it_never_comes_back_to_a_test_in_any_dataset(ws: Workspace) -> None:
    promoted = low_in_test(ws)
    loop.promote_flag(ws, promoted, note="mislabelled", reviewer="lead")
    flag = find_flag(ws, promoted)
    resolve(ws, flag, Saying("edit", "ann", [{"item": "rye"}]))
    mostly_test = SplitRatios(train=0.1, val=0.1, test=0.8, probe=0.0)
    for name, seed in (("pickup", 0), ("other", 1), ("third", 2)):
        built = build_dataset(ws, name, BuildOptions(ratios=mostly_test, seed=seed))
        assert promoted in split_of(ws, "train", built.manifest.ref), name


def test_siblings_leave_with_it_and_whoever_was_kept_out_because_of_them_may_train(
    grouped: Workspace,
) -> None:
    ws = grouped
    tested = split_of(ws, "test", "threads@1")
    promoted = next(id for id in sorted(tested) if ws.store.examples.get(id).group)
    group = ws.store.examples.get(promoted).group
    siblings = {id for id in tested if ws.store.examples.get(id).group == group} - {promoted}
    add(ws, range(3001, 3002), group)
    assert build_dataset(ws, "late").kept_out[0].because_of == group
    add(ws, range(2001, 2021))
    done = loop.promote_flag(ws, promoted, note="leaked", reviewer="lead")
    assert set(done.siblings) == siblings != set()
    newest = done.versions["threads@1"]
    after = split_of(ws, "test", newest)
    assert not after & (siblings | {promoted}) and len(after) >= len(tested)
    groups = {ws.store.examples.get(id).group for id in after}
    assert group not in groups
    for split in ("train", "val", "probe"):
        others = {ws.store.examples.get(id).group for id in split_of(ws, split, newest)}
        assert not (others & groups) - {None}
    # What came later of the same group was kept out because of them, and is free now.
    assert any("e3001" in split_of(ws, split, newest) for split in ("train", "probe"))


def test_where_nothing_is_fresh_the_new_version_says_so(ws: Workspace) -> None:
    promoted = low_in_test(ws)
    for id in split_of(ws, "probe"):
        ws.store.journal.decide([_rejected(id)])
    done = loop.promote_flag(ws, promoted, note="mislabelled", reviewer="lead")
    (note,) = done.notes
    assert "1 could not be replaced" in note
    assert len(split_of(ws, "test", "pickup@2")) == len(split_of(ws, "test")) - 1


def _rejected(id: str):
    from hone.records.review import Decision

    return Decision(op_id=f"no {id}", example_id=id, verdict="reject", reviewer="ann")


def test_an_untouched_probe_example_is_fresh_where_nothing_newer_is(ws: Workspace) -> None:
    promoted = low_in_test(ws)
    loop.promote_flag(ws, promoted, note="mislabelled", reviewer="lead")
    (fresh,) = split_of(ws, "test", "pickup@2") - split_of(ws, "test")
    assert fresh in split_of(ws, "probe")


def test_a_promotion_that_was_cut_off_is_completed_by_the_same_call(ws: Workspace) -> None:
    promoted = low_in_test(ws)
    planned = plan_promotion(ws, promoted, note="mislabelled")
    promote(ws, planned, reviewer="lead", note="mislabelled")
    assert promoted in split_of(ws, "test", "pickup")
    done = loop.promote_flag(ws, promoted, note="", reviewer="lead")
    assert done.versions == {"pickup@1": "pickup@2"}
    assert promoted not in split_of(ws, "test", "pickup@2")
    assert len(ws.store.promotions.list()) == 1


def test_what_cannot_be_rebuilt_is_refused_before_anything_is_for_ever(ws: Workspace) -> None:
    ratios = SplitRatios(train=0.5, val=0.2, test=0.3, probe=0)
    loop.build_dataset(ws, "short", ratios=ratios.model_dump(), max_tokens=900, base="small")
    promoted = low_in_test(ws)
    with pytest.raises(InvalidInput, match="keeps rows longer than 900 tokens out"):
        loop.promote_flag(ws, promoted, note="mislabelled", reviewer="lead")
    assert ws.store.promotions.list() == []
    done = loop.promote_flag(ws, promoted, note="mislabelled", reviewer="lead", base="small")
    assert set(done.versions) == {"pickup@1", "short@1"}


def test_a_promotion_needs_a_test_example_and_a_reason_and_happens_once(ws: Workspace) -> None:
    promoted = low_in_test(ws)
    probed = sorted(split_of(ws, "probe"))[0]
    with pytest.raises(InvalidInput, match="stands in no val or test split"):
        loop.promote_flag(ws, probed, note="why", reviewer="lead")
    with pytest.raises(InvalidInput, match="needs a reason"):
        loop.promote_flag(ws, promoted, note=" ", reviewer="lead")
    assert ws.store.promotions.list() == [] and ws.store.datasets.latest("pickup").version == 1
    loop.promote_flag(ws, promoted, note="why", reviewer="lead")
    with pytest.raises(Conflict, match="was promoted before"):
        loop.promote_flag(ws, promoted, note="why", reviewer="lead")
