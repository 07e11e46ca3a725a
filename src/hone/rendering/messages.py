"""Which messages a task asks with: system prompt, worked examples, the input and the answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from hone.errors import HoneError
from hone.records.example import Passage
from hone.records.task import Task

Message = dict[str, str]
LAYOUT = 1
"""Rises when the text that `messages_of` writes changes: every fingerprint changes with it."""
_CONTEXT, _QUESTION = "Context:\n", "\n\nQuestion: "


def messages_of(
    task: Task,
    input: Mapping[str, Any],
    *,
    context: Sequence[Passage | str] = (),
    answer: str | None,
    shots: Sequence[tuple[Mapping[str, Any], str]] = (),
) -> list[Message]:
    """The messages of one example; with `answer` for training, with None for asking.

    `shots` are worked examples (input, answer text): each becomes a user and an assistant turn
    before the question. Turns of one speaker in a row are joined by a blank line, because most
    chat templates insist that speakers alternate.
    """
    turns: list[Message] = [{"role": "system", "content": task.system}] if task.system else []
    for shot_input, shot_answer in shots:
        turns += _asked(task, shot_input, ())
        turns.append({"role": "assistant", "content": shot_answer})
    turns += _asked(task, input, context)
    if answer is not None:
        turns.append({"role": "assistant", "content": answer})
    return _alternating(turns)


def question_in(prompt: Sequence[Mapping[str, str]]) -> str:
    """What a prompt asks: its turns without system prompt and without the passages of a context.

    Two prompts with the same question are the same one to whoever looks for repetitions.
    """
    said: list[str] = []
    for turn in prompt:
        content = turn["content"]
        if turn["role"] == "user" and content.startswith(_CONTEXT) and _QUESTION in content:
            content = content.rpartition(_QUESTION)[2]
        if turn["role"] != "system":
            said.append(content)
    return "\n".join(said)


def template_fingerprint(task: Task) -> str:
    """Hash of everything that decides what a model is asked and how its answer is written."""
    parts: dict[str, Any] = {"layout": LAYOUT, "kind": task.kind, "system": task.system}
    if task.kind == "extract":
        # The order of the fields is the order of the keys in every answer.
        parts["fields"] = [[name, field.type, field.values] for name, field in task.fields.items()]
        parts["many"] = task.many
    elif task.kind == "score":
        parts |= {"dimensions": task.dimensions, "scale": list(task.scale)}
    elif task.kind == "qa":
        parts |= {"context": task.context, "unanswerable": task.unanswerable}
    else:
        parts["roles"] = task.roles
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _asked(task: Task, input: Mapping[str, Any], context: Sequence[Passage | str]) -> list[Message]:
    if task.kind == "chat":
        return [_turn(task, message) for message in input["messages"]]
    return [{"role": "user", "content": _question_text(task, input, context)}]


def _question_text(task: Task, input: Mapping[str, Any], context: Sequence[Passage | str]) -> str:
    if task.kind == "extract":
        return str(input["message"])
    if task.kind == "score":
        return "\n\n".join(part for part in (input.get("title"), input["content"]) if part)
    question = str(input["question"])
    if not (task.context and context):
        return question
    texts = [passage if isinstance(passage, str) else passage.text for passage in context]
    numbered = "\n\n".join(f"[{place}] {text}" for place, text in enumerate(texts, 1))
    # The question stands last, so that shortening from the front never loses it.
    return f"{_CONTEXT}{numbered}{_QUESTION}{question}"


def _turn(task: Task, message: Mapping[str, Any]) -> Message:
    role = message["role"]
    if role not in ("system", "user", "assistant"):
        if role not in task.roles:
            raise HoneError(
                f'Nobody called "{role}" speaks in the task {task.name}.',
                hint=f"Name every speaker under roles: in the task file. Now: {task.roles}.",
            )
        # The last of the task's roles is the one that the model plays.
        role = "assistant" if role == task.roles[-1] else "user"
    return {"role": role, "content": str(message["content"])}


def _alternating(turns: Sequence[Message]) -> list[Message]:
    joined: list[Message] = []
    for turn in turns:
        if joined and joined[-1]["role"] == turn["role"]:
            content = joined[-1]["content"] + "\n\n" + turn["content"]
            joined[-1] = {"role": turn["role"], "content": content}
        else:
            joined.append(turn)
    return joined
