"""A template writes the same bytes as transformers, and says clearly what it cannot do."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from hone.errors import HoneError
from hone.rendering.template import CHATML, Template
from tests.rendering.bases import STYLES, byte_level, make_base, write_tokenizer

SYSTEM = {"role": "system", "content": " List the food.\n"}
USER = {"role": "user", "content": '  12 cases <b>"romaine"</b> & café\n\n漢字 {{ x }} {% raw %}'}
REPLY = {"role": "assistant", "content": '[{"item": "romaine"}] '}
AGAIN = {"role": "user", "content": "And then?"}
CONVERSATIONS = {
    "one question": ([USER], True),
    "with a system prompt": ([SYSTEM, USER], True),
    "answered": ([SYSTEM, USER, REPLY], False),
    "three turns": ([SYSTEM, USER, REPLY, AGAIN], True),
    "without a system prompt": ([USER, REPLY, AGAIN, REPLY], False),
    "empty reply": ([USER, {"role": "assistant", "content": ""}], False),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_the_text_is_that_of_transformers(tmp_path: Path, style: str, conversation: str) -> None:
    from transformers import AutoTokenizer

    base = make_base(tmp_path / "base", style)
    theirs = AutoTokenizer.from_pretrained(base)
    ours = Template.load(base, today=datetime.date.today())
    messages, asks = CONVERSATIONS[conversation]
    given = messages
    if not ours.takes_system and messages[0]["role"] == "system":
        # What transformers refuses, we write at the head of the first question.
        first = f"{messages[0]['content']}\n\n{messages[1]['content']}"
        given = [{"role": "user", "content": first}, *messages[2:]]
    expected = theirs.apply_chat_template(
        given, tokenize=False, add_generation_prompt=asks, enable_thinking=False
    )
    assert ours.render(messages, add_generation_prompt=asks) == expected


def test_what_a_turn_ends_with_is_read_off_the_template(tmp_path: Path) -> None:
    ends = {style: Template.load(make_base(tmp_path / style, style)).turn_end for style in STYLES}
    assert ends == {
        "qwen_style": "<|im_end|>\n",
        "llama3_style": "<|eot_id|>",
        "mistral_style": "</s>",
        "gemma_style": "<end_of_turn>\n",
        "gemma_system_style": "<end_of_turn>\n",
        "thinking_style": "<|im_end|>\n",
        "alpaca_style": "\n\n",
    }


def test_stops_are_the_turn_end_and_the_end_of_text(tmp_path: Path) -> None:
    assert Template.load(make_base(tmp_path, "gemma_style")).stops == ["<end_of_turn>", "<eos>"]


def test_a_template_that_ignores_the_request_for_an_answer_has_its_opening_as_lead(
    tmp_path: Path,
) -> None:
    assert Template.load(make_base(tmp_path, "alpaca_style")).answer_lead == "### Response:\n"


def test_a_base_that_refuses_system_prompts_gets_it_in_the_first_question(tmp_path: Path) -> None:
    template = Template.load(make_base(tmp_path, "gemma_style"))
    assert not template.takes_system
    text = template.render([{"role": "system", "content": "S"}, AGAIN], True)
    assert text == "<bos><start_of_turn>user\nS\n\nAnd then?<end_of_turn>\n<start_of_turn>model\n"


def test_a_base_without_a_template_gets_chatml(tmp_path: Path) -> None:
    write_tokenizer(
        tmp_path, byte_level(("<|im_start|>", "<|im_end|>")), bos=None, eos="<|im_end|>"
    )
    template = Template.load(tmp_path)
    assert template.is_default
    assert template.source == CHATML
    assert template.render([AGAIN], True) == (
        "<|im_start|>user\nAnd then?<|im_end|>\n<|im_start|>assistant\n"
    )


def test_templates_in_the_settings_and_lists_of_named_ones_are_read(tmp_path: Path) -> None:
    for place, value in enumerate(
        (CHATML, [{"name": "tool_use", "template": "x"}, {"name": "default", "template": CHATML}])
    ):
        folder = tmp_path / str(place)
        folder.mkdir()
        (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": value}))
        assert Template.load(folder).source == CHATML
        assert not Template.load(folder).is_default


def test_the_date_is_fixed_unless_given(tmp_path: Path) -> None:
    base = make_base(tmp_path, "llama3_style")
    assert "Today Date: 26 Jul 2024" in Template.load(base).render([AGAIN], True)
    dated = Template.load(base, today=datetime.date(2026, 11, 20))
    assert "Today Date: 20 Nov 2026" in dated.render([AGAIN], True)
    assert dated.fingerprint != Template.load(base).fingerprint


def test_the_fingerprint_changes_with_template_and_special_tokens() -> None:
    one = Template(CHATML, {"eos_token": "<|im_end|>"})
    assert one.fingerprint == Template(CHATML, {"eos_token": "<|im_end|>"}).fingerprint
    assert one.fingerprint != Template(CHATML, {"eos_token": "</s>"}).fingerprint
    assert one.fingerprint != Template(CHATML + "\n", {"eos_token": "<|im_end|>"}).fingerprint
    assert one.fingerprint.startswith("sha256:")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ messages[0]['content'] ", "unexpected"),
        ("{{ 'hello' }}", "does not write what user and assistant say"),
        ("{{ messages | nonsense }}", "nonsense"),
        ("x" * 200_001, "200,001 characters"),
    ],
)
def test_a_broken_template_is_a_sentence_not_a_traceback(source: str, said: str) -> None:
    with pytest.raises(HoneError, match=said):
        Template(source, {})


def test_what_a_template_refuses_is_told_in_its_own_words(tmp_path: Path) -> None:
    template = Template.load(make_base(tmp_path, "gemma_style"))
    with pytest.raises(HoneError, match="roles must alternate"):
        template.render([AGAIN, AGAIN], True)


def test_settings_that_are_no_json_are_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text("{oops")
    with pytest.raises(HoneError, match=r"tokenizer_config\.json is not JSON"):
        Template.load(tmp_path)
