"""The documentation is true: generated pages are fresh, and everything on a shelf is explained."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from hone.cli.table import COMMANDS
from hone.shelf import SHELVES, load

# Shelf -> the page that explains each of its choices.
PAGES = {
    "importers": "importers.md",
    "tasks": "tasks.md",
    "formats": "formats.md",
    "checks": "checks.md",
    "methods": "methods.md",
    "generators": "generators.md",
    "metrics": "metrics.md",
    "targets": "targets.md",
}
CHOICES = [(shelf, name) for shelf, choices in SHELVES.items() for name in choices]


def test_generated_pages_are_what_the_code_gives(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.build_docs", "--check"],
        cwd=repository, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("shelf", "name"), CHOICES)
def test_every_choice_is_documented(shelf: str, name: str, repository: Path) -> None:
    page = (repository / "docs/reference" / PAGES[shelf]).read_text()
    assert f"`{name}`" in page, f"{name} is missing in {PAGES[shelf]}"


@pytest.mark.parametrize(("shelf", "name"), CHOICES)
def test_every_choice_says_what_it_needs_gives_and_cannot(shelf: str, name: str) -> None:
    module = load(shelf, name)
    for word in ("Needs:", "Gives:", "Source:"):
        assert word in (module.__doc__ or ""), f"{name}: no {word}"
    assert isinstance(module.LIMITS, tuple)
    assert all(isinstance(sentence, str) and sentence.endswith(".") for sentence in module.LIMITS)
    for option, field in module.Options.model_fields.items():
        assert field.description, f"{name}: the option {option} has no description"
    assert module.Options.model_config.get("extra") == "forbid"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_is_what_the_commands_say(name: str) -> None:
    command = COMMANDS[name]
    app = typer.main.get_command(importlib.import_module(command.module).app)
    subcommands = getattr(app, "commands", {}) if command.subcommands else {}
    assert list(subcommands) == list(command.subcommands)
    for sub, text in command.subcommands.items():
        first, _, rest = (subcommands[sub].help or "").partition("\n\n")
        assert " ".join(first.split()) == text, sub
        assert "Example:" in rest, f"hone {name} {sub} shows no example"
    if not command.subcommands:
        assert "Example:" in (app.help or ""), f"hone {name} shows no example"


def test_links_between_pages_lead_somewhere(repository: Path) -> None:
    pages = [*repository.glob("*.md"), *(repository / "docs").rglob("*.md")]
    broken = []
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name} → {target}")
    assert not broken, broken


def test_every_dependency_has_its_reason(repository: Path) -> None:
    import tomllib

    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        wanted += [text for text in extra if not text.startswith("hone-studio")]
    page = (repository / "docs/why/dependencies.md").read_text()
    names = [re.split(r"[\[<>=~!;, ]", text)[0] for text in wanted]
    assert not [name for name in names if f"`{name}`" not in page]


def test_readme_names_the_two_commands_and_every_folder(repository: Path) -> None:
    readme = (repository / "README.md").read_text()
    assert "make demo" in readme and "make test" in readme
    folders = {path.name for path in (repository / "src/hone").iterdir() if path.is_dir()}
    missing = [name for name in folders - {"__pycache__"} if f"{name}/" not in readme]
    assert not missing, missing
