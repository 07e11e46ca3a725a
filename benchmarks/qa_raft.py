"""Answers that quote their source, on questions that none of us wrote: with passage and without.

    python benchmarks/qa_raft.py                                # both sets: the figures of the docs
    python benchmarks/qa_raft.py --only faq --steps 60 --quoting 60 --out results

The Westminster Shorter Catechism (107 questions) and the questions about COVID-19 of deepset's
COVID-QA (213) go the way of a user: import with passages, accept as a trusted set, build as RAFT,
train an adapter on hone-nano. A passage is what stands together in the source: two answers of the
catechism in a row, the beginning of one published answer. Questions of one passage stay in one
split. The expected answer is the catechism's, and the first sentence of the published one.

A base of 1.7 million weights cannot learn from sixty rows how to quote. So it is taught that first,
on other questions: the English part of XQuAD (1,190 questions about Wikipedia), in the same format.
That adapter is merged, and each set trains from there; --quoting 0 leaves it out.

Held-out questions are asked three times: with their passage, with it among others, and without any
(closed book). Quote-copy F1 is token F1 of what the answer quotes between the marks against the
sentence that it should quote, 0 where it quotes nothing; verbatim is the share of answers whose
every quotation stands in the passages that were shown; answer F1 is that of what stands behind the
answer mark. Steps and batch were chosen for minutes, not for the score. One process, one thread.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from real_messages import BASE, DATA, about

from hone import loop
from hone.formats import _quotes
from hone.metrics._intervals import mean_interval
from hone.metrics.token_f1 import Options as F1Options
from hone.metrics.token_f1 import run as token_f1
from hone.records.dataset import Manifest
from hone.records.model import ModelVersion
from hone.records.task import Task
from hone.rendering.quotations import answer_alone
from hone.rendering.quotations import quoted as quoted_in
from hone.workspace.open import Workspace

QA = DATA.parent / "qa"
TOGETHER = 2
"""Answers of the catechism that stand in one passage."""
MOST_CHARACTERS = 400
LONGEST_QUOTE = 250
LONGEST = 256
"""Tokens of an answer; a quotation that is longer does not close and counts as none."""
BESIDE = 1
RATIOS = {"train": 0.6, "val": 0.1, "test": 0.3}
RAFT = {"distractors": BESIDE, "quote": "required"}


class Pair(NamedTuple):
    """A question, its answer, and the passage that holds it word for word."""

    question: str
    answer: str
    passage: str


class Asked(NamedTuple):
    """A held-out question as it is asked."""

    pair: Pair
    context: list[str]


def catechism() -> Iterator[Pair]:
    """Marks of the proofs are taken off; the last passage is shorter."""
    file = QA / "theology" / "westminster_shorter_catechism.en.json"
    rows = json.loads(file.read_text(encoding="utf-8"))
    answers = [" ".join(re.sub(r"\[\d+\]", "", row["A"]).split()) for row in rows]
    for place, (row, answer) in enumerate(zip(rows, answers, strict=True)):
        begin = place - place % TOGETHER
        yield Pair(row["Q"].strip(), answer, "\n".join(answers[begin : begin + TOGETHER]))


def faq() -> Iterator[Pair]:
    """The beginning of each answer, in whole sentences; questions that stand twice once."""
    seen: set[str] = set()
    with (QA / "faq" / "faq_covidbert.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            question = " ".join(row["question"].split())
            sentences = re.split(r"(?<=[.!?])\s+", " ".join(row["answer"].split()))
            shown = sentences[0]
            for sentence in sentences[1:]:
                if len(shown) + len(sentence) >= MOST_CHARACTERS:
                    break
                shown += " " + sentence
            if question.lower() in seen or len(shown) > MOST_CHARACTERS:
                continue
            seen.add(question.lower())
            yield Pair(question, sentences[0], shown)


def xquad() -> Iterator[Pair]:
    """The sentence that holds the answer, in what follows it there, or what leads up to it."""
    known = json.loads((QA / "squad" / "xquad.en.json").read_text(encoding="utf-8"))["data"]
    for paragraph in (one for article in known for one in article["paragraphs"]):
        context = " ".join(paragraph["context"].split())
        for asked in paragraph["qas"]:
            found = _quotes.find_quote(asked["question"], asked["answers"][0]["text"], [context])
            if found is None or len(found.text) > LONGEST_QUOTE:
                continue
            end = context.index(found.text) + len(found.text)
            begin = max(0, min(end - len(found.text), len(context) - MOST_CHARACTERS))
            shown = context[begin : max(end, begin + MOST_CHARACTERS)]
            yield Pair(asked["question"], found.text, shown.strip())


SETS: dict[str, Callable[[], Iterator[Pair]]] = {"theology": catechism, "faq": faq}


def main() -> int:
    """Print a table for each set; 0 where quoting with the passage is above closed book."""
    asked = arguments()
    if not QA.is_dir():
        print(f"No questions at {QA}; set HONE_TEST_DATA.")
        return 2
    print(about(asked))
    are_better: list[bool] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as aside:
        home = Path(asked.out or aside)
        asked.base = asked.taught or BASE
        if asked.quoting and not asked.taught:
            asked.base = taught_to_quote(home / "quoting", asked)
        for name, pairs in SETS.items():
            if asked.only in (None, name):
                folder = home / name
                are_better.append(go_through(name, list(pairs()), folder, asked))
    return 0 if all(are_better) else 1


def arguments() -> argparse.Namespace:
    """What can be chosen; the defaults are those of the published figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--taught", help="folder of a base that an earlier run taught to quote")
    parser.add_argument("--quoting", type=int, default=800, help="steps on XQuAD before that")
    parser.add_argument("--rows", type=int, default=8, help="rows of one batch")
    parser.add_argument("--rate", type=float, default=0.004)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(SETS))
    parser.add_argument("--out", help="keep the workspaces in this new folder")
    return parser.parse_args(namespace=argparse.Namespace(shots=0))


def taught_to_quote(folder: Path, asked: argparse.Namespace) -> str:
    """The folder of a base that has learned on XQuAD to quote; none of the sets is in it."""
    with opened(folder, "quoting") as ws:
        rows = take_in(ws, list(xquad()))
        built = freeze(ws, "quoting", asked.seed, {"train": 0.95, "val": 0.05, "test": 0.0})
        trained = train(ws, "quoting", BASE, asked, asked.quoting)
        merged = loop.merge_model(ws, trained.ref)
        print(
            f"\nXQuAD first: {rows} rows; {sizes_of(built)}; {asked.quoting} steps, validation "
            f"loss {trained.metrics['eval_loss'].value:.2f}"
        )
        return str(ws.store.models.get(merged.ref).folder)


def go_through(name: str, pairs: Sequence[Pair], folder: Path, asked: argparse.Namespace) -> bool:
    """The loop on one set, in a new workspace; prints its table."""
    with opened(folder, name) as ws:
        rows = take_in(ws, pairs)
        built = freeze(ws, name, asked.seed, RATIOS)
        model = train(ws, name, asked.base, asked, asked.steps)
        held_out = tested(ws, f"{name}@1", pairs)
        print(f"\n**{name}**: {rows} rows; {sizes_of(built)}; {len(held_out)} held-out questions\n")
        print("| asked | who | quote-copy F1 | verbatim | answer F1 |\n|---|---|---|---|---|")
        found = {
            how: ask(ws, model.ref, how, questions)
            for how, questions in ways_to_ask(held_out, asked.seed).items()
        }
    shown, closed = found["with its passage"], found["closed book"]
    return sum(shown) > sum(closed)


def opened(folder: Path, name: str) -> Workspace:
    """A new workspace for one set."""
    task = {"kind": "qa", "name": name, "context": True, "system": "Quote the passage and answer."}
    return loop.init_workspace(folder, task=Task.model_validate(task))


def take_in(ws: Workspace, pairs: Sequence[Pair]) -> str:
    """Import them as a trusted set; how many of how many."""
    file = ws.root / "pairs.jsonl"
    file.write_text("".join(json.dumps(row_of(pair)) + "\n" for pair in pairs))
    report = loop.import_examples(ws, file, accept_as="the publishers")
    return f"{report.taken} of {report.read}"


def freeze(ws: Workspace, name: str, seed: int, ratios: Mapping[str, float]) -> Manifest:
    """The set as RAFT."""
    return loop.build_dataset(
        ws, name, format="raft", format_options=RAFT, ratios=ratios, seed=seed
    ).manifest


def sizes_of(built: Manifest) -> str:
    """How many rows of which split."""
    return ", ".join(f"{one.rows} {split}" for split, one in built.splits.items() if one.rows)


def train(
    ws: Workspace, name: str, base: str, asked: argparse.Namespace, steps: int
) -> ModelVersion:
    """An adapter on this base."""
    overrides = changes(name, base, asked, steps)
    return loop.train(ws, loop.find_recipe("qa_raft"), overrides=overrides, confirm_run=True)


def row_of(pair: Pair) -> dict[str, str]:
    """A line to import: the passage is also the group, which no split cuts through."""
    return {**pair._asdict(), "group": pair.passage[:80]}


def changes(name: str, base: str, asked: argparse.Namespace, steps: int) -> list[str]:
    """What is set otherwise than in the shipped recipe qa_raft, for a base of 2 MB."""
    return [
        f"base={base}",
        f"dataset={name}",
        f"lora.r={asked.rank}",
        f"lora.lora_alpha={2 * asked.rank}",
        "lora.lora_dropout=0",
        f"training.learning_rate={asked.rate}",
        f"training.batch_size={asked.rows}",
        f"training.max_steps={steps}",
        f"training.seed={asked.seed}",
        "training.threads=1",
        "data.max_seq_length=1536",
    ]


def tested(ws: Workspace, ref: str, pairs: Sequence[Pair]) -> list[Pair]:
    """The questions of the test split."""
    by_question = {pair.question: pair for pair in pairs}
    found = (one.id for one in ws.store.datasets.members(ref) if one.split == "test")
    return [by_question[str(ws.store.examples.get(id).input["question"])] for id in found]


def ways_to_ask(pairs: Sequence[Pair], seed: int) -> dict[str, list[Asked]]:
    """With its passage, with it among others of the split, and closed book."""
    dice = random.Random(seed)
    passages = list(dict.fromkeys(pair.passage for pair in pairs))
    among: list[Asked] = []
    for pair in pairs:
        others = dice.sample([text for text in passages if text != pair.passage], BESIDE)
        context = [pair.passage, *others]
        dice.shuffle(context)
        among.append(Asked(pair, context))
    return {
        "with its passage": [Asked(pair, [pair.passage]) for pair in pairs],
        f"among {BESIDE} others": among,
        "closed book": [Asked(pair, []) for pair in pairs],
    }


def ask(ws: Workspace, ref: str, how: str, asked: Sequence[Asked]) -> list[float]:
    """Print a row for base and tuned; the quote-copy F1 of the tuned one by question."""
    file = ws.root / f"{how.replace(' ', '_')}.jsonl"
    rows = ({**one.pair._asdict(), "passage": "", "context": one.context} for one in asked)
    lines = ({key: row[key] for key in ("question", "answer", "context")} for row in rows)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = loop.evaluate(
        ws, ref, on=str(file), rows=["base", "tuned"], batch_size=16, max_new_tokens=LONGEST
    )
    quotes: list[float] = []
    for row in found.rows:
        scores = ws.store.evaluations.scores(found.id, row.contender)
        texts = {one.example_id: one.text for one in scores}
        told = [texts[f"{file.name}:{place}"] for place in range(1, len(asked) + 1)]
        quotes = token_scores([quoted(text) for text in told], [wanted(one.pair) for one in asked])
        verbatim = [float(is_verbatim(text, one)) for text, one in zip(told, asked, strict=True)]
        answers = token_scores(
            [answer_alone(text) or "" for text in told],
            [one.pair.answer for one in asked],
        )
        figures = " | ".join(map(interval, (quotes, verbatim, answers)))
        print(f"| {how} | {row.contender} | {figures} |", flush=True)
    return quotes


def wanted(pair: Pair) -> str:
    """The sentence that is quoted in training, found in the same way."""
    found = _quotes.find_quote(pair.question, pair.answer, [pair.passage])
    return found.text if found is not None else pair.answer


def quoted(text: str) -> str:
    """What an answer quotes; nothing where its marks do not close."""
    try:
        return " ".join(quoted_in(text))
    except ValueError:
        return ""


def is_verbatim(text: str, asked: Asked) -> bool:
    """Whether it quotes, and every quotation stands in a passage that was shown."""
    try:
        quotes = quoted_in(text)
    except ValueError:
        return False
    return bool(quotes) and all(
        any(_quotes.holds(passage, quote) for passage in asked.context) for quote in quotes
    )


def token_scores(texts: Sequence[str], answers: Sequence[str]) -> list[float]:
    """SQuAD's token F1, example by example."""
    return [float(one) for one in token_f1(texts, answers, F1Options()).per_example]


def interval(values: Sequence[float]) -> str:
    """`0.24 [0.19, 0.29]`."""
    found = mean_interval(values)
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


if __name__ == "__main__":
    sys.exit(main())
