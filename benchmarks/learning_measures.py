"""What benchmarks/methods_learn.py measures: name of a figure -> one value for each test row."""

from __future__ import annotations

from typing import Any

import numpy as np
from learning_sets import Data, Row

from hone import shelf
from hone.rendering.tokens import Renderer
from hone.workspace.bases import SHIPPED
from hone.workspace.job_folder import JobFolder
from hone.workspace.pooling import pooling_of

BASE = SHIPPED["hone-nano"]
LONGEST_ANSWER, DRAWN = 64, 4
"""Most tokens of an answer, and how many are drawn to each prompt."""
Found = dict[str, np.ndarray]


def answered(job: JobFolder, data: Data) -> Found:
    """Greedy answers: 1 where one is the published one to the letter, and its field F1."""
    said = _said(job, data, 0.0)
    wanted = [row["completion"][0]["content"] for row in data.test]
    exact = [float(one == other) for one, other in zip(said, wanted, strict=True)]
    return {"exact match": np.array(exact), "field F1": _field_f1(said, wanted)}


def rewarded(job: JobFolder, data: Data) -> Found:
    """The mean reward of answers drawn as the training draws them, and of the greedy one."""
    import torch

    wanted = [row["completion"][0]["content"] for row in data.test]
    torch.manual_seed(0)
    drawn = [_field_f1(_said(job, data, 1.0), wanted) for _ in range(DRAWN)]
    greedy = answered(job, data)["field F1"]
    return {"reward of drawn answers": np.mean(drawn, axis=0), "reward of greedy answers": greedy}


def _said(job: JobFolder, data: Data, temperature: float) -> list[str]:
    from tokenizers import Tokenizer

    from hone.engine.generate import Limits, answers
    from hone.engine.load import BaseSpec, load_base
    from hone.engine.lora import with_adapter

    renderer, reader = Renderer.load(BASE), Tokenizer.from_file(str(BASE / "tokenizer.json"))
    prompts = list(renderer.prompts([row["prompt"] for row in data.test]))
    model = with_adapter(load_base(BaseSpec.of(job.job.spec["base"])), job.final)
    limits = Limits(renderer.stop_ids, LONGEST_ANSWER, 64, temperature)
    said = [""] * len(prompts)
    for batch in answers(model, [one.ids for one in prompts], limits):
        for place, answer in batch:
            said[place] = reader.decode(answer.ids, skip_special_tokens=True).strip()
    return said


def _field_f1(said: list[str], wanted: list[str]) -> np.ndarray:
    return np.array(shelf.load("metrics", "json_fields").run(said, wanted).per_example)


def preferred(job: JobFolder, data: Data) -> Found:
    """Whether the better answer gained more over the base (half for a tie), and by how much."""
    from hone.engine.load import BaseSpec, load_base
    from hone.engine.lora import with_adapter

    spec = BaseSpec.of(job.job.spec["base"])
    gains = []
    for side in ("chosen", "rejected"):
        rows = [[*row["prompt"], *row[side]] for row in data.test]
        tuned = _log_likelihoods(with_adapter(load_base(spec), job.final), rows)
        gains.append(tuned - _log_likelihoods(load_base(spec), rows))
    beta = job.job.spec["options"]["training.beta"]["value"]
    return {"accuracy": _in_order(*gains), "margin": beta * (gains[0] - gains[1])}


def ranked(job: JobFolder, data: Data) -> Found:
    """1 where the reward of the better answer is higher, and by how much it is."""
    renderer = Renderer.load(BASE)
    rewards = [
        _scores(
            job,
            1,
            [
                renderer.training_row([*row["prompt"], *row[side]], 256).input_ids
                for row in data.test
            ],
        )[:, 0]
        for side in ("chosen", "rejected")
    ]
    return {"pair accuracy": _in_order(*rewards), "margin": rewards[0] - rewards[1]}


def saved_error(job: JobFolder, data: Data) -> Found:
    """Mean absolute error of each row, and how much smaller it is than with the training mean."""
    renderer = Renderer.load(BASE)
    longest = int(job.job.spec["options"]["data.max_seq_length"]["value"])
    wanted = np.array([row["labels"] for row in data.test])
    ids = [renderer.text_ids(row["text"])[:longest] for row in data.test]
    error = np.abs(_scores(job, wanted.shape[1], ids) - wanted).mean(1)
    mean = np.array([row["labels"] for row in data.train]).mean(0)
    return {"MAE": error, "MAE saved against the mean": np.abs(mean - wanted).mean(1) - error}


def _in_order(better: np.ndarray, worse: np.ndarray) -> np.ndarray:
    return np.where(better > worse, 1.0, np.where(better == worse, 0.5, 0.0))


def _log_likelihoods(model: Any, conversations: list[list[Row]]) -> np.ndarray:
    import torch

    from hone.engine.collate import Collator, as_tensors

    rows = as_tensors(Renderer.load(BASE).training_rows(conversations, 256))
    found = []
    model.eval()
    with torch.no_grad():
        for start in range(0, len(rows), 32):
            batch = Collator(0)(rows[start : start + 32])
            logits = model(
                input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
            ).logits
            labels = batch["labels"][:, 1:]
            chosen = (
                logits[:, :-1].log_softmax(-1).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
            )
            found.append((chosen * (labels >= 0)).sum(-1).numpy())
    return np.concatenate(found)


def _scores(job: JobFolder, outputs: int, rows: list[list[int]]) -> np.ndarray:
    import torch

    from hone.engine.load import BaseSpec, ScoreHead, load_base
    from hone.engine.lora import with_adapter
    from hone.engine.scoring import ScoreCollator

    spec = BaseSpec.of(job.job.spec["base"])
    # Read as it was trained to be read, which its folder says.
    stop_id, pooling = Renderer.load(spec.path).stop_ids[0], pooling_of(job.final) or "last"
    head = ScoreHead.of(spec.path, outputs, stop_id, pooling)
    base = load_base(spec, head=head)
    model = with_adapter(base, job.final).eval()
    found = []
    with torch.no_grad():
        for start in range(0, len(rows), 32):
            part: list[Any] = [
                {"input_ids": ids, "labels": [0.0]} for ids in rows[start : start + 32]
            ]
            batch = ScoreCollator(head.pad_id)(part)
            found.append(
                model(
                    input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
                ).logits.numpy()
            )
    return np.concatenate(found)
