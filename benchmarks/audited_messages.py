"""A thousand audits: what rules find in published messages is put right, and trains a model.

    python benchmarks/audited_messages.py                     # both sets: the figures of the docs
    python benchmarks/audited_messages.py --only restaurant8k --steps 60 --out results

Messages come in without their slots; rules written by hand (benchmarks/audited_rules) propose, and
a script audits one message after the other as a careful person would: it accepts what equals the
published slots and otherwise writes those. Each audit is an operation of the journal.

restaurant8k (train_3, 1,020 messages): ten audits train the first version, which proves the way
and nothing else; all but thirty train the second; thirty more the third, with the same settings.
SNIPS (BookRestaurant, 299 messages) is asked its validation file. Thirty at random, by seed.
Beside every version stand base, few-shot, search and the rules; versions are compared in pairs on
the messages of the test split, which no version trained on. The script that audits knows the
published slots; a person makes mistakes, so a person's figures may be lower.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from real_messages import BASE, DATA, SETS, MessageSet, about, interval

from hone import loop
from hone.records.comparison import Pair
from hone.records.evaluation import Evaluation
from hone.records.example import Example
from hone.records.review import Decision
from hone.stages import examples, review
from hone.workspace.open import Workspace

RULES = Path(__file__).with_name("audited_rules")
AUDITOR = "script that knows the published slots"
FEW, MORE = 10, 30
BATCH = 200


def main() -> int:
    """Print the tables; 0 where every last version is better than base and few-shot."""
    asked = arguments()
    if not DATA.is_dir():
        print(f"No messages at {DATA}; set HONE_TEST_DATA.")
        return 2
    print(about(asked))
    found: list[Evaluation] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as aside:
        for one in SETS:
            if asked.only in (None, one.name):
                found.append(go_through(one, Path(asked.out or aside) / one.name, asked))
    differences = [
        figure
        for one in found
        for name, figure in one.differences.items()
        if name.endswith((" - base", " - few-shot"))
    ]
    return 0 if all((one.low or 0.0) > 0 for one in differences) else 1


def arguments() -> argparse.Namespace:
    """What can be chosen; the defaults are those of the published figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--few-steps", type=int, default=20, help="steps of the ten audits")
    parser.add_argument("--rows", type=int, default=16, help="rows of one batch")
    parser.add_argument("--rate", type=float, default=0.004)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--shots", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[one.name for one in SETS])
    parser.add_argument("--out", help="keep the workspaces in this new folder")
    return parser.parse_args()


def go_through(one: MessageSet, folder: Path, asked: argparse.Namespace) -> Evaluation:
    """Import without slots, audit, train; the evaluation of the last version."""
    truth, task = published(one, folder.with_name(f"{one.name}-published"))
    with loop.init_workspace(folder, template="extract", task=task) as ws:
        rules = ws.root / "rules" / f"{one.name}.yaml"
        rules.parent.mkdir(exist_ok=True)
        rules.write_bytes((RULES / rules.name).read_bytes())
        file = ws.root / "messages.jsonl"
        file.write_text("".join(json.dumps({"message": text}) + "\n" for text in truth))
        report = loop.import_examples(ws, file)
        print(f"\n**{one.name}**: {report.taken:,} messages without slots, rules propose")
        waiting = list(every_example(ws))
        random.Random(asked.seed).shuffle(waiting)
        found = None
        for count in rounds(one, len(waiting)):
            audit(ws, waiting[:count], truth)
            waiting = waiting[count:]
            found = train_and_ask(ws, one, asked)
        compare_versions(ws, one)
    assert found is not None
    return found


def published(one: MessageSet, folder: Path) -> tuple[dict[str, Any], Any]:
    """Message -> its published slots; and the task that the importer writes, with its rules."""
    with loop.init_workspace(folder, template="extract") as ws:
        loop.import_examples(ws, DATA / one.file, shape="spans", new_task=one.name)
        truth = {str(each.input["message"]): each.proposal for each in every_example(ws)}
        task = ws.task(one.name)
    return truth, task.model_copy(update={"rules": f"rules/{one.name}.yaml"})


def every_example(ws: Workspace) -> Iterator[Example]:
    """All, by position."""
    after = None
    while True:
        page = examples.list_examples(ws, after=after, limit=BATCH)
        yield from page.items
        if not page.has_more:
            return
        after = page.items[-1].position


def rounds(one: MessageSet, count: int) -> list[int]:
    """How many are audited before each training; a set with a test file of its own has one."""
    return [count] if one.asked_file else [FEW, count - FEW - MORE, MORE]


def audit(ws: Workspace, waiting: list[Example], truth: dict[str, Any]) -> None:
    """One decision for each message; prints how often the rules were right."""
    decided: list[Decision] = []
    for each in waiting:
        wanted = truth[str(each.input["message"])]
        is_right = each.proposal == wanted
        decided.append(
            Decision(
                op_id=review.new_op_id(),
                example_id=each.id,
                verdict="accept" if is_right else "edit",
                output=None if is_right else wanted,
                reviewer=AUDITOR,
                base_version=each.version,
            )
        )
    for begin in range(0, len(decided), BATCH):
        receipts = loop.decide(ws, decided[begin : begin + BATCH])
        assert all(one.outcome == "applied" for one in receipts), receipts
    right = sum(one.verdict == "accept" for one in decided)
    corrected = len(decided) - right
    print(f"- {len(decided):,} audits: {right:,} as the rules proposed, {corrected:,} put right")


def train_and_ask(ws: Workspace, one: MessageSet, asked: argparse.Namespace) -> Evaluation:
    """Freeze what is audited, train the next version, evaluate it beside the usual rows."""
    built = loop.build_dataset(ws, one.name, task=one.name, ratios=one.ratios, seed=asked.seed)
    rows = {name: split.rows for name, split in built.manifest.splits.items() if split.rows}
    steps = asked.few_steps if sum(rows.values()) <= FEW else asked.steps
    model = loop.train(
        ws,
        loop.find_recipe("extract_lora"),
        overrides=changes(built.manifest.ref, asked, steps),
        confirm_run=True,
    )
    sizes = ", ".join(f"{count:,} {name}" for name, count in rows.items())
    print(f"- {built.manifest.ref}: {sizes}; {model.ref}: {steps} steps, "
          f"{model.runtime_seconds:.0f} s", flush=True)  # fmt: skip
    found = loop.evaluate(
        ws,
        model.ref,
        on=str(DATA / one.asked_file) if one.asked_file else None,
        shots=asked.shots,
        seed=asked.seed,
    )
    print(table_of(found), flush=True)
    return found


def changes(dataset: str, asked: argparse.Namespace, steps: int) -> list[str]:
    """What is set otherwise than in the shipped recipe extract_lora, for a base of 2 MB."""
    return [
        f"base={BASE}",
        f"dataset={dataset}",
        f"lora.r={asked.rank}",
        f"lora.lora_alpha={2 * asked.rank}",
        "lora.lora_dropout=0",
        f"training.learning_rate={asked.rate}",
        f"training.batch_size={asked.rows}",
        f"training.max_steps={steps}",
        f"training.seed={asked.seed}",
        "training.eval_steps=40",
        "data.max_seq_length=512",
    ]


def table_of(found: Evaluation) -> str:
    """Markdown: each contender's figures, then the paired differences of field F1."""
    lines = [
        f"\n{found.rows[0].examples} messages of {found.on} asked\n",
        "| contender | exact match | field F1 | valid JSON |",
        "|---|---|---|---|",
    ]
    for row in found.rows:
        figures = (row.metrics["exact_match"], row.score, row.metrics["json_valid"])
        lines.append(f"| {row.contender} | {' | '.join(map(interval, figures))} |")
    lines += ["", "| paired difference of field F1 | 95 % interval |", "|---|---|"]
    lines += [f"| {name} | {interval(one, '+')} |" for name, one in found.differences.items()]
    return "\n".join([*lines, "", *(f"- {note}" for note in found.notes)])


def compare_versions(ws: Workspace, one: MessageSet) -> None:
    """What the product says of the last version beside the one before, on the same messages."""
    refs = [found.ref for found in loop.list_models(ws, one.name)]
    refs = sorted(refs, key=lambda ref: int(ref.rpartition("@v")[2]))
    if len(refs) < 2:
        return
    last, before = refs[-1], refs[-2]
    found = loop.compare(ws, [last, before])
    pair: Pair = next(one for one in found.pairs if {one.one, one.other} == {last, before})
    print(
        f"\n{MORE} more audits, {pair.one} beside {pair.other}, {found.examples} messages of "
        f"{found.on}: field F1 {interval(pair.difference, '+')}, {pair.finding}. {pair.says}"
    )


if __name__ == "__main__":
    sys.exit(main())
