"""`hone predict`: one message, a file of them, or all messages of a task ahead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.loop import LookedUp
    from hone.stages.predict import Predicted, PredictReport

app = new_app()

SLOW_SECONDS = 5.0


@app.command()
def predict(
    message: Annotated[
        list[str] | None, typer.Option(help="A message to answer; repeatable.", metavar="TEXT")
    ] = None,
    passage: Annotated[
        list[str] | None,
        typer.Option(help="With --message: a passage to answer from; repeatable.", metavar="TEXT"),
    ] = None,
    input_file: Annotated[
        Path | None,
        typer.Option(help="A JSONL or CSV file of messages, with their passages.", metavar="FILE"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The new JSONL file for their answers.", metavar="FILE")
    ] = None,
    all_messages: Annotated[
        bool,
        typer.Option("--all", help="Predict every message of the task ahead, in the background."),
    ] = False,
    model: Annotated[
        str | None, typer.Option(help="NAME, NAME@VERSION or a base; by default the active model.")
    ] = None,
    version: Annotated[
        str | None, typer.Option(help="A version instead of the active one: v1 or NAME@v1.")
    ] = None,
    method: Annotated[str, typer.Option(help="model, rules (also: regex), or both.")] = "model",
    task: Annotated[str | None, typer.Option(help="By default the model's.")] = None,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(help="Longest answer; by default a quarter more than any trained one."),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Messages that are answered at once.")] = 16,
    deadline: Annotated[
        float, typer.Option(help="With --message: wait at most so many seconds.")
    ] = 600.0,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Answer one message, a file of them, or all messages of a task ahead.

    With --all a job answers what has no answer yet; the review screen shows it. While hone up
    runs, new imports and newly active versions follow by themselves.

    Example: hone predict --message "12 cases of romaine to the shelter"
    Example: hone predict --message "When does it open?" --passage "Open from nine to six."
    Example: hone predict --input-file new.jsonl --output answers.jsonl --method both
    Example: hone predict --all --method both
    """
    from hone import loop
    from hone.cli import show
    from hone.cli.finished import take_in_finished
    from hone.stages import predict as prediction

    if all_messages:
        _refuse_beside_all(message, input_file, output, model or version)
    else:
        _refuse_unclear(message, input_file, output)
    if passage and not message:
        _refuse_passages()
    options = prediction.predict_options(
        model=model,
        version=version,
        method=method,
        task=task,
        max_new_tokens=max_new_tokens,
        batch_size=batch_size,
        deadline_seconds=deadline,
    )
    with loop.open_workspace(workspace) as opened:
        take_in_finished(opened)
        if all_messages:
            ahead = loop.predict_all(opened, task, method=options.method)
            show.print_json(ahead) if json else _say_ahead(ahead)
            return
        if message:
            answered = prediction.predict_messages(opened, message, options, passages=passage or ())
            if json:
                show.print_json(answered[0] if len(answered) == 1 else answered)
            else:
                _say_answers(answered)
            return
        assert input_file is not None and output is not None  # _refuse_unclear saw to it
        with show.progress("Answering") as step:
            report = prediction.predict_file(
                opened, (input_file, output), options, on_progress=step
            )
    if json:
        show.print_json(report)
    else:
        _say_report(report)


def _refuse_beside_all(
    message: list[str] | None, input_file: Path | None, output: Path | None, model: str | None
) -> None:
    from hone.errors import InvalidInput

    if message or input_file is not None or output is not None:
        raise InvalidInput(
            "--all takes the messages of the workspace: no others can be given with it.",
            hint="hone predict --all --method both",
        )
    if model is not None:
        raise InvalidInput(
            "--all asks the active version: none can be named with it.",
            hint="hone models set-active NAME@VERSION",
        )


def _refuse_passages() -> None:
    from hone.errors import InvalidInput

    raise InvalidInput(
        "--passage goes with --message: nothing else would be asked about it.",
        hint="Give the passages of a file in its column Passage.",
    )


def _refuse_unclear(
    message: list[str] | None, input_file: Path | None, output: Path | None
) -> None:
    from hone.errors import InvalidInput

    if bool(message) == (input_file is not None):
        raise InvalidInput(
            "Give either messages or a file of them.",
            hint='hone predict --message "…", or --input-file FILE --output FILE',
        )
    if input_file is not None and output is None:
        raise InvalidInput(
            f"Where should the answers to {input_file} go?",
            hint=f"--output {input_file.with_name(input_file.stem + '_answers.jsonl')}",
        )


def _say_answers(answered: list[Predicted]) -> None:
    from hone.cli import show

    for one in answered:
        for answer in one.answers:
            sure = f", confidence {answer.confidence:.2f}" if answer.confidence is not None else ""
            show.say(f"{answer.by} ({answer.seconds:.2f} s{sure}):")
            show.say(f"  {answer.text}")
            for problem in answer.problems:
                show.say(f"  Problem: {problem}")
        if one.agree is not None:
            show.say("They agree." if one.agree else "They differ.")
    _say_slow({answer.by: answer.seconds for one in answered for answer in one.answers})


def _say_ahead(ahead: LookedUp) -> None:
    from hone.cli import show

    for way in ahead.ways:
        if way.state == "ready":
            show.say(f"{way.by}: all {way.total:,} messages are predicted.")
            continue
        show.say(f"{way.by or way.way}: {way.says}")
        if way.state == "computing":
            show.say(f"  hone jobs watch {way.job}")
        elif way.hint:
            show.say(f"  {way.hint}")
    for one in ahead.waiting:
        show.say(f"{one.ref} waits: {one.says}")


def _say_report(report: PredictReport) -> None:
    from hone.cli import show

    show.say(f"Answered {report.answered} of {report.read} messages: {report.output}")
    for name, seconds in report.seconds_per_message.items():
        show.say(f"{name}: {seconds:.3f} seconds a message")
    if report.agreed is not None:
        show.say(f"Rules and model agree on {report.agreed}.")
    if report.with_problems:
        count = report.with_problems
        noun = "answer does" if count == 1 else "answers do"
        show.say(f"{count} {noun} not fit the task (see problems).")
    if report.refused:
        show.say(f"{report.refused} could not be asked; their lines say why.")
    _say_slow(report.seconds_per_message)


def _say_slow(seconds: dict[str, float]) -> None:
    from hone.cli import show

    slow = [name for name, one in seconds.items() if one > SLOW_SECONDS]
    if slow:
        show.say(f"{slow[0]} is slow here: a smaller base, a GPU, or --method rules is faster.")
