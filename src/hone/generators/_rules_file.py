"""Reads a rules file: every mistake in it at once, each with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import regex
import yaml

from hone.errors import InvalidInput, NotFound, nearest
from hone.records.task import Task

MAX_BYTES = 1_000_000
MAX_RULES = 500
MAX_PATTERN_CHARACTERS = 20_000
KEYS = (
    "rules", "numbers", "synonyms", "words", "clean", "ignore", "parts", "separators", "keep",
    "pieces", "shapes", "carry", "derive",
)  # fmt: skip
LIST = "list"
"""The group that holds several records, to be cut at the separators."""
_WORD = regex.compile(r"\{([A-Za-z_]\w*)\}")
Pattern = regex.Pattern[str]


@dataclass(frozen=True)
class Rule:
    """A pattern that must match a whole text, and values that it sets by itself."""

    name: str
    pattern: Pattern
    values: dict[str, Any]


@dataclass(frozen=True)
class Derived:
    """How a field follows from another one: the first value whose pattern is found in that."""

    source: str
    values: list[tuple[str, Pattern]]


@dataclass(frozen=True)
class RuleBook:
    """A rules file, checked and compiled."""

    numbers: dict[str, float] = field(default_factory=dict)
    synonyms: dict[str, dict[str, Any]] = field(default_factory=dict)
    clean: list[tuple[Pattern, str]] = field(default_factory=list)
    ignore: list[Pattern] = field(default_factory=list)
    parts: list[Pattern] = field(default_factory=list)
    separators: list[Pattern] = field(default_factory=list)
    keep: list[Pattern] = field(default_factory=list)
    pieces: list[Rule] = field(default_factory=list)
    shapes: list[Rule] = field(default_factory=list)
    carry: list[str] = field(default_factory=list)
    derive: dict[str, Derived] = field(default_factory=dict)


def read_rule_book(path: Path, task: Task) -> RuleBook:
    """The rules of a file; InvalidInput lists all that is wrong with it."""
    if not path.is_file():
        raise NotFound(
            f"There is no rules file {path}.",
            hint=f"Name it under rules: in the task file of {task.name}, or create it.",
        )
    if path.stat().st_size > MAX_BYTES:
        raise InvalidInput(
            f"{path} is larger than {MAX_BYTES:,} bytes.", hint="Rules are written by hand."
        )
    reader = _Reader(task)
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path} is not YAML: {error}", hint="Look at the line that it names."
        ) from error
    except RecursionError as error:
        raise InvalidInput(f"{path} is nested too deep.", hint="Rules are flat.") from error
    book = reader.read(root)
    if reader.problems:
        ordered = [text for _, text in sorted(reader.problems)]
        raise InvalidInput(
            f"{path} has {len(ordered)} problem(s):\n" + "\n".join(ordered),
            hint="Mend these lines; the keys are explained in docs/reference/rules.md.",
            problems=ordered,
        )
    return book


class _Reader:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.problems: list[tuple[int, str]] = []
        self._words: dict[str, str] = {}

    def read(self, root: yaml.Node | None) -> RuleBook:
        sections = dict(self._pairs(root, "the file"))
        for key, (_, node) in sections.items():
            if key not in KEYS:
                self._problem(node, f'unknown key "{key}". {nearest(key, KEYS)}')
        get = {key: node for key, (_, node) in sections.items()}
        if self._scalar(get.get("rules")) != 1:
            self._problem(get.get("rules") or root, "the file must begin with rules: 1")
        self._read_words(get.get("words"))
        return RuleBook(
            numbers=self._numbers(get.get("numbers")),
            synonyms=self._synonyms(get.get("synonyms")),
            clean=list(self._clean(get.get("clean"))),
            ignore=list(self._patterns(get.get("ignore"))),
            parts=list(self._patterns(get.get("parts"))),
            separators=list(self._patterns(get.get("separators"))),
            keep=list(self._patterns(get.get("keep"))),
            pieces=list(self._rules(get.get("pieces"), "pieces", ())),
            shapes=list(self._rules(get.get("shapes"), "shapes", (LIST,))),
            carry=[name for node, name in self._texts(get.get("carry")) if self._field(node, name)],
            derive=dict(self._derived(get.get("derive"))),
        )

    def _problem(self, node: yaml.Node | None, text: str) -> None:
        line = node.start_mark.line + 1 if node is not None else 1
        self.problems.append((line, f"line {line}: {text}"))

    def _scalar(self, node: yaml.Node | None) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            return None
        try:
            return yaml.SafeLoader("").construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError):
            self._problem(node, f"{node.value!r} cannot be read; put it in single quotes")
            return None

    def _pairs(
        self, node: yaml.Node | None, what: str
    ) -> Iterator[tuple[str, tuple[yaml.Node, yaml.Node]]]:
        if node is None:
            return
        if not isinstance(node, yaml.MappingNode):
            self._problem(node, f"{what} must be a mapping (name: value)")
            return
        seen: set[str] = set()
        for key, value in node.value:
            name = str(getattr(key, "value", ""))
            if name in seen:
                self._problem(key, f'"{name}" stands twice')
            seen.add(name)
            yield name, (key, value)

    def _items(self, node: yaml.Node | None) -> list[yaml.Node]:
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            self._problem(node, "a list is needed here (lines that begin with -)")
            return []
        if len(node.value) > MAX_RULES:
            self._problem(node, f"more than {MAX_RULES} entries")
        return node.value[:MAX_RULES]

    def _texts(self, node: yaml.Node | None) -> Iterator[tuple[yaml.Node, str]]:
        for item in self._items(node):
            value = self._scalar(item)
            if isinstance(value, str):
                yield item, value
            else:
                self._problem(item, "a text is needed here; put it in single quotes")

    def _field(self, node: yaml.Node, name: str) -> bool:
        if name in self.task.fields:
            return True
        self._problem(node, f'the task {self.task.name} has no field "{name}". '
                      f"{nearest(name, self.task.fields)}")  # fmt: skip
        return False

    def _numbers(self, node: yaml.Node | None) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, (_, value_node) in self._pairs(node, "numbers"):
            value = self._scalar(value_node)
            if isinstance(value, bool) or not isinstance(value, int | float):
                self._problem(value_node, f'"{name}" must stand for a number')
            else:
                found[name.casefold()] = value
        return found

    def _synonyms(self, node: yaml.Node | None) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for name, (key, inner) in self._pairs(node, "synonyms"):
            if not self._field(key, name):
                continue
            allowed = self.task.fields[name].values
            found[name] = {}
            for written, (_, value_node) in self._pairs(inner, f"synonyms of {name}"):
                value = self._scalar(value_node)
                if allowed and value not in allowed:
                    self._problem(value_node, f'"{value}" is no value of {name}. '
                                  f"{nearest(str(value), allowed)}")  # fmt: skip
                found[name][written.casefold()] = value
        return found

    def _derived(self, node: yaml.Node | None) -> Iterator[tuple[str, Derived]]:
        for name, (key, inner) in self._pairs(node, "derive"):
            parts = self._entry(inner, ("from", "values"))
            source = self._scalar(parts.get("from"))
            if not isinstance(source, str):
                self._problem(inner, "from: the field that it follows from is missing")
            elif self._field(key, name) and self._field(parts["from"], source):
                yield name, Derived(source, list(self._derived_values(name, parts.get("values"))))

    def _derived_values(self, name: str, node: yaml.Node | None) -> Iterator[tuple[str, Pattern]]:
        allowed = self.task.fields[name].values
        for value, (key, value_node) in self._pairs(node, "values"):
            if allowed and value not in allowed:
                self._problem(key, f'"{value}" is no value of {name}. {nearest(value, allowed)}')
            text = self._scalar(value_node)
            if not isinstance(text, str):
                self._problem(value_node, f'"{value}" must stand for a pattern in quotes')
            elif (pattern := self._compiled(value_node, text)) is not None:
                yield value, pattern

    def _read_words(self, node: yaml.Node | None) -> None:
        for name, (key, value_node) in self._pairs(node, "words"):
            value = self._scalar(value_node)
            if not name.isidentifier():
                self._problem(key, f'"{name}" is no name: letters, digits and _ only')
            elif not isinstance(value, str):
                self._problem(value_node, f'"{name}" must stand for a pattern in quotes')
            else:
                # A group of its own, so that {name}? and {name}+ mean the whole.
                compiled = self._compiled(value_node, value)
                self._words[name] = f"(?:{compiled.pattern})" if compiled else ""

    def _filled(self, node: yaml.Node, text: str) -> str:
        """The pattern with its words put in; cut off where it grows too long to be kept."""
        room = MAX_PATTERN_CHARACTERS

        def put(found: regex.Match[str]) -> str:
            nonlocal room
            word = self._words.get(found[1])
            if word is None:
                self._problem(node, f"{{{found[1]}}} is not among the words above it. "
                              f"{nearest(found[1], self._words)}")  # fmt: skip
                return ""
            room -= len(word)
            # Words of words double with every line; what is too long is refused by the caller.
            return word if room >= 0 else ""

        filled = _WORD.sub(put, text)
        return filled if room >= 0 else filled + " " * (MAX_PATTERN_CHARACTERS + 1)

    def _compiled(self, node: yaml.Node, text: str) -> Pattern | None:
        filled = self._filled(node, text)
        if len(filled) > MAX_PATTERN_CHARACTERS:
            self._problem(node, f"the pattern is longer than {MAX_PATTERN_CHARACTERS:,} characters")
            return None
        try:
            return regex.compile(filled, regex.IGNORECASE | regex.VERSION0)
        except (regex.error, OverflowError, RecursionError) as error:
            self._problem(node, f"not a regular expression: {error}")
            return None

    def _patterns(self, node: yaml.Node | None) -> Iterator[Pattern]:
        for item, text in self._texts(node):
            pattern = self._compiled(item, text)
            if pattern is not None:
                yield pattern

    def _clean(self, node: yaml.Node | None) -> Iterator[tuple[Pattern, str]]:
        for item in self._items(node):
            parts = self._entry(item, ("match", "with"))
            replacement = self._scalar(parts.get("with")) if "with" in parts else ""
            if not isinstance(replacement, str):
                self._problem(item, "with: must be a text in quotes")
            elif (pattern := self._match_of(item, parts)) is not None:
                yield pattern, replacement

    def _rules(
        self, node: yaml.Node | None, section: str, extra: tuple[str, ...]
    ) -> Iterator[Rule]:
        for place, item in enumerate(self._items(node), 1):
            parts = self._entry(item, ("name", "match", "set"))
            pattern = self._match_of(item, parts)
            values = self._set_values(parts.get("set"))
            if pattern is None:
                continue
            for group in pattern.groupindex:
                if group not in extra:
                    self._field(parts["match"], group)
            if not pattern.groupindex and not values:
                self._problem(item, "the rule finds nothing: name a group (?P<field>…)")
            name = self._scalar(parts.get("name")) or f"{section} {place}"
            yield Rule(str(name), pattern, values)

    def _entry(self, item: yaml.Node, keys: tuple[str, ...]) -> Mapping[str, yaml.Node]:
        if isinstance(item, yaml.ScalarNode):
            return {"match": item}
        found = {name: value for name, (_, value) in self._pairs(item, "an entry")}
        for name, value in found.items():
            if name not in keys:
                self._problem(value, f'unknown key "{name}". {nearest(name, keys)}')
        return found

    def _match_of(self, item: yaml.Node, parts: Mapping[str, yaml.Node]) -> Pattern | None:
        node = parts.get("match")
        text = self._scalar(node)
        if node is None or not isinstance(text, str):
            self._problem(node or item, "match: with a pattern in quotes is missing")
            return None
        return self._compiled(node, text)

    def _set_values(self, node: yaml.Node | None) -> dict[str, Any]:
        return {
            name: self._scalar(value)
            for name, (key, value) in self._pairs(node, "set")
            if self._field(key, name)
        }
