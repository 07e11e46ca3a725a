"""Judge a base: LoRA on the probe task, then exact match on seen and unseen words and wording."""

from __future__ import annotations

import math
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import Qwen2ForCausalLM

from .probe_messages import BY_HAND, ITEMS, NEW_ITEMS, NEW_PLACES, PLACES, SYSTEM, ProbeWriter
from .tasks import Sample, as_json
from .tokenizer import PAD
from .train import answer_logits, encode

Rows = list[tuple[list[int], int]]


def _rows(tokenizer: Tokenizer, pairs: list[tuple[str, list[dict[str, object]]]]) -> Rows:
    return [
        encode(tokenizer, Sample("probe", SYSTEM, text, as_json(answer))) for text, answer in pairs
    ]


def _like_length(rng: random.Random, rows: Rows, batch: int = 32) -> list[Rows]:
    """One pass over the rows in batches of like length, in mixed order."""
    mixed = sorted(rng.sample(rows, len(rows) // batch * batch), key=lambda row: len(row[0]))
    batches = [mixed[at : at + batch] for at in range(0, len(mixed), batch)]
    rng.shuffle(batches)
    return batches


@torch.no_grad()
def exact_share(network: Qwen2ForCausalLM, rows: Rows, pad: int) -> tuple[float, list[int]]:
    """Share of rows that greedy decoding answers exactly, and the places of the others."""
    wrong: list[int] = []
    for at in range(0, len(rows), 50):
        logits, wanted, owners = answer_logits(network, rows[at : at + 50], pad)
        wrong += [at + int(owner) for owner in owners[logits.argmax(-1) != wanted].unique()]
    return 1 - len(wrong) / len(rows), wrong


def probe(
    folder: Path, seed: int, *, steps: int = 300, messages: int = 2000, lr: float = 4e-3
) -> dict[str, float]:
    """Train the adapter; print exact match before and after, and the first misses."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    pad = tokenizer.token_to_id(PAD)
    rng = random.Random(seed)
    seen, unseen = ProbeWriter(rng, ITEMS, PLACES), ProbeWriter(rng, NEW_ITEMS, NEW_PLACES)
    drawn = {text: answer for text, answer in (seen.draw() for _ in range(messages + 300))}
    pairs = list(drawn.items())
    tests = {
        "held out": _rows(tokenizer, pairs[-200:]),
        "new words": _rows(tokenizer, [unseen.draw() for _ in range(200)]),
        "by hand": _rows(tokenizer, BY_HAND),
    }
    train = _rows(tokenizer, pairs[:-200][:messages])
    torch.manual_seed(seed)
    network = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    before = {name: exact_share(network, rows, pad)[0] for name, rows in tests.items()}
    network = get_peft_model(
        network, LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    ).base_model.model
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=lr, weight_decay=0.0)
    began = time.process_time()
    batches: list[Rows] = []
    for step in range(steps):
        batches = batches or _like_length(rng, train)
        factor = min(1.0, (step + 1) / 10) * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimiser.param_groups[0]["lr"] = lr * factor
        logits, wanted, _ = answer_logits(network, batches.pop(), pad)
        loss = torch.nn.functional.cross_entropy(logits, wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
    spent = time.process_time() - began
    print(f"{len(train)} messages, {steps} steps, {spent:.0f} CPU s, last loss {loss.item():.4f}")
    print(f"before: {before}")
    after = {}
    for name, rows in tests.items():
        after[name], wrong = exact_share(network, rows, pad)
        print(f"{name}: {after[name]:.3f}")
        for place in wrong[:3] if name == "held out" else wrong[:12]:
            _show(network, tokenizer, rows[place])
    return after


def _show(network: Qwen2ForCausalLM, tokenizer: Tokenizer, row: tuple[list[int], int]) -> None:
    """Print a message, the answer wanted and the answer made."""
    ids, prompt = row
    asked = torch.tensor([ids[:prompt]])
    mask = torch.ones_like(asked)
    made = network.generate(
        input_ids=asked, attention_mask=mask, max_new_tokens=200, do_sample=False
    )
    text = tokenizer.decode(ids[:prompt]).split("user\n")[1].split("assistant")[0].strip()
    print(f"   {text}\n      want {tokenizer.decode(ids[prompt:])}")
    print(f"      got  {tokenizer.decode(made[0][prompt:].tolist())}")
