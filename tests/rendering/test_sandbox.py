"""A hostile template neither reaches out nor runs away; an ordinary one is not held up."""

from __future__ import annotations

import pytest

from hone.errors import HoneError
from hone.rendering.template import CHATML, Template

MESSAGES = [{"role": "user", "content": "hi"}]
LOOP = "{% for i in range(9000) %}{% for j in range(9000) %}{% endfor %}{% endfor %}"
DOUBLING = "{% set ns = namespace(x='ab') %}{% for i in range(60) %}{% set ns.x = "

ESCAPES = {
    "the class of a text": "{{ ''.__class__.__mro__ }}",
    "globals of a function": "{{ raise_exception.__globals__ }}",
    "the class through a filter": "{{ ('' | attr('__class__')).__mro__ }}",
    "the class through map": "{{ [''] | map(attribute='__class__') | list }}",
    "init of a namespace": "{{ namespace.__init__.__globals__ }}",
    "format of a text": "{{ '{0.__class__.__mro__}'.format('') }}",
    "format_map of a text": "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "an underscore name in a namespace": "{% set ns = namespace(a=1) %}{% set ns._x = 1 %}",
    "changing the messages": "{{ messages.append(1) }}",
    "changing a message": "{{ messages[0].update({'role': 'system'}) }}",
    "another file": "{% include '/etc/passwd' %}",
}
BOMBS = {
    "nested loops": LOOP,
    "loops without output": "{% for a in range(9999) %}{% for b in range(9999) %}"
    "{% if false %}x{% endif %}{% endfor %}{% endfor %}",
    "calls that double": "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}"
    "{% endmacro %}{{ f(60) }}",
    "a macro that calls itself": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "a recursive loop": "{% for x in [1] recursive %}{{ loop([1, 2]) }}{% endfor %}",
    "a large range": "{% for i in range(99999999) %}{% endfor %}",
    "a repeated text": "{{ 'a' * 1000000000 }}",
    "a number by a power": "{{ 10 ** (10 ** 10) }}",
    "a repeated list": "{{ [0] * 1000000000 }}",
    "a wide number": "{{ '%1000000000d' % 1 }}",
    "a wide number by a filter": "{{ '%1000000000d' | format(1) }}",
    "a wide number by a method": "{{ '{:1000000000}'.format(1) }}",
    "a computed width": "{{ '{:{w}}'.format(1, w='1000000000') }}",
    "a filled text": "{{ 'a'.ljust(1000000000) }}",
    "a centred text": "{{ 'a' | center(1000000000) }}",
    "an indented JSON": "{{ [1] | tojson(indent=1000000000) }}",
    "a text added to itself": DOUBLING + "ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    "a text joined to itself": DOUBLING + "ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "a text replaced by itself": DOUBLING + "ns.x.replace('b', ns.x) %}{% endfor %}{{ ns.x }}",
    "a text joined by itself": DOUBLING + "ns.x | list | join(ns.x) %}{% endfor %}{{ ns.x }}",
    "lists in lists written out": DOUBLING + "[ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
    "lists in lists as JSON": DOUBLING + "[ns.x, ns.x] %}{% endfor %}{{ ns.x | tojson }}",
    "lists in lists joined": DOUBLING + "[ns.x, ns.x] %}{% endfor %}{{ ns.x ~ '' }}",
    "much text many times": "{% set x = 'a' ~ '" + "b" * 9000 + "' %}"
    "{% for i in range(9000) %}{{ x }}{% endfor %}",
    "much plain text many times": "{% set x %}{% for i in range(9999) %}"
    + "b" * 90_000
    + "{% endfor %}{% endset %}",
}


@pytest.mark.parametrize("name", ESCAPES)
def test_no_template_reaches_out(name: str) -> None:
    only_now = "{% if messages[0].content == 'hi' %}" + ESCAPES[name] + "{% endif %}"
    template = Template(CHATML + only_now, {})
    try:
        text = template.render(MESSAGES, True)
    except HoneError:
        return
    # jinja gives an undefined value for what it hides; then nothing of Python may show.
    written = text.removeprefix(Template(CHATML, {}).render(MESSAGES, True))
    assert written in ("", "[Undefined]")
    assert MESSAGES == [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize("name", BOMBS)
def test_no_template_runs_away(name: str) -> None:
    with pytest.raises(HoneError):
        Template(CHATML + BOMBS[name], {})


def test_an_ordinary_template_may_do_ordinary_things() -> None:
    source = CHATML + (
        "{% set ns = namespace(n=0, names=[]) %}"
        "{% for message in messages %}{% set ns.n = ns.n + 1 %}{% if loop.index > 5 %}{% break %}"
        "{% endif %}{% set ns.names = ns.names + [message.role] %}{% endfor %}"
        "|{{ ns.n }}|{{ ns.names | join('+') }}|{{ messages | length }}|{{ 7 % 4 }}|{{ 2 * 3 }}"
        "|{{ {'a': '<é>'} | tojson }}|{{ dict(a=1).items() | list }}|{{ 'x' | upper ~ 'y' }}"
        "|{% for x in messages %}{{ loop.length }}{{ loop.last }}{{ loop.index0 }}{% endfor %}"
        "|{{ messages[0].content.split('i')[0].replace('h', 'j') }}|{{ '{} {}'.format(1, 2) }}"
    )
    text = Template(source, {}).render(MESSAGES, False)
    assert text.removeprefix("<|im_start|>user\nhi<|im_end|>\n|") == (
        '1|user|1|3|6|{"a": "<é>"}|[(\'a\', 1)]|Xy|1True0|j|1 2'
    )
