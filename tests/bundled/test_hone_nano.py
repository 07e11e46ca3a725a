"""The shipped base models: small, loadable, cutting names alike, of recorded make."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from pathlib import Path

import pytest
from jinja2 import Environment
from tokenizers import Tokenizer

BUNDLED = Path(__file__).resolve().parents[2] / "src" / "hone" / "bundled"
FOLDERS = [BUNDLED / "hone-nano", BUNDLED / "hone-nano-plain"]
MEBIBYTE = 1 << 20
TEXTS = [
    "3 cases of sourdough at Dave's Deli, O'Hara & Sons",
    'She said "bring 4.5 lbs", then left: café, naïve, 100 % — ok?',
    '[{"item": "rye bread", "quantity": 3, "unit": "lbs"}, {"item": "Mo\'s jam"}]',
    "two\nlines\n\n  and spaces\ttabs 😀 漢字",
    "<|im_start|>user\nHi there<|im_end|>\n<|im_start|>assistant\n[]<|im_end|>",
    "",
]
NAMES = [
    "Dave's Deli",
    "Osage City",
    "Wexler & Daughters",
    "St. Brendan's Hall",
    "half-baked quince tarts",
    "Zyqvat Plohn",
    "Room 12",
    "O'Hara's",
]


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    """One of the shipped model folders."""
    return request.param


def load(folder: Path) -> Tokenizer:
    """The tokenizer as the rendering code loads it, without torch."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))


def weight_header(folder: Path) -> dict[str, dict[str, object]]:
    """Names, types and shapes of all weights, read without any library."""
    content = (folder / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    return header


def test_a_model_folder_is_under_four_megabytes(folder: Path) -> None:
    assert sum(path.stat().st_size for path in folder.iterdir()) < 4 * MEBIBYTE


def test_weights_are_bf16_and_fit_the_config(folder: Path) -> None:
    header, config = weight_header(folder), json.loads((folder / "config.json").read_text())
    assert {entry["dtype"] for entry in header.values()} == {"BF16"}
    assert header["model.embed_tokens.weight"]["shape"] == [
        config["vocab_size"],
        config["hidden_size"],
    ]
    assert config["architectures"] == ["Qwen2ForCausalLM"] and config["tie_word_embeddings"] is True
    assert load(folder).get_vocab_size() == config["vocab_size"]


def test_the_weights_are_the_ones_whose_making_is_recorded(folder: Path) -> None:
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert digest in (folder / "PROVENANCE.md").read_text()


def test_the_control_shares_architecture_and_tokenizer_but_not_weights() -> None:
    base, control = FOLDERS
    assert (base / "tokenizer.json").read_bytes() == (control / "tokenizer.json").read_bytes()
    assert json.loads((base / "config.json").read_text()) == json.loads(
        (control / "config.json").read_text()
    )
    assert (base / "model.safetensors").read_bytes() != (control / "model.safetensors").read_bytes()


def test_text_survives_the_round_trip_through_tokens(folder: Path) -> None:
    tokenizer = load(folder)
    for text in TEXTS:
        assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_cut_the_same_way_in_text_and_in_json(folder: Path, name: str) -> None:
    tokenizer = load(folder)
    alone = tokenizer.encode(name).ids
    for text in (
        f"we met at {name} today",
        f"({name})",
        f'{{"place": "{name}", "x": 1}}',
        f'["{name}"]',
        f"{name}: two",
    ):
        ids = tokenizer.encode(text).ids
        assert any(ids[at : at + len(alone)] == alone for at in range(len(ids))), text


def test_no_token_joins_letters_with_anything_else(folder: Path) -> None:
    tokenizer = load(folder)
    specials = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}
    for token in tokenizer.get_vocab():
        text = tokenizer.decoder.decode([token]) if token not in specials else ""
        assert not (re.search(r"[^\W\d_]", text) and re.search(r"[\W\d_]", text)), token


def test_special_tokens_are_single_and_end_and_pad_are_set(folder: Path) -> None:
    tokenizer, config = load(folder), json.loads((folder / "config.json").read_text())
    answers = json.loads((folder / "generation_config.json").read_text())
    assert tokenizer.token_to_id("<|im_end|>") == config["eos_token_id"] == answers["eos_token_id"]
    assert (
        tokenizer.token_to_id("<|endoftext|>") == config["pad_token_id"] == answers["pad_token_id"]
    )
    assert len(tokenizer.encode("<|im_start|>").ids) == 1


def test_the_chat_template_adds_no_system_turn_of_its_own(folder: Path) -> None:
    template = Environment().from_string((folder / "chat_template.jinja").read_text())
    user = {"role": "user", "content": "Hi"}
    assert (
        template.render(messages=[user], add_generation_prompt=True)
        == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )
    turns = [{"role": "system", "content": "S"}, user, {"role": "assistant", "content": "[]"}]
    expected = (
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\n[]<|im_end|>\n"
    )
    assert template.render(messages=turns, add_generation_prompt=False) == expected


def test_transformers_loads_the_folder_and_gives_the_same_ids(folder: Path) -> None:
    transformers = pytest.importorskip("transformers")
    theirs, ours = transformers.AutoTokenizer.from_pretrained(folder), load(folder)
    for text in TEXTS + NAMES:
        assert theirs.encode(text, add_special_tokens=False) == ours.encode(text).ids
    assert (
        theirs.eos_token == "<|im_end|>"
        and theirs.pad_token == "<|endoftext|>"
        and theirs.bos_token is None
    )
    turns = [{"role": "user", "content": "Hi"}]
    rendered = theirs.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert rendered == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def test_the_model_loads_and_answers(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert network.num_parameters() < 2_000_000
    prompt = load(folder).encode("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n").ids
    made = network.generate(
        input_ids=torch.tensor([prompt]),
        attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        max_new_tokens=4,
    )
    assert len(prompt) < made.shape[1] <= len(prompt) + 4


def test_the_base_copies_an_unseen_name_before_any_tuning() -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    tokenizer = load(FOLDERS[0])
    network = transformers.AutoModelForCausalLM.from_pretrained(FOLDERS[0], dtype=torch.float32)
    prompt = (
        "<|im_start|>system\nAs a JSON string.<|im_end|>\n<|im_start|>user\nTormlan Velder's Inn"
        "<|im_end|>\n<|im_start|>assistant\n"
    )
    ids = torch.tensor([tokenizer.encode(prompt).ids])
    made = network.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False
    )
    assert tokenizer.decode(made[0][ids.shape[1] :].tolist()) == '"Tormlan Velder\'s Inn"'
