"""Datasets, models, evaluations, jobs and the ledger keep what they are told, numbered and once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from hone.errors import Conflict, InvalidInput, NotFound
from hone.records.dataset import Manifest, Member, SplitFile
from hone.records.evaluation import Evaluation, Row
from hone.records.job import Job
from hone.records.ledger import LedgerEntry
from hone.records.model import Measured, ModelVersion
from hone.workspace.store import Score, Store
from hone.workspace.store.connection import writing

Fill = Callable[[int], Store]
AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def manifest(name: str, version: int, sha256: str = "a") -> Manifest:
    return Manifest(
        name=name,
        version=version,
        task="qa",
        format="sft",
        template="sha256:t",
        seed=0,
        query={"status": ["accepted"]},
        splits={"train": SplitFile(rows=1, sha256="x")},
        sha256=sha256,
    )


def member(number: int, split: str) -> Member:
    return Member(id=f"e{number}", version=2, split=split, weight=0.5)


def model(name: str, version: str = "", **more: Any) -> ModelVersion:
    return ModelVersion(name=name, version=version, base="hone-nano", kind="lora", **more)


def test_dataset_versions_have_no_gaps(filled: Fill) -> None:
    sets = filled(3).datasets
    assert sets.next_version("p") == 1 and sets.latest("p") is None
    sets.freeze(manifest("p", 1), [member(1, "train")])
    for wrong in (1, 3):
        with pytest.raises(Conflict, match="the next version is 2"):
            sets.freeze(manifest("p", wrong, "other"), [])
    sets.freeze(manifest("p", 2), [member(2, "test")])
    sets.freeze(manifest("a", 1), [])
    assert [one.ref for one in sets.list()] == ["a@1", "p@1", "p@2"]
    assert sets.get("p").version == 2 and sets.get("p@1") == manifest("p", 1)
    with pytest.raises(NotFound, match="p@9"):
        sets.get("p@9")
    with pytest.raises(InvalidInput, match="NAME@VERSION"):
        sets.get("p@new")


def test_freezing_the_same_version_again_is_harmless(filled: Fill) -> None:
    sets = filled(2).datasets
    sets.freeze(manifest("p", 1), [member(1, "train")])
    assert sets.freeze(manifest("p", 1), [member(1, "train")]) == manifest("p", 1)
    assert list(sets.members("p@1")) == [member(1, "train")]


def test_a_dataset_with_an_unknown_member_is_not_frozen_at_all(filled: Fill) -> None:
    sets = filled(2).datasets
    with pytest.raises(NotFound, match="e9"):
        sets.freeze(manifest("p", 1), [member(1, "test"), member(9, "train")])
    assert sets.list() == [] and sets.tested_ids() == set()
    with pytest.raises(InvalidInput, match="twice"):
        sets.freeze(manifest("p", 1), [member(1, "test"), member(1, "train")])


def test_what_was_tested_once_stays_tested(filled: Fill) -> None:
    sets = filled(6).datasets
    splits = ["train", "val", "test", "probe"]
    sets.freeze(manifest("p", 1), [member(n, s) for n, s in enumerate(splits, 1)])
    sets.freeze(manifest("p", 2), [member(n, "train") for n in (1, 2, 3, 5)])
    assert sets.tested_ids() == {"e2", "e3"}
    assert sets.ever_tested(["e1", "e2", "e6", "x"]) == {"e2"}


def test_model_versions_are_numbered_and_registered_once_per_job(store: Store) -> None:
    models, root = store.models, Path("/somewhere")
    assert models.next_version("m") == "v1"
    first = models.register(model("m", job="j1"), root)
    assert first.version == "v1"
    assert models.register(model("m", job="j1", runtime_seconds=9), root) == first
    assert models.register(model("m", "v2", job="j2"), root).ref == "m@v2"
    with pytest.raises(Conflict, match="exists already"):
        models.register(model("m", "v2", job="j3"), root)
    with pytest.raises(InvalidInput, match="next version is v3"):
        models.register(model("m", "v7", job="j3"), root)
    with pytest.raises(InvalidInput, match="no version"):
        models.register(model("m", "newest", job="j3"), root)
    with pytest.raises(InvalidInput, match="cannot name"):
        models.register(model("../m", job="j3"), root)
    assert [one.model.ref for one in models.list()] == ["m@v1", "m@v2"]


def test_a_reserved_version_is_the_jobs_own_and_shows_only_when_registered(store: Store) -> None:
    models = store.models
    assert models.reserve("m", "j1") == models.reserve("m", "j1") == "v1"
    assert models.reserve("m", "j2") == "v2"
    assert models.list() == []
    assert models.register(model("m", "v2", job="j2"), Path("x")).version == "v2"
    models.release("j1")
    assert models.next_version("m") == "v3", "a number below a later one stays taken"
    models.reserve("m", "j3")
    models.release("j3")
    models.release("j2")
    assert models.next_version("m") == "v3"
    assert [one.model.ref for one in models.list()] == ["m@v2"]


def test_one_version_is_active_and_the_history_is_kept(store: Store) -> None:
    models = store.models
    for job in ("j1", "j2"):
        models.register(model("m", job=job), Path("x"))
    models.register(model("other", job="j3"), Path("x"))
    assert models.get("m").model.version == "v2", "the newest where none is active"
    models.set_active("m@v1", reviewer="ann", note="better")
    models.set_active("other@v1")
    assert models.get("m").model.version == "v1"
    models.set_active("m@v2")
    models.set_active("m@v2")
    active = models.active("m")
    assert active is not None and active.model.version == "v2"
    assert [(one.version, one.note) for one in models.activations("m")] == [
        ("v1", "better"),
        ("v2", ""),
    ]
    with (
        pytest.raises(IntegrityError, match="UNIQUE"),
        writing(store.models._engine) as connection,
    ):
        connection.exec_driver_sql("UPDATE models SET is_active = 1")


def test_a_deleted_version_leaves_the_registry_and_its_number_is_not_reused(store: Store) -> None:
    models = store.models
    for job in ("j1", "j2"):
        models.register(model("m", job=job), Path("x"))
    models.set_active("m@v2")
    with pytest.raises(InvalidInput, match="names no version"):
        models.delete("m")
    models.delete("m@v2")
    assert models.active("m") is None
    assert models.activations("m")[-1].version is None
    assert models.get("m").model.version == "v1"
    assert models.next_version("m") == "v3"
    with pytest.raises(NotFound, match="Did you mean"):
        models.get("m@v2")


def test_a_model_folder_moves_with_its_workspace(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    store = Store.open(here / "hone.db")
    store.models.register(model("m", job="j"), here / "models" / "m" / "v1")
    store.close()
    here.rename(there)
    store = Store.open(there / "hone.db")
    assert store.models.get("m").folder == there.resolve() / "models" / "m" / "v1"
    store.close()


def test_figures_measured_later_are_added_to_a_model(store: Store) -> None:
    registered = store.models.register(model("m", job="j"), Path("x"))
    store.models.update(registered.model_copy(update={"metrics": {"f1": Measured(value=0.5)}}))
    assert store.models.get("m@v1").model.metrics["f1"].value == 0.5


def evaluation(name: str, of: str = "m@v1", hour: int = 1) -> Evaluation:
    row = Row(contender=of, examples=2, score=Measured(value=0.5))
    at = AT.replace(hour=hour)
    return Evaluation(id=name, model=of, task="qa", on="p@1/test", at=at, rows=[row])


def test_an_evaluation_keeps_every_score_and_replaces_its_own_first_attempt(store: Store) -> None:
    scores = [
        Score(who, f"e{number}", number / 10, "red", f"text {number}")
        for who in ("m@v1", "base")
        for number in range(3)
    ]
    store.evaluations.record(evaluation("a"), scores[:2])
    store.evaluations.record(evaluation("a"), scores)
    store.evaluations.record(evaluation("b", "other@v1", hour=2))
    assert list(store.evaluations.scores("a", "m@v1")) == scores[:3]
    assert len(list(store.evaluations.scores("a"))) == 6
    assert [one.id for one in store.evaluations.list()] == ["b", "a"]
    assert [one.id for one in store.evaluations.list("m@v1")] == ["a"]
    assert store.evaluations.get("a") == evaluation("a")
    with pytest.raises(NotFound, match="c"):
        store.evaluations.get("c")


def job(name: str, hour: int = 1) -> Job:
    return Job(id=name, kind="train", created_at=AT.replace(hour=hour), spec={"epochs": 3})


def test_jobs_are_found_by_a_beginning_that_only_one_has(store: Store) -> None:
    for name, hour in (("train-1-aaaa", 1), ("train-1-aabb", 3), ("eval-1-%", 2)):
        store.jobs.add(job(name, hour))
    store.jobs.add(job("train-1-aaaa"))
    assert [one.id for one in store.jobs.list()] == ["train-1-aabb", "eval-1-%", "train-1-aaaa"]
    assert store.jobs.get("train-1-aab").id == "train-1-aabb"
    assert store.jobs.get("eval").id == "eval-1-%"
    with pytest.raises(InvalidInput, match="begins 2 jobs"):
        store.jobs.get("train")
    for absent in ("%", "", "train-2"):
        with pytest.raises(NotFound):
            store.jobs.get(absent)
    with pytest.raises(Conflict):
        store.jobs.add(job("train-1-aaaa", hour=9))


def test_a_job_is_settled_once(store: Store) -> None:
    store.jobs.add(job("b", 2))
    store.jobs.add(job("a", 1))
    assert [one.id for one in store.jobs.unsettled()] == ["a", "b"]
    store.jobs.mark_settled("a")
    store.jobs.mark_settled("a")
    assert [one.id for one in store.jobs.unsettled()] == ["b"]
    with pytest.raises(NotFound):
        store.jobs.mark_settled("c")


def entry(kind: Any, amount: float, *, job: str = "j", month: int = 11) -> LedgerEntry:
    return LedgerEntry(
        at=datetime(2026, month, 30, 23, 59, 59, tzinfo=UTC),
        job=job,
        kind=kind,
        what="gpu",
        amount_usd=amount,
    )


def test_the_ledger_adds_up_without_drift(store: Store) -> None:
    for _ in range(10):
        store.ledger.write(entry("spent", 0.1))
    store.ledger.write(entry("spent", 5, month=10))
    store.ledger.write(entry("estimated", 99))
    assert store.ledger.total("2026-11") == 1.0
    assert store.ledger.total() == 6.0
    assert store.ledger.entries("j")[0] == entry("spent", 0.1)
    with pytest.raises(InvalidInput, match="2026-11"):
        store.ledger.total("November")


def test_what_is_promised_is_what_was_reserved_and_not_used(store: Store) -> None:
    for kind, amount, name in (
        ("reserved", 5, "a"),
        ("spent", 2, "a"),
        ("reserved", 3, "b"),
        ("spent", 4, "b"),
        ("reserved", 1, "c"),
        ("released", 1, "c"),
    ):
        store.ledger.write(entry(kind, amount, job=name))
    assert store.ledger.promised() == 3.0
    assert store.ledger.promised(job="b") == 0.0
