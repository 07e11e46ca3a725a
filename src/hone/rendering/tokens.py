"""Messages to token ids and loss mask: what is trained, asked and shown is rendered here, once.

A text is tokenised in segments (prompt, answer, …), so the ids of a prompt are always the first
ids of the training row that begins with it. The loss falls on answers and the token that ends
them, never on what the template writes after that.

What is too long is shortened in this order, and never silently: earlier turns go, oldest first;
then the last user message loses its beginning, token by token. System prompt, markup and answer
stay whole. Where the answer alone does not fit, the row is refused with the reason.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from hone.errors import HoneError, InvalidInput
from hone.rendering._encoding import Encoding
from hone.rendering._shorten import shortened
from hone.rendering._stops import find_stops
from hone.rendering.messages import Message
from hone.rendering.template import Template

TrainOn = Literal["last", "all"]
MASKED = -100
"""The label of a token that the loss does not see, as torch's cross entropy has it."""
ROWS_PER_BATCH = 512
VERSION = 1
"""Rises when the same messages give other ids or another mask."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is given to answer."""

    text: str
    ids: list[int]
    cut_tokens: int = 0


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One row as a trainer takes it; refused where `reason` is set (then it has no ids)."""

    input_ids: list[int]
    labels: list[int]
    pieces: tuple[tuple[str, bool], ...]
    cut_tokens: int = 0
    reason: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether the row cannot be trained on."""
        return bool(self.reason)

    @property
    def is_too_long(self) -> bool:
        """Whether it was refused because its answer does not fit; else the template refuses it."""
        return self.is_refused and bool(self.pieces)

    @property
    def is_truncated(self) -> bool:
        """Whether something was cut off, or would have had to be."""
        return self.cut_tokens > 0 or self.is_refused

    @property
    def text(self) -> str:
        """The exact text that is trained."""
        return "".join(text for text, _ in self.pieces)

    @property
    def prompt_text(self) -> str:
        """All that stands before the last answer."""
        return "".join(text for text, _ in self.pieces[:-1])

    @property
    def completion_text(self) -> str:
        """The last answer with the token that ends it."""
        return self.pieces[-1][0] if self.pieces else ""

    @property
    def trained_tokens(self) -> int:
        """How many tokens the loss sees."""
        return len(self.labels) - self.labels.count(MASKED)


def pieces(row: TrainingRow) -> list[tuple[str, bool]]:
    """(text, is_trained) in order; joined they are the exact text of the row."""
    return list(row.pieces)


class Renderer:
    """Template and tokenizer of one base together."""

    def __init__(self, template: Template, tokenizer_file: Path | str) -> None:
        file = Path(tokenizer_file)
        self.template = template
        self._encoding = Encoding(file, template.markup)
        stops = find_stops(template, self._encoding, file.parent)
        self.stop_ids: tuple[int, ...] = stops.ids
        """Ids that end an answer: the turn's end first, then the ends of text."""
        self.stops: tuple[str, ...] = stops.texts
        self.problems: tuple[str, ...] = stops.problems
        """Where template and vocabulary do not fit each other, in sentences; empty is good."""
        self.control_ids: frozenset[int] = frozenset(self._encoding.added.values())
        """Ids that only the template may write, such as that of <|im_end|>."""
        pad = template.special_tokens.get("pad_token")
        pad_id = self._encoding.vocabulary_id(pad) if pad else None
        self.pad_id: int = pad_id if pad_id is not None else stops.ids[0] if stops.ids else 0
        """The id that fills a batch up: the base's own, else the one that ends a turn."""
        self._closing = stops.closing
        state = json.dumps([VERSION, template.fingerprint, self._encoding.sha256])
        self.fingerprint = "sha256:" + hashlib.sha256(state.encode()).hexdigest()

    @classmethod
    def load(cls, model_folder: Path | str, *, template: Template | None = None) -> Renderer:
        """Of a model's folder, with its own template unless another is given."""
        folder = Path(model_folder)
        return cls(template or Template.load(folder), folder / "tokenizer.json")

    @property
    def last_id(self) -> int:
        """The highest id that any text becomes, or that ends an answer.

        Other added tokens are not counted: some families name ones that no text ever needs.
        """
        return max(self._encoding.last_id, *self.stop_ids)

    def prompt(self, messages: Sequence[Message], *, max_tokens: int | None = None) -> Prompt:
        """What to ask with; shortened to `max_tokens` as the module says, or refused."""
        return next(self.prompts([messages], max_tokens=max_tokens))

    def prompts(
        self, conversations: Iterable[Sequence[Message]], *, max_tokens: int | None = None
    ) -> Iterator[Prompt]:
        """Many prompts, in order."""
        for batch in _batches(conversations):
            texts = [self._open_text(self._marked(messages)) for messages in batch]
            all_ids = self._encoding.batch([(text, False) for text in texts])
            for messages, text, ids in zip(batch, texts, all_ids, strict=True):
                if max_tokens is None or len(ids) <= max_tokens:
                    yield Prompt(self._encoding.unmarked(text), ids)
                else:
                    yield self._shortened_prompt(messages, len(ids), max_tokens)

    def training_row(
        self, messages: Sequence[Message], max_length: int, train_on: TrainOn = "last"
    ) -> TrainingRow:
        """One row; `max_length` counts all its tokens."""
        return next(self.training_rows([messages], max_length, train_on))

    def training_rows(
        self,
        conversations: Iterable[Sequence[Message]],
        max_length: int,
        train_on: TrainOn = "last",
    ) -> Iterator[TrainingRow]:
        """Many rows, in order; each conversation ends with the assistant's answer."""
        for batch in _batches(conversations):
            segments = [self._segments_or_reason(messages, train_on) for messages in batch]
            ids = iter(
                self._encoding.batch(
                    [
                        (text, place > 0)
                        for row in segments
                        if not isinstance(row, str)
                        for place, (text, _) in enumerate(row)
                    ]
                )
            )
            for messages, row in zip(batch, segments, strict=True):
                if isinstance(row, str):
                    yield TrainingRow([], [], (), 0, row)
                    continue
                all_ids = [next(ids) for _ in row]
                length = sum(map(len, all_ids))
                if length <= max_length:
                    yield self._row(row, all_ids)
                else:
                    yield self._shortened_row(messages, length, max_length, train_on)

    def text_ids(self, text: str) -> list[int]:
        """Ids of a bare text, for a model that reads no conversation; markup in it stays text."""
        return self._encoding.ids(self._encoding.marked(text))

    def token_texts(self, ids: Sequence[int]) -> list[str]:
        """What each token adds to the text, to show it; joined they are the decoded ids.

        A character of several tokens stands at the last of them, so some texts are empty.
        """
        decode = self._encoding.decode
        texts: list[str] = []
        begin = end = 0
        for place in range(1, len(ids) + 1):
            # The token before is decoded along: some tokenizers write a first one differently.
            now = decode(ids[begin:place])
            is_half = now.endswith("\ufffd") and place < len(ids)
            texts.append("" if is_half else now[len(decode(ids[begin:end])) :])
            if not is_half:
                begin, end = end, place
        return texts

    def _row(
        self, segments: Sequence[tuple[str, bool]], ids: Sequence[list[int]], cut_tokens: int = 0
    ) -> TrainingRow:
        input_ids: list[int] = []
        labels: list[int] = []
        for (_, is_trained), some in zip(segments, ids, strict=True):
            input_ids += some
            labels += some if is_trained else [MASKED] * len(some)
        shown = tuple((self._encoding.unmarked(text), trained) for text, trained in segments)
        return TrainingRow(input_ids, labels, shown, cut_tokens)

    def _segments_or_reason(
        self, messages: Sequence[Message], train_on: TrainOn
    ) -> list[tuple[str, bool]] | str:
        try:
            return self._segments(messages, train_on)
        except InvalidInput as error:
            # The template does not take this conversation; that is no reason to lose the others.
            return error.message

    def _segments(self, messages: Sequence[Message], train_on: TrainOn) -> list[tuple[str, bool]]:
        if not messages or messages[-1]["role"] != "assistant":
            raise HoneError(
                "A training row must end with the assistant's answer.",
                hint="Give the answer to messages_of(…, answer=…).",
            )
        marked = self._marked(messages)
        if train_on == "all":
            return self._all_segments(marked)
        prompt = self._open_text(marked[:-1])
        return [(prompt, False), (self._closed_answer(prompt, marked), True)]

    def _all_segments(self, marked: Sequence[Message]) -> list[tuple[str, bool]]:
        segments: list[tuple[str, bool]] = []
        written = ""
        for place, message in enumerate(marked):
            if message["role"] != "assistant":
                continue
            prompt = self._open_text(marked[:place])
            if not prompt.startswith(written):
                raise HoneError(
                    f"The {self.template.name} writes earlier turns differently once a later one "
                    "follows, so not all answers of a conversation can be trained at once.",
                    hint="Train on the last answer only: --set data.train_on=last",
                )
            answer = self._closed_answer(prompt, marked[: place + 1])
            segments += [(prompt[len(written) :], False), (answer, True)]
            written = prompt + answer
        return segments

    def _closed_answer(self, prompt: str, marked: Sequence[Message]) -> str:
        """The last answer as the template writes it, up to the token that ends it."""
        closed = self.template.render(marked, add_generation_prompt=False)
        answer = marked[-1]["content"].strip()
        if closed.startswith(prompt) and closed.endswith(self.template.turn_end):
            written = closed[len(prompt) : len(closed) - len(self.template.turn_end)]
            if answer in written:
                return written + self._closing
        # The template writes a finished reply differently from an open one, or leaves out a part
        # of it. What the model is asked with, and what was reviewed, decide.
        return answer + self._closing

    def _open_text(self, marked: Sequence[Message]) -> str:
        return self.template.render(marked, add_generation_prompt=True) + self.template.answer_lead

    def _marked(self, messages: Sequence[Message]) -> list[Message]:
        mark = self._encoding.marked
        return [
            {
                **message,
                "content": mark(message["content"], is_answer=message["role"] == "assistant"),
            }
            for message in messages
        ]

    def _shortened_row(
        self, messages: Sequence[Message], length: int, max_length: int, train_on: TrainOn
    ) -> TrainingRow:
        def length_of(some: Sequence[Message]) -> int:
            return sum(map(len, self._row_ids(self._segments(some, train_on))))

        fitting = shortened(messages, max_length, length_of, self._encoding.offsets)
        if fitting is None:
            segments = self._segments(messages, train_on)
            shown = tuple((self._encoding.unmarked(text), trained) for text, trained in segments)
            answer = len(self._row_ids(segments)[-1])
            reason = f"the answer needs {answer} tokens, the limit is {max_length}"
            if answer < max_length:
                reason = (
                    f"the answer needs {answer} tokens, and the prompt's fixed text leaves no room "
                    f"for the question; the limit is {max_length}"
                )
            return TrainingRow([], [], shown, 0, reason)
        segments = self._segments(fitting, train_on)
        ids = self._row_ids(segments)
        return self._row(segments, ids, cut_tokens=length - sum(map(len, ids)))

    def _shortened_prompt(
        self, messages: Sequence[Message], length: int, max_tokens: int
    ) -> Prompt:
        def ids_of(some: Sequence[Message]) -> list[int]:
            return self._encoding.ids(self._open_text(self._marked(some)))

        def length_of(some: Sequence[Message]) -> int:
            return len(ids_of(some))

        fitting = shortened(messages, max_tokens, length_of, self._encoding.offsets)
        if fitting is None:
            raise InvalidInput(
                f"The prompt needs {length} tokens and cannot be cut to {max_tokens}.",
                hint="Shorten the system prompt or the worked examples, or raise the limit.",
            )
        ids = ids_of(fitting)
        text = self._encoding.unmarked(self._open_text(self._marked(fitting)))
        return Prompt(text, ids, cut_tokens=length - len(ids))

    def _row_ids(self, segments: Sequence[tuple[str, bool]]) -> list[list[int]]:
        return self._encoding.batch([(text, i > 0) for i, (text, _) in enumerate(segments)])


def _batches(conversations: Iterable[Sequence[Message]]) -> Iterator[list[Sequence[Message]]]:
    waiting = iter(conversations)
    while batch := list(islice(waiting, ROWS_PER_BATCH)):
        yield batch
