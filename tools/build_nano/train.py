"""The pretraining loop: batches of like length, loss on answers, exactly resumed checkpoints."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import Qwen2ForCausalLM

from . import curriculum
from .network import new_network, optimisers, take_over
from .tasks import Sample, TaskWriter
from .tokenizer import END, PAD, START
from .words import Lexicon, glosses

Rows = list[tuple[list[int], int]]
"""Token ids of a sample, and how many of them are its prompt."""
BATCH, BLOCK = 32, 16
LONGEST = 176
# A processor without these instructions is many times slower in bf16 than in fp32.
HAS_BF16 = torch.cpu._is_avx512_bf16_supported()


@dataclass(frozen=True)
class Plan:
    """Everything that decides the result of a run, apart from the words and the code."""

    kind: str
    steps: int
    seed: int
    start_from: str | None = None
    rate_scale: float = 1.0
    begin: float = 0.0
    """Where on the curriculum the run begins, 0 to 1."""
    flat: float = 0.6


def render(sample: Sample) -> tuple[str, str]:
    """ChatML prompt and answer; running text is all answer."""
    if sample.user is None:
        return "", sample.answer
    system = f"{START}system\n{sample.system}{END}\n" if sample.system is not None else ""
    return f"{system}{START}user\n{sample.user}{END}\n{START}assistant\n", f"{sample.answer}{END}"


def encode(tokenizer: Tokenizer, sample: Sample) -> tuple[list[int], int]:
    """Token ids of prompt and answer, and the length of the prompt."""
    prompt, answer = render(sample)
    first = tokenizer.encode(prompt).ids if prompt else []
    return first + tokenizer.encode(answer).ids, len(first)


class Blocks:
    """Blocks of batches, made ahead by a second process; a block is seeded by its first step."""

    def __init__(self, plan: Plan, tokenizer_file: Path, wordnet: Path) -> None:
        self.plan = plan
        self.maker = ProcessPoolExecutor(
            1, initializer=_prepare_maker, initargs=(tokenizer_file, wordnet)
        )

    def __call__(self, step: int) -> Iterator[list[Rows]]:
        """Blocks from `step` on, as long as the plan lasts; one is always under way."""
        waiting = self.maker.submit(_make_block, self.plan, step)
        while step < self.plan.steps:
            block, step = waiting.result(), step + BLOCK
            waiting = self.maker.submit(_make_block, self.plan, step)
            yield block
        self.maker.shutdown(cancel_futures=True)


_SOURCES: dict[str, Any] = {}


def _prepare_maker(tokenizer_file: Path, wordnet: Path) -> None:
    _SOURCES["tokenizer"] = Tokenizer.from_file(str(tokenizer_file))
    _SOURCES["lexicon"], _SOURCES["prose"] = Lexicon(wordnet), glosses(wordnet)


def _make_block(plan: Plan, step: int) -> list[Rows]:
    """BLOCK batches of BATCH samples of like length, in mixed order; too long ones are redrawn."""
    done = plan.begin + (1 - plan.begin) * step / plan.steps
    mixed = random.Random(f"{plan.seed} {plan.begin} {step // BLOCK}").getrandbits(48)
    writer = TaskWriter(_SOURCES["lexicon"], _SOURCES["prose"], mixed, width=curriculum.width(done))
    shares = curriculum.weights(plan.kind, done)
    rows: Rows = []
    while len(rows) < BATCH * BLOCK:
        tasks = writer.rng.choices(list(shares), list(shares.values()), k=BATCH * BLOCK - len(rows))
        drawn = [encode(_SOURCES["tokenizer"], writer.draw(task)) for task in tasks]
        rows += [row for row in drawn if len(row[0]) <= LONGEST]
    rows.sort(key=lambda row: len(row[0]))
    batches = [rows[at : at + BATCH] for at in range(0, len(rows), BATCH)]
    writer.rng.shuffle(batches)
    return batches


def answer_logits(network: Qwen2ForCausalLM, rows: Rows, pad: int) -> tuple[Tensor, Tensor, Tensor]:
    """Logits where answers are predicted, the ids to predict, and the row each belongs to."""
    width = max(len(ids) for ids, _ in rows)
    tokens = torch.full((len(rows), width), pad)
    wanted = torch.full((len(rows), width), -100)
    for place, (ids, prompt) in enumerate(rows):
        tokens[place, : len(ids)] = torch.tensor(ids)
        first = max(prompt, 1)
        wanted[place, first - 1 : len(ids) - 1] = torch.tensor(ids[first:])
    chosen = wanted >= 0
    owners = torch.arange(len(rows))[:, None].expand_as(wanted)[chosen]
    hidden = network.model(input_ids=tokens, use_cache=False).last_hidden_state
    return network.lm_head(hidden[chosen]), wanted[chosen], owners


class Exam:
    """Fixed samples with unseen words: per task, with known wording and with unseen wording.

    An answer counts when every token of it is the likeliest one after the true tokens before it,
    which is the same as greedy decoding giving exactly that answer.
    """

    def __init__(self, tokenizer: Tokenizer, folder: Path, kind: str, each: int = 96) -> None:
        lexicon = Lexicon(folder, held_out=True)
        measured = curriculum.MEASURED if kind == "base" else curriculum.MEASURED_CONTROL
        self.pad = tokenizer.token_to_id(PAD)
        self.rows: dict[str, Rows] = {}
        for wording in (False, True):
            writer = TaskWriter(lexicon, [], 777, held_out_wording=wording)
            for task in measured:
                if not wording or task in ("report", "plain", "tally", "present"):
                    samples = [encode(tokenizer, writer.draw(task)) for _ in range(each)]
                    self.rows[task + ("_wording" if wording else "")] = [
                        row for row in samples if len(row[0]) <= LONGEST
                    ]

    @torch.no_grad()
    def grade(self, network: Qwen2ForCausalLM) -> dict[str, float]:
        """Share of exactly right answers per task."""
        network.eval()
        shares = {}
        for task, rows in self.rows.items():
            right = 0
            for at in range(0, len(rows), 48):
                part = rows[at : at + 48]
                logits, wanted, owners = answer_logits(network, part, self.pad)
                wrong = owners[logits.argmax(-1) != wanted].unique()
                right += len(part) - len(wrong)
            shares[task] = round(right / len(rows), 3)
        network.train()
        return shares


def pretrain(plan: Plan, tokenizer_file: Path, wordnet: Path, folder: Path) -> Qwen2ForCausalLM:
    """Run the plan in `folder`, going on from its last checkpoint if there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    end, pad = tokenizer.token_to_id(END), tokenizer.token_to_id(PAD)
    network = new_network(tokenizer.get_vocab_size(), end, pad, plan.seed)
    if plan.start_from:
        take_over(network, _weights(Path(plan.start_from)))
    steerers = optimisers(network, plan.rate_scale)
    groups = [(group, group["lr"]) for steerer in steerers for group in steerer.param_groups]
    step, seconds = _resume(folder, network, steerers)
    exam = Exam(tokenizer, wordnet, plan.kind)
    network.train()
    began, tokens, losses = time.monotonic(), 0, []
    for block in Blocks(plan, tokenizer_file, wordnet)(step):
        for rows in block:
            factor = curriculum.rate(step / plan.steps, step, flat=plan.flat)
            for group, rate in groups:
                group["lr"] = rate * factor
            losses.append(_one_step(network, steerers, rows, pad))
            tokens += sum(len(ids) for ids, _ in rows)
            step += 1
        if step % (BLOCK * 5) == 0 or step >= plan.steps:
            spent = seconds + time.monotonic() - began
            loss = round(sum(losses) / len(losses), 4)
            _log(folder, {"step": step, "loss": loss, "seconds": round(spent), "tokens": tokens})
            losses = []
        if step % (BLOCK * 15) == 0 or step >= plan.steps:
            _log(folder, {"step": step, "exact": exam.grade(network)})
            _save(folder, network, steerers, step, seconds + time.monotonic() - began)
    (folder / "plan.json").write_text(json.dumps(asdict(plan), indent=2))
    return network


def _weights(start: Path) -> dict[str, Tensor]:
    """The weights of a checkpoint, or of a folder that `export` wrote, in fp32."""
    if not start.is_dir():
        return torch.load(start, weights_only=True)["network"]
    held = {name: one.float() for name, one in load_file(start / "model.safetensors").items()}
    # One matrix serves as embedding and as head; the file holds it once.
    return held | {"lm_head.weight": held["model.embed_tokens.weight"]}


def _one_step(
    network: Qwen2ForCausalLM,
    steerers: list[torch.optim.Optimizer],
    rows: Rows,
    pad: int,
) -> float:
    with torch.autocast("cpu", torch.bfloat16, enabled=HAS_BF16):
        logits, wanted, _ = answer_logits(network, rows, pad)
    loss = torch.nn.functional.cross_entropy(logits.float(), wanted)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    for steerer in steerers:
        steerer.step()
        steerer.zero_grad(set_to_none=True)
    return loss.item()


def _log(folder: Path, entry: dict[str, object]) -> None:
    with (folder / "log.jsonl").open("a") as file:
        file.write(json.dumps(entry) + "\n")


def _save(
    folder: Path,
    network: Qwen2ForCausalLM,
    steerers: list[torch.optim.Optimizer],
    step: int,
    seconds: float,
) -> None:
    """Write aside, move into place; blocks are seeded by their step, so no RNG is kept."""
    kept = {
        "network": network.state_dict(),
        "steerers": [s.state_dict() for s in steerers],
        "step": step,
        "seconds": seconds,
    }
    torch.save(kept, folder / "checkpoint.new")
    (folder / "checkpoint.new").replace(folder / "checkpoint.pt")


def _resume(
    folder: Path, network: Qwen2ForCausalLM, steerers: list[torch.optim.Optimizer]
) -> tuple[int, float]:
    path = folder / "checkpoint.pt"
    if not path.exists():
        return 0, 0.0
    kept = torch.load(path, weights_only=True)
    network.load_state_dict(kept["network"])
    for steerer, state in zip(steerers, kept["steerers"], strict=True):
        steerer.load_state_dict(state)
    return kept["step"], kept["seconds"]
