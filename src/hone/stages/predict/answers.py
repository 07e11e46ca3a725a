"""Makes records of texts: what an answer means, what is wrong with it, and whether two agree."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hone import shelf
from hone.importers._questions import Asked
from hone.records.evaluation import Contender
from hone.records.task import Task
from hone.stages.predict.asking import Asking
from hone.stages.predict.options import AnswerBy, Predicted
from hone.workspace.predictions import Prediction


def rules_answers(asking: Asking) -> Callable[[Mapping[str, Any]], Prediction]:
    """A function that answers by rules in this process: they need no worker."""
    task, kind = asking.task, shelf.load("tasks", asking.task.kind)
    file = asking.contenders[0].options["file"]
    # Read once: a rules file takes longer to read than most messages to answer.
    rules = shelf.load("generators", "rules").load_rules(file, task)

    def answer(given: Mapping[str, Any]) -> Prediction:
        begun = time.perf_counter()
        output = rules.propose(str(given["message"]))
        text = "" if output is None else kind.answer_text(task, output)
        return Prediction("", text, seconds=time.perf_counter() - begun)

    return answer


def by_rules(
    asking: Asking, asked: Asked, answer: Callable[[Mapping[str, Any]], Prediction]
) -> Predicted:
    """One row answered by rules alone."""
    found = {"rules": None if asked.problem else answer(asked.input)}
    return put_together(asking.task, asking.contenders, asked, found)


def put_together(
    task: Task,
    contenders: Sequence[Contender],
    asked: Asked,
    found: Mapping[str, Prediction | None],
) -> Predicted:
    """One row with the answers of everybody, in the order of `contenders`."""
    if asked.problem:
        return Predicted(row=asked.row, input=asked.input, problem=asked.problem)
    answers = [meaning(task, one.name, found.get(one.name)) for one in contenders]
    agree = None
    if len(answers) > 1:
        agree = answers[0].output is not None and answers[0].output == answers[1].output
    return Predicted(row=asked.row, input=asked.input, answers=answers, agree=agree)


def meaning(task: Task, name: str, prediction: Prediction | None) -> AnswerBy:
    """What a prediction says to a task, and what is wrong with it."""
    if prediction is None or prediction.problem:
        problem = prediction.problem if prediction is not None else "It was not answered."
        return AnswerBy(by=name, text="", problems=[problem])
    kind = shelf.load("tasks", task.kind)
    output = kind.parse(task, prediction.text)
    problems: list[str] = [] if prediction.is_complete else ["It was cut off at the length limit."]
    if output is None:
        problems.append("The answer is empty." if not prediction.text else "It cannot be read.")
    else:
        problems += kind.output_problems(task, output)
    return AnswerBy(
        by=name,
        text=prediction.text,
        output=output,
        problems=problems,
        confidence=prediction.confidence,
        seconds=prediction.seconds,
    )
