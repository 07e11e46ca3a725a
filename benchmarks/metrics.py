"""Speed and equality of the metrics against rouge_score, sacrebleu and a plain SQuAD loop.

    python benchmarks/metrics.py                        # 100,000 pairs, peers on all of them
    python benchmarks/metrics.py --pairs 20000 --peer-pairs 2000

The pairs are synthetic: references of 1 to 60 words (20 on average) drawn by Zipf's law from
30,000 made-up words, with capitals, articles and punctuation; predictions are the references
with words dropped, replaced, repeated and swapped. Both sides run in this process, one after
the other, on the same pairs; a rate measured on fewer pairs is marked as scaled up.
"""

from __future__ import annotations

import argparse
import platform
import random
import re
import resource
import string
import sys
import time
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from hone.metrics import bleu, exact_match, rouge, token_f1
from hone.metrics.together import run_together

PUNCTUATION = (".", ",", "!", "?", ";", ":", ")", '"', "'s", "-", "%")


def make_pairs(amount: int, seed: int) -> tuple[list[str], list[str]]:
    """Predictions and references."""
    chance = random.Random(seed)
    letters = string.ascii_lowercase
    words = ["the", "a", "of", "and", "an", "in"] + [
        "".join(chance.choices(letters, k=chance.randint(2, 10))) for _ in range(30_000)
    ]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    drawn = iter(chance.choices(words, weights, k=amount * 45 + 1000))
    predictions, references = [], []
    for _ in range(amount):
        reference = [_dress(next(drawn), chance) for _ in range(_length(chance))]
        prediction = [] if chance.random() < 0.01 else list(reference)
        if chance.random() < 0.8:
            prediction = [
                _dress(next(drawn), chance) if chance.random() < 0.2 else word
                for word in prediction
                if chance.random() > 0.1
            ]
        if len(prediction) > 3 and chance.random() < 0.3:
            cut = chance.randrange(len(prediction))
            prediction = prediction[cut:] + prediction[:cut] + prediction[:2]
        references.append(" ".join(reference))
        predictions.append(" ".join(prediction))
    return predictions, references


def _length(chance: random.Random) -> int:
    return min(60, 1 + int(chance.expovariate(1 / 19.5)))


def _dress(word: str, chance: random.Random) -> str:
    dice = chance.random()
    if dice < 0.12:
        return word.capitalize()
    if dice < 0.24:
        return word + chance.choice(PUNCTUATION)
    return f"{chance.randint(1, 2000)}.5" if dice < 0.26 else word


def squad_words(text: str) -> list[str]:
    """The four steps of SQuAD's normalisation, as published."""
    bare = "".join(sign for sign in text.lower() if sign not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def peer_exact_match(predictions: list[str], references: list[str]) -> list[float]:
    """SQuAD exact match in a loop."""
    return [
        float(" ".join(squad_words(one)) == " ".join(squad_words(other)))
        for one, other in zip(predictions, references, strict=True)
    ]


def peer_token_f1(predictions: list[str], references: list[str]) -> list[float]:
    """SQuAD F1 in a loop."""
    scores = []
    for one, other in zip(predictions, references, strict=True):
        predicted, expected = squad_words(one), squad_words(other)
        shared = sum((Counter(predicted) & Counter(expected)).values())
        if not shared:
            scores.append(0.0)
            continue
        precision, recall = shared / len(predicted), shared / len(expected)
        scores.append(2 * precision * recall / (precision + recall))
    return scores


def peer_rouge_l(predictions: list[str], references: list[str]) -> list[float]:
    """rouge_score's ROUGE-L in a loop."""
    from rouge_score import rouge_scorer

    scorer = rouge_scorer.RougeScorer(["rougeL"])
    return [
        scorer.score(other, one)["rougeL"].fmeasure
        for one, other in zip(predictions, references, strict=True)
    ]


def peer_bleu(predictions: list[str], references: list[str]) -> list[float]:
    """sacrebleu's sentence BLEU in a loop."""
    from sacrebleu.metrics import BLEU

    metric = BLEU(effective_order=True)
    return [
        metric.sentence_score(one, [other]).score / 100
        for one, other in zip(predictions, references, strict=True)
    ]


ALL_FOUR = {
    "exact_match": exact_match.Options(normalise="squad"),
    "token_f1": None,
    "rouge": rouge.Options(variants=("rougeL",)),
    "bleu": None,
}

Measure = Callable[[list[str], list[str]], object]

ROWS: list[tuple[str, Measure, Measure]] = [
    (
        "exact match (SQuAD)",
        lambda p, r: exact_match.run(p, r, exact_match.Options(normalise="squad")).per_example,
        peer_exact_match,
    ),
    ("token F1 (SQuAD)", lambda p, r: token_f1.run(p, r).per_example, peer_token_f1),
    (
        "ROUGE-L",
        lambda p, r: rouge.run(p, r, rouge.Options(variants=("rougeL",))).per_example,
        peer_rouge_l,
    ),
    ("sentence BLEU", lambda p, r: bleu.run(p, r).per_example, peer_bleu),
]


def clocked(work: Callable[[], object]) -> tuple[float, float, object]:
    """Seconds on the clock, seconds of CPU, and what came out."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return time.perf_counter() - wall, time.process_time() - cpu, found


def peak_memory_mib() -> float:
    """The highest resident memory so far; 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(li.split()[1]) / 1024 for li in lines if li.startswith("VmHWM")), 0.0)


def shared(
    predictions: list[str], references: list[str], processes: int, peer_seconds: float
) -> None:
    """The same walk in several processes, as evaluation takes it from 500,000 pairs on."""
    wall, _, _ = clocked(
        lambda: run_together(predictions, references, ALL_FOUR, processes=processes)
    )
    highest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"the same walk in {processes} processes: {wall:.2f} s on the clock, "
        f"{peer_seconds / wall:.1f} times the peers' one; {highest:.0f} MiB in the largest process"
    )


def machine() -> str:
    """One line that says what this ran on."""
    packages = ("numpy", "rapidfuzz", "rouge_score", "sacrebleu")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{platform.platform()}, Python {platform.python_version()}, {versions}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--peer-pairs", type=int, default=None, help="default: all of them")
    parser.add_argument("--processes", type=int, default=2, help="of the last row")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    peer_pairs = min(asked.peer_pairs or asked.pairs, asked.pairs)
    predictions, references = make_pairs(asked.pairs, asked.seed)
    words = sum(len(text.split()) for text in references) / asked.pairs
    print(machine())
    print(f"{asked.pairs:,} pairs, seed {asked.seed}, {words:.1f} words per reference, one process")
    if peer_pairs < asked.pairs:
        print(f"peers ran on the first {peer_pairs:,} pairs; their seconds are SCALED UP")
    # Load what either side loads on first use, outside the clock.
    for _, ours, peer in ROWS:
        ours(predictions[:10], references[:10])
        peer(predictions[:10], references[:10])
    before = peak_memory_mib()
    wall, cpu, _ = clocked(lambda: run_together(predictions, references, ALL_FOUR, processes=1))
    together = np.array([wall, cpu, 0.0, 0.0])
    grown = peak_memory_mib() - before
    scale = asked.pairs / peer_pairs
    print(f"{'':22}{'ours s':>8}{'cpu s':>8}{'peer s':>9}{'cpu s':>9}{'x cpu':>7}  max difference")
    totals = np.zeros(4)
    for name, ours, peer in ROWS:
        wall, cpu, values = clocked(lambda o=ours: o(predictions, references))
        peer_wall, peer_cpu, expected = clocked(
            lambda p=peer: p(predictions[:peer_pairs], references[:peer_pairs])
        )
        difference = np.abs(np.asarray(expected) - np.asarray(values)[:peer_pairs]).max()
        row = np.array([wall, cpu, peer_wall * scale, peer_cpu * scale])
        totals += row
        print(f"{name:22}" + _shown(row) + f"  {difference:.1e}")
    print(f"{'sum of the four':22}" + _shown(totals))
    together[2:] = totals[2:]
    print(f"{'the four in one walk':22}" + _shown(together))
    print(f"memory that this walk took on top of the pairs: {grown:.0f} MiB")
    shared(predictions, references, asked.processes, totals[2])
    wall, cpu, _ = clocked(lambda: rouge.run(predictions, references))
    print(f"also ours, ROUGE-1, -2 and -L in one go: {wall:.2f} s, {cpu:.2f} s of CPU")


def _shown(row: np.ndarray) -> str:
    return f"{row[0]:8.2f}{row[1]:8.2f}{row[2]:9.2f}{row[3]:9.2f}{row[3] / row[1]:7.1f}"


if __name__ == "__main__":
    sys.exit(main())
