"""What a language model says of the answers that are compared, where it can be trusted to.

People come first: the judge is asked about corrections, where a person has said which of two
answers is better. Only a judge that says what they said, more often than a coin would, is asked
about versions. Replies are kept as they come, so nobody asks, or pays, twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hone import shelf
from hone.errors import HoneError, NotFound, nearest
from hone.metrics import judge
from hone.metrics._intervals import proportion
from hone.metrics._paired import sign_test
from hone.metrics.judge import Contest, Counted, Preference
from hone.records.comparison import Agreement, JudgedPair
from hone.records.dataset import ExampleQuery
from hone.records.model import Measured
from hone.records.task import Task
from hone.rendering.messages import Message, messages_of, question_in
from hone.stages.compare.gather import Answered, Asked
from hone.workspace.contenders import endpoint_contender
from hone.workspace.files import explained
from hone.workspace.open import Workspace

MOST = 200
"""So many corrections, and so many examples of a pair, are judged: drawn by the seed."""
FEWEST = 20
NOT_READ = 0.5
Progress = Callable[[int, int | None], None]


class Judge(NamedTuple):
    """A server of one's own, as hone.yaml names it, and where its replies are kept."""

    name: str
    options: Any
    kept: Path


class Answers(NamedTuple):
    """Who answered what, and the examples that all of them were asked."""

    answered: Mapping[str, Answered]
    examples: Sequence[Asked]


def judge_named(ws: Workspace, name: str) -> Judge:
    """The endpoint of that name; NotFound or InvalidInput before anything is asked."""
    contender = endpoint_contender(ws, name)
    if contender is None:
        raise NotFound(
            f'No endpoint "{name}" is named in hone.yaml.',
            hint=nearest(name, ws.config.endpoints)
            + f' hone config set endpoints.{name} \'{{"url": …, "model": …}}\'',
        )
    options = shelf.load("generators", contender.generator).Options(**contender.options)
    return Judge(name, options, ws.data / "metrics" / f"judge_{contender.name}.jsonl")


def measure_agreement(
    ws: Workspace, task: Task, asked: Judge, *, seed: int = 0, on_progress: Progress
) -> Agreement:
    """How often the judge prefers what a person preferred, over up to 200 of their choices."""
    contests = _of_people(ws, task, seed)
    if len(contests) < FEWEST:
        says = (
            f"Not asked: people chose between two answers {len(contests):,} times, and fewer than "
            f"{FEWEST} do not show whether {asked.name} says what they say."
        )
        return _agreement(asked, len(contests), count_none(), says)
    counted = judge.count(_preferences(asked, contests, on_progress))
    _refuse_prose(asked, counted)
    return _agreement(asked, len(contests), counted, "")


def judge_pairs(
    task: Task,
    asked: Judge,
    answers: Answers,
    couples: Sequence[tuple[str, str]],
    *,
    on_progress: Progress,
) -> list[JudgedPair]:
    """Every couple on the same examples."""
    answered, examples = answers
    found: list[JudgedPair] = []
    questions = [_question(task, one.input) for one in examples]
    for one, other in couples:
        contests = [
            Contest(text, answered[one].texts[each.id], answered[other].texts[each.id])
            for text, each in zip(questions, examples, strict=True)
        ]
        counted = judge.count(_preferences(asked, contests, on_progress))
        _refuse_prose(asked, counted)
        found.append(_judged(asked, (one, other), counted))
    return found


def drawn(examples: Sequence[Asked], seed: int) -> list[Asked]:
    """Up to 200 of them, in their order."""
    if len(examples) <= MOST:
        return list(examples)
    places = random.Random(seed).sample(range(len(examples)), MOST)
    return [examples[place] for place in sorted(places)]


def count_none() -> Counted:
    """Nothing was judged."""
    return judge.count([])


def _of_people(ws: Workspace, task: Task, seed: int) -> list[Contest]:
    """What people chose and what they passed over, the chosen one first."""
    module = shelf.load("formats", "dpo")
    options = module.Options()
    dice = random.Random(seed)
    kept: list[Contest] = []
    total = 0
    for reviewed in ws.store.reviewed.iterate(ExampleQuery(limit=None), task=task.name):
        for row in module.run(task, reviewed, options).rows:
            total += 1
            chosen, rejected = row["chosen"][-1]["content"], row["rejected"][-1]["content"]
            contest = Contest(question_in(row["prompt"]), chosen, rejected)
            if len(kept) < MOST:
                kept.append(contest)
            elif (place := dice.randrange(total)) < MOST:
                kept[place] = contest
    return kept


def _question(task: Task, input: Mapping[str, Any]) -> str:
    return question_in(messages_of(task, input, answer=None))


def _preferences(
    asked: Judge, contests: Sequence[Contest], on_progress: Progress
) -> list[Preference]:
    """What the judge prefers; what it was asked before is looked up."""
    both = [judge.conversations(one) if one.one != one.other else None for one in contests]
    wanted: dict[str, list[Message]] = {}
    for pair in both:
        wanted |= {_key(asked, each): each for each in pair or ()}
    known: dict[str, str] = {key: text for key, text in _kept(asked.kept) if key in wanted}
    owed = [(key, each) for key, each in wanted.items() if key not in known]
    on_progress(len(known), len(wanted))
    known |= _ask(
        asked, owed, lambda done: on_progress(len(wanted) - len(owed) + done, len(wanted))
    )
    found: list[Preference] = []
    for contest, pair in zip(contests, both, strict=True):
        replies = ("", "")
        if pair is not None:
            replies = (known[_key(asked, pair[0])], known[_key(asked, pair[1])])
        found.append(judge.preference(contest, replies))
    return found


def _ask(
    asked: Judge, owed: Sequence[tuple[str, list[Message]]], done: Callable[[int], None]
) -> dict[str, str]:
    """Replies by key, each written down before it counts; refused questions have an empty one."""
    if not owed:
        return {}
    module = shelf.load("generators", "endpoint")
    found: dict[str, str] = {}
    asked.kept.parent.mkdir(parents=True, exist_ok=True)
    with explained("write", asked.kept), asked.kept.open("a", encoding="utf-8") as out:
        out.write("\n" if _is_torn(asked.kept) else "")
        for batch in module.run([each for _, each in owed], asked.options):
            for one in batch:
                place: int = one.place
                key, _ = owed[place]
                found[key] = one.text
                if not one.problem:
                    out.write(json.dumps({"key": key, "text": one.text}) + "\n")
            out.flush()
            os.fsync(out.fileno())
            done(len(found))
    return found


def _kept(file: Path) -> Iterator[tuple[str, str]]:
    """What was replied before; a line that a crash tore is asked for again."""
    if not file.is_file():
        return
    with explained("read", file), file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                fields = json.loads(line)
                yield str(fields["key"]), str(fields["text"])
            except (ValueError, LookupError, TypeError):
                continue


def _is_torn(file: Path) -> bool:
    raw = file.read_bytes()[-1:]
    return raw not in (b"", b"\n")


def _key(asked: Judge, conversation: Sequence[Message]) -> str:
    """Another server, model or prompt is another judge."""
    text = json.dumps([asked.options.url, asked.options.model, list(conversation)])
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse_prose(asked: Judge, counted: Counted) -> None:
    if counted.unread > NOT_READ * counted.total:
        raise HoneError(
            f"{asked.name} names no verdict in {counted.unread:,} of {counted.total:,} cases.",
            hint="A judge must reply A, B or TIE in its last line: ask a larger model, or one that "
            "follows instructions.",
        )


def _agreement(asked: Judge, contests: int, counted: Counted, says: str) -> Agreement:
    share = _measured(counted.one, counted.total)
    is_enough = share is not None and (share.low or 0.0) > 0.5
    if share is not None:
        verdict = (
            "more often than a coin."
            if is_enough
            else "not surely more often than a coin, so it was not asked which version is better."
        )
        says = (
            f"{asked.name} prefers what people preferred in {counted.one:,} of {counted.total:,} "
            f"choices ({share.value:.2f} [{share.low:.2f}, {share.high:.2f}]): {verdict}"
        )
    return Agreement(
        contests=contests,
        agreed=counted.one,
        disagreed=counted.other,
        tied=counted.tie,
        swayed=counted.swayed,
        unread=counted.unread,
        share=share,
        is_enough=is_enough,
        says=says,
    )


def _judged(asked: Judge, couple: tuple[str, str], counted: Counted) -> JudgedPair:
    one, other = couple
    p_value = sign_test(counted.one, counted.other)
    decided = counted.one + counted.other
    finding = "no clear preference"
    if p_value <= 0.05:
        better, worse = (one, other) if counted.one > counted.other else (other, one)
        finding = f"it prefers {better} to {worse}"
    return JudgedPair(
        one=one,
        other=other,
        won=counted.one,
        lost=counted.other,
        tied=counted.tie,
        swayed=counted.swayed,
        unread=counted.unread,
        share=_measured(counted.one, decided),
        p_value=p_value,
        says=f"{asked.name} on {one} against {other}: {counted.one:,} won, {counted.other:,} lost, "
        f"{counted.total - decided:,} neither: {finding}.",
    )


def _measured(successes: int, trials: int) -> Measured | None:
    if not trials:
        return None
    value, low, high = proportion(successes, trials)
    return Measured(value=value, low=low, high=high)
