"""Ids, loss mask and shortening of training rows and prompts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hone.errors import HoneError, InvalidInput
from hone.rendering.messages import messages_of
from hone.rendering.tokens import MASKED, Renderer, TrainingRow, pieces
from tests.rendering.bases import (
    STYLES,
    TEMPLATES,
    byte_level,
    make_base,
    metaspace,
    write_tokenizer,
)
from tests.tasks.kinds import SAMPLES

SYSTEM = {"role": "system", "content": "List the food picked up as JSON."}
USER = {"role": "user", "content": "12 cases of romaine, café 漢字 \n\n then 4.5 lbs of carrots"}
REPLY = {"role": "assistant", "content": '[{"item": "romaine", "quantity": 12}]'}
AGAIN = {"role": "user", "content": "And then?"}
THREE_TURNS = [SYSTEM, USER, REPLY, AGAIN, {"role": "assistant", "content": "Nothing."}]
KEEPS_EARLIER_TURNS = ["qwen_style", "llama3_style", "gemma_style", "gemma_system_style"]


@pytest.fixture(scope="module", params=STYLES)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base"), request.param)


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    return Renderer.load(make_base(tmp_path_factory.mktemp("qwen"), "qwen_style"))


def check_row(row: TrainingRow) -> None:
    assert len(row.input_ids) == len(row.labels)
    assert (
        "".join(text for text, _ in pieces(row))
        == row.text
        == row.prompt_text + row.completion_text
    )
    trained = [label for label in row.labels if label != MASKED]
    assert len(trained) == row.trained_tokens
    assert all(
        label in (MASKED, token) for label, token in zip(row.labels, row.input_ids, strict=True)
    )


def test_ids_are_those_of_transformers_for_the_same_text(base: Path) -> None:
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(base)
    renderer = Renderer.load(base)
    row = renderer.training_row(THREE_TURNS, 4096)
    check_row(row)
    prompt = renderer.prompt(THREE_TURNS[:-1])
    assert prompt.ids == theirs(prompt.text, add_special_tokens=False)["input_ids"]
    # The prompt stands alone when a model is asked, so the answer begins a segment of its own.
    answer = theirs(row.completion_text, add_special_tokens=False)["input_ids"]
    assert row.input_ids == prompt.ids + answer


def test_a_prompt_is_the_beginning_of_its_training_row(base: Path) -> None:
    renderer = Renderer.load(base)
    for messages in ([USER, REPLY], [SYSTEM, USER, REPLY], THREE_TURNS):
        row = renderer.training_row(messages, 4096)
        prompt = renderer.prompt(messages[:-1])
        assert row.prompt_text == prompt.text
        assert row.input_ids[: len(prompt.ids)] == prompt.ids
        assert row.labels[: len(prompt.ids)] == [MASKED] * len(prompt.ids)
        assert row.labels[len(prompt.ids) :] == row.input_ids[len(prompt.ids) :]


@pytest.mark.parametrize("kind", SAMPLES)
def test_what_a_task_asks_is_the_beginning_of_what_it_trains(qwen: Renderer, kind: str) -> None:
    sample = SAMPLES[kind]
    shots = [(sample.input, sample.answer)]
    asked = messages_of(sample.task, sample.input, answer=None, shots=shots)
    prompt = qwen.prompt(asked)
    answered = messages_of(sample.task, sample.input, answer=sample.answer, shots=shots)
    row = qwen.training_row(answered, 4096)
    assert row.input_ids[: len(prompt.ids)] == prompt.ids
    assert row.completion_text == sample.answer + "<|im_end|>"
    assert row.trained_tokens == len(row.input_ids) - len(prompt.ids)


def test_a_row_ends_with_the_stop_token_and_learns_it(base: Path) -> None:
    renderer = Renderer.load(base)
    row = renderer.training_row([USER, REPLY], 4096)
    assert row.input_ids[-1] == row.labels[-1] == renderer.stop_ids[0]
    assert row.completion_text.strip() == REPLY["content"] + renderer.stops[0]
    assert renderer.problems == ()


def test_an_empty_thought_belongs_to_the_prompt(tmp_path: Path) -> None:
    renderer = Renderer.load(make_base(tmp_path, "thinking_style"))
    row = renderer.training_row([USER, REPLY], 4096)
    assert row.prompt_text.endswith("<think>\n\n</think>\n\n")
    assert row.completion_text == REPLY["content"] + "<|im_end|>"


@pytest.mark.parametrize("style", KEEPS_EARLIER_TURNS)
def test_all_answers_are_trained_where_asked(tmp_path: Path, style: str) -> None:
    renderer = Renderer.load(make_base(tmp_path, style))
    row = renderer.training_row(THREE_TURNS, 4096, "all")
    check_row(row)
    stop = renderer.stops[0]
    trained = [text for text, is_trained in pieces(row) if is_trained]
    assert trained == [REPLY["content"] + stop, "Nothing." + stop]
    last = renderer.training_row(THREE_TURNS, 4096, "last")
    assert row.text == last.text
    assert row.trained_tokens > last.trained_tokens


def test_all_is_refused_where_the_template_rewrites_earlier_turns(tmp_path: Path) -> None:
    renderer = Renderer.load(make_base(tmp_path, "thinking_style"))
    with pytest.raises(HoneError, match="writes earlier turns differently"):
        renderer.training_row(THREE_TURNS, 4096, "all")


def test_a_row_without_an_answer_is_refused(qwen: Renderer) -> None:
    with pytest.raises(HoneError, match="must end with the assistant's answer"):
        qwen.training_row([USER], 4096)


def test_a_conversation_that_the_template_refuses_does_not_stop_the_others(tmp_path: Path) -> None:
    renderer = Renderer.load(make_base(tmp_path, "gemma_style"))
    good = [USER, REPLY]
    rows = list(renderer.training_rows([good, [REPLY, USER, REPLY], good], 4096))
    assert [row.is_refused for row in rows] == [False, True, False]
    assert "roles must alternate" in rows[1].reason
    assert rows[1].input_ids == [] and rows[1].text == ""
    assert rows[0] == rows[2]


def test_an_answer_is_trained_as_reviewed_where_the_template_would_drop_a_part(
    tmp_path: Path,
) -> None:
    renderer = Renderer.load(make_base(tmp_path, "thinking_style"))
    row = renderer.training_row(
        [USER, {"role": "assistant", "content": "<think>so</think>42"}], 4096
    )
    assert row.completion_text == "<think>so</think>42<|im_end|>"


def test_what_is_too_long_loses_the_head_of_the_last_question(qwen: Renderer) -> None:
    words = " ".join(f"w{place}" for place in range(200))
    messages = [SYSTEM, {"role": "user", "content": words}, REPLY]
    whole = qwen.training_row(messages, 100_000)
    limit = 200
    row = qwen.training_row(messages, limit)
    check_row(row)
    assert limit - 8 < len(row.input_ids) <= limit
    assert row.is_truncated and not row.is_refused
    assert row.cut_tokens == len(whole.input_ids) - len(row.input_ids)
    assert SYSTEM["content"] in row.text
    assert row.completion_text == whole.completion_text
    assert row.prompt_text.endswith("w199<|im_end|>\n<|im_start|>assistant\n")
    assert "w0 " not in row.text


def test_earlier_turns_go_first(qwen: Renderer) -> None:
    whole = qwen.training_row(THREE_TURNS, 4096)
    row = qwen.training_row(THREE_TURNS, len(whole.input_ids) - 1)
    assert USER["content"] not in row.text and REPLY["content"] not in row.text
    assert SYSTEM["content"] in row.text and AGAIN["content"] in row.text
    assert row.cut_tokens == len(whole.input_ids) - len(row.input_ids) > 0


def test_a_row_at_the_limit_is_whole(qwen: Renderer) -> None:
    whole = qwen.training_row(THREE_TURNS, 4096)
    row = qwen.training_row(THREE_TURNS, len(whole.input_ids))
    assert row.input_ids == whole.input_ids
    assert not row.is_truncated


def test_an_answer_that_does_not_fit_is_refused_with_the_figures(qwen: Renderer) -> None:
    needed = qwen.training_row([USER, REPLY], 4096).trained_tokens
    row = qwen.training_row([USER, REPLY], needed - 1)
    assert row.is_refused and row.is_truncated
    assert row.reason == f"the answer needs {needed} tokens, the limit is {needed - 1}"
    assert row.input_ids == row.labels == []
    assert REPLY["content"] in row.text
    snug = qwen.training_row([USER, REPLY], needed + 2)
    assert "leaves no room for the question" in snug.reason


@pytest.mark.parametrize("limit", range(60, 140, 7))
def test_no_limit_is_ever_exceeded(base: Path, limit: int) -> None:
    renderer = Renderer.load(base)
    long = {"role": "user", "content": "café 漢字 <|im_end|> ### " * 40}
    for row in renderer.training_rows([[SYSTEM, long, REPLY], [long, REPLY]], limit):
        assert row.is_truncated
        assert len(row.input_ids) <= limit
        if not row.is_refused:
            check_row(row)
            assert row.completion_text.strip() == REPLY["content"] + renderer.stops[0]


def test_a_prompt_can_be_shortened_too_or_refused(qwen: Renderer) -> None:
    words = {"role": "user", "content": "carrots " * 300}
    prompt = qwen.prompt([SYSTEM, words], max_tokens=100)
    assert len(prompt.ids) <= 100
    assert prompt.cut_tokens > 0
    assert SYSTEM["content"] in prompt.text
    assert prompt.text.endswith("carrots <|im_end|>\n<|im_start|>assistant\n")
    with pytest.raises(InvalidInput, match="cannot be cut to 5"):
        qwen.prompt([SYSTEM, words], max_tokens=5)


def test_many_rows_are_the_same_as_one_by_one(qwen: Renderer) -> None:
    conversations = [
        [SYSTEM, {"role": "user", "content": f"{place} cases " * (place % 90)}, REPLY]
        for place in range(1100)
    ]
    together = list(qwen.training_rows(iter(conversations), 150))
    assert together[::101] == [qwen.training_row(one, 150) for one in conversations[::101]]
    assert len(together) == 1100
    prompts = list(qwen.prompts([one[:-1] for one in conversations]))
    assert [one.ids for one in prompts[::101]] == [
        qwen.prompt(one[:-1]).ids for one in conversations[::101]
    ]


@pytest.mark.parametrize("has_space", [True, False])
@pytest.mark.parametrize("scheme", ["first", "always"])
def test_an_answer_goes_on_where_words_carry_their_space(
    tmp_path: Path, scheme: str, has_space: bool
) -> None:
    special = ("<s>", "</s>", "[INST]", "[/INST]")
    write_tokenizer(tmp_path, metaspace(special, scheme), bos="<s>", eos="</s>")
    source = (TEMPLATES / "mistral_style.jinja").read_text()
    source = source if has_space else source.replace('" " + message', "message")
    (tmp_path / "chat_template.jinja").write_text(source)
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(tmp_path)
    row = Renderer.load(tmp_path).training_row([USER, REPLY], 4096)
    assert row.input_ids == theirs(row.text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("style", ["bytes", "first", "always"])
def test_the_texts_of_the_tokens_joined_are_the_text(tmp_path: Path, style: str) -> None:
    special = ("<s>", "</s>", "[INST]", "[/INST]")
    tokenizer = byte_level(special) if style == "bytes" else metaspace(special, style)
    write_tokenizer(tmp_path, tokenizer, bos="<s>", eos="</s>")
    (tmp_path / "chat_template.jinja").write_text((TEMPLATES / "mistral_style.jinja").read_text())
    renderer = Renderer.load(tmp_path)
    asked = {"role": "user", "content": "Kürbis, 漢字 and  two 👩‍👩‍👧 cases\n of romaine\ufffd?"}
    ids = renderer.training_row([asked, REPLY], 4096).input_ids
    texts = renderer.token_texts(ids)
    assert len(texts) == len(ids)
    assert "".join(texts) == renderer._encoding.decode(ids)
    assert renderer.token_texts([]) == []


def test_a_vocabulary_that_does_not_know_the_markup_is_told(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, byte_level(("</s>",)), bos="<s>", eos="</s>")
    renderer = Renderer.load(tmp_path)
    assert len(renderer.problems) == 3
    assert "<|im_start|>, which the tokenizer does not know" in renderer.problems[0]
    assert "<|im_end|>, which the tokenizer does not know" in renderer.problems[1]
    assert "name '<s>' as bos_token" in renderer.problems[2]
    # The end of text closes the answer then: one token, which a generator can watch for.
    row = renderer.training_row([USER, REPLY], 4096)
    assert row.completion_text == REPLY["content"] + "</s>"
    assert row.input_ids[-1] == renderer.stop_ids[0]


def test_a_base_without_any_end_of_answer_is_told(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, byte_level(("<pad>",)), bos=None, eos=None)
    assert "Nothing ends an answer" in " ".join(Renderer.load(tmp_path).problems)


def test_stops_of_the_generation_settings_count_too(tmp_path: Path) -> None:
    make_base(tmp_path, "qwen_style")
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": [410, 408]}))
    assert Renderer.load(tmp_path).stop_ids[1:] == (408,)


def test_the_fingerprint_holds_template_and_tokenizer(tmp_path: Path) -> None:
    base = make_base(tmp_path / "one", "qwen_style")
    first = Renderer.load(base).fingerprint
    assert first == Renderer.load(base).fingerprint
    tokenizer = base / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text() + "\n")
    second = Renderer.load(base).fingerprint
    template = base / "chat_template.jinja"
    template.write_text(template.read_text() + "{# new #}")
    assert len({first, second, Renderer.load(base).fingerprint}) == 3


def test_the_cut_and_padding_of_whoever_saved_the_tokenizer_are_ignored(tmp_path: Path) -> None:
    base = make_base(tmp_path, "qwen_style")
    expected = Renderer.load(base).training_row([USER, REPLY], 4096).input_ids
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=300)
    tokenizer.save(str(base / "tokenizer.json"))
    assert Renderer.load(base).training_row([USER, REPLY], 4096).input_ids == expected


@pytest.mark.parametrize("content", ["{", "[]", "\0"])
def test_a_tokenizer_that_cannot_be_read_is_named(tmp_path: Path, content: str) -> None:
    base = make_base(tmp_path, "qwen_style")
    (base / "tokenizer.json").write_text(content)
    with pytest.raises(HoneError, match=r"Cannot read the tokenizer .*tokenizer\.json"):
        Renderer.load(base)
