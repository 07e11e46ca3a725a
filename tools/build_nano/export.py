"""Write a checkpoint as a folder that transformers and tokenizers load, weights in bf16."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer

from .network import new_network
from .tokenizer import END, PAD


def export(checkpoint: Path, tokenizer_folder: Path, out: Path, seed: int) -> str:
    """Write the model of `checkpoint` to `out` and return the sha256 of its weights file."""
    tokenizer = Tokenizer.from_file(str(tokenizer_folder / "tokenizer.json"))
    end, pad = tokenizer.token_to_id(END), tokenizer.token_to_id(PAD)
    network = new_network(tokenizer.get_vocab_size(), end, pad, seed)
    network.load_state_dict(torch.load(checkpoint, weights_only=True)["network"])
    out.mkdir(parents=True, exist_ok=True)
    network.to(torch.bfloat16).save_pretrained(out)
    (out / "model.safetensors").chmod(0o644)
    settings = {"do_sample": False, "eos_token_id": end, "pad_token_id": pad, "max_new_tokens": 256}
    (out / "generation_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copyfile(tokenizer_folder / name, out / name)
    digest = hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()
    print(digest)
    return digest
