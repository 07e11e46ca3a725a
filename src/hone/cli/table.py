"""The static table of commands: help and completion are rendered from it, nothing is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Command(NamedTuple):
    """One command: the module that holds its Typer app, one line of help, its subcommands."""

    module: str
    help: str
    subcommands: Mapping[str, str] = MappingProxyType({})


COMMANDS: dict[str, Command] = {
    "init": Command("hone.cli.init", "Make a workspace."),
    "demo": Command("hone.cli.demo", "Run the whole loop on the bundled example (minutes, CPU)."),
    "import": Command(
        "hone.cli.import_", "Bring examples in: CSV, JSON, JSONL, Parquet, sessions."
    ),
    "examples": Command(
        "hone.cli.examples",
        "Look at the examples of a workspace.",
        {
            "list": "List examples, page by page.",
            "search": "Find examples by words; the last word may be unfinished.",
            "show": "Show one example with its history.",
            "stats": "Count examples by status, tag and file.",
            "audited": "Add up what was audited: messages, items and pounds, and whether there are "
            "enough to train.",
            "export": "Write examples to a JSONL file.",
        },
    ),
    "sessions": Command(
        "hone.cli.sessions",
        "Save and load review sessions.",
        {
            "save": "Write a session file: every example of a task with what was decided on it.",
            "load": "Take up a session file again: its examples and its decisions.",
        },
    ),
    "review": Command("hone.cli.review", "Accept, edit or reject examples, one by one or all."),
    "up": Command("hone.cli.up", "Open the web app: review, import, see what to do next."),
    "app": Command("hone.cli.app", "Open the web app in a window of its own."),
    "datasets": Command(
        "hone.cli.datasets",
        "Freeze reviewed examples into datasets.",
        {
            "build": "Freeze a new version: splits, quarantine, near-duplicates.",
            "list": "List datasets and their versions.",
            "show": "Show one version: splits, what was kept out and why.",
            "diff": "Compare two versions.",
            "export": "Write a version for other trainers to read.",
            "doctor": "See what training would see, down to the token; exits 1 on a problem.",
            "curve": "How many more labels? Train on parts, predict the score at twice as many.",
        },
    ),
    "train": Command("hone.cli.train", "Train by a recipe: plan first, run when confirmed."),
    "jobs": Command(
        "hone.cli.jobs",
        "See and steer jobs.",
        {
            "list": "List jobs and their states.",
            "show": "Show one job.",
            "watch": "Follow a running job.",
            "logs": "Print a job's log.",
            "stop": "Stop a job, with a checkpoint.",
            "resume": "Go on with a lost, failed or stopped job.",
            "reap": "Give back rented machines that nobody owns, and list all others.",
        },
    ),
    "targets": Command(
        "hone.cli.targets",
        "Where jobs may run, and whether it is ready.",
        {
            "list": "List where jobs may run.",
            "check": "Look whether a job could run there, and mend what can be mended.",
            "setup": "Make what a target needs at its provider: the price first, then a question.",
        },
    ),
    "spend": Command("hone.cli.spend", "Show what was spent and what is promised."),
    "evaluate": Command(
        "hone.cli.evaluate", "Score a model beside base, few-shot, retrieval and rules."
    ),
    "compare": Command("hone.cli.compare", "Compare versions on the same examples, in pairs."),
    "flags": Command(
        "hone.cli.flags",
        "Look at what a model got wrong, and correct it.",
        {
            "list": "List what should be looked at, the most telling first.",
            "next": "Open one flag after the other, and say what is right.",
            "resolve": "Say what is right of one flag.",
            "promote": "Take an example out of its test set for ever, so that it may be corrected.",
        },
    ),
    "feedback": Command(
        "hone.cli.feedback",
        "Turn corrections into the next dataset version, and see what they did.",
        {
            "apply": "Freeze the next dataset version with every correction in its training set.",
            "report": "See which corrections were fixed, stuck or broke something.",
        },
    ),
    "report": Command("hone.cli.report", "Write down all that is known of a version."),
    "models": Command(
        "hone.cli.models",
        "The registered models.",
        {
            "list": "List models and versions.",
            "info": "Show one version: figures, ancestry down to the reviewers.",
            "set-active": "Choose the version that answers, where the gate lets it.",
            "delete": "Take a version out of the registry.",
            "validate": "Check a version's files, base and template, and try it on samples.",
            "merge": "Make whole weights of an adapter, as a version of its own.",
            "bases": "List open bases that can be adapted, and what that needs.",
        },
    ),
    "predict": Command("hone.cli.predict", "Answer one message, or a file of them."),
    "recipes": Command(
        "hone.cli.recipes",
        "Ready recipes.",
        {"list": "List the shipped recipes.", "copy": "Copy one into the workspace."},
    ),
    "config": Command(
        "hone.cli.config",
        "The settings of this workspace, hone.yaml.",
        {"show": "Show every setting, its value and its meaning.", "set": "Change one setting."},
    ),
    "doctor": Command(
        "hone.cli.health", "Look at machine and workspace: what is wrong, and its mend."
    ),
    "users": Command(
        "hone.cli.users",
        "Who may sign in to the web app when it is shared.",
        {
            "add": "Let somebody sign in; the password is asked for, or read from standard input.",
            "list": "List who can sign in, and who could once.",
            "remove": "Take the right to sign in away; decisions stand under the name as before.",
        },
    ),
    "completion": Command("hone.cli.completion", "Print a completion script for your shell."),
}


def root_help(version: str) -> str:
    """The text of `hone --help`."""
    width = max(len(name) for name in COMMANDS) + 2
    lines = [f"  {name:<{width}}{command.help}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            f"hone {version}: turns people's corrections into better models.",
            "",
            "Usage: hone COMMAND [ARGS]…     (hone COMMAND --help explains each, with an example)",
            "",
            *lines,
            "",
            "Every command takes --workspace DIR (default: the nearest folder with hone.yaml) and",
            "--json where it prints a result. Exit codes: 0 done, 1 your input, 2 usage,",
            "3 a gate said no, 70 a bug.",
            "",
        ]
    )


def group_help(name: str) -> str:
    """The text of `hone GROUP --help`."""
    command = COMMANDS[name]
    width = max(len(sub) for sub in command.subcommands) + 2
    lines = [f"  {sub:<{width}}{text}" for sub, text in command.subcommands.items()]
    return "\n".join(
        [
            command.help,
            "",
            f"Usage: hone {name} COMMAND [ARGS]…     (hone {name} COMMAND --help explains each)",
            "",
            *lines,
            "",
        ]
    )
