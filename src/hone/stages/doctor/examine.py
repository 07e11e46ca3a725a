"""Looks at a frozen dataset as its training would, before anything is spent; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from hone import shelf
from hone.errors import InvalidInput
from hone.records.dataset import SPLITS, Manifest
from hone.records.task import Task
from hone.rendering.messages import template_fingerprint
from hone.rendering.tokens import Renderer
from hone.stages.doctor import chosen
from hone.stages.doctor.balance import Answers
from hone.stages.doctor.lengths import Lengths, Limit, measured
from hone.stages.doctor.likeness import PASSES, Rows, find_alike
from hone.stages.doctor.report import Balance, DoctorOptions, ExampleRow, Report
from hone.stages.doctor.rows import Progress, Row, read_rows
from hone.stages.doctor.verdict import judge
from hone.workspace.bases import FoundBase, find_base
from hone.workspace.contenders import context_tokens
from hone.workspace.open import Workspace

ROWS_PER_STEP = 500


class _Patient(NamedTuple):
    """The dataset with what reads it."""

    manifest: Manifest
    folder: Path
    task: Task
    renderer: Renderer
    limit: Limit


class _Seen(NamedTuple):
    """What one pass over all rows gave."""

    lengths: dict[str, Lengths]
    balance: dict[str, Balance]
    has_one_answer: bool


def examine(
    ws: Workspace,
    dataset: tuple[Manifest, Path],
    options: DoctorOptions | None = None,
    *,
    on_progress: Progress = lambda done, total: None,
) -> Report:
    """Render, cut, mask, compare and count every row; the report says what is wrong with them.

    The same rendering as the collator's, so no torch is loaded. InvalidInput where base or rows
    cannot be read.
    """
    options = options or DoctorOptions()
    manifest, folder = dataset
    task = ws.task(manifest.task)
    base = _base(ws, options.base)
    limit, source = _limit(manifest, options)
    patient = _Patient(manifest, folder, task, Renderer.load(base.path), limit)
    read = _reader(patient, on_progress)
    seen = _look(patient, read)
    splits = {split: lengths.report() for split, lengths in seen.lengths.items()}
    rows = Rows(read, {split: one.rows for split, one in splits.items()}, seen.has_one_answer)
    report = Report(
        dataset=manifest.ref,
        format=manifest.format,
        task=task.name,
        base=base.id,
        max_length=limit.max_length,
        max_length_source=source,
        train_on=limit.train_on,
        context=context_tokens(base),
        pad_id=patient.renderer.pad_id,
        splits=splits,
        likeness=find_alike(rows, task, manifest.options.get("similarity")),
        balance=seen.balance,
        examples=_examples(patient, seen.lengths, options.examples),
        problems=[],
        warnings=[],
    )
    has_changed = template_fingerprint(task) != manifest.template
    report.problems, report.warnings = judge(
        report, has_changed=has_changed, template_problems=patient.renderer.problems
    )
    return report


def _base(ws: Workspace, name: str) -> FoundBase:
    try:
        return find_base(ws, name)
    except InvalidInput as error:
        problems = "; ".join(error.problems)
        if not problems:
            raise
        hint = "hone datasets doctor NAME --base hone-nano, or repair the folder"
        raise InvalidInput(f"{error.message.rstrip('.')}: {problems}.", hint=hint) from error


def _limit(manifest: Manifest, options: DoctorOptions) -> tuple[Limit, str]:
    if options.max_length is not None:
        return Limit(options.max_length, options.train_on), "given"
    method = manifest.format if manifest.format in shelf.names("methods") else "sft"
    default = shelf.load("methods", method).Options.model_fields["max_seq_length"].default
    return Limit(int(default), options.train_on), f"the default of {method}"


def _reader(patient: _Patient, on_progress: Progress) -> Callable[[], Iterator[Row]]:
    """A function that reads all rows from the beginning, and tells how far all passes are."""
    splits = {split: patient.manifest.splits[split].rows for split in _splits(patient)}
    total = sum(splits.values()) * (1 + PASSES)
    done = 0

    def read() -> Iterator[Row]:
        nonlocal done
        for split in splits:
            for row in read_rows(patient.folder / f"{split}.jsonl", split, patient.task):
                done += 1
                if done % ROWS_PER_STEP == 0:
                    on_progress(min(done, total), total)
                yield row

    return read


def _splits(patient: _Patient) -> list[str]:
    """The splits of the dataset that have a file, the one that trains first."""
    return [split for split in SPLITS if split in patient.manifest.splits]


def _look(patient: _Patient, read: Callable[[], Iterator[Row]]) -> _Seen:
    lengths = {split: Lengths() for split in _splits(patient)}
    answers = {split: Answers(patient.task) for split in lengths}
    kinds: set[str] = set()
    for row, sides in measured(read(), patient.renderer, patient.limit):
        lengths[row.split].take(row, sides)
        answers[row.split].take(row)
        kinds.add(row.kind)
    return _Seen(
        lengths,
        {split: one.report() for split, one in answers.items()},
        has_one_answer=kinds <= {"answer", "scores"},
    )


def _examples(patient: _Patient, lengths: dict[str, Lengths], count: int) -> list[ExampleRow]:
    if "train" not in lengths:
        return []
    why = chosen.choose(lengths["train"], count)
    if not why:
        return []
    rows = read_rows(patient.folder / "train.jsonl", "train", patient.task)
    found = {row.number: row for row in islice(rows, max(why)) if row.number in why}
    return chosen.show(found, why, patient.renderer, patient.limit)
