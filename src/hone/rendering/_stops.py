"""How an answer ends under a template, and whether the vocabulary knows the template's markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hone.rendering._encoding import Encoding
from hone.rendering.template import Template

# What chat templates use as control tokens: <|im_end|>, <end_of_turn>, <｜User｜>.
_MARKUP = re.compile(r"<\|[^<>|\s]{1,40}\|>|<(?:start|end)_of_\w{1,20}>|<｜[^<>｜]{1,40}｜>")


@dataclass(frozen=True)
class Stops:
    """What ends an answer."""

    closing: str
    """Written, and trained, right after every answer."""
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    problems: tuple[str, ...]


def find_stops(template: Template, encoding: Encoding, folder: Path) -> Stops:
    """The token with which the template closes a turn; the end of text where it has none."""
    problems = list(_markup_problems(template, encoding))
    eos = template.special_tokens.get("eos_token")
    closing = _through_first_token(template.turn_end, encoding)
    if not closing and eos and encoding.id_of(eos) is not None:
        closing = eos
    texts = [closing.strip()] if closing else []
    ids = []
    if closing:
        ids = [encoding.ids(closing)[-1]]
    else:
        closing = template.turn_end
        problems.append(
            "Nothing ends an answer: the template closes a turn with "
            f"{template.turn_end!r} and the tokenizer names no eos_token."
        )
    if eos and encoding.id_of(eos) is not None:
        texts.append(eos)
        ids.append(encoding.ids(eos)[-1])
    ids += _generation_stops(folder)
    return Stops(closing, tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(texts)), tuple(problems))


def _through_first_token(turn_end: str, encoding: Encoding) -> str:
    places = [
        (turn_end.index(token), -len(token), token)
        for token in encoding.added
        if not token.isspace() and token in turn_end
    ]
    if not places:
        return ""
    start, _, token = min(places)
    return turn_end[: start + len(token)]


def _generation_stops(folder: Path) -> list[int]:
    file = folder / "generation_config.json"
    if not file.is_file():
        return []
    try:
        found = json.loads(file.read_text(encoding="utf-8")).get("eos_token_id")
    except (ValueError, AttributeError):
        # Only a source of further stops; the engine reads the file itself and complains.
        return []
    ids = found if isinstance(found, list) else [found]
    return [one for one in ids if isinstance(one, int) and not isinstance(one, bool)]


def _markup_problems(template: Template, encoding: Encoding) -> Iterator[str]:
    turns = [{"role": "user", "content": "u"}, {"role": "assistant", "content": "a"}]
    text = template.render(turns, False) + template.render(turns[:1], True)
    for token in dict.fromkeys(_MARKUP.findall(text)):
        if encoding.id_of(token) is None:
            yield (
                f"The template writes {token}, which the tokenizer does not know as one token but "
                f"cuts into {len(encoding.ids(token))}."
            )
    for name in ("bos_token", "eos_token"):
        token = template.special_tokens.get(name)
        if token and encoding.id_of(token) is None:
            yield f"The settings name {token!r} as {name}; the vocabulary has no such token."
