"""Nothing that is or was tested, no sibling and no near-duplicate of it, is in a training split.

Held over random histories: files come again under other names, with other answers, columns and
groups; datasets are built under other names, formats, seeds and ratios; examples are promoted.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from hone import loop
from hone.checks import near_duplicate
from hone.records.dataset import SplitRatios
from hone.records.review import Decision
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.open import Workspace
from hone.workspace.store import Filter
from tests.stages.prepare.conftest import accept_all, fill, question, row

Make = Callable[..., Workspace]
RATIOS = SplitRatios(train=0.5, val=0.1, test=0.2, probe=0.2)
OPTIONS = near_duplicate.Options()


def splits(ws: Workspace, ref: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {"train": set(), "val": set(), "test": set(), "probe": set()}
    for member in ws.store.datasets.members(ref):
        found[member.split].add(member.id)
    return found


def known_to_tests(ws: Workspace, ref: str) -> set[str]:
    """Everything that was in a val or test split when this version was frozen, itself included.

    Read from the frozen members alone: neither `tested` nor anything that the builder asks.
    """
    found: set[str] = set()
    for manifest in in_order(ws):
        now = splits(ws, manifest)
        found |= now["val"] | now["test"]
        if manifest == ref:
            return found
    raise AssertionError(ref)


def in_order(ws: Workspace) -> list[str]:
    frozen = [
        (ws.datasets / one.ref / "manifest.json", one.ref) for one in ws.store.datasets.list()
    ]
    return [ref for _, ref in sorted((path.stat().st_mtime_ns, ref) for path, ref in frozen)]


def trespassers(ws: Workspace, ref: str, promoted: set[str]) -> list[str]:
    """Every training example of a version that a test set knows, one by one, with the reason."""
    tested = [ws.store.examples.get(id) for id in known_to_tests(ws, ref) - promoted]
    groups = {one.group for one in tested if one.group}
    found: list[str] = []
    for id in splits(ws, ref)["train"]:
        example = ws.store.examples.get(id)
        if id in {one.id for one in tested}:
            found.append(f"{ref}: {id} was tested")
        if example.group in groups:
            found.append(f"{ref}: {id} is a sibling in {example.group}")
        asked = str(example.input["question"])
        for one in tested:
            if near_duplicate.similarity(asked, str(one.input["question"]), OPTIONS) >= 0.8:
                found.append(f"{ref}: {id} nearly repeats {one.id}")
    return found


def as_csv(folder: Path, name: str, rows: list[tuple[str, str, str]]) -> Path:
    lines = [json.dumps({"question": q, "answer": a, "thread": t or None}) for q, a, t in rows]
    file = folder / name
    file.write_text("\n".join(lines) + "\n")
    return file


def import_again(ws: Workspace, file: Path) -> None:
    loop.import_examples(
        ws, file, mapping={"question": "question", "answer": "answer", "group": "thread"}
    )
    ws.store.journal.bulk(
        f"accept {file.name}", "accept", Filter(status=("pending",)), reviewer="ann"
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_history_of_renames_and_imports_brings_a_tested_example_into_training(
    make_workspace: Make, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    ws = make_workspace(0)
    rows = [(question(n), f"Answer {n}.", f"thread {n // 3}" if n % 2 else "") for n in range(90)]
    import_again(ws, as_csv(tmp_path, "first.jsonl", rows))
    build_dataset(ws, "one", BuildOptions(ratios=RATIOS, seed=seed))
    promoted: set[str] = set()
    for turn in range(5):
        changed = [change(dice, one) for one in dice.sample(rows, 30)]
        new = [(question(200 + 20 * turn + n), f"New {n}.", f"thread {n}") for n in range(8)]
        import_again(ws, as_csv(tmp_path, f"renamed {turn}.jsonl", [*changed, *new]))
        if turn % 2:
            tested = sorted(ws.store.datasets.tested_ids())
            done = loop.promote_flag(ws, dice.choice(tested), note="why", reviewer="lead")
            promoted |= {done.example.id, *done.siblings}
        correct_some(ws, dice, turn)
        for name, format in (("one", "sft"), (f"other {turn}".replace(" ", "-"), "dpo")):
            ratios = (
                RATIOS if format == "sft" else SplitRatios(train=0.8, val=0.1, test=0.1, probe=0)
            )
            options = BuildOptions(ratios=ratios, seed=dice.randrange(99), format=format)
            ref = build_dataset(ws, name, options).manifest.ref
            assert splits(ws, ref)["train"]
            assert trespassers(ws, ref, promoted) == []
            assert not promoted & (splits(ws, ref)["val"] | splits(ws, ref)["test"])
    assert promoted and any(splits(ws, ref)["train"] & promoted for ref in in_order(ws)[1:])


def change(dice: random.Random, one: tuple[str, str, str]) -> tuple[str, str, str]:
    """The same row as it might come again: another answer, spelling, group, or none."""
    asked, told, thread = one
    kind = dice.randrange(5)
    if kind == 0:
        return asked, f"{told} Really.", thread
    if kind == 1:
        return f"{asked.upper()}  ", told, ""
    if kind == 2:
        return f"{asked} Please.", told, f"moved {thread}"
    if kind == 3:
        return f"Another matter {dice.randrange(10**9)} of {thread or 'nobody'}.", told, thread
    return one


def correct_some(ws: Workspace, dice: random.Random, turn: int) -> None:
    """People edit whatever they like, tested or not."""
    known = [one.id for one in ws.store.examples.iterate(Filter(status=("accepted",)))]
    ws.store.journal.decide(
        [
            Decision(
                op_id=f"edit {turn} {id}", example_id=id, verdict="edit", reviewer="ben",
                output={"answer": f"Better {turn}."},
            )
            for id in dice.sample(known, 15)
        ]
    )  # fmt: skip


def test_a_near_duplicate_of_a_tested_twin_is_kept_out_too(make_workspace: Make) -> None:
    """Twins in a test set repeat each other: what repeats only the second is still quarantined."""
    ws = make_workspace(40)
    long = "What does the old book say of the river, the mountain, the harbour and the orchard"
    year = "in June 1612"
    texts = {"t1": f"{long}?", "t2": f"{long} {year}?", "near": f"{long} {year}, or later?"}
    near = near_duplicate.similarity(texts["t2"], texts["near"], OPTIONS)
    assert near >= 0.8 > near_duplicate.similarity(texts["t1"], texts["near"], OPTIONS)
    for number, (id, text) in enumerate(texts.items()):
        if id == "near":
            continue
        made = row(900 + number).model_copy(update={"id": id, "input": {"question": text}})
        fill(ws, [made])
        edit = Decision(
            op_id=f"edit {id}", example_id=id, verdict="edit", reviewer="ann",
            output={"answer": f"It says {id}."},
        )  # fmt: skip
        ws.store.journal.decide([edit])
    ratios = SplitRatios(train=0, val=0, test=1, probe=0)
    build_dataset(
        ws, "twins", BuildOptions.model_validate(
            {"ratios": ratios, "format": "dpo", "query": {"status": ["edited"]}}
        )
    )  # fmt: skip
    assert ws.store.datasets.tested_ids() == {"t1", "t2"}
    late = row(990).model_copy(update={"id": "near", "input": {"question": texts["near"]}})
    fill(ws, [late])
    accept_all(ws, "near")
    built = build_dataset(ws, "catechism")
    (left,) = [one for one in built.kept_out if one.id == "near"]
    assert (left.reason, left.because_of) == ("quarantine", "t2")


def test_a_twin_of_a_training_example_that_also_repeats_a_tested_one_is_kept_out(
    make_workspace: Make,
) -> None:
    """Formats that keep twins must not let one in whose other neighbour is tested."""
    ws = make_workspace(0)
    stem = "Which of the lanterns on the harbour wall was lit first in the year of the long frost"
    texts = {
        "a": f"{stem}, one two three?",
        "b": f"{stem}, three?",
        "t": f"{stem}, four and three?",
    }
    sides = [near_duplicate.similarity(texts["b"], texts[other], OPTIONS) for other in "at"]
    between = near_duplicate.similarity(texts["a"], texts["t"], OPTIONS)
    assert min(sides) >= 0.8 > between
    for id in ("t", "a", "b"):
        made = row(900 + ord(id)).model_copy(update={"id": id, "input": {"question": texts[id]}})
        fill(ws, [made])
    edits = [
        Decision(op_id=id, example_id=id, verdict="edit", reviewer="ann", output={"answer": id})
        for id in "tab"
    ]
    ws.store.journal.decide(edits[:1])
    only_test = SplitRatios(train=0, val=0, test=1, probe=0)
    build_dataset(ws, "tests", BuildOptions(ratios=only_test, format="dpo"))
    ws.store.journal.decide(edits[1:])
    ratios = SplitRatios(train=0.5, val=0, test=0.5, probe=0)
    built = build_dataset(ws, "pairs", BuildOptions(ratios=ratios, format="dpo"))
    assert splits(ws, built.manifest.ref)["train"] == {"a"}
    assert [(one.id, one.reason, one.because_of) for one in built.kept_out] == [
        ("b", "quarantine", "t")
    ]
