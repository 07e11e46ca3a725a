"""On any text the metrics give what rouge_score, sacrebleu and the plain definitions give."""

from __future__ import annotations

import re
import string
from collections import Counter

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hone.metrics import bleu, exact_match, rouge, token_f1
from hone.metrics.together import run_together

# Pieces at which tokenisers differ: white space of all kinds, entities, hyphens at line ends,
# numbers, letters whose lower case is longer or depends on the neighbour, joined marks.
PIECES = (
    "the The a an A. AN, dog dogs dog's 12.5 1,000 3.a a.3 .. , . - -- x-1 1-2 5- <skipped> "
    "&quot; &amp; &amp;lt; & < > ΣΑΣ σας İ K ß the\u0301 “the” a\u00b7the e\u0301 é 語 日本語 "
    "naïve \u200b ' \" _ a_b #1 $5 % ~ ^ ` | { } [ ] ( ) * + / \\ ! ? ; : = @ "
    "\x00 \x00\x00 \U0001f600 \ud800"
).split(" ")
GAPS = (" ", " ", " ", "", "\n", "\t", "-\n", "\u00a0", "\x1c", "\u3000", "\r\n", "  ", "\x85")

texts = st.one_of(
    st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(GAPS)), max_size=14).map(
        lambda parts: "".join(piece + gap for piece, gap in parts)
    ),
    st.text(max_size=20),
    st.lists(st.sampled_from(["a", "b", "c", "the"]), max_size=25).map(" ".join),
)
single = st.lists(st.tuples(texts, texts), min_size=1, max_size=5)
several = st.lists(
    st.tuples(texts, st.lists(texts, min_size=1, max_size=3)), min_size=1, max_size=4
)
often = settings(deadline=None, max_examples=100, derandomize=True)


def squad_words(text: str) -> list[str]:
    bare = "".join(sign for sign in text.lower() if sign not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def squad_f1(predicted: list[str], expected: list[str]) -> float:
    shared = sum((Counter(predicted) & Counter(expected)).values())
    if shared == 0:
        return 0.0
    precision, recall = shared / len(predicted), shared / len(expected)
    return (2 * precision * recall) / (precision + recall)


@often
@given(several)
def test_squad_scores_are_those_of_the_definition(pairs: list[tuple[str, list[str]]]) -> None:
    predictions, references = map(list, zip(*pairs, strict=True))
    f1 = [max(squad_f1(squad_words(p), squad_words(one)) for one in r) for p, r in pairs]
    match = [float(any(squad_words(p) == squad_words(one) for one in r)) for p, r in pairs]
    options = exact_match.Options(normalise="squad")
    assert token_f1.run(predictions, references).per_example.tolist() == f1
    assert exact_match.run(predictions, references, options).per_example.tolist() == match


@often
@given(several)
def test_plain_exact_match_is_that_of_python(pairs: list[tuple[str, list[str]]]) -> None:
    predictions, references = map(list, zip(*pairs, strict=True))
    same = [float(p in r) for p, r in pairs]
    loose = [float(any(p.split() == one.split() for one in r)) for p, r in pairs]
    none = exact_match.Options(normalise="none")
    assert exact_match.run(predictions, references, none).per_example.tolist() == same
    assert exact_match.run(predictions, references).per_example.tolist() == loose


@often
@given(single)
@example([("the cat sat", "the cat sat on the mat"), ("", ""), ("x", "")])
def test_rouge_is_bit_equal_to_rouge_score(pairs: list[tuple[str, str]]) -> None:
    from rouge_score import rouge_scorer

    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rouge3", "rougeL"])
    predictions, references = map(list, zip(*pairs, strict=True))
    options = rouge.Options(variants=("rouge1", "rouge2", "rouge3", "rougeL"))
    found = rouge.run_each(predictions, references, options)
    for place, (prediction, reference) in enumerate(pairs):
        for name, expected in scorer.score(reference, prediction).items():
            assert found[name].per_example[place] == expected.fmeasure


@often
@given(several)
def test_rouge_takes_the_best_reference_as_rouge_score_does(
    pairs: list[tuple[str, list[str]]],
) -> None:
    from rouge_score import rouge_scorer

    variants = ("rouge1", "rougeL")
    scorer = rouge_scorer.RougeScorer(variants)
    predictions, references = map(list, zip(*pairs, strict=True))
    found = rouge.run_each(predictions, references, rouge.Options(variants=variants))
    expected = [scorer.score_multi(many, one) for one, many in pairs]
    for name in variants:
        assert found[name].per_example.tolist() == [score[name].fmeasure for score in expected]
        mean = float(np.mean([score[name].precision for score in expected]))
        assert found[name].details["precision"] == mean


@often
@given(
    several,
    st.sampled_from(["13a", "none"]),
    st.integers(1, 6),
    st.sampled_from(["exp", "none"]),
    st.booleans(),
)
def test_bleu_is_that_of_sacrebleu(
    pairs: list[tuple[str, list[str]]], tokenize: str, order: int, smooth: str, lowercase: bool
) -> None:
    from sacrebleu.metrics import BLEU

    predictions, references = map(list, zip(*pairs, strict=True))
    options = bleu.Options(tokenize=tokenize, max_order=order, smooth=smooth, lowercase=lowercase)
    same = {
        "tokenize": tokenize,
        "max_ngram_order": order,
        "smooth_method": smooth,
        "lowercase": lowercase,
    }
    sentence = BLEU(effective_order=True, **same)
    expected = [sentence.sentence_score(one, many).score / 100 for one, many in pairs]
    found = bleu.run(predictions, references, options)
    np.testing.assert_allclose(found.per_example, expected, rtol=0, atol=1e-13)
    # sacrebleu writes a segment without a k-th reference as None.
    streams = [
        [many[k] if k < len(many) else None for many in references]
        for k in range(max(map(len, references)))
    ]
    if None not in streams[0][:1] and all(stream[0] is not None for stream in streams):
        corpus = BLEU(force=True, **same).corpus_score(predictions, streams).score / 100
        assert abs(found.total - corpus) < 1e-13


@often
@given(several)
def test_metrics_run_together_give_what_each_gives_alone(
    pairs: list[tuple[str, list[str]]],
) -> None:
    predictions, references = map(list, zip(*pairs, strict=True))
    modules = {"bleu": bleu, "rouge": rouge, "exact_match": exact_match, "token_f1": token_f1}
    together = run_together(predictions, references, dict.fromkeys(modules))
    assert list(together) == list(modules)
    for name, module in modules.items():
        alone = module.run(predictions, references)
        assert together[name].per_example.tolist() == alone.per_example.tolist()
        assert together[name].total == alone.total
        assert together[name].details == alone.details
