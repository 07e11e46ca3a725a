"""How each kind of contender answers the questions of a job: batches of lines for its file."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hone import shelf
from hone.errors import HoneError
from hone.records.evaluation import Contender
from hone.records.job import Job
from hone.records.task import Task
from hone.rendering.messages import Message, messages_of, question_in
from hone.rendering.tokens import Prompt, Renderer
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder

CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length")
WITHOUT_A_MODEL = ("rules", "constant", "retrieval", "file", "endpoint")
AT_ONCE = 256
"""Answers that need no model are written so many at a time."""
Line = dict[str, Any]


class Question(NamedTuple):
    """One example to be answered."""

    id: str
    input: dict[str, Any]
    context: list[str]


def questions_of(folder: JobFolder) -> list[Question]:
    """The questions of a job in order."""
    return [_question(line) for line in lines_of(folder.inputs / "examples.jsonl")]


def answers(
    folder: JobFolder, task: Task, contender: Contender, questions: Sequence[Question]
) -> Iterator[list[Line]]:
    """The lines of a contender's file, as they come."""
    if contender.generator == "rules":
        return _in_batches(_by_rules(task, contender, questions))
    if contender.generator == "retrieval":
        return _in_batches(_by_retrieval(task, contender, questions))
    if contender.generator == "endpoint":
        return _by_endpoint(folder.job, task, contender, questions)
    if contender.generator in WITHOUT_A_MODEL:
        return _in_batches(_as_given(contender, questions))
    if contender.generator == "head":
        return _by_head(folder.job, task, contender, questions)
    return _by_model(folder, task, contender, questions)


def _by_model(
    folder: JobFolder, task: Task, contender: Contender, questions: Sequence[Question]
) -> Iterator[list[Line]]:
    generator = shelf.load("generators", contender.generator)
    options = generator.Options(**limits_of(folder.job), **contender.options)
    shots = shots_of(folder, contender)
    renderer = Renderer.load(options.base)
    conversations = [conversation(task, one, shots) for one in questions]
    context = context_of(options.base)
    room = max(1, context - options.max_new_tokens) if context is not None else None
    prompts: list[Prompt] = list(renderer.prompts(conversations, max_tokens=room))
    for batch, each in timed(generator.run(prompts, options)):
        yield [
            {
                "id": questions[place].id,
                "text": answer.text,
                "confidence": math.exp(answer.logprob) if answer.logprob is not None else None,
                "seconds": each,
                "cut_tokens": prompts[place].cut_tokens,
                "is_complete": answer.is_complete,
            }
            for place, answer in batch
        ]


def _by_head(
    job: Job, task: Task, contender: Contender, questions: Sequence[Question]
) -> Iterator[list[Line]]:
    """By numbers for the bare text, as the rows of the format `regression` hold it."""
    generator = shelf.load("generators", "head")
    options = generator.Options(
        **limits_of(job), **contender.options, dimensions=list(task.dimensions)
    )
    texts = [conversation(task, one)[-1]["content"] for one in questions]
    for batch, each in timed(generator.run(texts, options)):
        yield [
            {"id": questions[place].id, "text": answer.text, "seconds": each}
            for place, answer in batch
        ]


def _by_endpoint(
    job: Job, task: Task, contender: Contender, questions: Sequence[Question]
) -> Iterator[list[Line]]:
    """By a server, which renders the conversation itself."""
    generator = shelf.load("generators", "endpoint")
    options = generator.Options(**limits_of(job), **contender.options)
    conversations = [conversation(task, one) for one in questions]
    for batch, each in timed(generator.run(conversations, options)):
        yield [
            {
                "id": questions[one.place].id,
                "text": one.text,
                "seconds": each,
                "is_complete": one.is_complete,
                "problem": one.problem,
            }
            for one in batch
        ]


def _by_rules(task: Task, contender: Contender, questions: Sequence[Question]) -> Iterator[Line]:
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
        yield {"id": question.id, "text": answer.text, "seconds": round(now - began, 6)}
        began = now


def _by_retrieval(
    task: Task, contender: Contender, questions: Sequence[Question]
) -> Iterator[Line]:
    generator = shelf.load("generators", "retrieval")
    texts = [question_in(conversation(task, one)) for one in questions]
    began = time.monotonic()
    found = generator.run(texts, generator.Options(**contender.options))
    for question, answer in zip(questions, found, strict=True):
        now = time.monotonic()
        yield {"id": question.id, "text": answer.text, "seconds": round(now - began, 6)}
        began = now


def _as_given(contender: Contender, questions: Sequence[Question]) -> Iterator[Line]:
    """Answers that are there already; what is missing is a problem, not a gap."""
    generator = shelf.load("generators", contender.generator)
    options = generator.Options(**contender.options)
    found = generator.run((one.id for one in questions), options)
    for question, answer in zip(questions, found, strict=True):
        if answer is None:
            said = f"There is no answer to it in {Path(contender.options['file']).name}."
            yield {"id": question.id, "text": "", "problem": said}
            continue
        yield {"id": question.id, "text": answer.text, "is_complete": answer.is_complete}


def _in_batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    batch: list[Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def timed(batches: Iterable[list[Any]]) -> Iterator[tuple[list[Any], float]]:
    """Each batch with the seconds that one answer of it took."""
    began = time.monotonic()
    for batch in batches:
        yield batch, round((time.monotonic() - began) / max(len(batch), 1), 6)
        began = time.monotonic()


def limits_of(job: Job) -> dict[str, Any]:
    """How long answers may become, and how many are made at once."""
    return {key: job.spec[key] for key in ("max_new_tokens", "batch_size") if job.spec.get(key)}


def conversation(
    task: Task, question: Question, shots: Sequence[tuple[dict[str, Any], str]] = ()
) -> list[Message]:
    """What is asked, in messages."""
    return messages_of(task, question.input, context=question.context, answer=None, shots=shots)


def _question(line: Line) -> Question:
    context = [
        str(one["text"]) if isinstance(one, dict) else str(one) for one in line.get("context") or []
    ]
    return Question(str(line["id"]), dict(line["input"]), context)


def shots_of(folder: JobFolder, contender: Contender) -> list[tuple[dict[str, Any], str]]:
    """The worked examples that stand before each question of a contender."""
    if not contender.shots:
        return []
    lines = lines_of(folder.inputs / "shots.jsonl")[: contender.shots]
    return [(dict(one["input"]), str(one["answer"])) for one in lines]


def lines_of(path: Path) -> list[Line]:
    """The lines of a file of the job."""
    with explained("read", path):
        text = path.read_text(encoding="utf-8")
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise HoneError(
            f"{path} cannot be read: {error}.", hint="Run the evaluation anew."
        ) from error


def context_of(base: Path) -> int | None:
    """How many tokens the base can look at, if its configuration says so."""
    config = json.loads((base / "config.json").read_bytes())
    return next((config[key] for key in CONTEXT_KEYS if isinstance(config.get(key), int)), None)
