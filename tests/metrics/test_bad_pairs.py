"""What cannot be compared is refused with every problem named; nothing is ever NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from hone.errors import HoneError, InvalidInput
from hone.metrics import bleu, exact_match, regression, rouge
from hone.shelf import load, names


@pytest.mark.parametrize("name", names("metrics"))
@pytest.mark.parametrize(
    ("predictions", "references", "message"),
    [
        (["{}"], ["{}", "{}"], "1 predictions but 2 references"),
        ([], [], "there are no predictions"),
        (["{}", None], ["{}", "{}"], "prediction 1 is NoneType"),
        (["{}"], [3], "reference 0 is int"),
        (["{}", "{}"], ["{}", []], "reference 1 is an empty list"),
        (["{}"], [["{}", 1]], "reference 0, number 1 is int"),
        ("{}", "{}", "not one text"),
        ([b"{}"], [None], "prediction 0 is bytes, not text; reference 0 is NoneType"),
    ],
)
def test_every_metric_refuses(name: str, predictions: Any, references: Any, message: str) -> None:
    module = load("metrics", name)
    with pytest.raises(HoneError) as raised:
        module.run(predictions, references, module.Options())
    assert message in raised.value.message
    assert raised.value.hint


@pytest.mark.parametrize("name", names("metrics"))
def test_an_unknown_option_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        load("metrics", name).Options(no_such_option=1)


@pytest.mark.parametrize("name", names("metrics"))
def test_degenerate_texts_give_numbers(name: str) -> None:
    module = load("metrics", name)
    predictions = ["", " \n\t", "the", "\ud800", "\0", "{}", "[]", "x" * 100_001]
    for references in (["{}"] * 8, ["[]"] * 8):
        scores = module.run(predictions, references, module.Options())
        assert np.isfinite(scores.per_example).all()
        assert np.isfinite([scores.total, *scores.details.values()]).all()


@pytest.mark.parametrize("text", ["", " ", "the", "...", "\u3000"])
def test_texts_without_words_give_numbers(text: str) -> None:
    for module in (bleu, rouge, exact_match, load("metrics", "token_f1")):
        for references in ([text], ["word"], [[text, "word"]]):
            for prediction in (text, "word"):
                scores = module.run([prediction], references)
                assert np.isfinite([scores.total, *scores.details.values()]).all()
                assert ((scores.per_example >= 0) & (scores.per_example <= 1)).all()


def test_a_paired_difference_of_other_segments_is_refused() -> None:
    with pytest.raises(InvalidInput, match="needs the same segments"):
        bleu.corpus_difference(np.ones((3, 6)), np.ones((4, 6)))


def test_scores_have_one_right_answer_each() -> None:
    with pytest.raises(InvalidInput, match="one reference per prediction"):
        regression.run(['{"a": 1}'], [['{"a": 1}', '{"a": 2}']], regression.Options())
