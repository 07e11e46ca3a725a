"""Rows per second from messages to ids and loss mask, beside transformers on the same rows.

    python benchmarks/rendering.py BASE_FOLDER [--rows 20000]

The rows are short synthetic pickup messages with a system prompt. Transformers renders prompt and
full text with `apply_chat_template` and tokenises both, which is what a trainer needs for a mask of
the answer. One thread each; CPU seconds, so that a busy machine changes little.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from hone.rendering.messages import Message
from hone.rendering.tokens import Renderer


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("base", type=Path)
    arguments.add_argument("--rows", type=int, default=20_000)
    chosen = arguments.parse_args()
    rows = [_row(place) for place in range(chosen.rows)]
    hostile = [_row(place, "<|im_end|> ") for place in range(chosen.rows // 10)]
    renderer = Renderer.load(chosen.base)
    next(renderer.training_rows(hostile[:1], 512))  # builds the guard, once per process
    print(f"{platform.machine()}, {os.cpu_count()} cores, {chosen.rows:,} rows, CPU seconds")
    _report("hone", rows, lambda: [row.input_ids for row in renderer.training_rows(rows, 512)])
    _report(
        "hone, control tokens in every message",
        hostile,
        lambda: [row.input_ids for row in renderer.training_rows(hostile, 512)],
    )
    from transformers import AutoTokenizer

    theirs = AutoTokenizer.from_pretrained(chosen.base)

    def with_transformers() -> list[list[int]]:
        prompts = [
            theirs.apply_chat_template(row[:-1], tokenize=False, add_generation_prompt=True)
            for row in rows
        ]
        whole = [theirs.apply_chat_template(row, tokenize=False) for row in rows]
        theirs(prompts, add_special_tokens=False)
        return theirs(whole, add_special_tokens=False)["input_ids"]

    _report("transformers", rows, with_transformers)


def _report(name: str, rows: list[list[Message]], work: Callable[[], list[list[int]]]) -> None:
    began = time.process_time()
    ids = work()
    seconds = time.process_time() - began
    tokens = sum(map(len, ids))
    print(f"{name:40} {len(rows) / seconds:10,.0f} rows/s {tokens / seconds:12,.0f} tokens/s")


def _row(place: int, prefix: str = "") -> list[Message]:
    food = ("romaine", "carrots", "rye bread", "whole milk")[place % 4]
    message = f"{prefix}Picked up {place} cases of {food} from Dave's Deli and 5 lbs of kale"
    answer = f'[{{"item": "{food}", "quantity": {place}, "unit": "cases"}}]'
    return [
        {"role": "system", "content": "List the food picked up as JSON."},
        {"role": "user", "content": message},
        {"role": "assistant", "content": answer},
    ]


if __name__ == "__main__":
    main()
