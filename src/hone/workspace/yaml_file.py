"""YAML as people write it: bounded, without repeated keys, with `${NAME}` left in place."""

# PyYAML comes without types.
# pyright: standard

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

from hone.errors import InvalidInput, NotFound
from hone.workspace.files import explained

MAX_BYTES = 4 * 1024 * 1024
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# YAML takes the brace of an unquoted ${NAME} for a mapping, so private characters stand in.
_OPEN, _CLOSE = "\ue000", "\ue001"
_STOOD_IN = re.compile(f"{_OPEN}([A-Za-z0-9_]+){_CLOSE}")


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses repeated keys and aliases, and reads 1e-5 as a number."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuses an alias: a few of them can stand for billions of values."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise ComposerError(None, None, "aliases (*name) are not read", mark)
        return super().compose_node(parent, index)


def read_yaml(path: Path) -> Any:
    """The contents of a YAML file; InvalidInput says line and column of what cannot be read."""
    if not path.is_file():
        raise NotFound(f"There is no file {path}.", hint="Check the path.")
    with explained("read", path):
        raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        raise InvalidInput(
            f"{path} holds {len(raw):,} bytes; at most {MAX_BYTES:,} are read as YAML.",
            hint="Keep long data in JSON lines.",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8."
        ) from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, name: str) -> Any:
    """The value of a YAML text; `name` is what an error calls it."""
    try:
        value = yaml.load(shielded(text), Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise InvalidInput(
            f"{name}{where}: {_restored(problem)}.", hint="Mend that line; YAML indents by spaces."
        ) from error
    except RecursionError as error:
        raise InvalidInput(f"{name} is nested too deeply.", hint="Flatten it.") from error
    return _restored(value)


def shielded(text: str) -> str:
    """`text` with private characters for the braces of `${NAME}`; `unshielded` takes them back."""
    return _VARIABLE.sub(rf"{_OPEN}\1{_CLOSE}", text)


def unshielded(text: str) -> str:
    """`text` with its `${NAME}` back."""
    return _STOOD_IN.sub(r"${\1}", text)


def _restored(value: Any) -> Any:
    if isinstance(value, str):
        return unshielded(value)
    if isinstance(value, list):
        return [_restored(one) for one in value]
    if isinstance(value, dict):
        return {_restored(key): _restored(one) for key, one in value.items()}
    return value


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, (dict, list)):
            raise ConstructorError(None, None, "a key must be a word", key_node.start_mark)
        if key in seen:
            raise ConstructorError(None, None, f'the key "{key}" stands twice', key_node.start_mark)
        seen.add(key)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
# YAML 1.1, which PyYAML reads, wants a dot and a sign in 1e-5; people write it without.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?[eE][-+]?[0-9]+\Z"),
    list("-+0123456789"),
)
