"""Changes one value of a YAML text and leaves every other character, comments included."""

# PyYAML comes without types.
# pyright: standard

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from hone.workspace.yaml_file import parse_yaml, shielded, unshielded


def with_value(text: str, path: Sequence[str], value: Any, name: str) -> str:
    """`text` with the value at `path` (keys from the top) replaced, or added where it was absent.

    InvalidInput where `text` is not YAML; `name` is what the error calls it.
    """
    parse_yaml(text, name)
    text = shielded(text)
    key, node = None, yaml.compose(text, Loader=yaml.SafeLoader)
    depth = 0
    while depth < len(path) and (found := _entry(node, path[depth])):
        key, node = found
        depth += 1
    for name_within in reversed(path[depth + 1 :]):
        value = {name_within: value}
    if depth == len(path):
        changed = _replaced(text, key, node, value)
    elif isinstance(node, yaml.MappingNode) and node.value:
        changed = _added(text, node, path[depth], value)
    else:
        changed = _replaced(text, key, node, {path[depth]: value})
    return unshielded(changed)


def _entry(node: Any, key: str) -> Any:
    """The key and value nodes of an entry; None where there is no such entry."""
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((entry for entry in node.value if entry[0].value == key), None)


def _replaced(text: str, key: Any, node: Any, value: Any) -> str:
    if key is None:
        # The whole text: nothing but comments, or a value that is no mapping.
        rest = text if node is None else ""
        return f"{rest.rstrip()}\n{_block(value)}".lstrip("\n")
    start, end = key.end_mark.index, node.end_mark.index
    held = text[start:end]
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        # A block's end mark stands behind the comments that follow it.
        while held.rstrip().rpartition("\n")[2].lstrip().startswith("#"):
            held = held.rstrip().rpartition("\n")[0]
    end = start + len(held.rstrip())
    return f"{text[:start]}: {_flow(value)}{text[end:]}"


def _added(text: str, node: Any, key: str, value: Any) -> str:
    """A further entry of a mapping that holds some: behind the last line, or first in braces."""
    entry = f"{key}: {_flow(value)}"
    if node.flow_style:
        start = node.start_mark.index + 1
        return f"{text[:start]}{entry}, {text[start:]}"
    last = node.value[-1][1].end_mark
    at = text.find("\n", max(last.index - (last.column == 0), 0))
    at = len(text) if at < 0 else at
    indent = " " * node.value[0][0].start_mark.column
    return f"{text[:at].rstrip()}\n{indent}{entry}{text[at:] or chr(10)}"


def _block(value: dict[str, Any]) -> str:
    return "".join(f"{key}: {_flow(held)}\n" for key, held in value.items())


def _flow(value: Any) -> str:
    # Within brackets a text such as "-}" is quoted, which it would not be on its own.
    dumped = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=10_000)
    return dumped.strip()[1:-1]
