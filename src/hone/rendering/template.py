"""A base model's own chat markup: read from its folder, rendered in a sandbox, fingerprinted."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hone.errors import HoneError, InvalidInput
from hone.rendering.messages import Message

CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""What a base without a template of its own is given."""
SPECIAL_NAMES = (
    "bos_token",
    "eos_token",
    "unk_token",
    "sep_token",
    "pad_token",
    "cls_token",
    "mask_token",
)
FIXED_DATE = datetime.date(2024, 7, 26)
"""Templates that write today's date write this one: training and serving must not drift apart.
It is the date that Llama 3's templates write where they have no clock."""
VARIABLES = {"enable_thinking": False}
"""Given to every template: bases that can think aloud are asked for the answer alone."""
MAX_SOURCE_CHARACTERS = 200_000
_PROBES = ("ztsystemzt", "ztquestionzt", "ztanswerzt")


class Template:
    """Turns messages into the text a base expects; the same bytes as transformers writes."""

    def __init__(
        self,
        source: str,
        special_tokens: Mapping[str, str],
        *,
        today: datetime.date = FIXED_DATE,
        name: str = "chat template",
        is_default: bool = False,
    ) -> None:
        from hone.rendering._sandbox import Sandbox

        if len(source) > MAX_SOURCE_CHARACTERS:
            raise HoneError(
                f"The {name} has {len(source):,} characters.", hint="It is no template."
            )
        self.source = source
        self.special_tokens = dict(special_tokens)
        self.is_default = is_default
        self.name = name
        self._sandbox = Sandbox(today)
        with _as_user_error(name):
            self._compiled = self._sandbox.compiled(source)
        state = [source, sorted(self.special_tokens.items()), today.isoformat(), VARIABLES]
        digest = hashlib.sha256(json.dumps(state, ensure_ascii=False).encode())
        self.fingerprint = "sha256:" + digest.hexdigest()
        system, question, answer = _PROBES
        self.takes_system = self._shows_system(system, question)
        closed = self._render(
            [{"role": "user", "content": question}, {"role": "assistant", "content": answer}], False
        )
        if question not in closed or answer not in closed:
            raise HoneError(
                f"The {name} does not write what user and assistant say.",
                hint="Choose a base with a chat template for plain text, or remove the template "
                "from the folder: ChatML is used then.",
            )
        self.turn_end = closed[closed.rindex(answer) + len(answer) :]
        """What the template writes after an answer, e.g. "<|im_end|>\\n"."""
        opened = self._render([{"role": "user", "content": question}], True)
        asked = [{"role": "system", "content": system}, {"role": "user", "content": question}]
        self.markup = "\n".join([source, closed, opened, self.render(asked, True)])
        """All that the template writes by itself, somewhere in this text."""
        lead = closed[len(opened) : closed.rindex(answer)] if closed.startswith(opened) else ""
        self.answer_lead = lead if lead.strip() else ""
        """Markup between the opening of a turn and the answer, which the model is given, not
        taught: an empty thought, or the opening itself where the template ignores the request
        for one. White space alone stays with the answer, where tokenizers want it."""

    @classmethod
    def load(cls, model_folder: Path | str, *, today: datetime.date = FIXED_DATE) -> Template:
        """Read a model's folder: chat_template.jinja, else tokenizer_config.json, else ChatML."""
        folder = Path(model_folder)
        settings = read_settings(folder)
        file = folder / "chat_template.jinja"
        found = (
            file.read_text(encoding="utf-8") if file.is_file() else settings.get("chat_template")
        )
        if isinstance(found, list):
            # Older folders hold several named templates; "default" is the one for plain chats.
            named = {one.get("name"): one.get("template") for one in found if isinstance(one, dict)}
            found = named.get("default")
        special = special_tokens_of(settings)
        is_default = not isinstance(found, str)
        source = CHATML if is_default else found
        return cls(
            str(source),
            special,
            today=today,
            name=f"chat template of {folder.name}",
            is_default=is_default,
        )

    @property
    def stops(self) -> list[str]:
        """Texts that end an answer: what closes a turn, and the tokenizer's end-of-text."""
        token = re.match(r"\s*(<[^<>\s]+>|\S.*)", self.turn_end)
        found = [token[1]] if token else []
        eos = self.special_tokens.get("eos_token")
        return found + ([eos] if eos and eos not in found else [])

    def render(self, messages: Sequence[Mapping[str, Any]], add_generation_prompt: bool) -> str:
        """The text of the messages; `add_generation_prompt` opens the model's turn.

        Where the template has no place for a system prompt, that prompt stands at the head of
        the first user message, a blank line between them.
        """
        if not messages:
            raise HoneError("There are no messages to render.", hint="Give at least one.")
        if not self.takes_system and messages[0]["role"] == "system":
            messages = _folded(messages)
        return self._render(messages, add_generation_prompt)

    def _render(self, messages: Sequence[Mapping[str, Any]], add_generation_prompt: bool) -> str:
        self._sandbox.start()
        with _as_user_error(self.name):
            return self._compiled.render(
                messages=[dict(message) for message in messages],
                tools=None,
                documents=None,
                add_generation_prompt=add_generation_prompt,
                **VARIABLES,
                **self.special_tokens,
            )

    def _shows_system(self, system: str, question: str) -> bool:
        turns = [{"role": "system", "content": system}, {"role": "user", "content": question}]
        try:
            return system in self._render(turns, True)
        except HoneError:
            # Gemma's template and others raise an exception at a system message.
            return False


REFUSES = "refuses these messages"
"""In the reason of every row whose conversation the base's template does not take."""


@contextmanager
def _as_user_error(name: str) -> Iterator[None]:
    """Whatever a template raises is a fault of the template or of the messages, told as such."""
    try:
        yield
    except HoneError:
        raise
    except Exception as error:
        reason = "it calls itself without end" if isinstance(error, RecursionError) else error
        raise InvalidInput(
            f"The {name} {REFUSES}: {reason}",
            hint="Look at the order of the speakers, or choose a base with another template.",
        ) from error


def read_settings(folder: Path) -> dict[str, Any]:
    """`tokenizer_config.json` of a model's folder, with the older special_tokens_map.json."""
    found: dict[str, Any] = {}
    for name in ("special_tokens_map.json", "tokenizer_config.json"):
        file = folder / name
        if not file.is_file():
            continue
        try:
            value = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise HoneError(
                f"{file} is not JSON: {error}", hint="Download the base again, or repair the file."
            ) from error
        if isinstance(value, dict):
            found |= value
    return found


def special_tokens_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """bos_token, eos_token and the like as texts; only those that are set."""
    found: dict[str, str] = {}
    for name in SPECIAL_NAMES:
        value = settings.get(name)
        if isinstance(value, dict):
            value = value.get("content")
        if isinstance(value, str):
            found[name] = value
    return found


def _folded(messages: Sequence[Mapping[str, Any]]) -> list[Message]:
    system, *rest = messages
    for place, message in enumerate(rest):
        if message["role"] == "user":
            content = f"{system['content']}\n\n{message['content']}"
            return [*map(dict, rest[:place]), {"role": "user", "content": content},
                    *map(dict, rest[place + 1 :])]  # fmt: skip
    return [{"role": "user", "content": str(system["content"])}, *map(dict, rest)]
