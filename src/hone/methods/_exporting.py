"""From checkpoints to final/: the best weights by validation loss, else the last ones."""

from __future__ import annotations

from pathlib import Path

from hone.errors import HoneError
from hone.workspace.job_folder import JobFolder
from hone.workspace.pooling import IN_HONE, OPTION, pooling_in


def export_model(folder: JobFolder) -> dict[str, float]:
    """final/: the best weights by validation loss, else the last; the figures of the run."""
    from hone.engine import checkpoints
    from hone.engine.weights import export

    spec, place = folder.job.spec, folder.checkpoints
    last = checkpoints.newest_sound(place).path
    if last is None:
        raise HoneError(
            f"No checkpoint in {place} is whole, so there is no model to keep.",
            hint=f"hone jobs resume {folder.path.name}   (trains again)",
        )
    best, source = place / "best", last
    if best.is_dir():
        problem = checkpoints.problem_of(best)
        if problem:
            text = f"The best weights cannot be used ({problem}); the last ones are kept instead."
            folder.append("log", level="warning", text=text)
        else:
            source = best
    facts = checkpoints.facts_of(source)
    about = {
        "hone": 1,
        "base": spec["base"],
        "template": spec.get("template", ""),
        "task": spec["task"]["name"],
        "lora": {k: v["value"] for k, v in spec["options"].items() if k.startswith("lora.")}
        or None,
        "dataset": spec["dataset"],
        "step": facts["step"],
        **({IN_HONE: pooling_in(spec["options"])} if OPTION in spec["options"] else {}),
    }
    # The path of the base is this machine's own affair.
    about["base"] = {key: value for key, value in spec["base"].items() if key != "path"}
    export(source, folder.final, base=Path(spec["base"]["path"]), about=about)
    figures = {"best_step": float(facts["step"])}
    figures |= {name: float(facts[name]) for name in sorted(facts) if name.startswith("eval_")}
    losses = [
        (event.model_extra or {})["values"]["loss"]
        for event in folder.events()
        if event.type == "metric" and "loss" in (event.model_extra or {}).get("values", {})
    ]
    return figures | ({"train_loss": float(losses[-1])} if losses else {})
