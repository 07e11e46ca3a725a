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

from hone.rendering._bounds import (
    MAX_CHARACTERS,
    check_bits,
    check_growth,
    check_numbers,
    check_size,
    check_whole,
)

MAX_STEPS = 100_000
"""Loop turns and calls of one rendering; the largest published templates take a few hundred."""
MAX_WRITTEN = 512_000_000
"""Steps times characters of the template's source: what its plain text can grow to."""
TEXT_FILLERS = frozenset(
    ["center", "ljust", "rjust", "zfill", "expandtabs", "translate", "format_map"]
)


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment; not for several threads at once, because it counts."""

    intercepted_binops = frozenset(["*", "**", "%", "+"])

    def __init__(self, today: datetime.date) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=self._written,
            extensions=[_Generation, "jinja2.ext.loopcontrols"],
        )
        self._max_steps = MAX_STEPS
        self.start()
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
        self._max_steps = min(MAX_STEPS, MAX_WRITTEN // (len(source) + 1))
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
        self._steps_left = self._max_steps
        self._characters_left = MAX_CHARACTERS

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Every call that a template makes."""
        __self._step()
        check_numbers((*args, *kwargs.values()))
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str):
            check_growth(owner, getattr(__obj, "__name__", ""), args)
        return check_size(super().call(__context, __obj, *args, **kwargs))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Jinja's own refusals, and the methods of texts that only fill up space."""
        if isinstance(obj, str) and attr in TEXT_FILLERS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`format` of a text; jinja hides who it belongs to, so it is looked at here."""
        owner = getattr(value, "__self__", None)
        if isinstance(owner, str) and getattr(value, "__name__", "") == "format":
            check_growth(owner, "format", ())
        return super().wrap_str_format(value)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """`*`, `**`, `%` and `+`, refused where they would build something huge."""
        if operator == "+":
            return check_size(left + right)
        if operator in ("*", "**"):
            numbers = [side for side in (left, right) if isinstance(side, int | float)]
            if len(numbers) < 2 or (operator == "**" and abs(right) > 64):
                raise SecurityError(f"chat templates may not repeat with {operator}")
            check_bits(numbers)
        elif operator == "%" and isinstance(left, str):
            raise SecurityError("chat templates may not format with %")
        return check_size(super().call_binop(context, operator, left, right))

    def _step(self) -> None:
        self._steps_left -= 1
        if self._steps_left < 0:
            raise SecurityError(f"the chat template takes more than {self._max_steps:,} steps")

    def _written(self, value: Any) -> Any:
        check_whole(value)
        if isinstance(value, str):
            self._characters_left -= len(value)
            if self._characters_left < 0:
                raise SecurityError("the chat template writes more than a prompt can hold")
        return value

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
        check_numbers((*args[1:], *kwargs.values()))
        for value in args:
            check_whole(value)
        texts = [value for value in args if isinstance(value, str)]
        if texts:
            others = [value for value in args if value is not texts[0]]
            check_growth(texts[0], function.__name__.removeprefix("do_"), others)
        return check_size(function(*args, **kwargs))

    return bounded


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | str | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    check_numbers((indent,))
    check_whole(value)
    return check_size(
        json.dumps(
            value,
            ensure_ascii=ensure_ascii,
            indent=indent,
            separators=separators,
            sort_keys=sort_keys,
        )
    )


def _joined(texts: list[Any]) -> str:
    return check_size("".join([str(check_whole(text)) for text in texts]))


def _raise(message: str) -> NoReturn:
    raise TemplateError(message)
