"""What TensorBoard itself reads of the files that a training left for it."""

from __future__ import annotations

from pathlib import Path

from hone.workspace.job_folder import JobFolder

Curves = dict[str, dict[int, float]]


def curves_of(folder: Path) -> Curves:
    """Name -> step -> value, as its screen would draw them; a step twice is an error."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    # 0: every point, none left out for the sake of a smaller picture.
    read = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    found: Curves = {}
    for name in read.Tags()["scalars"]:
        points = read.Scalars(name)
        found[name] = {point.step: point.value for point in points}
        assert len(found[name]) == len(points), f"{name} has a step twice"
    return found


def curves_told(folder: JobFolder) -> Curves:
    """The same of the job's events; what was told again after a resume counts as told last."""
    found: Curves = {}
    for event in folder.events():
        fields = event.model_extra or {}
        step = 0 if event.type == "baseline" else fields.get("step", 0)
        if event.type in ("baseline", "metric"):
            for name, value in fields["values"].items():
                if value is not None:
                    found.setdefault(name, {})[step] = value
    return found
