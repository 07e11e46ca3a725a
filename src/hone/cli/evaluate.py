"""`hone evaluate`: a model beside its base, a few-shot prompt, search and the rules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from hone.cli.options import JsonOption, WorkspaceOption, new_app

if TYPE_CHECKING:
    from hone.records.evaluation import Band, Evaluation
    from hone.records.model import Measured

app = new_app()

QUICK_EXAMPLES = 50
# Shown elsewhere, or of use to programs alone.
HIDDEN = ("field.", "dimension.", "micro_", "rouge_1", "rouge_2")
BESIDE = (("confidence", "calibration_", "brier"), ("preference_",))
"""How the names of further figures begin, what belongs together together."""
BANDS: tuple[Band, ...] = ("green", "yellow", "orange", "red")


@app.command()
def evaluate(
    model: Annotated[
        str, typer.Argument(help="NAME (active or newest), NAME@VERSION, or a base: hone-nano.")
    ],
    data: Annotated[
        str | None,
        typer.Option(
            help="NAME, NAME@VERSION/SPLIT, or a JSONL or CSV file with answers; by default the "
            "test split of the dataset that the model was trained on.",
            metavar="DATASET|FILE",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help=f"Only {QUICK_EXAMPLES} examples, drawn by the seed.")
    ] = False,
    sample: Annotated[
        int | None, typer.Option(help="Only so many examples, drawn by the seed.")
    ] = None,
    against: Annotated[
        list[str] | None, typer.Option(help="Another model or base to compare with; repeatable.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(help="Leave out base, few-shot, rules, mean or tuned; repeatable."),
    ] = None,
    shots: Annotated[int, typer.Option(help="Worked examples of the few-shot row.")] = 4,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 0,
    task: Annotated[str | None, typer.Option(help="By default the model's.")] = None,
    max_new_tokens: Annotated[
        int | None,
        typer.Option(help="Longest answer; by default a quarter more than any trained one."),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Questions that are answered at once.")] = 16,
    forgetting: Annotated[
        bool,
        typer.Option(
            "--forgetting",
            help="Beside the version that it goes on from, on that one's own test split; kept on "
            "the model's card.",
        ),
    ] = False,
    include_trained: Annotated[
        bool,
        typer.Option("--include-trained", help="Keep examples that were trained on; labelled."),
    ] = False,
    on: Annotated[
        str, typer.Option("--on", help="Where to answer: only on this machine so far (local).")
    ] = "local",
    detach: Annotated[
        bool, typer.Option("--detach", help="Do not wait; the same command again shows the result.")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Score a model beside base, few-shot, retrieval and rules.

    Example: hone evaluate pickup@v2 --data pickup@1/test
    """
    from hone import loop
    from hone.cli import show
    from hone.stages import evaluate as evaluation
    from hone.stages.train.register import collect_trained

    options = evaluation.evaluate_options(
        on=data,
        rows=_rows(evaluation.ROWS, without or []),
        further=against or [],
        sample=sample if sample is not None else QUICK_EXAMPLES if quick else None,
        shots=shots,
        seed=seed,
        task=task,
        max_new_tokens=max_new_tokens,
        batch_size=batch_size,
        forgetting=forgetting,
        includes_trained=include_trained,
    )
    with loop.open_workspace(workspace) as opened:
        evaluation.refuse_elsewhere(opened, on)
        # Only trainings: an evaluation that waits to be reported is what this very command shows.
        collect_trained(opened)
        job = evaluation.evaluate(opened, model, options)
        if detach:
            _say_detached(job.id, as_json=json)
            return
        try:
            with show.progress("Answering") as step:
                found = evaluation.finish(opened, job.id, on_progress=step)
        except KeyboardInterrupt:
            sys.stderr.write(
                f"The answering goes on as {job.id}; the same command again shows it.\n"
            )
            raise
        report = str(evaluation.report_path(opened, job))
        score = evaluation.score_name(found, opened.task(found.task))
    if json:
        show.print_json({**found.model_dump(mode="json"), "report": report})
        return
    _say_evaluation(found, score)
    if not found.trained_on and not found.on.endswith(("/test", "/val")):
        show.say("What it got wrong may be corrected: hone flags next")
    show.say(f"Report: {report}")


def _rows(known: tuple[str, ...], without: list[str]) -> list[str]:
    from hone.errors import InvalidInput, nearest

    for name in without:
        if name not in known:
            raise InvalidInput(f'There is no row "{name}".', hint=nearest(name, known))
    return [name for name in known if name not in without]


def _say_detached(job_id: str, *, as_json: bool) -> None:
    from hone.cli import show

    if as_json:
        show.print_json({"job": job_id})
        return
    show.say(f"Started {job_id}.")
    show.say(f"Next: hone jobs watch {job_id}; the same evaluate command then shows the figures.")


def _say_evaluation(found: Evaluation, score: str) -> None:
    from hone.cli import show
    from hone.stages.evaluate import dimension_table, dimensions_of

    amount = found.rows[0].examples
    drawn = " (a quick sample)" if found.sample is not None else ""
    show.say(f"{found.model} on {found.on}: {amount} examples{drawn}, 95 % intervals")
    names = [
        name
        for name in dict.fromkeys(name for row in found.rows for name in row.metrics)
        if name != score and not name.startswith(HIDDEN)
    ]
    show.table(
        ["row", score, *BANDS, "s each"],
        [
            (
                row.contender,
                interval(row.score),
                *(row.bands.get(band, 0) for band in BANDS),
                f"{row.seconds / row.examples:.3f}",
            )
            for row in found.rows
        ],
    )
    for group in _grouped(names):
        show.table(
            ["row", *group],
            [
                (
                    row.contender,
                    *(interval(row.metrics[name]) if name in row.metrics else "" for name in group),
                )
                for row in found.rows
                if any(name in row.metrics for name in group)
            ],
        )
    every = [name for row in found.rows for name in row.metrics]
    if dimensions := dimensions_of(every):
        table = dimension_table(found.rows, dimensions)
        show.table(table.head, table.rows)
    if found.differences:
        show.table(
            [f"difference of {score}, paired", "", ""],
            [(name, signed(one), meaning(one)) for name, one in found.differences.items()],
        )
    if found.human is not None:
        show.say(f"Human ceiling: {found.human.says}")
    for note in found.notes:
        show.say(f"Note: {note}")


def _grouped(names: list[str]) -> list[list[str]]:
    """Figures that are read together, a table each: all of them in one would be too wide."""
    beside = [[name for name in names if name.startswith(prefixes)] for prefixes in BESIDE]
    taken = {name for group in beside for name in group}
    return [group for group in ([name for name in names if name not in taken], *beside) if group]


def interval(one: Measured) -> str:
    """`0.94 [0.91, 0.96]`, or the figure alone where it has no interval."""
    if one.low is None or one.high is None:
        return f"{one.value:.2f}"
    return f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"


def signed(one: Measured) -> str:
    """A difference: `+0.42 [+0.22, +0.64]`."""
    if one.low is None or one.high is None:
        return f"{one.value:+.2f}"
    return f"{one.value:+.2f} [{one.low:+.2f}, {one.high:+.2f}]"


def meaning(one: Measured) -> str:
    """What a paired difference says: better, worse, or nothing clear."""
    if one.low is None or one.high is None or one.low <= 0 <= one.high:
        return "no clear difference"
    return "better" if one.low > 0 else "worse"
