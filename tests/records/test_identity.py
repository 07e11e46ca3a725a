"""Ids and fingerprints: the same content is the same example."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hone.records.identity import canonical_json, example_id, fingerprint_of, normalised_text

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_the_canonical_text_is_that_of_a_sorting_encoder(value: Any) -> None:
    expected = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical_json(value) == expected


@given(texts, st.dictionaries(texts, texts, min_size=1), values, st.lists(values, max_size=2))
def test_an_id_is_a_hash_of_task_input_proposal_and_context(
    task: str, question: dict[str, str], proposal: Any, context: list[Any]
) -> None:
    whole = json.dumps(
        [task, question, proposal, context],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    expected = blake2b(whole.encode(), digest_size=16).hexdigest()
    assert example_id(task, question, proposal, context) == expected


def test_an_id_is_pinned() -> None:
    found = example_id("qa", {"question": "What is grace?"}, {"answer": "A gift."})
    assert found == "8ef7d510b86eb3d0e31cf7ef9abe8c52"


def test_every_part_changes_the_id() -> None:
    ids = {
        example_id("qa", {"question": "q"}, {"answer": "a"}),
        example_id("qb", {"question": "q"}, {"answer": "a"}),
        example_id("qa", {"question": "r"}, {"answer": "a"}),
        example_id("qa", {"question": "q"}, {"answer": "b"}),
        example_id("qa", {"question": "q"}, None),
        example_id("qa", {"question": "q"}, {"answer": "a"}, [{"text": "c"}]),
    }
    assert len(ids) == 6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is  GRACE?\n", "what is grace?"),
        ("ﬁne", "fine"),
        ("Straße", "STRASSE"),
        ("\u00e9", "e\u0301"),
    ],
)
def test_fingerprints_ignore_case_width_composition_and_space(one: str, other: str) -> None:
    assert normalised_text(one) == normalised_text(other)
    assert fingerprint_of({"question": one}, None) == fingerprint_of({"question": other}, None)


def test_fingerprints_keep_what_is_different() -> None:
    assert fingerprint_of({"q": "a b"}, None) != fingerprint_of({"q": "ab"}, None)
    assert fingerprint_of({"q": "a"}, {"a": "b"}) != fingerprint_of({"q": "a"}, {"a": "c"})


def test_what_cannot_be_stored_is_an_error() -> None:
    with pytest.raises(UnicodeEncodeError):
        example_id("qa", {"question": "\ud800"}, None)
    with pytest.raises(ValueError, match="Out of range"):
        example_id("qa", {"question": "q", "n": float("nan")}, None)
