"""The demonstration: the whole loop on bundled messages, with controls, from nothing to a table."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from hone import loop
from hone.demo.controls import write_random_base
from hone.demo.messages import COUNT_OF_SPLIT, Message, generate, wording
from hone.demo.reviewer import REVIEWER, as_lines, decisions
from hone.errors import HoneError
from hone.records.evaluation import Evaluation, Row
from hone.records.job import Event
from hone.stages import configure, examples, review

HERE = Path(__file__).parent
SEED = 0
# Column of the table -> file of messages that no training has seen.
COLUMNS = {
    "held-out": "held_out.jsonl",
    "unseen words": "unseen_words.jsonl",
    "unseen wording": "unseen_wording.jsonl",
}
RANDOM, PLAIN = "control-random", "control-plain"
TEST_MESSAGES = 200
# Nothing else runs meanwhile, so no processor is left free for reviewing.
ALONE, BESIDE = "training.threads=2", "training.threads=1"


class Watcher(Protocol):
    """How the demonstration tells what it does."""

    def step(self, text: str) -> None:
        """A new step begins."""
        ...

    def detail(self, text: str) -> None:
        """Something worth knowing about the step."""
        ...

    def progress(self, done: int, total: int | None) -> None:
        """How far the step is."""
        ...


class Demonstrated(NamedTuple):
    """What came of it: an evaluation per column, and how long the trainings took."""

    folder: Path
    evaluations: dict[str, Evaluation]
    training_seconds: dict[str, float]
    seconds: float


def run_demo(folder: Path, watcher: Watcher) -> Demonstrated:
    """Make a workspace in `folder` and go once round the loop; minutes on two cores."""
    begun = time.monotonic()
    with _workspace(folder, watcher) as ws:
        train_messages = generate("train", COUNT_OF_SPLIT["train"], SEED)
        _import(ws, train_messages, watcher)
        _review(ws, train_messages, watcher)
        watcher.step("Freezing what was reviewed into a dataset")
        built = loop.build_dataset(ws, "pickup", ratios={"train": 0.9, "val": 0.05, "test": 0.05})
        rows = ", ".join(f"{split} {file.rows:,}" for split, file in built.manifest.splits.items())
        watcher.detail(f"{built.manifest.ref}: {rows}")
        for reason, count in built.manifest.kept_out.items():
            watcher.detail(f"kept out: {count} {reason}")
        seconds = _train_all(ws, watcher)
        evaluations = _evaluate_all(ws, watcher)
        done = Demonstrated(ws.root, evaluations, seconds, time.monotonic() - begun)
        _write_summary(done)
    return done


def _workspace(folder: Path, watcher: Watcher) -> loop.Workspace:
    watcher.step("Making a workspace")
    if (folder / "hone.yaml").exists():
        raise HoneError(
            f"{folder} holds a workspace already.", hint=f"rm -r {folder}, or hone demo OTHER"
        )
    ws = loop.init_workspace(folder, template="extract", task=loop.read_task(HERE / "task.yaml"))
    (ws.root / "rules").mkdir(exist_ok=True)
    shutil.copyfile(HERE / "rules.yaml", ws.root / "rules" / "pickup.yaml")
    shutil.copyfile(HERE / "GUIDE.md", ws.root / "GUIDE.md")
    watcher.detail(str(ws.root))
    return ws


def _import(ws: loop.Workspace, messages: list[Message], watcher: Watcher) -> None:
    watcher.step(f"Importing {len(messages):,} messages with what plain rules propose for each")
    raw = ws.root / "messages.jsonl"
    raw.write_text(as_lines({"message": message.text} for message in messages), encoding="utf-8")
    proposed = ws.root / "proposed.jsonl"
    loop.predict_file(ws, raw, proposed, method="rules", on_progress=watcher.progress)
    rows = (
        {"message": one["input"]["message"], "output": one["answers"][0]["output"]}
        for one in map(json.loads, proposed.read_text(encoding="utf-8").splitlines())
    )
    raw.write_text(as_lines(rows), encoding="utf-8")
    proposed.unlink()
    report = loop.import_examples(ws, raw, on_progress=watcher.progress)
    watcher.detail(
        f"{report.taken:,} taken, {report.duplicate} duplicate, {report.refused} refused"
    )


def _review(ws: loop.Workspace, messages: list[Message], watcher: Watcher) -> None:
    watcher.step("Reviewing: a script decides from the true labels, as a careful person would")
    found = list(_all_examples(ws))
    proposals = {one.input["message"]: one.proposal for one in found}
    ids = {one.input["message"]: one.id for one in found}
    file = ws.root / "decisions.jsonl"
    file.write_text(as_lines(decisions(messages, proposals, ids)), encoding="utf-8")
    review.apply_decisions(ws, file, reviewer=REVIEWER)
    counted = review.statistics(ws)
    watcher.detail(
        f"{counted.sentence}: {counted.by_status['accepted']:,} proposals were right, "
        f"{counted.by_status['edited']:,} were corrected"
    )


def _all_examples(ws: loop.Workspace) -> Iterable[Any]:
    after = None
    while True:
        page = examples.list_examples(ws, after=after, limit=200)
        yield from page.items
        if not page.has_more:
            return
        after = page.items[-1].position


def _train_all(ws: loop.Workspace, watcher: Watcher) -> dict[str, float]:
    watcher.step("Training a LoRA adapter on hone-nano")
    seconds = {"pickup": _trained(ws, _begun(ws, [ALONE]), watcher)}
    watcher.step("Controls: the same training on a base with random weights, and beside it on one "
                 "that was never taught to copy")  # fmt: skip
    random_base = write_random_base(ws.root / "bases" / "random", seed=SEED)
    # Each on a core of its own: two threads on one small base are less than twice as fast.
    configure.change_setting(ws, "targets.local.trainings_at_once", "2")
    controls = {
        RANDOM: _begun(ws, [BESIDE, f"base={random_base}", f"name={RANDOM}"]),
        PLAIN: _begun(ws, [BESIDE, "base=hone-nano-plain", f"name={PLAIN}"]),
    }
    for name, job_id in controls.items():
        seconds[name] = _trained(ws, job_id, watcher)
    configure.change_setting(ws, "targets.local.trainings_at_once", "1")
    return seconds


def _begun(ws: loop.Workspace, overrides: list[str]) -> str:
    recipe = loop.find_recipe("pickup_lora")
    return loop.begin_training(ws, recipe, overrides=overrides, confirm_run=True)


def _trained(ws: loop.Workspace, job_id: str, watcher: Watcher) -> float:
    model = loop.finish_training(ws, job_id, on_event=_told(watcher))
    watcher.detail(f"{model.ref}: {model.runtime_seconds:.0f} s")
    return model.runtime_seconds


def _told(watcher: Watcher) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        if event.type == "progress":
            fields = event.model_dump()
            watcher.progress(int(fields["done"]), int(fields["total"]))

    return tell


def _evaluate_all(ws: loop.Workspace, watcher: Watcher) -> dict[str, Evaluation]:
    sets = {
        "held-out": generate("held_out", TEST_MESSAGES, SEED),
        "unseen words": generate("unseen_words", TEST_MESSAGES, SEED),
        "unseen wording": wording(),
    }
    found: dict[str, Evaluation] = {}
    for column, messages in sets.items():
        watcher.step(f"Evaluating on {len(messages)} messages: {column}")
        file = ws.root / COLUMNS[column]
        rows = ({"message": message.text, "output": message.items} for message in messages)
        file.write_text(as_lines(rows), encoding="utf-8")
        found[column] = loop.evaluate(
            ws,
            "pickup",
            on=str(file),
            further=[RANDOM, PLAIN],
            batch_size=64,
            on_progress=watcher.progress,
        )
    return found


def table_of(done: Demonstrated) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of the closing table: exact match with its 95 % interval, and field F1."""
    columns = ["", *(text for column in COLUMNS for text in (f"{column}: exact match", "field F1"))]
    names = [row.contender for row in done.evaluations["held-out"].rows]
    rows: list[list[str]] = []
    for name in names:
        cells = [_label(name)]
        for column in COLUMNS:
            row = next(row for row in done.evaluations[column].rows if row.contender == name)
            cells += [_interval(row, "exact_match"), f"{row.score.value:.3f}"]
        rows.append(cells)
    return columns, rows


def _label(contender: str) -> str:
    name = contender.partition("@")[0]
    return {
        "base": "base: hone-nano",
        "few-shot": "few-shot: 4 examples in the prompt",
        "retrieval": "search: the answer to the likest training message",
        "rules": "rules",
        "pickup": "tuned: pickup@v1",
        RANDOM: "control: random base, tuned",
        PLAIN: "control: base without copying, tuned",
    }.get(name, contender)


def _interval(row: Row, metric: str) -> str:
    figure = row.metrics[metric]
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _write_summary(done: Demonstrated) -> None:
    columns, rows = table_of(done)
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    trained = ", ".join(
        f"{name} {seconds:.0f} s" for name, seconds in done.training_seconds.items()
    )
    text = "\n".join(["# hone demo", "", *lines, "", f"Training: {trained}.", ""])
    (done.folder / "reports" / "demo.md").write_text(text, encoding="utf-8")
