"""Conversations: the next reply to what was said.

Needs: input {"messages": [{"role", "content"}…]}, all turns before the reply; output {"reply"}.
Gives: the reply as it is; score token F1.
Source: roles as in the chat format of OpenAI; the score is that of SQuAD v2.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from hone.records.task import Task
from hone.tasks import _fields, _scores


class Options(BaseModel):
    """Nothing to choose: all that differs stands in the task file."""

    model_config = ConfigDict(extra="forbid")


LIMITS: tuple[str, ...] = (
    "Text only: pictures, tool calls and attachments are refused.",
    "Token F1 says little about a good reply: many replies to the same words are good.",
    "Turns of one speaker in a row are joined by a blank line when they are rendered.",
)
FORMATS: tuple[str, ...] = ("sft", "dpo", "kto")
METRICS: tuple[str, ...] = ("token_f1", "rouge", "bleu")
DUPLICATE_RULE: Literal["jaccard", "normalised"] = "jaccard"


def input_problems(task: Task, input: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with an input, in sentences."""
    problems = _fields.object_problems("input", input, ("messages",))
    if not isinstance(input, Mapping):
        return problems
    messages = input.get("messages")
    if not isinstance(messages, list) or not messages:
        return [*problems, "The messages must be a list of at least one turn."]
    for place, message in enumerate(messages, 1):
        problems += _message_problems(task, place, message)
    if not problems and _speaker(task, messages[-1]) == "assistant":
        problems.append("The last message is the model's own: there is nothing to reply to.")
    return problems


def output_problems(task: Task, output: Any) -> list[str]:
    """Everything that is wrong with an output, in sentences."""
    problems = _fields.object_problems("output", output, ("reply",))
    if isinstance(output, Mapping):
        problems += _fields.text_problems("reply", output.get("reply"))
    return problems


def answer_text(task: Task, output: Any) -> str:
    """The text that a model must write."""
    return str(output["reply"]).strip()


def parse(task: Task, text: str) -> dict[str, str] | None:
    """The output that a model's text means; None where it is empty."""
    return _scores.reply("reply", text)


def score(task: Task, prediction_text: str, expected_output: Any) -> float:
    """Token F1, 0 to 1."""
    return _scores.token_f1(prediction_text, answer_text(task, expected_output))


def near_duplicate_text(task: Task, input: Mapping[str, Any]) -> str:
    """The text by which conversations are compared: what was said, without system prompts."""
    return "\n".join(
        str(message["content"]) for message in input["messages"] if message["role"] != "system"
    )


def label_of(task: Task, output: Any) -> str:
    """For even splits: replies have no classes."""
    return ""


def search_text(task: Task, input: Mapping[str, Any], output: Any) -> str:
    """What full-text search looks through."""
    messages = input.get("messages")
    texts = [
        str(message.get("content", ""))
        for message in (messages if isinstance(messages, list) else [])
        if isinstance(message, Mapping)
    ]
    reply = output.get("reply") if isinstance(output, Mapping) else None
    return "\n".join([*texts, *([str(reply)] if reply else [])])


def _message_problems(task: Task, place: int, message: Any) -> list[str]:
    what = f"message {place}"
    if not isinstance(message, Mapping):
        return [
            f"The {what} must be an object with role and content, not {_fields.kind_of(message)}."
        ]
    problems = _fields.object_problems(what, message, ("role", "content"))
    known = ["system", "user", "assistant", *task.roles]
    if message.get("role") not in known:
        speakers = ", ".join(dict.fromkeys(known))
        problems.append(
            f"The role of {what} must be one of {speakers}, "
            f"not {_fields.shown(message.get('role'))}."
        )
    elif message["role"] == "system" and place > 1:
        problems.append(f"A system message may only stand first, not as {what}.")
    return problems + _fields.text_problems(f"content of {what}", message.get("content"))


def _speaker(task: Task, message: Mapping[str, Any]) -> str:
    role = str(message["role"])
    if role in ("system", "user", "assistant"):
        return role
    return "assistant" if role == task.roles[-1] else "user"
