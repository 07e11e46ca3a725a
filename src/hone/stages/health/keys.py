"""Keys: which are set and where, never what they are; and whether others can read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hone import settings, shelf
from hone.errors import HoneError
from hone.stages.health.finding import Finding, ok, problem, refused, warning
from hone.workspace.config import WorkspaceConfig

HUB = ("HF_TOKEN",)


def look_at_keys(root: Path, config: WorkspaceConfig | None) -> Iterator[Finding]:
    """`.env` and the keys of every provider and of the hub."""
    if trouble := settings.env_file_trouble(root):
        what, _, mend = trouble.partition(": ")
        yield problem("keys", what, mend)
    named = config.targets.rented() if config is not None else {}
    providers = {
        name: shelf.load("targets", name).KEYS
        for name in shelf.names("targets")
        if hasattr(shelf.load("targets", name), "KEYS")
    }
    try:
        for name, keys in {**providers, "the hub": HUB}.items():
            yield from _key(root, name, keys, is_needed=name in named)
    except HoneError as error:
        yield refused("keys", error)


def _key(root: Path, name: str, keys: tuple[str, ...], *, is_needed: bool) -> Iterator[Finding]:
    found = settings.credential(keys, root)
    if found is not None:
        place = "the environment" if settings.credential(keys) is not None else settings.ENV_FILE
        yield ok("keys", f"a key for {name} is set in {place}{settings.end_of(found)}")
    elif is_needed:
        yield warning(
            "keys",
            f"hone.yaml names the target {name}, and there is no key for it",
            f"Put one into {root / settings.ENV_FILE}: {keys[0]}=…",
        )
