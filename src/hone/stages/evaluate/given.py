"""Answers from a file beside those of models: whose they are, and what is missing or too much."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hone import shelf
from hone.errors import InvalidInput
from hone.records.evaluation import Contender
from hone.stages.evaluate.questions import Question
from hone.workspace.contenders import safe_name

FROM_FILE = "file"


def as_given(named: str) -> Contender | None:
    """The contender whose answers stand in the file that is named; None where that is no file.

    InvalidInput with everything that is wrong with its lines.
    """
    path = Path(named).expanduser()
    if path.suffix.lower() != ".jsonl" or not path.is_file():
        return None
    shelf.load("generators", FROM_FILE).read_answers(path)
    options = {"file": str(path.resolve())}
    return Contender(name=safe_name(path.stem), generator=FROM_FILE, options=options)


def notes_on(contenders: Sequence[Contender], questions: Sequence[Question]) -> list[str]:
    """What each file answers beyond what is asked; InvalidInput where it answers none of it.

    What is missing counts as wrong, and the report says how much, so a gap is never an advantage.
    """
    notes: list[str] = []
    asked = {one.id for one in questions}
    for contender in contenders:
        if contender.generator != FROM_FILE:
            continue
        path = Path(str(contender.options["file"]))
        there = shelf.load("generators", FROM_FILE).read_answers(path).keys()
        if not there & asked:
            raise InvalidInput(
                f"{path.name} answers none of the {len(asked)} examples that are asked.",
                hint=f"Its ids must be those of the examples, such as {questions[0].id}.",
            )
        if beside := len(there - asked):
            notes.append(f"{beside} answers of {path.name} are to examples that are not asked.")
    return notes
