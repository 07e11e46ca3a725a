"""`hone datasets doctor`: see what a training would see, before it costs anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.stages.doctor import Balance, Report, SplitReport

app = new_app()
BAR, SHOWN_PAIRS, VALUE_CHARACTERS, OFTEN_CHARACTERS = 36, 8, 16, 38


@app.command()
def doctor(
    ref: Annotated[str, typer.Argument(help="NAME (its newest version) or NAME@VERSION.")],
    base: Annotated[
        str, typer.Option(help="The model whose tokens and template are used.", metavar="MODEL")
    ] = "hone-nano",
    max_length: Annotated[
        int | None,
        typer.Option(help="Most tokens of a row, the recipe's data.max_seq_length."),
    ] = None,
    train_on: Annotated[
        str, typer.Option(help="Which answers of a conversation are learned: last or all.")
    ] = "last",
    examples: Annotated[int, typer.Option(help="Rows that are shown token by token.")] = 3,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """See what training would see, down to the token; exits 1 on a problem.

    Example: hone datasets doctor pickup --base hone-nano --max-length 512
    """
    from hone import loop
    from hone.cli import show

    choices = {"base": base, "max_length": max_length, "train_on": train_on, "examples": examples}
    with loop.open_workspace(workspace) as opened, show.progress("Looking") as step:
        report = loop.examine_dataset(opened, ref, on_progress=step, **choices)
    if json:
        show.print_json(report)
    else:
        _say(report)
    if report.problems:
        raise typer.Exit(1)


def _say(report: Report) -> None:
    from hone.cli import show
    from hone.cli.token_view import say_examples

    show.say(
        f"{report.dataset} ({report.format}, task {report.task}) as {report.base} would train on "
        f"it,\nat most {report.max_length:,} tokens a row ({report.max_length_source})."
    )
    _say_splits(report)
    _say_lengths(report)
    _say_likeness(report)
    _say_balance(report)
    say_examples(report.examples)
    _say_verdict(report)


def _say_splits(report: Report) -> None:
    from hone.cli import show

    splits = {name: split for name, split in report.splits.items() if split.rows}
    if not splits:
        return
    columns = [_figures_of(split) for split in splits.values()]
    rows = [
        (name, *(column[name] for column in columns))
        for name in columns[0]
        if name in ("rows", "tokens", "trained tokens") or any(c[name] != "0" for c in columns)
    ]
    show.table(["", *splits], rows)


def _figures_of(split: SplitReport) -> dict[str, str]:
    lost = f"{split.cut_rows:,} (-{split.cut_tokens:,} tokens)" if split.cut_rows else "0"
    return {
        "rows": f"{split.rows:,}",
        "tokens": f"{split.tokens:,}",
        "  mean": f"{split.mean:,.1f}",
        "  p50 / p95": f"{split.p50:,} / {split.p95:,}",
        "  longest": f"{split.longest:,}",
        "trained tokens": f"{split.trained_tokens:,} ({split.trained_share:.1%})",
        "rows cut": lost,
        "rows left out: too long": f"{split.refused_rows:,}",
        "rows left out: unfit": f"{split.unfit_rows:,}",
        "rows left out: empty loss": f"{split.masked_rows:,}",
        "rows with an empty answer": f"{split.empty_answers:,}",
    }


def _say_lengths(report: Report) -> None:
    from hone.cli import show

    train = report.splits.get("train")
    if train is None or not train.histogram:
        return
    total = sum(one.rows for one in train.histogram)
    most = max(one.rows for one in train.histogram)
    brick = "█" if is_utf(sys.stdout.encoding) else "#"
    show.say("Tokens per row of train, before anything is cut")
    is_marked = False
    for one in train.histogram:
        label = f"{one.low:,}+" if one.high is None else f"{one.low:,}-{one.high:,}"
        bar = brick * (-(-one.rows * BAR // most))
        line = f"{label:>15} {bar:<{BAR}} {one.rows:>9,} {one.rows / total:>6.1%}"
        is_beyond = one.high is None or one.high >= report.max_length
        mark = (
            "  limit" if is_beyond and not is_marked and train.cut_rows + train.refused_rows else ""
        )
        is_marked = is_marked or bool(mark)
        show.say(line + mark)
    show.say()


def is_utf(encoding: str | None) -> bool:
    """Whether every character can be written."""
    return (encoding or "").lower().replace("-", "").startswith("utf")


def _say_likeness(report: Report) -> None:
    from hone.cli import show

    likeness = report.likeness
    near = f"nearly the same question ({likeness.threshold:g} or more)"
    is_strict = likeness.rule == "equal text"
    rows = [
        *_counted("the same question in two splits", likeness.leaks),
        *_counted(near, likeness.near_leaks),
        *_counted("the same question, another answer", likeness.contradicting),
        *_counted("the same row again", likeness.repeated),
        *_counted(near, likeness.near),
    ]
    if not rows:
        show.say("No row repeats or nearly repeats another one.\n")
        return
    show.table(["alike", "where", "rows"], rows)
    told = [one for one in likeness.pairs if not (is_strict and one.what.startswith("near"))]
    for one in told[:SHOWN_PAIRS]:
        show.say(
            f"  {one.split} {one.row} ({one.id}) ~ {one.other_split} {one.other_row} "
            f"({one.other_id})  {one.similarity:.2f}"
        )
    if is_strict and (likeness.near or likeness.near_leaks):
        show.say(
            f"A text with one other word is another fact for {report.task}: nearly is no leak here."
        )
    show.say()


def _counted(what: str, counts: dict[str, int]) -> Iterator[tuple[str, str, int]]:
    for where, count in counts.items():
        yield what, where, count


def _say_balance(report: Report) -> None:
    from hone.cli import show

    balance = report.balance.get("train")
    if balance is None or not balance.rows:
        return
    if balance.distinct_answers:
        show.say(
            f"Answers of train: {balance.distinct_answers:,} different in {balance.rows:,} rows; "
            f"{balance.mean_characters:g} characters\non average, {balance.longest_characters:,} "
            f"in the longest. Most often ({_count(balance.most_common_rows, 'row')}):\n"
            f"  {_short(balance.most_common_answer, 76)}"
        )
    if balance.pairs:
        equal = report.splits["train"].equal_pairs
        show.say(f"Pairs whose two answers are the same, left out: {equal:,} of {balance.pairs:,}.")
    if balance.figures:
        rows = [
            (name, one.count, f"{one.lowest:g}", f"{one.mean:.4g}", f"{one.highest:g}")
            for name, one in balance.figures.items()
        ]
        show.table(["label", "rows", "lowest", "mean", "highest"], rows)
    if balance.fields:
        show.say(
            f"Records: {balance.records:,}; answers without one: {balance.empty_lists:,}; "
            f"answers that do not read: {balance.unreadable:,}."
        )
        show.table(["field", "filled", "different", "most often"], _field_rows(balance))
    else:
        show.say()


def _field_rows(balance: Balance) -> Iterator[Sequence[object]]:
    for name, use in balance.fields.items():
        often = ", ".join(f"{_short(v, VALUE_CHARACTERS)} {n:,}" for v, n in use.most_common[:2])
        never = f"; never: {', '.join(use.never)}" if use.never else ""
        yield name, f"{use.share:.1%}", use.distinct, _short(often + never, OFTEN_CHARACTERS)


def _short(text: str, most: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= most else plain[: most - 3] + "..."


def _say_verdict(report: Report) -> None:
    from hone.cli import show

    for name, findings in (("Problem", report.problems), ("Warning", report.warnings)):
        for one in findings:
            show.say(f"{name}: {one.what}.")
            show.say(f"  Try: {one.mend}")
    problems, warnings = len(report.problems), len(report.warnings)
    counted = f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}"
    if report.problems:
        show.say(f"{counted}: do not train on {report.dataset} yet.")
        return
    show.say(f"{counted}. Next: hone train RECIPE --set dataset={report.dataset} --plan")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
