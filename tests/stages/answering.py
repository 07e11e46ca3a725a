"""A workspace with a dataset and a tuned version, and work without torch: answers by plan."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hone.records.example import Example
from hone.records.job import Artefact, Result
from hone.records.model import ModelVersion
from hone.records.review import Decision
from hone.records.task import Task
from hone.rendering.tokens import Renderer
from hone.stages.prepare import BuildOptions, build_dataset
from hone.workspace.bases import find_base
from hone.workspace.files import sha256_of, write_atomically, write_json
from hone.workspace.job_folder import JobFolder
from hone.workspace.open import Workspace, init_workspace
from hone.workspace.store import Filter, new_example
from tests.rendering.bases import make_base

TASK = Task.model_validate(
    {
        "kind": "extract",
        "name": "pickup",
        "system": "List the food picked up as JSON.",
        "fields": {
            "item": {"type": "string", "required": True},
            "quantity": {"type": "number"},
            "unit": {"type": "enum", "values": ["cases", "lbs"]},
        },
        "many": True,
        "rules": "rules/pickup.yaml",
    }
)
RULES = """\
rules: 1
shapes:
  - '(?P<quantity>\\d+) (?P<unit>cases|lbs) of (?P<item>\\w+)'
"""
ITEMS = ("romaine", "carrots", "bread", "apples", "milk", "rice", "beans", "corn")


def message(number: int) -> str:
    return f"{number} {'cases' if number % 2 else 'lbs'} of {ITEMS[number % 8]}"


def output(number: int) -> list[dict[str, Any]]:
    unit = "cases" if number % 2 else "lbs"
    return [{"item": ITEMS[number % 8], "quantity": number, "unit": unit}]


def example(number: int) -> Example:
    return Example.model_validate(
        {
            "id": f"e{number:03}",
            "task": "pickup",
            "input": {"message": message(number)},
            "suggestions": [{"agent": "import", "output": output(number)}],
            "origin": {"file": "a.csv" if number < 40 else "b.csv", "row": number},
            "fingerprint": f"f{number}",
        }
    )


def write_base(folder: Path, *, context: int = 1024) -> Path:
    """What planning and rendering read of a base; its weights are four numbers."""
    make_base(folder, "qwen_style")
    config = {"model_type": "llama", "max_position_embeddings": context}
    (folder / "config.json").write_text(json.dumps(config))
    entry = {"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}
    header = json.dumps(entry).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(16))
    return folder


RATIOS = {"train": 0.5, "val": 0.1, "test": 0.4}


def make_workspace(
    root: Path,
    *,
    count: int = 60,
    context: int = 1024,
    ratios: Mapping[str, float] = RATIOS,
) -> Workspace:
    """Examples that ann accepted (two of them edited by ben), pickup@1, and a base `small`."""
    ws = init_workspace(root, task=TASK)
    write_atomically(ws.root / "rules" / "pickup.yaml", RULES)
    write_base(ws.root / "small", context=context)
    rows = [example(number) for number in range(1, count + 1)]
    ws.store.examples.add_many(new_example(one, search=message(one.position)) for one in rows)
    ws.store.journal.bulk("all", "accept", Filter(status=("pending",)), reviewer="ann")
    edits = [
        Decision(
            op_id=f"ben{number}",
            example_id=f"e{number:03}",
            verdict="edit",
            reviewer="ben",
            output=[{**output(number)[0], "item": "lettuce"}],
        )
        for number in (1, 2)
    ]
    ws.store.journal.decide(edits)
    build_dataset(ws, "pickup", BuildOptions.model_validate({"ratios": ratios}))
    return ws


def register(
    ws: Workspace,
    name: str = "pickup",
    *,
    base: str = "small",
    files: Path | None = None,
    **more: Any,
) -> str:
    """A LoRA version as training leaves it; its weights are a few bytes, or those in `files`."""
    version = ws.store.models.next_version(name)
    folder = ws.models / name / version
    if files is not None:
        shutil.copytree(files, folder)
    else:
        write_atomically(folder / "adapter_model.safetensors", f"weights of {name} {version}\n")
        write_atomically(folder / "adapter_config.json", '{"r": 8}\n')
    found = find_base(ws, base)
    fields: dict[str, Any] = {
        "name": name,
        "version": version,
        "base": base,
        "base_sha256": found.sha256(),
        "dataset": "pickup@1",
        "task": "pickup",
        "job": f"train-{name}-{version}",
        "kind": "lora",
        "template": Renderer.load(found.path).fingerprint,
        "sha256": {
            path.name: sha256_of(path) for path in sorted(folder.iterdir()) if path.is_file()
        },
        **more,
    }
    model = ModelVersion.model_validate(fields)
    write_json(folder / "metadata.json", model.model_dump(mode="json"))
    return ws.store.models.register(model, folder).ref


Answer = Callable[[str, Mapping[str, Any]], str]


def by_plan(contender: str, example: Mapping[str, Any]) -> str:
    """The base talks; few-shot is right on even numbers, all others on nearly all."""
    text = str(example["input"]["message"])
    number = int(text.split()[0])
    right = json.dumps(output(number))
    if contender == "base":
        return "Sure! Here is the JSON."
    if contender == "few-shot":
        return right if number % 2 == 0 else "[]"
    if contender in ("rules", "retrieval"):
        return right if number % 8 else "[]"
    return right if number % 10 else json.dumps([{"item": "bread"}])


class Answers:
    """Work for a target `Here`: answers everything that is not answered yet, and says so."""

    def __init__(self, answer: Answer = by_plan, *, dies_after: int | None = None) -> None:
        self.answer = answer
        self.dies_after = dies_after
        self.answered = 0

    def __call__(self, folder: JobFolder) -> None:
        """Leave predictions, and a result unless it dies before the last one."""
        if self._answer_all(folder):
            folder.write_result(Result(artefacts=_artefacts(folder), runtime_seconds=1.0))

    def _answer_all(self, folder: JobFolder) -> bool:
        lines = (folder.inputs / "examples.jsonl").read_text().splitlines()
        examples = [json.loads(line) for line in lines]
        contenders = folder.job.spec["contenders"]
        total, done = len(contenders) * len(examples), 0
        folder.predictions.mkdir(exist_ok=True)
        for contender in contenders:
            file = folder.predictions / f"{contender['name']}.jsonl"
            before = file.read_text().splitlines() if file.exists() else []
            known = {json.loads(line)["id"] for line in before}
            with file.open("a") as out:
                for one in examples:
                    done += 1
                    if one["id"] in known:
                        continue
                    if self.dies_after is not None and self.answered >= self.dies_after:
                        return False
                    self.answered += 1
                    out.write(json.dumps(self._line(contender["name"], one)) + "\n")
            folder.append("progress", done=done, total=total, eta_seconds=0.0)
        return True

    def _line(self, contender: str, one: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": one["id"],
            "text": self.answer(contender, one),
            "confidence": None if contender == "rules" else 0.75,
            "seconds": 0.25,
            "cut_tokens": 0,
            "is_complete": True,
            "problem": "",
        }


def _artefacts(folder: JobFolder) -> list[Artefact]:
    return [
        Artefact(
            path=path.relative_to(folder.path).as_posix(),
            sha256=sha256_of(path),
            bytes=path.stat().st_size,
        )
        for path in sorted(folder.predictions.iterdir())
    ]


class Lines(NamedTuple):
    """A JSONL file as lists."""

    rows: list[dict[str, Any]]

    @classmethod
    def of(cls, path: Path) -> Lines:
        return cls([json.loads(line) for line in path.read_text().splitlines()])


def write_lines(path: Path, rows: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
