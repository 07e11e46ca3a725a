"""One value changes; comments, order and spacing of everything else stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hone.errors import InvalidInput
from hone.workspace.first_files import config_text
from hone.workspace.yaml_edit import with_value
from hone.workspace.yaml_file import parse_yaml

FIRST = config_text("tasks/qa.yaml")


def lines_that_differ(before: str, after: str) -> list[str]:
    old, new = before.splitlines(), after.splitlines()
    return [line for line in new if line not in old]


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("task",), "tasks/other.yaml", "task: tasks/other.yaml            # the default task"),
        (
            ("budget", "per_job_usd"),
            2.5,
            "budget: {per_job_usd: 2.5, per_month_usd: 50}",
        ),
        (("priority",), ["base"], "priority: [base]   # which model answers first"),
        (("targets", "ssh", "host"), "gpu.example.org", "targets: {ssh: {host: gpu.example.org}}"),
        (("gate", "must_win"), ["exact_match"], None),
        (("report_to",), ["tensorboard"], "report_to: [tensorboard]"),
    ],
)
def test_only_the_line_of_the_value_changes(
    path: tuple[str, ...], value: object, line: str | None
) -> None:
    changed = with_value(FIRST, path, value, "hone.yaml")
    found = lines_that_differ(FIRST, changed)
    assert len(found) == 1
    assert line is None or found[0].split("#")[0].split() == line.split("#")[0].split()
    inner = parse_yaml(changed, "hone.yaml")
    for key in path:
        inner = inner[key]
    assert inner == value
    assert changed.count("#") == FIRST.count("#")


def test_a_key_is_added_to_a_block_and_variables_stay_as_they_are() -> None:
    text = "a: 1\nb:\n  c: ${NAME}  # why\n  d: [x]\n# the end\n"
    changed = with_value(text, ("b", "e"), {"f": "g"}, "x.yaml")
    assert changed == "a: 1\nb:\n  c: ${NAME}  # why\n  d: [x]\n  e: {f: g}\n# the end\n"
    assert with_value(text, ("b",), 3, "x.yaml") == "a: 1\nb: 3\n# the end\n"
    assert with_value("", ("b", "c"), 3, "x.yaml") == "b: {c: 3}\n"
    assert with_value("a: 1", ("b",), "no", "x.yaml") == "a: 1\nb: 'no'\n"


def test_a_text_that_would_end_the_braces_is_quoted() -> None:
    assert with_value("{a: 1}", ("a",), "-}", "x.yaml") == "{a: '-}'}"


def test_what_is_not_yaml_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"x\.yaml, line 1"):
        with_value("a: [", ("b",), 1, "x.yaml")


WORDS = st.sampled_from(["a", "b", "cd", "e_f"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="ab: #{}[]'\"\n-", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(WORDS, VALUES, max_size=4),
    st.lists(WORDS, min_size=1, max_size=3),
    VALUES,
    st.booleans(),
)
def test_the_value_is_there_and_nothing_else_moved(
    start: dict[str, object], path: list[str], value: object, is_flow: bool
) -> None:
    import yaml

    text = yaml.safe_dump(start, default_flow_style=is_flow, sort_keys=False)
    expected: dict[str, object] = parse_yaml(text, "x")
    inner = expected
    for key in path[:-1]:
        found = inner.get(key)
        if not isinstance(found, dict):
            found = inner[key] = {}
        inner = found
    inner[path[-1]] = value
    assert parse_yaml(with_value(text, path, value, "x"), "x") == expected
