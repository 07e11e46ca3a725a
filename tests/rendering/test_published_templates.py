"""Chat templates of published models, as TRL carries them, render as under transformers."""

from __future__ import annotations

import datetime
import importlib.util
from pathlib import Path

import pytest

from hone.errors import HoneError
from hone.rendering.messages import Message
from hone.rendering.template import Template

SPECIAL = {"bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>", "pad_token": "<pad>"}
SYSTEM = {"role": "system", "content": " Be brief. "}
USER = {"role": "user", "content": '  12 <b> & "cases"\n of café'}
REPLY = {"role": "assistant", "content": '[{"item": "kale"}] '}
AGAIN = {"role": "user", "content": "And then?"}
CONVERSATIONS = [
    ([USER], True),
    ([SYSTEM, USER], True),
    ([SYSTEM, USER, REPLY], False),
    ([SYSTEM, USER, REPLY, AGAIN], True),
    ([USER, REPLY, AGAIN, REPLY], False),
]
# These take pictures and want every text wrapped; Hone's messages are plain text.
FOR_PICTURES = ("idefics3", "llava", "smolvlm")


def published() -> list[Path]:
    spec = importlib.util.find_spec("trl")
    assert spec is not None and spec.submodule_search_locations
    return sorted(Path(spec.submodule_search_locations[0], "chat_templates").glob("*.jinja"))


def folded(messages: list[Message]) -> list[Message]:
    system, first, *rest = messages
    return [{"role": "user", "content": f"{system['content']}\n\n{first['content']}"}, *rest]


@pytest.mark.parametrize("file", published(), ids=lambda file: file.stem)
def test_a_published_template_writes_the_same_bytes(file: Path) -> None:
    from transformers.utils.chat_template_utils import render_jinja_template

    source = file.read_text(encoding="utf-8")
    if file.stem.startswith(FOR_PICTURES):
        with pytest.raises(HoneError):
            Template(source, SPECIAL)
        return
    template = Template(source, SPECIAL, today=datetime.date.today())
    for messages, asks in CONVERSATIONS:
        has_system = messages[0]["role"] == "system"
        given = messages if template.takes_system or not has_system else folded(messages)
        (expected,), _ = render_jinja_template(
            [given],
            chat_template=source,
            add_generation_prompt=asks,
            enable_thinking=False,
            **SPECIAL,
        )
        assert template.render(messages, add_generation_prompt=asks) == expected


def test_there_are_many_of_them() -> None:
    assert len(published()) > 40
