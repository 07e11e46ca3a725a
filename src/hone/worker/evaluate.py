"""Jobs of the kind `evaluate`: everybody answers the same examples; a stage makes the figures.

Writes predictions/<contender>.jsonl, one line per answer, a batch at a time: after a kill only
the answers that are not there yet are asked for.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hone import shelf
from hone.errors import HoneError
from hone.records.evaluation import Contender
from hone.records.job import Result
from hone.records.task import Task
from hone.rendering.messages import messages_of
from hone.rendering.tokens import Prompt, Renderer
from hone.worker.imports import uncollected
from hone.worker.times import active_seconds
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder

CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length")


class _Stopped(Exception):
    """Somebody asked the job to stop."""


class _Question(NamedTuple):
    id: str
    input: dict[str, Any]
    context: list[str]


def carry_out(folder: JobFolder) -> Result | None:
    """Let every contender answer; None where the job was stopped, to be gone on with."""
    spec = folder.job.spec
    task = Task.model_validate(spec["task"])
    contenders = [Contender.model_validate(one) for one in spec["contenders"]]
    questions = [_question(line) for line in _lines(folder.inputs / "examples.jsonl")]
    if any(contender.generator != "rules" for contender in contenders):
        with uncollected():
            import hone.engine.answer  # noqa: F401
    progress = _Progress(folder, len(questions) * len(contenders))
    try:
        for contender in contenders:
            folder.append("stage", name=contender.name, state="started")
            _answer_all(folder, task, contender, (questions, progress))
            folder.append("stage", name=contender.name, state="done")
    except _Stopped:
        return None
    seconds = active_seconds(folder.events())
    return Result(metrics={"examples": float(len(questions))}, runtime_seconds=seconds)


class _Progress:
    """Counts answers over all contenders; one event a second is enough."""

    def __init__(self, folder: JobFolder, total: int) -> None:
        self._folder, self._total, self._done, self._here = folder, total, 0, 0
        self._began = self._told = time.monotonic()

    def add(self, count: int, *, was_there: bool = False) -> None:
        if self._folder.is_stop_requested:
            raise _Stopped
        self._done += count
        self._here += 0 if was_there else count
        now = time.monotonic()
        if now - self._told < 1 and self._done < self._total:
            return
        self._told = now
        eta = (self._total - self._done) * (now - self._began) / max(self._here, 1)
        self._folder.append(
            "progress", done=self._done, total=self._total, eta_seconds=round(eta, 1)
        )


def _answer_all(
    folder: JobFolder,
    task: Task,
    contender: Contender,
    work: tuple[Sequence[_Question], _Progress],
) -> None:
    questions, progress = work
    path = folder.predictions / f"{contender.name}.jsonl"
    there = _answered(path)
    left = [question for question in questions if question.id not in there]
    progress.add(len(questions) - len(left), was_there=True)
    if not left:
        return
    asked = (
        _by_rules(task, contender, left)
        if contender.generator == "rules"
        else _by_model(folder, task, contender, left)
    )
    with explained("write", path):
        path.parent.mkdir(exist_ok=True)
        with path.open("ab") as file:
            if there and not path.read_bytes().endswith(b"\n"):
                file.write(b"\n")
            for batch in asked:
                file.write(
                    "".join(json.dumps(p, ensure_ascii=False) + "\n" for p in batch).encode()
                )
                file.flush()
                progress.add(len(batch))


def _by_model(
    folder: JobFolder, task: Task, contender: Contender, questions: Sequence[_Question]
) -> Iterator[list[dict[str, Any]]]:
    spec, generator = folder.job.spec, shelf.load("generators", contender.generator)
    limits = {key: spec[key] for key in ("max_new_tokens", "batch_size") if spec.get(key)}
    options = generator.Options(**{**limits, **contender.options})
    shots = [
        (dict(one["input"]), str(one["answer"]))
        for one in _lines(folder.inputs / "shots.jsonl")[: contender.shots]
    ] if contender.shots else []  # fmt: skip
    renderer = Renderer.load(options.base)
    conversations = [
        messages_of(task, one.input, context=one.context, answer=None, shots=shots)
        for one in questions
    ]
    room = _room(options.base, options.max_new_tokens)
    prompts: list[Prompt] = list(renderer.prompts(conversations, max_tokens=room))
    began = time.monotonic()
    for batch in generator.run(prompts, options):
        each = (time.monotonic() - began) / max(len(batch), 1)
        yield [
            {
                "id": questions[place].id,
                "text": answer.text,
                "confidence": math.exp(answer.logprob) if answer.logprob is not None else None,
                "seconds": round(each, 6),
                "cut_tokens": prompts[place].cut_tokens,
                "is_complete": answer.is_complete,
            }
            for place, answer in batch
        ]
        began = time.monotonic()


def _by_rules(
    task: Task, contender: Contender, questions: Sequence[_Question]
) -> Iterator[list[dict[str, Any]]]:
    rules = shelf.load("generators", "rules")
    given = dict(contender.options)
    if "rules" in given:
        given["file"] = given.pop("rules")
    options = rules.Options(**given, task=task)
    began = time.monotonic()
    for question, answer in zip(
        questions, rules.run((one.input for one in questions), options), strict=True
    ):
        now = time.monotonic()
        yield [{"id": question.id, "text": answer.text, "seconds": round(now - began, 6)}]
        began = now


def _question(line: dict[str, Any]) -> _Question:
    context = [
        str(one["text"]) if isinstance(one, dict) else str(one) for one in line.get("context") or []
    ]
    return _Question(str(line["id"]), dict(line["input"]), context)


def _answered(path: Path) -> set[str]:
    """Ids whose line is whole; a torn last line counts as not written."""
    if not path.is_file():
        return set()
    found: set[str] = set()
    for line in path.read_bytes().split(b"\n"):
        try:
            found.add(str(json.loads(line)["id"]))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _lines(path: Path) -> list[dict[str, Any]]:
    with explained("read", path):
        text = path.read_text(encoding="utf-8")
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise HoneError(
            f"{path} cannot be read: {error}.", hint="Run the evaluation anew."
        ) from error


def _room(base: Path, max_new_tokens: int) -> int | None:
    """Most tokens of a prompt that leave room for the answer in the base's context."""
    config = json.loads((base / "config.json").read_bytes())
    lengths = [config[key] for key in CONTEXT_KEYS if isinstance(config.get(key), int)]
    return max(1, lengths[0] - max_new_tokens) if lengths else None
