"""A torch-free worker for tests: does what a real one does to its folder, step by step.

Run as `python fake_worker.py FOLDER`. `spec["fake"]` steers it: `steps` (how many), `pause_at`
(the name of a step at which it says so through the FIFO `gate` and waits to be killed, or until
there is a file `go`),
`waits_to_claim` (a file: it says "unclaimed" through the gate and waits until that is there),
`breaks` (a package that it needs is broken), `ignores_stop`, `ignores_term`, `child` (also start
a process of its own), `fails`, `lingers` (seconds that it stays after its result),
`weights_bytes` (how large a checkpoint is).
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from hone.errors import HoneError
from hone.records.job import Artefact, Result
from hone.workspace.files import write_atomically
from hone.workspace.job_folder import JobFolder

PAUSES = (
    "before claim",
    "after claim",
    "in an event",
    "between events",
    "before checkpoint",
    "after checkpoint",
    "before result",
    "after result",
)


def main() -> int:
    folder = JobFolder(sys.argv[1])
    fake = folder.job.spec.get("fake", {})
    if fake.get("ignores_term"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def pause(step: str) -> None:
        if fake.get("pause_at") != step or folder.path.joinpath("paused").exists():
            return
        folder.path.joinpath("paused").touch()  # only the first attempt pauses
        if step == "in an event":
            with (folder.path / "events.jsonl").open("ab") as file:
                file.write(b'{"seq": 99, "at": "2026-')
        with Path(fake["gate"]).open("w") as gate:
            gate.write(step + "\n")
        while not Path(fake.get("go", "/nowhere/go")).exists():
            signal.sigtimedwait([signal.SIGUSR1], 0.05)

    print("the fake worker begins", flush=True)
    if fake.get("breaks"):
        raise ImportError("libcudart.so.12: cannot open shared object file")
    pause("before claim")
    if fake.get("waits_to_claim"):
        Path(fake["gate"]).write_text("unclaimed\n")
        while not Path(fake["waits_to_claim"]).exists():
            signal.sigtimedwait([signal.SIGUSR1], 0.02)
    folder.claim()
    pause("after claim")
    if fake.get("child"):
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        (folder.path / "child.pid").write_text(str(child.pid))
    if fake.get("fails"):
        folder.append("failed", error="it broke", hint="mend it")
        return 1
    try:
        return train(folder, fake, pause)
    except HoneError as error:
        folder.append("failed", error=error.message, hint=error.hint)
        return 1


def train(folder: JobFolder, fake: dict, pause) -> int:
    whole = folder.checkpoints.glob("checkpoint-*/weights")
    found = [int(path.parent.name.split("-")[1]) for path in whole]
    done = max(found, default=0)
    total = int(fake.get("steps", 4))
    folder.append("stage", name="training", state="started", begins_at=done)
    while done < total:
        done += 1
        folder.append("metric", step=done, values={"loss": 1 / done})
        pause("in an event")
        folder.append("progress", done=done, total=total, eta_seconds=float(total - done))
        pause("between events")
        pause("before checkpoint")
        weights = str(done).ljust(int(fake.get("weights_bytes", 0)))
        write_atomically(folder.checkpoints / f"checkpoint-{done}" / "weights", weights)
        pause("after checkpoint")
        if fake.get("waits_for_stop"):
            if not (folder.path / "trained").exists():
                (folder.path / "trained").touch()
                with Path(fake["gate"]).open("w") as gate:
                    gate.write("training\n")
            while fake.get("ignores_stop") or not folder.is_stop_requested:
                signal.sigtimedwait([signal.SIGUSR1], 0.02)
        if folder.is_stop_requested:
            folder.append("cancelled", done=done)
            return 0
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        shape = {
            "r": folder.job.spec.get("options", {}).get("lora.r", {}).get("value"),
            "steps": done,
        }
        write_atomically(folder.final / name, json.dumps(shape))
    pause("before result")
    folder.write_result(
        Result(
            artefacts=[artefact(folder, path) for path in sorted(folder.final.iterdir())],
            metrics={"eval_loss": 1 / done},
            runtime_seconds=1.5,
        )
    )
    pause("after result")
    if fake.get("lingers"):
        # As torch does when it takes itself down.
        signal.sigtimedwait([signal.SIGUSR1], float(fake["lingers"]))
    return 0


def artefact(folder: JobFolder, path: Path) -> Artefact:
    content = path.read_bytes()
    return Artefact(
        path=path.relative_to(folder.path).as_posix(),
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
    )


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
