"""Starts one emulator on loopback and prints where it answers, as one line of JSON.

python -m emulators rp_jobs --port 8001 --worker "python -m my.handler"
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from emulators.clock import Clock
from emulators.serving import bound, server
from emulators.shell import Emulator


def _jobs(wanted: argparse.Namespace) -> Emulator:
    from emulators.rp_jobs.app import RunPodJobs
    from emulators.rp_jobs.records import EndpointSettings

    settings = EndpointSettings(
        wanted.endpoint,
        tuple(shlex.split(wanted.worker)),
        dict(pair.split("=", 1) for pair in wanted.env),
        workers_max=wanted.workers_max,
    )
    clock = Clock(wanted.factor)
    return RunPodJobs(
        [settings], clock=clock, seed=wanted.seed, key=wanted.key, folder=wanted.folder
    )


def _pods(wanted: argparse.Namespace) -> Emulator:
    from emulators.rp_pods.app import RunPodPods

    environment = dict(pair.split("=", 1) for pair in wanted.env)
    return RunPodPods(
        clock=Clock(wanted.factor), seed=wanted.seed, key=wanted.key, image_environment=environment
    )


def _lambda(wanted: argparse.Namespace) -> Emulator:
    from emulators.lambda_cloud.app import LambdaCloud

    environment = dict(pair.split("=", 1) for pair in wanted.env)
    return LambdaCloud(
        clock=Clock(wanted.factor), seed=wanted.seed, key=wanted.key, image_environment=environment
    )


def _s3(wanted: argparse.Namespace) -> Emulator:
    from emulators.rp_s3.app import RunPodS3

    volumes = {"volume": wanted.folder} if wanted.folder else None
    if wanted.folder:
        wanted.folder.mkdir(parents=True, exist_ok=True)
    return RunPodS3(volumes, keys={"user_emulated": wanted.key})


NAMES: dict[str, Callable[[argparse.Namespace], Emulator]] = {
    "lambda": _lambda,
    "rp_jobs": _jobs,
    "rp_pods": _pods,
    "rp_s3": _s3,
}


def parsed(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m emulators", description=__doc__)
    parser.add_argument("name", choices=sorted(NAMES))
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--key", default="emulated-key", help="the account's key")
    parser.add_argument("--seed", type=int, default=0, help="of every random choice")
    parser.add_argument("--factor", type=float, default=1.0, help="emulated seconds in a real one")
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE",
        help="environment of the endpoint or image; {volume} is a worker's mounted volume",
    )  # fmt: skip
    parser.add_argument(
        "--folder", type=Path, help="rp_jobs: homes and volume, rp_s3: the volume; else temporary"
    )
    jobs = parser.add_argument_group("rp_jobs")
    jobs.add_argument("--endpoint", default="emulated", help="id of the endpoint")
    jobs.add_argument("--worker", default="true", help="command of the worker's entry point")
    jobs.add_argument("--workers-max", type=int, default=3, help="workers at once")
    return parser.parse_args(words)


def main() -> int:
    """Serve until a signal comes; everything that was started ends with it."""
    wanted = parsed(sys.argv[1:])
    emulator = NAMES[wanted.name](wanted)
    listening = bound(wanted.port)
    running = server(emulator, listening)
    told = {"name": wanted.name, "url": emulator.url, "key": wanted.key}
    if hasattr(emulator, "ssh_port"):
        told["ssh_port"] = emulator.ssh_port
    print(json.dumps(told), flush=True)
    try:
        running.run(sockets=[listening])
    finally:
        emulator.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
