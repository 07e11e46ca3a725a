"""Answers a file of messages: one line out for each row in, in its order."""

from __future__ import annotations

import hashlib
import heapq
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from hone.errors import Conflict, InvalidInput
from hone.importers._questions import Asked, read_questions
from hone.records.job import Job
from hone.stages import jobs
from hone.stages.predict.answers import by_rules, put_together, rules_answers
from hone.stages.predict.asking import Asking
from hone.stages.predict.options import Predicted, PredictOptions, PredictReport
from hone.workspace.files import explained
from hone.workspace.follow import Progress, follow
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace
from hone.workspace.predictions import PredictionFile

PROGRESS_ROWS = 200


def predict_file(
    ws: Workspace,
    files: tuple[Path, Path],
    options: PredictOptions | None = None,
    *,
    target: jobs.Target | None = None,
    on_progress: Progress = lambda done, total: None,
) -> PredictReport:
    """Answer every row of a file, in order, into a new JSONL file; `files` is (source, output).

    The output appears when it is complete. The same command after an interruption goes on.
    """
    source, output = files
    _refuse_output(output)
    asking = Asking(ws, options or PredictOptions())
    rows = read_questions(source, asking.task, needs_answers=False)
    if asking.able is None:
        answer = rules_answers(asking)
        found = (by_rules(asking, asked, answer) for asked in _counted(rows, on_progress))
        return _write(asking, output, found)
    job = _file_job(ws, asking, source, rows, target)
    folder = JobFolder(ws.jobs / job.id)
    follow(folder, on_progress=on_progress, go_on="Run the same command again: it goes on.")
    with ExitStack() as stack:
        predictions = {
            one.name: PredictionFile(folder.predictions / f"{one.name}.jsonl")
            for one in asking.contenders
        }
        for one in predictions.values():
            stack.callback(one.close)
        found = (
            put_together(
                asking.task,
                asking.contenders,
                asked,
                {name: file.get(str(place)) for name, file in predictions.items()},
            )
            for place, asked in _asked_again(folder)
        )
        report = _write(asking, output, found)
    ws.store.jobs.mark_settled(job.id)
    return report.model_copy(update={"job": job.id})


def _counted(rows: Iterator[Asked], on_progress: Progress) -> Iterator[Asked]:
    done = 0
    for done, asked in enumerate(rows, 1):
        yield asked
        if done % PROGRESS_ROWS == 0:
            on_progress(done, None)
    on_progress(done, done)


def _file_job(
    ws: Workspace,
    asking: Asking,
    source: Path,
    rows: Iterator[Asked],
    target: jobs.Target | None,
) -> Job:
    """The job that answers this very file: a new one, or the one that was cut off."""
    with tempfile.TemporaryDirectory(prefix="hone-predict-") as aside:
        inputs, digest = _write_inputs(Path(aside), rows)
        spec = asking.spec(ws, source.name)
        whole = json.dumps([spec, digest], sort_keys=True, ensure_ascii=False)
        spec["fingerprint"] = "sha256:" + hashlib.sha256(whole.encode()).hexdigest()
        for job in ws.store.jobs.unsettled():
            if job.kind != "suggest" or job.spec.get("fingerprint") != spec["fingerprint"]:
                continue
            folder = JobFolder(ws.jobs / job.id)
            if folder.has_result or folder.is_alive() or jobs.in_hand(ws, job.id):
                return job
            if (folder.path / "job.json").is_file():
                return jobs.resume(ws, job.id, target=target)
        return jobs.launch(ws, jobs.new_job("suggest", spec), inputs, target=target)


def _write_inputs(aside: Path, rows: Iterator[Asked]) -> tuple[dict[str, Path | str | bytes], str]:
    """The rows that can be asked, those that cannot, and the hash of all of them."""
    digest = hashlib.sha256()
    inputs: dict[str, Path | str | bytes] = {}
    asked_any = False
    first_problem = ""
    with (aside / "examples.jsonl").open("wb") as good, (aside / "refused.jsonl").open("wb") as bad:
        for place, asked in enumerate(rows, 1):
            fields = {"id": str(place), **asked._asdict()}
            line = json.dumps(fields).encode() + b"\n"
            (bad if asked.problem else good).write(line)
            digest.update(line)
            asked_any |= not asked.problem
            first_problem = first_problem or asked.problem
    if not asked_any:
        raise InvalidInput(
            f"No row of the file can be asked: {first_problem or 'it has none'}",
            hint="Give JSONL with one message per line, or CSV with a header line.",
        )
    for name in ("examples.jsonl", "refused.jsonl"):
        inputs[name] = aside / name
    return inputs, digest.hexdigest()


def _asked_again(folder: JobFolder) -> Iterator[tuple[int, Asked]]:
    """Every row in the order of the file, with its number there."""

    def lines(name: str) -> Iterator[tuple[int, Asked]]:
        with (folder.inputs / name).open(encoding="utf-8") as rows:
            for fields in map(json.loads, rows):
                yield int(fields.pop("id")), Asked(**fields)

    both = (lines("examples.jsonl"), lines("refused.jsonl"))
    return heapq.merge(*both, key=lambda one: one[0])


def _refuse_output(output: Path) -> None:
    if output.suffix.lower() not in (".jsonl", ".json", ".ndjson"):
        raise InvalidInput(
            f"Predictions are written as JSONL, not as {output.suffix or output.name}.",
            hint=f"--output {output.with_suffix('.jsonl')}",
        )
    if output.exists():
        raise Conflict(f"{output} exists already.", hint="Choose another --output.")


def _write(asking: Asking, output: Path, found: Iterator[Predicted]) -> PredictReport:
    """Write beside the output, flush, move into place; count on the way."""
    counts = dict.fromkeys(("read", "refused", "with_problems", "agreed"), 0)
    seconds = dict.fromkeys((one.name for one in asking.contenders), 0.0)
    aside = output.with_name(f".{output.name}.{os.getpid()}.partial")
    with explained("write", output):
        output.parent.mkdir(parents=True, exist_ok=True)
        try:
            with aside.open("w", encoding="utf-8") as file:
                for one in found:
                    file.write(one.model_dump_json() + "\n")
                    counts["read"] += 1
                    counts["refused"] += bool(one.problem)
                    counts["with_problems"] += any(answer.problems for answer in one.answers)
                    counts["agreed"] += bool(one.agree)
                    for answer in one.answers:
                        seconds[answer.by] += answer.seconds
                file.flush()
                os.fsync(file.fileno())
            aside.replace(output)
        finally:
            aside.unlink(missing_ok=True)
    answered = counts["read"] - counts["refused"]
    return PredictReport(
        output=str(output),
        read=counts["read"],
        answered=answered,
        refused=counts["refused"],
        with_problems=counts["with_problems"],
        agreed=counts["agreed"] if asking.options.method == "both" else None,
        seconds_per_message={
            name: round(total / answered, 6) if answered else 0.0 for name, total in seconds.items()
        },
        model=asking.model,
    )
