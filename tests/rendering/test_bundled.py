"""The bundled bases are rendered and tokenised as transformers does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hone.rendering.tokens import Renderer

MESSAGES = [
    {"role": "system", "content": "List the food picked up as JSON."},
    {"role": "user", "content": "12 cs café crème from Dave's Deli\n\n& 4.5# kale <|im_end|>"},
]
REPLY = {"role": "assistant", "content": '[{"item": "café crème", "quantity": 12}]'}


@pytest.mark.parametrize("name", ["hone-nano", "hone-nano-plain"])
def test_text_and_ids_are_those_of_transformers(repository: Path, name: str) -> None:
    base = repository / "src" / "hone" / "bundled" / name
    if not base.is_dir():
        pytest.skip(f"the base {name} is not in this checkout")
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(base)
    renderer = Renderer.load(base)
    assert renderer.problems == ()
    prompt = renderer.prompt(MESSAGES)
    assert prompt.text == theirs.apply_chat_template(
        MESSAGES, tokenize=False, add_generation_prompt=True
    )
    calm = [MESSAGES[0], {"role": "user", "content": MESSAGES[1]["content"].replace("<|", "")}]
    prompt = renderer.prompt(calm)
    assert prompt.ids == theirs(prompt.text, add_special_tokens=False)["input_ids"]
    row = renderer.training_row([*calm, REPLY], 512)
    assert row.input_ids == theirs(row.text, add_special_tokens=False)["input_ids"]
    assert row.input_ids[-1] == theirs.eos_token_id
