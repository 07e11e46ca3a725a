"""One reader per shape: from the columns of a row to what was asked and answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from hone.importers._cells import passages_in, text_in
from hone.importers._column_map import ColumnMap
from hone.importers._columns import getter
from hone.importers._rows import RowUnfit
from hone.importers._turns import Turn, best_path, is_conversation, split_reply, turn_of, turns_of

Row = Mapping[str, Any]


class Proposal(NamedTuple):
    """A proposed output and how good the file says it is."""

    output: Any
    score: float | None = None


class Found(NamedTuple):
    """What a row says, before the task gives it its form."""

    turns: list[Turn]
    answers: list[Proposal]
    passages: list[dict[str, Any]]
    tags: list[str]
    group: str | None = None
    is_unanswerable: bool = False


def _flat(columns: ColumnMap) -> Callable[[Row], Iterable[Found]]:
    question = getter(columns.columns["question"])
    answer = getter(columns.columns["answer"]) if "answer" in columns.columns else None
    context = getter(columns.columns["context"]) if "context" in columns.columns else None

    def read(fields: Row) -> Iterable[Found]:
        asked = question(fields)
        turns = (
            turns_of(asked)
            if is_conversation(asked)
            else [Turn("user", text_in(asked, "question"))]
        )
        answers: list[Proposal] = []
        if answer is not None:
            answers = _answers(answer(fields))
        return [Found(turns, answers, passages_in(context(fields)) if context else [], [])]

    return read


def _answers(value: Any) -> list[Proposal]:
    if is_conversation(value):
        return [Proposal(turns_of(value)[-1].text)]
    if isinstance(value, list):
        if not value:
            raise RowUnfit("the answer is empty")
        return [Proposal(one) for one in _once(value)]
    if isinstance(value, dict):
        return [Proposal(value)]
    return [Proposal(text_in(value, "answer"))]


def _alpaca(columns: ColumnMap) -> Callable[[Row], Iterator[Found]]:
    get = {name: getter(path) for name, path in columns.columns.items()}

    def read(fields: Row) -> Iterator[Found]:
        said = {name: read_one(fields) for name, read_one in get.items()}
        question = text_in(said["instruction"], "instruction")
        if said.get("input"):
            # As the authors of the format join them for training.
            question = f"{question}\n{text_in(said['input'], 'input')}"
        turns = [Turn("system", str(said["system"]))] if said.get("system") else []
        turns += _history(said.get("history") or [])
        yield Found([*turns, Turn("user", question)], _answers(said["answer"]), [], [])

    return read


def _history(pairs: Any) -> list[Turn]:
    """Earlier rounds of an alpaca row: pairs of what was asked and what was answered."""
    if not isinstance(pairs, list) or not all(isinstance(p, list) and len(p) == 2 for p in pairs):
        raise RowUnfit("the history is no list of pairs")
    return [
        Turn(speaker, text_in(text, "history"))
        for pair in pairs
        for speaker, text in zip(("user", "assistant"), pair, strict=True)
    ]


def _conversation(columns: ColumnMap) -> Callable[[Row], Iterator[Found]]:
    messages = getter(columns.columns["messages"])
    label = getter(columns.columns["label"]) if "label" in columns.columns else None

    def read(fields: Row) -> Iterator[Found]:
        before, reply = split_reply(turns_of(messages(fields)))
        liked = label(fields) if label else None
        yield Found(before, [_judged(text_in(reply, "reply"), liked)], [], _verdict(liked))

    return read


def _judged(text: Any, liked: Any) -> Proposal:
    return Proposal(text) if liked is None else Proposal(text, 1.0 if liked else 0.0)


def _verdict(liked: Any) -> list[str]:
    return [] if liked is None else ["liked" if liked else "disliked"]


def _kto(columns: ColumnMap) -> Callable[[Row], Iterator[Found]]:
    if "messages" in columns.columns:
        return _conversation(columns)
    get = {name: getter(path) for name, path in columns.columns.items()}

    def read(fields: Row) -> Iterator[Found]:
        liked = get["label"](fields)
        answer = _answers(get["after"](fields))[0].output
        yield Found(_before(get["before"](fields)), [_judged(answer, liked)], [], _verdict(liked))

    return read


def _before(value: Any) -> list[Turn]:
    return turns_of(value) if is_conversation(value) else [Turn("user", text_in(value, "prompt"))]


def _preference(columns: ColumnMap) -> Callable[[Row], Iterator[Found]]:
    get = {name: getter(path) for name, path in columns.columns.items()}

    def reply(value: Any, name: str) -> str:
        if isinstance(value, dict):
            return text_in(turn_of(value).text, name)
        return text_in(turns_of(value)[-1].text if is_conversation(value) else value, name)

    def read(fields: Row) -> Iterator[Found]:
        chosen, rejected = get["chosen"](fields), get["rejected"](fields)
        if "before" in get:
            before = _before(get["before"](fields))
        else:
            # Whole conversations on both sides: they share everything but the last reply.
            before, _ = split_reply(turns_of(chosen))
        answers = [
            Proposal(reply(chosen, "chosen answer"), 1.0),
            Proposal(reply(rejected, "rejected answer"), 0.0),
        ]
        yield Found(before, answers, [], ["preference"])

    return read


def _oasst(columns: ColumnMap) -> Callable[[Row], Iterator[Found]]:
    tree = getter(columns.columns["tree"])

    def read(fields: Row) -> Iterator[Found]:
        before, reply = split_reply(best_path(tree(fields)))
        yield Found(before, [Proposal(text_in(reply, "reply"))], [], [])

    return read


def _squad(columns: ColumnMap) -> Callable[[Row], Iterable[Found]]:
    if "paragraphs" not in columns.columns:
        return _squad_rows

    def read(fields: Row) -> Iterator[Found]:
        title = fields.get("title")
        for paragraph in _objects(fields.get("paragraphs"), "paragraphs"):
            passages = [{"text": text_in(paragraph.get("context"), "context"), "source": title}]
            for asked in _objects(paragraph.get("qas"), "questions (qas)"):
                answers = _objects(asked.get("answers") or [], "answers")
                texts = [one.get("text") for one in answers]
                yield _squad_found(asked, texts, passages)

    return read


def _squad_rows(fields: Row) -> Iterator[Found]:
    answers = fields.get("answers") or {}
    if isinstance(answers, dict):
        texts = answers.get("text") or []
        if not isinstance(texts, list):
            raise RowUnfit("the answers are no list")
    else:
        texts = [one.get("text") for one in _objects(answers, "answers")]
    context = text_in(fields.get("context"), "context")
    yield _squad_found(fields, texts, [{"text": context, "source": fields.get("title")}])


def _objects(value: Any, name: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise RowUnfit(f"the {name} are no list of objects")
    return value


def _squad_found(asked: Row, texts: list[Any], passages: list[dict[str, Any]]) -> Found:
    """One question; those of one article stay on one side of every split."""
    is_unanswerable = bool(asked.get("is_impossible")) or not texts
    answers = [] if is_unanswerable else [Proposal(text) for text in _once(texts)]
    question, group = asked.get("question"), passages[0]["source"]
    turns = [Turn("user", question if isinstance(question, str) else "")]
    return Found(
        turns, answers, passages, [], None if group is None else str(group), is_unanswerable
    )


def _once(texts: list[Any]) -> list[str]:
    """The answers without repetitions, in their order."""
    return list(dict.fromkeys(text_in(one, "answer") for one in texts))


FLAT = ("qa", "prompt_completion", "text_category")
READERS: dict[str, Callable[[ColumnMap], Callable[[Row], Iterable[Found]]]] = {
    "qa": _flat,
    "prompt_completion": _flat,
    "text_category": _flat,
    "session": _flat,
    "alpaca": _alpaca,
    "sharegpt": _conversation,
    "messages": _conversation,
    "kto": _kto,
    "preference": _preference,
    "oasst": _oasst,
    "squad": _squad,
}
