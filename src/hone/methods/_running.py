"""A training from its folder to its figures, whatever the method: train, or run one batch dry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hone.errors import HoneError
from hone.methods._auto_batch import batches_of, make_smaller
from hone.methods._exporting import export_model
from hone.methods._stages import stage
from hone.methods._training_options import TrainingOptions
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.engine.train_loop import Exact
    from hone.engine.watch import Watch

Build = Callable[[], "tuple[Exact, int]"]
"""Rows, model and trainer of the job, and how many rows it trains on."""


def carry_out(folder: JobFolder, options: TrainingOptions, build: Build) -> dict[str, float] | None:
    """Carry the job out: its figures, or None where it was stopped at a checkpoint.

    Everything else is in the folder: events, checkpoints/, final/. HoneError for what a user
    can mend; memory and disk that run out are told as such.
    """
    while True:
        try:
            return _dry_run(folder, build) if options.dry_run else _train(folder, options, build)
        except HoneError:
            raise
        except Exception as error:
            _mend(folder, options, error)
        # Outside of the handler: the error no longer holds what must be freed.
        from hone.engine.memory import free_memory

        free_memory()


def _mend(folder: JobFolder, options: TrainingOptions, error: Exception) -> None:
    """Return where another try may go better; otherwise raise what a user should be told."""
    from hone.engine.memory import explained_shortage, is_out_of_memory
    from hone.engine.team import Team

    batch_size, accumulation = batches_of(folder, options)
    told = explained_shortage(
        error,
        batch_size=batch_size,
        longest=options.max_seq_length,
        accumulation=accumulation,
    )
    if told is None:
        raise error
    # Among several processes the others are in the middle of a step, and would wait for ever.
    is_alone = Team.of_this_process().size == 1
    is_wanted = is_out_of_memory(error) and not options.dry_run and is_alone
    if not is_wanted or not make_smaller(folder, options, told.message):
        raise told from error


def _train(folder: JobFolder, options: TrainingOptions, build: Build) -> dict[str, float] | None:
    from hone.engine import checkpoints, train_loop
    from hone.engine.follow import Follow
    from hone.engine.team import Team

    team = Team.of_this_process()
    found = checkpoints.newest_sound(folder.checkpoints)
    for problem in found.broken:
        folder.append("log", level="warning", text=f"A broken checkpoint is passed over: {problem}")
    facts = checkpoints.facts_of(found.path) if found.path is not None else {}
    _refuse_other_size(facts, team.size)
    if not facts.get("is_final"):
        trainer, _ = build()
        if any(team.told([folder.is_stop_requested])):
            return None
        if found.path is not None:
            folder.append("log", level="info", text=f"Going on from {found.path.name}.")
        if not team.is_first:
            train_loop.train(trainer, Follow(trainer), resume_from=found.path)
            return None
        watch = _watch(folder, options, trainer)
        with stage(folder, "training"):
            train_loop.train(trainer, watch, resume_from=found.path)
        if watch.was_stopped:
            return None
    if not team.is_first:
        return None
    with stage(folder, "exporting"):
        return export_model(folder)


def _watch(folder: JobFolder, options: TrainingOptions, trainer: Exact) -> Watch:
    from hone.engine.watch import Habits, Watch
    from hone.engine.watchdogs import Actions

    habits = Habits(
        logging_steps=options.logging_steps,
        save_minutes=options.save_minutes,
        early_stopping_evals=options.early_stopping_evals,
        tensorboard=_board(folder),
        # Answers are drawn by one process, which must hold the weights whole.
        samples=0 if trainer.is_sharded else options.samples,
        saves_first=bool(folder.job.spec.get("rehearses")),
        reactions=Actions(
            not_finite=options.on_not_finite,
            divergence=options.on_divergence,
            no_learning=options.on_no_learning,
            overfitting=options.on_overfitting,
        ),
    )
    return Watch(trainer, folder, habits)


def _refuse_other_size(facts: Mapping[str, Any], size: int) -> None:
    """A checkpoint holds the random state of each of its processes, and goes on with as many."""
    before = int(facts.get("processes", 1))
    if facts and before != size:
        raise HoneError(
            f"The checkpoint was written by {before} processes, and {size} would go on from it.",
            hint=f"Go on with {before} (training.processes), or start a training anew.",
        )


def _dry_run(folder: JobFolder, build: Build) -> dict[str, float] | None:
    from hone.engine import train_loop
    from hone.engine.load import parameter_count

    trainer, rows = build()
    with stage(folder, "one batch forward"):
        loss = train_loop.forward_once(trainer)
    if not trainer.team.is_first:
        return None
    model = trainer.model
    figures = {
        "parameters": float(parameter_count(model)),
        "trained_parameters": float(parameter_count(model, only_trained=True)),
        "rows": float(rows),
        "steps": float(trainer.plan.total_steps),
    }
    return figures if loss is None else {**figures, "loss": loss}


def _board(folder: JobFolder) -> Path | None:
    reports = folder.job.spec["options"].get("report_to", {}).get("value") or []
    return folder.path / "logs" if "tensorboard" in reports else None
