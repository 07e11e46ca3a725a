"""Counts what the answers of a split are made of: fields, figures, yes and no, repetitions."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

from hone import shelf
from hone.records.task import Task
from hone.stages.doctor.report import Balance, FieldUse, Figures
from hone.stages.doctor.rows import Row

SHOWN_CHARACTERS = 80
SHOWN_VALUES = 5
# A field of free text may hold another value in every row: beyond this only their number grows.
MOST_VALUES = 10_000


class Answers:
    """The balance of one split, row by row; about 200 bytes stay for each distinct answer."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._kind = shelf.load("tasks", task.kind)
        self._balance = Balance()
        self._seen: Counter[bytes] = Counter()
        self._beginnings: dict[bytes, str] = {}
        self._characters = 0
        self._values: dict[str, Counter[str]] = {name: Counter() for name in task.fields}
        self._filled: Counter[str] = Counter()
        self._sums: dict[str, float] = {}

    def take(self, row: Row) -> None:
        """Count one row."""
        balance = self._balance
        balance.rows += 1
        balance.pairs += row.kind == "pair"
        self._take_figures(row.labels)
        if not row.answers:
            return
        self._take_answer(row.answers[0])
        if row.kind == "answer" and self._task.kind in ("extract", "score"):
            self._take_output(row.answers[0])

    def report(self) -> Balance:
        """The balance so far."""
        balance = self._balance
        if self._seen:
            digest, count = self._seen.most_common(1)[0]
            balance.distinct_answers = len(self._seen)
            balance.most_common_answer, balance.most_common_rows = self._beginnings[digest], count
            balance.mean_characters = round(self._characters / self._seen.total(), 1)
        for name, total in self._sums.items():
            found = balance.figures[name]
            found.mean = round(total / found.count, 4)
        if balance.records or balance.empty_lists:
            balance.fields = {name: self._use_of(name) for name in self._task.fields}
        return balance

    def _take_answer(self, answer: str) -> None:
        text = answer.strip()
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        self._seen[digest] += 1
        self._beginnings.setdefault(digest, text[:SHOWN_CHARACTERS])
        self._characters += len(text)
        self._balance.longest_characters = max(self._balance.longest_characters, len(text))

    def _take_figures(self, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            if name not in self._sums:
                self._sums[name] = 0.0
                self._balance.figures[name] = Figures(lowest=value, highest=value)
            found = self._balance.figures[name]
            found.count += 1
            found.lowest, found.highest = min(found.lowest, value), max(found.highest, value)
            self._sums[name] += value

    def _take_output(self, answer: str) -> None:
        output: Any = self._kind.parse(self._task, answer)
        if output is None or self._kind.output_problems(self._task, output):
            self._balance.unreadable += 1
        elif self._task.kind == "score":
            self._take_figures(cast("dict[str, float]", output["labels"]))
        else:
            self._take_records(
                cast("list[dict[str, Any]]", output if self._task.many else [output])
            )

    def _take_records(self, records: list[dict[str, Any]]) -> None:
        self._balance.records += len(records)
        self._balance.empty_lists += not records
        for record in records:
            for name in self._task.fields:
                value = record.get(name)
                if value is None or value == "":
                    continue
                self._filled[name] += 1
                text = value if isinstance(value, str) else json.dumps(value)
                values = self._values[name]
                if text in values or len(values) < MOST_VALUES:
                    values[text] += 1

    def _use_of(self, name: str) -> FieldUse:
        values, filled = self._values[name], self._filled[name]
        return FieldUse(
            filled=filled,
            share=round(filled / self._balance.records, 4) if self._balance.records else 0.0,
            distinct=len(values),
            most_common=[
                (text[:SHOWN_CHARACTERS], n) for text, n in values.most_common(SHOWN_VALUES)
            ],
            never=[one for one in self._task.fields[name].values if one not in values],
        )
