"""A small base and a small frozen dataset, made on the spot, for tests of the train stage."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hone.records.dataset import Manifest, SplitFile
from hone.records.task import Task
from hone.rendering.messages import messages_of, template_fingerprint
from hone.stages.train.machine import Machine
from hone.workspace.files import sha256_of
from hone.workspace.open import Workspace
from tests.rendering.bases import make_base

HIDDEN, MLP, LAYERS, VOCABULARY = 16, 32, 2, 640
CPU = Machine(device="cpu", name="test", memory_gib=8, free_gib=6, cores=2, torch="2.13.0+cpu")


def shapes() -> dict[str, list[int]]:
    """The tensors of a tiny Qwen2."""
    found = {"model.embed_tokens.weight": [VOCABULARY, HIDDEN], "model.norm.weight": [HIDDEN]}
    for layer in range(LAYERS):
        name = f"model.layers.{layer}"
        found |= {f"{name}.self_attn.{part}_proj.weight": [HIDDEN, HIDDEN] for part in "qkvo"}
        found |= {f"{name}.mlp.{part}_proj.weight": [MLP, HIDDEN] for part in ("gate", "up")}
        found |= {
            f"{name}.mlp.down_proj.weight": [HIDDEN, MLP],
            f"{name}.input_layernorm.weight": [HIDDEN],
            f"{name}.post_attention_layernorm.weight": [HIDDEN],
        }
    return found


def make_small_base(folder: Path, **config: Any) -> Path:
    """A folder that looks like a base to everything but torch: config, weights, tokenizer."""
    make_base(folder, "qwen_style")
    settings = {
        "model_type": "qwen2",
        "architectures": ["Qwen2ForCausalLM"],
        "hidden_size": HIDDEN,
        "intermediate_size": MLP,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "vocab_size": VOCABULARY,
        "tie_word_embeddings": True,
        **config,
    }
    (folder / "config.json").write_text(json.dumps(settings))
    write_weights(folder / "model.safetensors", shapes())
    return folder


def write_weights(path: Path, tensors: dict[str, list[int]]) -> None:
    """A safetensors file of zeros."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in tensors.items():
        size = 4
        for length in shape:
            size *= length
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))


def freeze(
    ws: Workspace, name: str, train: int, val: int = 0, *, test: int = 0, answer: str = "It is"
) -> Manifest:
    """Freeze the next version of `name` with so many question-and-answer rows."""
    version = ws.store.datasets.next_version(name)
    folder = ws.datasets / f"{name}@{version}"
    folder.mkdir(parents=True)
    task = ws.task()
    splits: dict[str, SplitFile] = {}
    for split, rows in (("train", train), ("val", val), ("test", test)):
        lines: list[str] = []
        for number in range(rows):
            said = f"{answer} {'so ' * (number % 7)}{number}."
            asked = messages_of(task, {"question": f"What is {number}?"}, answer=None)
            row = {"prompt": asked, "completion": [{"role": "assistant", "content": said}]}
            lines.append(json.dumps({**row, "id": f"{split}-{number}", "weight": 1.0}) + "\n")
        path = folder / f"{split}.jsonl"
        path.write_text("".join(lines))
        splits[split] = SplitFile(rows=rows, sha256=sha256_of(path))
    manifest = Manifest(
        name=name,
        version=version,
        task=task.name,
        format="sft",
        template=template_fingerprint(task),
        seed=0,
        query={},
        splits=splits,
        sha256=splits["train"].sha256,
    )
    return ws.store.datasets.freeze(manifest, [])


def rewrite(
    ws: Workspace,
    ref: str,
    name: str,
    form: str,
    change: Callable[[dict[str, Any]], Any],
    *,
    task: Task | None = None,
) -> Manifest:
    """Freeze `name@1` of another format, perhaps of another task: the rows of `ref`, changed."""
    old, new = ws.datasets / ref, ws.datasets / f"{name}@1"
    new.mkdir()
    manifest = ws.store.datasets.get(ref)
    splits: dict[str, SplitFile] = {}
    for split, file in manifest.splits.items():
        lines = (old / f"{split}.jsonl").read_text().splitlines()
        text = "".join(json.dumps(change(json.loads(line))) + "\n" for line in lines)
        (new / f"{split}.jsonl").write_text(text)
        splits[split] = SplitFile(rows=file.rows, sha256=sha256_of(new / f"{split}.jsonl"))
    update: dict[str, Any] = {"name": name, "format": form, "splits": splits}
    if task is not None:
        (ws.root / "tasks" / f"{task.name}.yaml").write_text(task.model_dump_json())
        update |= {"task": task.name, "template": template_fingerprint(task)}
    changed = manifest.model_copy(update=update)
    return ws.store.datasets.freeze(changed, [])
