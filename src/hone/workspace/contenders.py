"""Who can answer: a model by its name, checked to be what it was when it was made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hone import shelf
from hone.errors import HoneError, InvalidInput
from hone.records.dataset import answer_in
from hone.records.evaluation import Contender
from hone.records.model import ModelVersion
from hone.records.task import Task
from hone.rendering.messages import template_fingerprint
from hone.rendering.tokens import Renderer
from hone.workspace.bases import FoundBase, find_base
from hone.workspace.files import sha256_of
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

FALLBACK_ANSWER_TOKENS = 256
# An answer may be a quarter longer than any that was trained; a base that rambles costs the rest.
ROOM = 1.25
ANSWERS_LOOKED_AT = 2000
READ_LENGTH = "max_length"
ENDPOINT = "endpoint"
REWARD = "reward"
# The default of data.max_seq_length.
FALLBACK_READ_LENGTH = 512
_CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length")


class Able(NamedTuple):
    """A model that can be asked: how the worker reaches it, its base, its registered version."""

    contender: Contender
    base: FoundBase
    renderer: Renderer
    model: ModelVersion | None


def able_to_answer(
    ws: Workspace, ref: str, task: Task, *, name: str | None = None, may_weigh: bool = False
) -> Able:
    """The model or base `ref` as a contender; InvalidInput with all reasons why it is not sound.

    A registered version is checked against what its metadata says: its files, its base, the
    template and tokenizer, and the task as its dataset was built. `may_weigh` lets in reward models
    too, which answer nothing.
    """
    base = find_base(ws, ref)
    renderer = Renderer.load(base.path)
    model = None
    if base.model is not None:
        found = ws.store.models.get(base.model)
        model = found.model
        if not may_weigh or model.details.get("method") != REWARD:
            _refuse_what_only_weighs(model)
        _refuse_unsound(ws, found.folder, (model, base, renderer), task)
    options: dict[str, Any] = {"base": str(base.path)}
    if base.adapter is not None:
        options["adapter"] = str(base.adapter)
    generator = "adapter" if base.adapter is not None else "model"
    if model is not None and _gives_numbers(model):
        weighs = model.details.get("method") == REWARD
        generator, options["max_length"] = REWARD if weighs else "head", _read_length(ws, model)
    contender = Contender(
        name=name or (model.ref if model is not None else base.id),
        generator=generator,
        options=options,
    )
    return Able(contender, base, renderer, model)


def _gives_numbers(model: ModelVersion) -> bool:
    return model.details.get("gives") == "numbers"


def _read_length(ws: Workspace, model: ModelVersion) -> int:
    """How many tokens of a text a head of numbers was trained to read, by its training's order."""
    known = model.details.get(READ_LENGTH)
    if known is None and model.job is not None:
        try:
            options = JobFolder(ws.jobs / model.job).job.spec["options"]
            known = options["data.max_seq_length"]["value"]
        except (HoneError, KeyError, TypeError):
            known = None  # its folder was deleted
    return int(known or FALLBACK_READ_LENGTH)


def safe_name(ref: str) -> str:
    """A name that can also name a file."""
    return re.sub(r"[^A-Za-z0-9._@+-]+", "-", ref).strip("-.")[:100] or "model"


def context_tokens(base: FoundBase) -> int | None:
    """How many tokens the base can look at, if its configuration says so."""
    for key in _CONTEXT_KEYS:
        value = base.config.get(key)
        if isinstance(value, int) and value > 0:
            return value
    return None


def answer_tokens(able: Able, answers: Iterable[str]) -> int:
    """A bound for one answer: somewhat more than the longest of these, at most half the context."""
    conversations = (
        [{"role": "user", "content": "?"}, {"role": "assistant", "content": answer}]
        for answer, _ in zip(answers, range(ANSWERS_LOOKED_AT), strict=False)
    )
    rows = able.renderer.training_rows(conversations, max_length=1 << 30)
    longest = max((row.trained_tokens for row in rows), default=0)
    wanted = int(longest * ROOM) + 8 if longest else FALLBACK_ANSWER_TOKENS
    context = context_tokens(able.base)
    return min(wanted, context // 2) if context is not None else wanted


def trained_answers(ws: Workspace, model: ModelVersion | None) -> Iterator[str]:
    """The answers that a version was trained on, from its frozen dataset; none where it is gone."""
    if model is None or model.dataset is None:
        return
    file = ws.datasets / model.dataset / "train.jsonl"
    if not file.is_file():
        return
    with file.open(encoding="utf-8") as lines:
        answers = (answer_in(json.loads(line)) for line in lines)
        yield from (answer for answer in answers if answer is not None)


def soundness_problems(
    folder: Path, model: ModelVersion, base: FoundBase, renderer: Renderer
) -> list[str]:
    """What is no longer as the version's metadata says, in sentences."""
    problems: list[str] = []
    for name, sha256 in model.sha256.items():
        path = folder / name
        if not path.is_file():
            problems.append(f"{path} is gone")
        elif sha256_of(path) != sha256:
            problems.append(f"{path} was changed after {model.ref} was registered")
    return problems + base_problems(model, base, renderer)


def base_problems(model: ModelVersion, base: FoundBase, renderer: Renderer) -> list[str]:
    """Where the base is not the one that the version stands on, in sentences."""
    problems: list[str] = []
    if model.kind == "lora" and model.base_sha256 and base.sha256() != model.base_sha256:
        problems.append(
            f"the base {model.base} in {base.path} is not the one that {model.ref} was trained on"
        )
    if model.template and renderer.fingerprint != model.template:
        problems.append(
            f"the chat template or tokenizer in {base.path} is not the one that {model.ref} "
            "was trained with"
        )
    return problems


def task_problem(ws: Workspace, model: ModelVersion, task: Task) -> str:
    """Why a version cannot be asked as this task asks, or an empty text."""
    if model.task is not None and model.task != task.name:
        return f"{model.ref} was trained for the task {model.task}, not {task.name}"
    if model.dataset is None:
        return ""
    try:
        manifest = ws.store.datasets.get(model.dataset)
    except HoneError:
        return ""  # the dataset was taken away: what it said is not known
    if manifest.template == template_fingerprint(task):
        return ""
    return f"the task {task.name} was changed after {model.dataset} was built for {model.ref}"


def _refuse_what_only_weighs(model: ModelVersion) -> None:
    if _gives_numbers(model) and model.details.get("method") != "regression":
        raise InvalidInput(
            f"{model.ref} gives numbers, not answers: it was trained by {model.details['method']}.",
            hint="hone models list   (versions by sft, dpo, kto or regression can be asked)",
        )


def _refuse_unsound(
    ws: Workspace, folder: Path, parts: tuple[ModelVersion, FoundBase, Renderer], task: Task
) -> None:
    model, base, renderer = parts
    problems = soundness_problems(folder, model, base, renderer)
    changed = task_problem(ws, model, task)
    if changed:
        problems.append(changed)
    if not problems:
        return
    mend = "Put the old files back, or train a new version: hone train RECIPE"
    if problems == [changed]:
        mend = "Put the task file back as it was, or build a new dataset version and train again"
    raise InvalidInput(
        f"{model.ref} is not what it was: {'; '.join(problems)}.", hint=mend, problems=problems
    )


def endpoint_contender(ws: Workspace, name: str) -> Contender | None:
    """The contender that hone.yaml names so under `endpoints`; None where it names none.

    InvalidInput where it is not in one's own network, or its key is not there.
    """
    said = ws.config.endpoints.get(name)
    if said is None:
        return None
    module = shelf.load("generators", ENDPOINT)
    # The job holds the name of the key and where it may stand, never the key.
    options = {**said.model_dump(exclude_none=True), "keys_in": str(ws.root)}
    module.refuse_unfit(module.Options.model_validate(options))
    return Contender(name=safe_name(name), generator=ENDPOINT, options=options)
