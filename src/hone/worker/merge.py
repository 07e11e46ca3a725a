"""Jobs of the kind `export`: an adapter becomes whole weights, and both must answer the same.

Writes merged/ beside the job, asks adapter and merged weights the held-out prompts that lie in
inputs/, and moves what answers the same to final/. The base's own type of numbers is kept where the
answers stay the same in it; otherwise fp32 is.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from hone.errors import HoneError
from hone.records.job import Result
from hone.rendering.tokens import Renderer
from hone.worker.artefacts import artefacts_of
from hone.worker.imports import uncollected
from hone.worker.times import active_seconds
from hone.workspace.files import explained
from hone.workspace.job_folder import JobFolder

SHOWN_DIFFERENCES = 3


def carry_out(folder: JobFolder) -> Result | None:
    """Merge and compare; None where the job was stopped."""
    with uncollected():
        from hone.engine import load, merge, threads
        from hone.engine.generate import Limits
    spec: dict[str, Any] = folder.job.spec
    base = load.BaseSpec.of(spec["base"])
    threads.keep_memory()
    load.check_unchanged(base)
    adapted = merge.Adapted(base, Path(spec["adapter"]))
    renderer = Renderer.load(base.path)
    prompts = _prompts(folder, renderer, spec.get("room"))
    limits = Limits(renderer.stop_ids, int(spec["max_new_tokens"]), int(spec["batch_size"]))
    folder.append("stage", name="asking the adapter", state="started")
    wanted = merge.answers_of(adapted, prompts, limits)
    tried: list[tuple[str, int]] = []
    for dtype in spec["dtypes"]:
        if folder.is_stop_requested:
            return None
        merged = folder.path / "merged"
        with explained("write the merged model to", merged):
            shutil.rmtree(merged, ignore_errors=True)
            folder.append("stage", name=f"merging, {dtype}", state="started")
            name = merge.write_merged(adapted, merged, dtype=dtype, about=_about(spec))
        folder.append("stage", name=f"asking the merged model in {name}", state="started")
        found = merge.answers_of(load.BaseSpec(id="merged", path=merged), prompts, limits)
        different = [place for place, ids in enumerate(found) if ids != wanted[place]]
        tried.append((name, len(different)))
        if not different:
            with explained("write the merged model to", folder.final):
                shutil.rmtree(folder.final, ignore_errors=True)
                merged.replace(folder.final)
            return _result(folder, tried, len(prompts))
        text = f"In {name}, {len(different)} of {len(prompts)} answers differ from the adapter's."
        folder.append("log", level="warning", text=text)
    said = "; ".join(f"{count} of {len(prompts)} in {name}" for name, count in tried)
    raise HoneError(
        f"The merged model does not answer as its adapter does: {said} answers differ.",
        hint="Keep the adapter; or merge with --dtype float32, which rounds least.",
    )


def _prompts(folder: JobFolder, renderer: Renderer, room: int | None) -> list[list[int]]:
    lines = (folder.inputs / "prompts.jsonl").read_text(encoding="utf-8").splitlines()
    conversations = [json.loads(line) for line in lines]
    return [list(one.ids) for one in renderer.prompts(conversations, max_tokens=room)]


def _about(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "hone": 1,
        # The path of the base is this machine's own affair.
        "base": {key: value for key, value in spec["base"].items() if key != "path"},
        "merged": spec["parents"][0],
        "template": spec["template"],
        "task": spec["task"]["name"],
        "dataset": spec["dataset"],
    }


def _result(folder: JobFolder, tried: list[tuple[str, int]], asked: int) -> Result:
    details = {
        "dtype": tried[-1][0],
        "asked": asked,
        "differences": dict(tried),
    }
    seconds = active_seconds(folder.events())
    return Result.model_validate(
        {"artefacts": artefacts_of(folder), "runtime_seconds": seconds, "merged": details}
    )
