"""From figures to a verdict: what must be mended before training, what one should know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hone.rendering.template import REFUSES
from hone.stages.doctor.report import Balance, Finding, Report, SplitReport

# From this share on, most of what is learned is one answer or one side.
ONE_SIDED = 0.95
COMMON_ANSWER = 0.5
FEWEST_ROWS_FOR_SHARES = 20


def judge(
    report: Report, *, has_changed: bool, template_problems: Sequence[str]
) -> tuple[list[Finding], list[Finding]]:
    """(problems, warnings): with a problem, training would teach nothing, or prove nothing.

    `has_changed`: the task is not the one that the dataset was built for.
    """
    problems: list[Finding] = []
    warnings: list[Finding] = []
    if has_changed:
        what = f"the task {report.task} was changed after {report.dataset} was built"
        problems.append(Finding(what=what, mend=_rebuild(report)))
    train = report.splits.get("train", SplitReport())
    nothing = list(_nothing_to_learn(report, train))
    problems += nothing
    balance = report.balance.get("train", Balance())
    if train.rows:
        warnings += [] if nothing else _losses(report, train)
        problems += _constant(report, balance)
        warnings += _lopsided(report, balance)
    problems += _leaks(report)
    (warnings if report.likeness.is_near_allowed else problems).extend(_near_leaks(report))
    warnings += _repetitions(report)
    warnings += _of_other_splits(report)
    warnings += _of_base(report, template_problems)
    return problems, warnings


def _nothing_to_learn(report: Report, train: SplitReport) -> Iterator[Finding]:
    rows, lost = train.rows, train.refused_rows + train.unfit_rows + train.masked_rows
    if not rows:
        what = "the train split has no rows"
        yield Finding(what=what, mend=f"{_rebuild(report)} --train-ratio 0.8")
    elif train.equal_pairs == rows:
        what = f"in all {rows:,} pairs the chosen answer is the rejected one"
        yield Finding(what=what, mend="hone review, and edit answers; then " + _rebuild(report))
    elif train.refused_rows == rows:
        what = (
            f"nothing would be trained: no answer of {rows:,} rows fits {report.max_length} tokens"
        )
        yield Finding(what=what, mend=_longer(report, train.longest_uncut))
    elif lost == rows:
        reasons = [*train.unfit_because[:1], *train.refused_because[:1]]
        why = f" ({'; '.join(reasons)})" if reasons else ": no token is seen by the loss"
        what = f"nothing would be trained: all {rows:,} rows are left out{why}"
        yield Finding(what=what, mend=_fitting(report, reasons) if reasons else _first_row(report))
    elif train.cut_rows + lost == rows and train.cut_rows:
        what = (
            f"every row that trains loses tokens: {train.cut_tokens:,} of them do not fit "
            f"{report.max_length} per row"
        )
        yield Finding(what=what, mend=_longer(report, train.longest_uncut))


def _losses(report: Report, train: SplitReport) -> Iterator[Finding]:
    mend = _longer(report, train.longest_uncut)
    if train.refused_rows:
        what = f"{_of(train.refused_rows, train)} left out: the answer does not fit"
        yield Finding(what=f"{what} ({train.refused_because[0]})", mend=mend)
    if train.unfit_rows:
        what = f"{_of(train.unfit_rows, train)} left out ({train.unfit_because[0]})"
        yield Finding(what=what, mend=_fitting(report, train.unfit_because))
    if train.masked_rows:
        what = f"{_of(train.masked_rows, train)} left out: not one token would be trained"
        yield Finding(what=what, mend=_first_row(report))
    if train.cut_rows:
        what = f"{_of(train.cut_rows, train)} cut: {train.cut_tokens:,} tokens of prompts are lost"
        yield Finding(what=what, mend=mend)
    if train.empty_answers:
        what = (
            f"{train.empty_answers:,} of {train.rows:,} train rows with an empty answer: "
            "only the end of the turn is learned"
        )
        yield Finding(what=what, mend="hone examples list --status accepted, then correct them")


def _constant(report: Report, balance: Balance) -> Iterator[Finding]:
    figures = balance.figures
    if figures and all(one.is_constant for one in figures.values()):
        values = ", ".join(f"{name} {one.lowest:g}" for name, one in figures.items())
        what = f"the labels never change: {values} in all {balance.rows:,} rows"
        mend = "hone review, so that both accepted and rejected answers are there; then "
        if set(figures) != {"label"}:
            mend = "hone import FILE with other labels; then "
        yield Finding(what=what, mend=mend + _rebuild(report))
    elif balance.rows > 1 and balance.distinct_answers == 1 and not (figures or balance.pairs):
        what = f"all {balance.rows:,} answers are the same: {balance.most_common_answer!r}"
        yield Finding(
            what=what, mend="hone import FILE with other answers; then " + _rebuild(report)
        )


def _lopsided(report: Report, balance: Balance) -> Iterator[Finding]:
    rows = balance.rows
    if balance.unreadable:
        what = (
            f"{balance.unreadable:,} of {rows:,} answers do not read as an output of the task "
            f"{report.task}"
        )
        yield Finding(what=what, mend=_rebuild(report))
    is_varied = any(not one.is_constant for one in balance.figures.values())
    for name, one in balance.figures.items():
        if one.is_constant and is_varied:
            what = f"{name} is {one.lowest:g} in every row: nothing can be learned about it"
            yield Finding(what=what, mend="hone import FILE with other labels")
        elif name == "label" and rows >= FEWEST_ROWS_FOR_SHARES and not one.is_constant:
            share = max(one.mean, 1 - one.mean)
            if share >= ONE_SIDED:
                what = f"{share:.0%} of the labels are {'true' if one.mean > 0.5 else 'false'}"
                yield Finding(what=what, mend="hone review, and decide more of the other kind")
    if rows >= FEWEST_ROWS_FOR_SHARES and balance.distinct_answers > 1:
        share = balance.most_common_rows / rows
        if share > COMMON_ANSWER:
            what = f"{share:.0%} of the answers are {balance.most_common_answer!r}"
            yield Finding(what=what, mend="hone import FILE with other answers")
    never = [name for name, use in balance.fields.items() if not use.filled]
    if never and balance.records:
        what = f"no record fills {', '.join(never)}"
        yield Finding(
            what=what, mend=f"hone review, or take the fields out of the task {report.task}"
        )


def _leaks(report: Report) -> Iterator[Finding]:
    for second, count in _from_train(report.likeness.leaks):
        what = f"{_many(count, 'question')} of {second} in train too: its scores would be memory"
        yield Finding(what=what, mend=_rebuild(report))


def _near_leaks(report: Report) -> Iterator[Finding]:
    if report.likeness.rule == "similar text":
        for second, count in _from_train(report.likeness.near_leaks):
            what = f"{_many(count, 'question')} of {second} in train too, in nearly the same words"
            yield Finding(what=what, mend=_rebuild(report, similarity=True))


def _from_train(leaks: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    for places, count in leaks.items():
        first, second = places.split("/")
        if first == "train":
            yield second, count


def _repetitions(report: Report) -> Iterator[Finding]:
    likeness = report.likeness
    for split, count in likeness.contradicting.items():
        pair = next(
            one for one in likeness.pairs if one.what == "contradicting" and one.split == split
        )
        what = (
            f"{_many(count, 'question')} of {split} with different answers "
            f"(rows {pair.other_row} and {pair.row})"
        )
        yield Finding(what=what, mend=f"hone examples show {pair.id}   (or {pair.other_id})")
    for split, count in likeness.repeated.items():
        what = f"{_many(count, 'row')} of {split} repeated from another one"
        yield Finding(what=what, mend=_rebuild(report))
    if likeness.rule == "similar text":
        for split, count in likeness.near.items():
            what = f"{_many(count, 'row')} of {split} with nearly the question of another one"
            yield Finding(what=what, mend=_rebuild(report, similarity=True))
    for places, count in likeness.leaks.items():
        first, second = places.split("/")
        if first != "train":
            what = f"{_many(count, 'question')} of {second} in {first} too"
            yield Finding(what=what, mend=_rebuild(report))


def _of_other_splits(report: Report) -> Iterator[Finding]:
    if not report.splits.get("val", SplitReport()).rows:
        what = "there are no val rows: nothing tells which checkpoint is best"
        yield Finding(what=what, mend=f"{_rebuild(report)} --val-ratio 0.1 --train-ratio 0.8")
    for name in ("val", "test", "probe"):
        split = report.splits.get(name, SplitReport())
        if split.refused_rows:
            what = (
                f"{split.refused_rows:,} of {split.rows:,} rows of {name} do not fit "
                f"{report.max_length} tokens"
            )
            yield Finding(what=what, mend=_longer(report, split.longest_uncut))


def _of_base(report: Report, template_problems: Sequence[str]) -> Iterator[Finding]:
    longest = max((split.longest for split in report.splits.values()), default=0)
    if report.context is not None and longest > report.context:
        what = f"the longest row has {longest:,} tokens, {report.base} looks at {report.context:,}"
        mend = f"hone train RECIPE --set data.max_seq_length={report.context}"
        yield Finding(what=what, mend=mend)
    for problem in template_problems:
        yield Finding(
            what=problem[:1].lower() + problem[1:].rstrip("."),
            mend="another base, or put its original tokenizer and template back",
        )


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _of(count: int, train: SplitReport) -> str:
    verb = "is" if count == 1 else "are"
    return f"{count:,} of {train.rows:,} train rows {verb}"


def _longer(report: Report, wanted: int) -> str:
    """The limit at which nothing is cut, as far as the base can look."""
    if report.context is None or wanted <= report.context:
        return f"hone train RECIPE --set data.max_seq_length={wanted}"
    if report.max_length >= report.context:
        return (
            f"shorten the texts, or --base another one: {report.base} looks at {report.context:,}"
        )
    return (
        f"hone train RECIPE --set data.max_seq_length={report.context}   "
        f"({wanted} would be needed; {report.base} looks at no more)"
    )


def _rebuild(report: Report, *, similarity: bool = False) -> str:
    name = report.dataset.split("@")[0]
    command = f"hone datasets build {name} --format {report.format} --task {report.task}"
    return f"{command} --similarity {report.likeness.threshold:g}" if similarity else command


def _fitting(report: Report, reasons: Sequence[str]) -> str:
    """What lets rows in that are left out at any length."""
    if any(REFUSES in reason for reason in reasons):
        return f"--base another one: the template of {report.base} does not take every conversation"
    return _rebuild(report)


def _first_row(report: Report) -> str:
    return f"hone datasets doctor {report.dataset} --base hone-nano   (is it the base's template?)"
