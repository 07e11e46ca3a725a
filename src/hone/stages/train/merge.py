"""Merge an adapter: a job that makes whole weights of it, registered as a version of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from hone.errors import HoneError, InvalidInput, nearest
from hone.records.dataset import prompt_in
from hone.records.job import Job
from hone.records.model import ModelVersion
from hone.stages import jobs
from hone.stages.train.machine import look_at_this_machine
from hone.stages.train.register import collect_trained
from hone.workspace.contenders import (
    able_to_answer,
    answer_tokens,
    context_tokens,
    trained_answers,
)
from hone.workspace.follow import Progress, follow
from hone.workspace.open import Workspace

KEPT = {"auto": ["base", "float32"], "base": ["base"], "float32": ["float32"]}
HELD_OUT = ("test", "val")
MOST_PROMPTS = 64
BATCH = 16


def merge(
    ws: Workspace,
    ref: str,
    *,
    dtype: str = "auto",
    on_progress: Progress = lambda done, total: None,
    target: jobs.Target | None = None,
) -> ModelVersion:
    """The adapter `ref` as a version with whole weights; waits for the job that makes it.

    "auto" keeps the base's type of numbers where the merged model then answers held-out prompts
    exactly as the adapter does, and takes fp32 otherwise. HoneError where even that differs.
    """
    job = start_merge(ws, ref, dtype=dtype, target=target)
    follow(jobs.folder_of(ws, job.id), on_progress=on_progress)
    problems = collect_trained(ws).problems
    made = next((one.model for one in ws.store.models.list() if one.model.job == job.id), None)
    if made is None:
        raise HoneError(
            f"Not registered: {'; '.join(problems) or job.id}", hint=f"hone jobs show {job.id}"
        )
    return made


def start_merge(
    ws: Workspace, ref: str, *, dtype: str = "auto", target: jobs.Target | None = None
) -> Job:
    """Check everything and start the job."""
    if dtype not in KEPT:
        raise InvalidInput(f'"{dtype}" is no type to merge in.', hint=nearest(dtype, KEPT))
    model = ws.store.models.get(ref).model
    if model.kind != "lora":
        raise InvalidInput(
            f"{model.ref} has no adapter to merge: its weights are whole.",
            hint=f"hone predict --version {model.ref}, as it is",
        )
    if model.details.get("gives") == "numbers":
        # A head of numbers lies whole in the adapter's file, and no export or server reads one.
        raise InvalidInput(
            f"{model.ref} gives numbers: a merge is shown by equal answers, and it has none.",
            hint=f"Use it as it is: base {model.base} with its adapter and head, for example "
            f"--set training.reward={model.ref} where it was trained by reward.",
        )
    task = ws.task(model.task)
    able = able_to_answer(ws, model.ref, task)
    prompts = _held_out(ws, model)
    room, context = None, context_tokens(able.base)
    longest = answer_tokens(able, trained_answers(ws, model))
    if context is not None:
        room = max(1, context - longest)
    spec: dict[str, Any] = {
        "method": "merge",
        "gives": "answers",
        "base": {
            "id": model.base,
            "path": str(able.base.path),
            "sha256": able.base.sha256(),
            "kind": able.base.kind,
        },
        "adapter": able.contender.options["adapter"],
        "parents": [model.ref],
        "dataset": {"name": model.dataset, "sha256": _dataset_sha256(ws, model)},
        "task": task.model_dump(mode="json"),
        "template": able.renderer.fingerprint,
        "options": {},
        "dtypes": KEPT[dtype],
        "model_name": model.name,
        "max_new_tokens": longest,
        "batch_size": BATCH,
        "room": room,
        "environment": _environment(),
    }
    job = jobs.new_job("export", spec)
    text = "".join(json.dumps(prompt) + "\n" for prompt in prompts)
    return jobs.launch(ws, job, {"prompts.jsonl": text}, target=target)


def _held_out(ws: Workspace, model: ModelVersion) -> list[list[dict[str, str]]]:
    """Prompts that the version was not trained on; InvalidInput where there is none."""
    for split in HELD_OUT:
        prompts = list(islice(_asked(ws, model, split), MOST_PROMPTS))
        if prompts:
            return prompts
    raise InvalidInput(
        f"{model.dataset or model.ref} has no held-out prompts here, so nothing could show that "
        "the merged model answers as its adapter does.",
        hint="Build the dataset with --test-ratio 0.1, train on it, then merge.",
    )


def _asked(ws: Workspace, model: ModelVersion, split: str) -> Iterator[list[dict[str, str]]]:
    file = ws.datasets / str(model.dataset) / f"{split}.jsonl"
    if not file.is_file():
        return
    with file.open(encoding="utf-8") as lines:
        yield from (prompt_in(json.loads(line)) for line in lines if not line.isspace())


def _dataset_sha256(ws: Workspace, model: ModelVersion) -> str:
    return ws.store.datasets.get(model.dataset).sha256 if model.dataset else ""


def _environment() -> dict[str, str]:
    threads = str(max(1, look_at_this_machine().cores - 1))
    return {"OMP_NUM_THREADS": threads, "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
