"""Command line: `python -m tools.build_nano tokenizer|train|export|probe`.

PROVENANCE.md beside the shipped weights names the calls that made them.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch

from .tasks import TaskWriter
from .tokenizer import save_tokenizer, train_tokenizer
from .train import Plan, pretrain, render
from .words import Lexicon, glosses


def make_tokenizer(wordnet: Path, folder: Path, vocabulary: int, seed: int) -> None:
    """Train the tokenizer on half definitions, half chat messages and their answers."""
    prose = glosses(wordnet)
    random.Random(seed).shuffle(prose)
    writer = TaskWriter(Lexicon(wordnet), prose, seed)
    chats = [
        "".join(render(writer.draw("event"))).replace("<|im_start|>", "").replace("<|im_end|>", "")
        for _ in range(25000)
    ]
    save_tokenizer(train_tokenizer(prose[:30000] + chats, vocabulary), folder)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="tools.build_nano", description=__doc__)
    verbs = top.add_subparsers(dest="verb", required=True)
    for verb in ("tokenizer", "train", "export", "probe"):
        one = verbs.add_parser(verb)
        one.add_argument("--wordnet", type=Path, default=Path("wordnet/usr/share/wordnet"))
        one.add_argument("--tokenizer", type=Path, default=Path("build/nano-tokenizer"))
        one.add_argument(
            "--run", type=Path, default=Path("build/nano-run"), help="folder of one training run"
        )
        one.add_argument("--seed", type=int, default=20)
        one.add_argument("--vocabulary", type=int, default=1024)
        one.add_argument("--kind", choices=("base", "control"), default="base")
        one.add_argument("--steps", type=int, default=8000)
        one.add_argument(
            "--start-from",
            help="checkpoint or exported folder whose weights the run begins with",
        )
        one.add_argument("--rate-scale", type=float, default=1.0)
        one.add_argument("--begin", type=float, default=0.0, help="where on the curriculum, 0 to 1")
        one.add_argument("--flat", type=float, default=0.6, help="share of steps at the full rate")
        one.add_argument("--threads", type=int, default=1)
        one.add_argument("--out", type=Path, help="folder to export to")
        one.add_argument("--model", type=Path, help="exported folder to probe")
    return top


def main() -> None:
    given = parser().parse_args()
    if given.verb == "tokenizer":
        make_tokenizer(given.wordnet, given.tokenizer, given.vocabulary, given.seed)
    elif given.verb == "train":
        torch.set_num_threads(given.threads)
        plan = Plan(
            given.kind,
            given.steps,
            given.seed,
            given.start_from,
            given.rate_scale,
            given.begin,
            given.flat,
        )
        pretrain(plan, given.tokenizer / "tokenizer.json", given.wordnet, given.run)
    elif given.verb == "export":
        from .export import export

        export(given.run / "checkpoint.pt", given.tokenizer, given.out, given.seed)
    else:
        from .probe import probe

        probe(given.model, given.seed)


if __name__ == "__main__":
    main()
