"""A jinja2 environment in which a stranger's chat template can neither reach out nor run away.

Set up so that well-behaved templates write the same bytes as under transformers: blocks are
trimmed, `break` and `continue` exist, `{% generation %}` is a plain scope, `tojson` escapes no
HTML. On top of jinja's own sandbox every loop turn and every call is counted, and every way to
blow up a text in one step is bounded: chat templates come from the same places as models do.
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, cast

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace

MAX_STEPS = 200_000
"""Loop turns and calls of one rendering; the largest published templates take a few hundred."""
MAX_CHARACTERS = 16_000_000
"""Of any text that a template builds."""
MAX_NUMBER = 10_000
"""The largest number that a filter or a method may be given: it may be a width or a count."""


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment; not for several threads at once, because it counts."""

    intercepted_binops = frozenset(["*", "**", "%", "+"])

    def __init__(self, today: datetime.date) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[_Generation, "jinja2.ext.loopcontrols"],
        )
        self.steps_left = MAX_STEPS
        for name, function in list(self.filters.items()):
            self.filters[name] = _bounded_filter(function)
        self.filters["tojson"] = _to_json
        self.filters["hone_counted"] = self._counted
        self.filters["hone_joined"] = _joined
        self.globals["raise_exception"] = _raise
        self.globals["strftime_now"] = today.strftime
        self.globals["dict"] = _Dictionaries()
        self.globals["namespace"] = _Namespace

    def compiled(self, source: str) -> Any:
        """The template of a source text, with its loops counted."""
        tree = self.parse(source)
        for loop in list(tree.find_all(nodes.For)):
            loop.iter = _filtered(loop.iter, "hone_counted")
        for joint in list(tree.find_all(nodes.Concat)):
            # `~` is not an operator that jinja lets an environment intercept.
            texts = nodes.List(joint.nodes, lineno=joint.lineno, environment=self)
            joint.nodes = [_filtered(texts, "hone_joined")]
        return self.template_class.from_code(self, self.compile(tree), self.make_globals(None))

    def start(self) -> None:
        """Begin to count anew: one rendering follows."""
        self.steps_left = MAX_STEPS

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Every call that a template makes."""
        __self._step()
        _check_numbers((*args, *kwargs.values()))
        return _check_size(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """`*`, `**`, `%` and `+`, refused where they would build something huge."""
        if operator == "+":
            return _check_size(left + right)
        if operator in ("*", "**"):
            numbers = [side for side in (left, right) if isinstance(side, int | float)]
            if len(numbers) < 2 or (operator == "**" and abs(right) > 64):
                raise SecurityError(f"chat templates may not repeat with {operator}")
            _check_bits(numbers)
        elif operator == "%" and isinstance(left, str):
            raise SecurityError("chat templates may not format with %")
        return _check_size(super().call_binop(context, operator, left, right))

    def _step(self) -> None:
        self.steps_left -= 1
        if self.steps_left < 0:
            raise SecurityError(f"the chat template takes more than {MAX_STEPS:,} steps")

    def _counted(self, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            self._step()
            yield value


class _Generation(Extension):
    """`{% generation %}` marks what a model writes; here it is only a scope."""

    tags = {"generation"}  # noqa: RUF012 - the name and form that jinja asks for

    def parse(self, parser: Parser) -> nodes.Node:
        """Read up to `{% endgeneration %}`."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


class _Dictionaries:
    """`dict(...)` and `dict.fromkeys(...)`, without the class behind them."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, keys: Iterable[Any], value: Any = None) -> dict[Any, Any]:
        return dict.fromkeys(keys, value)


class _Namespace(Namespace):
    """jinja's `namespace`, which may hold no name that begins with an underscore."""

    def __init__(*args: Any, **kwargs: Any) -> None:
        self, *positional = args
        held = dict(*positional, **kwargs)
        for name in held:
            _check_name(name)
        Namespace.__init__(self, held)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        Namespace.__setitem__(self, name, value)


def _check_name(name: Any) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise SecurityError(f"a namespace may not hold {name!r}")


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(
        cast(nodes.Expr, node),
        name,
        [],
        [],
        None,
        None,
        lineno=node.lineno,
        environment=node.environment,
    )


def _bounded_filter(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        # The value itself may be any number; what follows it may be a width or a count.
        _check_numbers((*args[1:], *kwargs.values()))
        return _check_size(function(*args, **kwargs))

    return bounded


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    _check_numbers((indent,))
    return _check_size(
        json.dumps(
            value,
            ensure_ascii=ensure_ascii,
            indent=indent,
            separators=separators,
            sort_keys=sort_keys,
        )
    )


def _joined(texts: list[Any]) -> str:
    return _check_size("".join(map(str, texts)))


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)


def _check_numbers(values: Iterable[Any]) -> None:
    for value in values:
        if isinstance(value, int | float) and abs(value) > MAX_NUMBER:
            raise SecurityError(f"chat templates may not ask for {value!r} of anything")


def _check_bits(numbers: Iterable[float]) -> None:
    if any(isinstance(number, int) and number.bit_length() > 256 for number in numbers):
        raise SecurityError("chat templates may not compute with numbers this large")


def _check_size(value: Any) -> Any:
    if isinstance(value, str | list | tuple | dict) and len(value) > MAX_CHARACTERS:
        raise SecurityError(f"the chat template builds more than {MAX_CHARACTERS:,} characters")
    return value
