"""What every kind of task promises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from hone import shelf
from hone.rendering.messages import messages_of, template_fingerprint
from tests.tasks.kinds import SAMPLES

KINDS = shelf.names("tasks")
NOT_OBJECTS: list[Any] = [None, 3, "text", True, [], [1], 2.5]
HOSTILE = [
    "",
    " \n\t",
    "null",
    "{",
    "[" * 100_000,
    '{"a":' * 100_000,
    "1" * 10_000,
    '{"item": ' + "9" * 5_000 + "}",
    '{"item": 1e999}',
    '[{"item": "\\ud800"}]',
    '{"item": NaN}',
    '{"item": 1, "item": 2}',
    "\x00",
    "\ud800",
    "```json\n[]\n```",
    '{"__class__": {"__init__": 1}}',
    '[{"item": "a"}] trailing',
    "A" * 3_000_000,
    "[" + '{"item": "a"},' * 20_000 + '{"item": "a"}]',
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def test_every_kind_has_a_sample_here() -> None:
    assert set(KINDS) == set(SAMPLES)


def test_the_file_says_what_it_needs_gives_and_comes_from(kind: str) -> None:
    module = shelf.load("tasks", kind)
    assert all(word in module.__doc__ for word in ("Needs:", "Gives:", "Source:"))
    assert issubclass(module.Options, BaseModel)
    assert module.Options.model_config["extra"] == "forbid"
    assert all(field.description for field in module.Options.model_fields.values())
    assert module.Options()
    assert all(limit.endswith(".") for limit in module.LIMITS)
    assert module.LIMITS
    assert module.DUPLICATE_RULE in ("jaccard", "normalised")


def test_formats_and_metrics_are_on_their_shelves(kind: str) -> None:
    module = shelf.load("tasks", kind)
    assert module.FORMATS and set(module.FORMATS) <= set(shelf.names("formats"))
    assert module.METRICS and set(module.METRICS) <= set(shelf.names("metrics"))


def test_a_good_example_has_no_problems(kind: str) -> None:
    module, sample = shelf.load("tasks", kind), SAMPLES[kind]
    assert module.input_problems(sample.task, sample.input) == []
    assert module.output_problems(sample.task, sample.output) == []


@pytest.mark.parametrize("value", [*NOT_OBJECTS, {}, {"nonsense": 1}])
def test_bad_values_have_problems_in_sentences(kind: str, value: Any) -> None:
    module, sample = shelf.load("tasks", kind), SAMPLES[kind]
    problems = module.input_problems(sample.task, value)
    if not (kind == "extract" and value == []):  # an empty list is a message without records
        problems += module.output_problems(sample.task, value)
    assert problems
    assert all(problem.endswith(".") and " " in problem for problem in problems)


def test_an_unknown_field_is_named_with_the_nearest_one(kind: str) -> None:
    module, sample = shelf.load("tasks", kind), SAMPLES[kind]
    name = next(iter(sample.input))
    (problem,) = module.input_problems(sample.task, {**sample.input, name + "s": "x"})
    assert f"unknown field '{name}s'" in problem
    assert f'Did you mean "{name}"?' in problem


def test_the_answer_is_canonical_and_reads_back(kind: str) -> None:
    module, sample = shelf.load("tasks", kind), SAMPLES[kind]
    text = module.answer_text(sample.task, sample.output)
    assert text == sample.answer
    parsed = module.parse(sample.task, text)
    assert module.output_problems(sample.task, parsed) == []
    assert module.answer_text(sample.task, parsed) == text
    assert module.parse(sample.task, f"\n {text} \n") == parsed


def test_the_right_answer_scores_one_and_a_wrong_one_less(kind: str) -> None:
    module, sample = shelf.load("tasks", kind), SAMPLES[kind]
    assert module.score(sample.task, sample.answer, sample.output) == 1.0
    assert module.score(sample.task, "zzz", sample.output) == 0.0
    assert (
        0.0
        <= module.score(sample.task, sample.answer[: len(sample.answer) // 2], sample.output)
        < 1
    )


@pytest.mark.parametrize("place", range(len(HOSTILE)))
def test_hostile_text_is_no_crash_and_scores_in_range(kind: str, place: int) -> None:
    module, sample = shelf.load("tasks", kind), SAMPLES[kind]
    text = HOSTILE[place]
    parsed = module.parse(sample.task, text)
    if parsed is not None:
        # What was read can be written down again.
        json.dumps(parsed, ensure_ascii=False, allow_nan=False).encode()
    score = module.score(sample.task, text, sample.output)
    assert isinstance(score, float)
    assert 0.0 <= score <= 1.0


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["item", "quantity", "labels", "a"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(value=JSON_VALUES)
def test_any_value_is_judged_without_a_crash(kind: str, value: Any) -> None:
    module, sample = shelf.load("tasks", kind), SAMPLES[kind]
    assert isinstance(module.output_problems(sample.task, value), list)
    assert isinstance(module.input_problems(sample.task, value), list)
    score = module.score(sample.task, json.dumps(value), sample.output)
    assert 0.0 <= score <= 1.0


def test_texts_for_search_and_for_duplicates_hold_the_input(kind: str) -> None:
    module, sample = shelf.load("tasks", kind), SAMPLES[kind]
    content = str(list(sample.input.values())[-1])
    words = {"chat": "Hello"}.get(kind, content)
    assert words in module.near_duplicate_text(sample.task, sample.input)
    for output in (sample.output, None):
        assert words in module.search_text(sample.task, sample.input, output)
    assert isinstance(module.label_of(sample.task, sample.output), str)


def test_every_kind_can_be_asked_and_answered(kind: str) -> None:
    sample = SAMPLES[kind]
    asked = messages_of(sample.task, sample.input, answer=None)
    answered = messages_of(sample.task, sample.input, answer=sample.answer)
    assert asked[-1]["role"] == "user"
    assert answered == [*asked, {"role": "assistant", "content": sample.answer}]
    assert template_fingerprint(sample.task).startswith("sha256:")
