"""Less memory, the same steps: after a shortage the rows of a step go through in smaller batches.

What was chosen stands in the job's events, so that a resumed worker begins with it. The rows of a
step, their order, the number of steps and the learning rate stay; sums round differently. Where a
method averages over batches of unequal size (the last step of an epoch) it weighs them differently.
"""

from __future__ import annotations

from hone.methods._training_options import TrainingOptions
from hone.workspace.job_folder import JobFolder


def batches_of(folder: JobFolder, options: TrainingOptions) -> tuple[int, int]:
    """(rows that go through at once, such batches in a step), after any shortage so far."""
    found = options.batch_size, options.gradient_accumulation_steps
    for event in folder.events():
        if event.type == "auto_batch":
            fields = event.model_extra or {}
            found = int(fields["batch_size"]), int(fields["gradient_accumulation_steps"])
    return found


def make_smaller(folder: JobFolder, options: TrainingOptions, told: str) -> bool:
    """Note the next smaller batch after a shortage; False where there is none, or none is wanted.

    Half of it, or the largest whole part where it cannot be halved: the step keeps its rows.
    """
    batch, together = batches_of(folder, options)
    parts = [size for size in range(options.LEAST_BATCH, batch // 2 + 1) if batch % size == 0]
    if not options.auto_batch or not parts:
        return False
    smaller = parts[-1]
    together *= batch // smaller
    folder.append(
        "log",
        level="warning",
        text=f"{told} Trying again with batches of {smaller}, {together} to a step: "
        "the same rows in each step.",
    )
    folder.append("auto_batch", batch_size=smaller, gradient_accumulation_steps=together)
    return True
