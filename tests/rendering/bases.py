"""Small bases made on the spot: a tokenizer and settings for each style of chat template."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

TEMPLATES = Path(__file__).parent / "templates"
WORDS = (
    "12 cases of romaine went to the shelter on Fifth Street, 4.5 lbs of carrots to O'Hara's. "
    '[{"item": "romaine", "quantity": 12, "unit": "cases"}] List the food picked up as JSON. '
    "### Instruction: ### Response: Today Date: 26 Jul 2024 user assistant "
    "system model café 漢字\n\n"
)

# style -> (bos, eos, control tokens, tokens that are added but not special)
STYLES: dict[str, tuple[str | None, str, list[str], list[str]]] = {
    "qwen_style": (None, "<|im_end|>", ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
                   ["<tool_call>", "<think>", "</think>"]),
    "llama3_style": ("<|begin_of_text|>", "<|eot_id|>",
                     ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
                      "<|eot_id|>"],
                     []),
    "mistral_style": ("<s>", "</s>", ["<s>", "</s>", "[INST]", "[/INST]"], []),
    "gemma_style": ("<bos>", "<eos>", ["<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"], []),
    "gemma_system_style": ("<bos>", "<eos>",
                           ["<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"], []),
    "thinking_style": (None, "<|im_end|>", ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
                       ["<think>", "</think>"]),
    "alpaca_style": ("<s>", "</s>", ["<s>", "</s>"], []),
}  # fmt: skip


def make_base(folder: Path, style: str) -> Path:
    """A folder with tokenizer.json, tokenizer_config.json and the template of a style."""
    bos, eos, special, added = STYLES[style]
    write_tokenizer(folder, byte_level(tuple(special), tuple(added)), bos=bos, eos=eos)
    source = (TEMPLATES / f"{style}.jinja").read_text(encoding="utf-8")
    (folder / "chat_template.jinja").write_text(source, encoding="utf-8")
    return folder


def write_tokenizer(folder: Path, tokenizer_json: str, *, bos: str | None, eos: str | None) -> None:
    """The two tokenizer files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(tokenizer_json, encoding="utf-8")
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": bos,
        "eos_token": {"content": eos, "special": True, "__type": "AddedToken"} if eos else None,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 4096,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")


@lru_cache
def byte_level(special: tuple[str, ...], added: tuple[str, ...] = ()) -> str:
    """A byte-level BPE tokenizer, as Qwen's and Llama 3's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    _train(tokenizer, pre_tokenizers.ByteLevel.alphabet())
    return _with_tokens(tokenizer, special, added)


@lru_cache
def metaspace(special: tuple[str, ...], scheme: str) -> str:
    """A BPE tokenizer whose words carry their space in front, as Mistral's and Llama 2's."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)  # type: ignore[arg-type]
    tokenizer.decoder = decoders.Metaspace()
    letters = sorted(
        {letter for letter in WORDS if not letter.isspace()} | {"▁", "<", ">", "|", "\n"}
    )
    _train(tokenizer, letters, ["<unk>"])
    return _with_tokens(tokenizer, special, ())


def _train(tokenizer: Tokenizer, alphabet: list[str], first: list[str] | None = None) -> None:
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=alphabet, show_progress=False, special_tokens=first or []
    )
    tokenizer.train_from_iterator([WORDS] * 3, trainer)


def _with_tokens(tokenizer: Tokenizer, special: tuple[str, ...], added: tuple[str, ...]) -> str:
    tokenizer.add_special_tokens([AddedToken(text, normalized=False) for text in special])
    tokenizer.add_tokens([AddedToken(text, normalized=False, special=False) for text in added])
    return tokenizer.to_str()
