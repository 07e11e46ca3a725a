"""The tokenizer: byte BPE whose merges never join a space or punctuation with letters.

So a name is cut the same way in running text and inside JSON quotes, which makes copying learnable.
The pre-tokenizer is Qwen2's, because transformers rebuilds that one for a Qwen2 model in any case.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
PAD, START, END = SPECIALS
QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
JSON_MERGES = (
    ("Ġ", '"'),
    ('"', ":"),
    ('"', ","),
    ("{", '"'),
    ('"', "}"),
    ("Ġ", '{"'),
    ("[", '{"'),
    ('"}', ","),
    ('"}', "]"),
    ("}", ","),
    ("}", "]"),
    ("[", "]"),
    ("[", '"'),
    ('"', "]"),
)
"""Joins of punctuation with punctuation that JSON needs; no value begins or ends inside one."""
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Learn letter merges from `texts`, add the JSON merges; `vocabulary` counts every token."""
    learner = Tokenizer(models.BPE())
    letters = pre_tokenizers.Split(Regex(r"\p{L}+"), behavior="isolated")
    no_joins = pre_tokenizers.Split(Regex(r"[^\p{L}]"), behavior="isolated")
    suffixes = pre_tokenizers.Split(Regex(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"), behavior="isolated")
    bytes_only = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    learner.pre_tokenizer = pre_tokenizers.Sequence([suffixes, no_joins, letters, bytes_only])
    size = vocabulary - len(SPECIALS) - len(JSON_MERGES)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        min_frequency=2,
    )
    learner.train_from_iterator(texts, trainer)
    learned = json.loads(learner.to_str())["model"]
    tokens = sorted(learned["vocab"], key=lambda token: int(learned["vocab"][token]))
    merges = [tuple(pair) for pair in learned["merges"]]
    for pair in JSON_MERGES:
        merges.append(pair)
        tokens.append("".join(pair))
    return _assemble({token: place for place, token in enumerate(tokens)}, merges)


def _assemble(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [AddedToken(text, special=True, normalized=False) for text in SPECIALS]
    )
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write the four files from which transformers and tokenizers load the same tokenizer."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    settings = {
        "tokenizer_class": "Qwen2Tokenizer",
        "eos_token": END,
        "pad_token": PAD,
        "unk_token": None,
        "bos_token": None,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 2048,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
