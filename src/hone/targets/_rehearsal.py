"""A tiny training before the paid one: on the same machine, by the same worker, in its own folder.

What breaks an environment (a driver that does not fit the wheel, a package that cannot be loaded,
too little memory for the longest batch, a disk that takes no checkpoint, a way home that carries
nothing) breaks this one in its first minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hone.records.job import Job
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder

PLACE = "rehearsals"
STEPS = 2
# As many rows as two steps take, and more, so that none of a method's kinds of rows is missing.
MOST_ROWS, MOST_VALIDATED = 256, 32
TRAINED, VALIDATED = "train.jsonl", "val.jsonl"
SHORT: dict[str, Any] = {
    "training.max_steps": STEPS,
    "training.save_steps": STEPS,
    "training.eval_steps": STEPS,
    "training.early_stopping_evals": None,
    "report_to": [],
}
# So small a training may well learn nothing, or too much.
REACTIONS = ("on_divergence", "on_no_learning", "on_overfitting")


def is_rehearsed(job: Job) -> bool:
    """Whether the job begins with a rehearsal where its machine is rented."""
    return job.kind == "train" and bool(job.spec.get("rehearses"))


def trial_of(folder: JobFolder, machine: str) -> JobFolder:
    """The rehearsal of a job on the machine of this name; made where there is none yet.

    Its order is the job's with two steps, a validation and a checkpoint, on the longest rows.
    """
    place = folder.path / PLACE / f"{folder.path.name}-on-{machine.rpartition('-')[2]}"
    if place.exists() and not (place / "job.json").exists():
        _remove(place)  # a kill came while it was made
    if not place.exists():
        JobFolder.create(place, _short(folder.job, place.name), inputs=_inputs(folder))
    return JobFolder(place)


def brought_home(trial: JobFolder) -> Sequence[str]:
    """What comes here to show that the way carries it: an adapter; a whole model would be long."""
    is_adapter = any(key.startswith("lora.") for key in trial.job.spec.get("options", {}))
    return ("final",) if is_adapter else ()


def make_light(trial: JobFolder) -> int:
    """Let go of what a rehearsal brought here; how many bytes that were. Its words stay."""
    size = 0
    for place in (trial.final, trial.inputs):
        if place is trial.final:
            size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        if place.exists():
            _remove(place)
    return size


def _short(job: Job, name: str) -> Job:
    order = job.model_copy(deep=True, update={"id": name})
    options = order.spec.get("options", {})
    values = SHORT | {f"training.{reaction}": "ignore" for reaction in REACTIONS}
    known = {key: one for key, one in values.items() if key in options or "_steps" in key}
    order.spec["options"] = options | {
        key: {"value": one, "source": "rehearsal"} for key, one in known.items()
    }
    order.spec["rehearses"] = False
    return order


def _inputs(folder: JobFolder) -> dict[str, Path | str | bytes]:
    found: dict[str, Path | str | bytes] = {}
    for path in sorted(folder.inputs.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder.inputs).as_posix()
            most = {TRAINED: _rows_of(folder.job), VALIDATED: MOST_VALIDATED}.get(name)
            found[name] = path if most is None else _longest(path, most)
    return found


def _rows_of(job: Job) -> int:
    options = job.spec.get("options", {})

    def count(name: str) -> int:
        value = options.get(f"training.{name}", {}).get("value")
        return value if isinstance(value, int) else 1

    step = count("batch_size") * count("gradient_accumulation_steps") * count("processes")
    return max(MOST_ROWS, STEPS * step)


def _longest(path: Path, most: int) -> bytes:
    """The longest half of so many lines, and others from all over the file, in their order.

    Read twice, a line at a time: there may be a million of them.
    """
    with explained("read", path), path.open("rb") as file:
        lengths = [len(line) for line in file]
        file.seek(0)
        if len(lengths) <= most:
            return file.read()
        by_length = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
        longest, others = by_length[: most // 2], sorted(by_length[most // 2 :])
        left = most - len(longest)
        wanted = {*longest, *(others[number * len(others) // left] for number in range(left))}
        return b"".join(line for number, line in enumerate(file) if number in wanted)


def _remove(place: Path) -> None:
    import shutil

    with explained("remove", place):
        shutil.rmtree(place)
