"""Questions and answers.

Needs: input {"question"}; output {"answer"}; passages as context where the task says so.
Gives: the answer as it is; score token F1.
Source: the score is that of SQuAD v2.0 (Rajpurkar et al. 2018); two empty answers agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from hone.records.task import Task
from hone.rendering.quotations import answer_alone
from hone.tasks import _fields, _scores


class Options(BaseModel):
    """Nothing to choose: all that differs stands in the task file."""

    model_config = ConfigDict(extra="forbid")


LIMITS: tuple[str, ...] = (
    "One answer per question; alternatives are further examples.",
    "Word order does not count in the score.",
    "Of an answer that quotes, only what stands behind its mark of an answer is judged.",
    "Alike questions with different answers count as near-duplicates too.",
)
FORMATS: tuple[str, ...] = ("sft", "raft", "dpo", "kto")
METRICS: tuple[str, ...] = ("exact_match", "token_f1", "rouge", "bleu")
DUPLICATE_RULE: Literal["jaccard", "normalised"] = "jaccard"


def input_problems(task: Task, input: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with an input, in sentences."""
    problems = _fields.object_problems("input", input, ("question",))
    if isinstance(input, Mapping):
        problems += _fields.text_problems("question", input.get("question"))
    return problems


def output_problems(task: Task, output: Any) -> list[str]:
    """Everything that is wrong with an output, in sentences."""
    problems = _fields.object_problems("output", output, ("answer",))
    if isinstance(output, Mapping):
        problems += _fields.text_problems("answer", output.get("answer"))
    return problems


def answer_text(task: Task, output: Any) -> str:
    """The text that a model must write."""
    return str(output["answer"]).strip()


def parse(task: Task, text: str) -> dict[str, str] | None:
    """The output that a model's text means; None where it is empty."""
    return _scores.reply("answer", text)


def judged_text(text: str) -> str:
    """What is judged of an answer: what stands behind its quotation, where it has one."""
    alone = answer_alone(text)
    return text if alone is None else alone


def score(task: Task, prediction_text: str, expected_output: Any) -> float:
    """Token F1 of the answers without their quotations, 0 to 1."""
    expected = judged_text(answer_text(task, expected_output))
    return _scores.token_f1(judged_text(prediction_text), expected)


def near_duplicate_text(task: Task, input: Mapping[str, Any]) -> str:
    """The text by which questions are compared."""
    return str(input["question"])


def label_of(task: Task, output: Any) -> str:
    """For even splits: whether there is an answer, where the task has a word for "none"."""
    if task.unanswerable is None:
        return ""
    is_answered = answer_text(task, output) != task.unanswerable.strip()
    return "answered" if is_answered else "unanswerable"


def search_text(task: Task, input: Mapping[str, Any], output: Any) -> str:
    """What full-text search looks through."""
    answer = output.get("answer") if isinstance(output, Mapping) else None
    return "\n".join(str(part) for part in (input.get("question"), answer) if part)
