"""The contract pages: what each emulator takes for true, and which troubles it can make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from emulators.facts import MEANING, Fact
from emulators.faults import OF_THE_WIRE

# Emulator -> (title, module of facts, module of the fault menu).
CONTRACTS = {
    "rp_s3": ("RunPod network volumes by S3", "emulators.rp_s3.facts", "emulators.rp_s3.volume"),
    "rp_jobs": ("RunPod serverless jobs", "emulators.rp_jobs.facts", "emulators.rp_jobs.records"),
    "lambda": (
        "Lambda Cloud API v1",
        "emulators.lambda_cloud.facts",
        "emulators.lambda_cloud.records",
    ),
    "rp_pods": ("RunPod pods (REST v2)", "emulators.rp_pods.facts", "emulators.rp_pods.records"),
}


def facts(name: str) -> tuple[Fact, ...]:
    """The facts of one emulator."""
    return import_module(CONTRACTS[name][1]).FACTS


def menu(name: str) -> Mapping[str, str]:
    """The fault menu of one emulator, without the faults of the wire."""
    return import_module(CONTRACTS[name][2]).FAULTS


def pages() -> dict[str, Callable[[], str]]:
    """Path -> what writes it."""
    return {f"docs/contracts/{name}.md": lambda name=name: page(name) for name in CONTRACTS}


def page(name: str) -> str:
    """The whole page of one emulator."""
    title = CONTRACTS[name][0]
    lines = [
        f"# Contract: {title}",
        "",
        f"*Generated from `emulators/` by `make docs`.* What the emulator `{name}` takes for true;",
        "`tests/conformance/` holds it to the emulator, and with a key to the real service.",
        "",
        "| fact | source | date | confidence |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {_cell(fact.sentence)} | {_cell(fact.source)} | {fact.date} | {fact.confidence} |"
        for fact in facts(name)
    ]
    lines += ["", "Confidence: " + "; ".join(f"*{k}*: {v}" for k, v in MEANING.items()) + "."]
    lines += ["", "## Faults on demand", "", "| fault | what happens |", "|---|---|"]
    lines += [f"| `{k}` | {_cell(v)} |" for k, v in {**menu(name), **OF_THE_WIRE}.items()]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
