"""A worker's entry point on RunPod's own library: does what the input says."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import runpod


async def answer(job: dict) -> dict:
    wanted = job["input"]
    folder = Path(os.environ["NOTES"])
    for step in range(wanted.get("steps", 0)):
        runpod.serverless.progress_update(job, {"seq": step, "progress": f"{step}"})
        await asyncio.sleep(0.15)
    if wanted.get("fail") == "raise":
        raise ValueError("no such adapter")
    if wanted.get("fail") == "return":
        return {"error": "the data is broken"}
    if "sleep" in wanted:
        (folder / f"{job['id']}.started").write_text("started")
        try:
            await asyncio.sleep(wanted["sleep"])
        except asyncio.CancelledError:
            (folder / f"{job['id']}.stopped").write_text("stopped")
            raise
    (folder / "homes").open("a").write(os.environ["HOME"] + "\n")
    return {"echo": wanted, "size": "x" * wanted.get("bytes", 0)}


async def talk(job: dict):
    for piece in job["input"]["pieces"]:
        yield piece


if __name__ == "__main__":
    handler = talk if os.environ.get("TALKS") else answer
    runpod.serverless.start({"handler": handler, "return_aggregate_stream": bool(handler is talk)})
