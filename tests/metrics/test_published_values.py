"""The metrics give the values that others have published, to the published digits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hone.metrics import bleu, exact_match, rouge, token_f1

SYSTEMS = ("LIUM-NMT", "PROMT-Rule-based", "uedin-nmt")


@pytest.fixture(scope="module")
def oracles(test_data: Path) -> Path:
    return test_data / "oracles"


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def test_rouge_gives_the_values_of_rouge_1_5_5(oracles: Path) -> None:
    checked = 0
    for case in read_json(oracles / "rouge_google" / "rouge155_expected.json")["cases"]:
        for name, expected in case["expected"].items():
            if name.endswith("_stem"):
                # On this text the stemmer changes nothing; Hone has none.
                assert expected == case["expected"][name.removesuffix("_stem")]
                continue
            options = rouge.Options(variants=(name,))
            scores = rouge.run([case["prediction"]], [case["target"]], options)
            assert scores.total == pytest.approx(expected["fmeasure"], abs=5e-6)
            details = scores.details
            assert details[f"{name}.precision"] == pytest.approx(expected["precision"], abs=5e-6)
            assert details[f"{name}.recall"] == pytest.approx(expected["recall"], abs=5e-6)
            checked += 1
    assert checked == 10


def test_bleu_gives_the_values_of_the_sacrebleu_test_suite(oracles: Path) -> None:
    published = read_json(oracles / "sacrebleu_published_cases.json")
    for case in published["cases"]:
        kwargs = case["kwargs"]
        options = bleu.Options(
            tokenize=kwargs.get("tokenize", "13a"), smooth=kwargs.get("smooth_method", "exp")
        )
        total = bleu.run(case["hyps"], _by_segment(case["refs"]), options).total
        assert total * 100 == pytest.approx(case["bleu"], abs=5e-7)
    for case in published["raw_cases_no_tokenizer"]:
        options = bleu.Options(tokenize="none")
        total = bleu.run(case["hyps"], _by_segment(case["refs"]), options).total
        assert total * 100 == pytest.approx(case["bleu"], abs=1e-9)
    for case in published["effective_order_cases"]:
        scores = bleu.run(case["hyps"], _by_segment(case["refs"]))
        assert scores.per_example[0] * 100 == pytest.approx(case["bleu"], abs=1e-9)


def _by_segment(streams: list[list[str]]) -> list[list[str]]:
    return [list(references) for references in zip(*streams, strict=True)]


@pytest.mark.parametrize("system", SYSTEMS)
def test_bleu_of_wmt17_is_that_of_sacrebleu(oracles: Path, system: str) -> None:
    folder = oracles / "wmt17_en_de"
    expected = read_json(folder / "expected.json")["expected"][system]
    predictions = read_lines(folder / f"{system}.txt")
    references = read_lines(folder / "reference.txt")
    assert len(predictions) == expected["segments"]
    for tokenize in ("13a", "none"):
        total = bleu.run(predictions, references, bleu.Options(tokenize=tokenize)).total
        assert total * 100 == pytest.approx(expected[f"bleu_{tokenize}"], abs=5e-5)


@pytest.mark.parametrize("system", SYSTEMS)
def test_sentence_bleu_of_wmt17_is_that_of_sacrebleu(oracles: Path, system: str) -> None:
    from sacrebleu.metrics import BLEU

    folder = oracles / "wmt17_en_de"
    predictions = read_lines(folder / f"{system}.txt")
    references = read_lines(folder / "reference.txt")
    metric = BLEU(effective_order=True)
    step = 7
    expected = [
        metric.sentence_score(one, [other]).score / 100
        for one, other in zip(predictions[::step], references[::step], strict=True)
    ]
    found = bleu.run(predictions, references).per_example[::step]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_wmt17_systems_differ_as_published_and_a_system_not_from_itself(oracles: Path) -> None:
    folder = oracles / "wmt17_en_de"
    references = read_lines(folder / "reference.txt")
    options = bleu.Options(tokenize="none")
    counts = {
        system: bleu.count(read_lines(folder / f"{system}.txt"), references, options)
        for system in SYSTEMS
    }
    expected = read_json(folder / "expected.json")["expected"]
    baseline = counts["LIUM-NMT"]
    for system in ("PROMT-Rule-based", "uedin-nmt"):
        found = bleu.corpus_difference(counts[system], baseline)
        published = expected[system]["bleu_none"] - expected["LIUM-NMT"]["bleu_none"]
        assert found.value * 100 == pytest.approx(published, abs=1e-4)
        # The published p-value against this baseline is 0.0: the interval leaves out 0.
        assert expected[system]["moses_p_value_vs_LIUM_bleu_none"] == 0.0
        assert not found.low <= 0 <= found.high
        assert found.low < found.value < found.high
    assert bleu.corpus_difference(baseline, baseline) == (0.0, 0.0, 0.0)


def test_bleu_and_rouge_give_the_values_of_nlg_eval(oracles: Path) -> None:
    folder = oracles / "nlg-eval"
    expected = read_json(folder / "expected.json")
    predictions = read_lines(folder / expected["hyp"])
    references = _by_segment([read_lines(folder / name) for name in expected["refs"]])
    for order in (1, 2, 3, 4):
        options = bleu.Options(tokenize="none", smooth="none", max_order=order)
        total = bleu.run(predictions, references, options).total
        assert total == pytest.approx(expected["published"][f"Bleu_{order}"], abs=5e-7)
    options = rouge.Options(
        variants=("rougeL",), tokenize="whitespace", beta=1.2, references="best_parts"
    )
    total = rouge.run(predictions, references, options).total
    assert total == pytest.approx(expected["published"]["ROUGE_L"], abs=5e-7)


def test_exact_match_and_f1_of_squad_answers_are_those_of_the_official_script(
    oracles: Path, test_data: Path
) -> None:
    articles = read_json(test_data / "qa" / "squad" / "xquad.en.json")["data"]
    answers = {
        question["id"]: [answer["text"] for answer in question["answers"]]
        for article in articles
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    }
    expected = read_json(oracles / "squad_predictions" / "expected_em_f1.json")["expected"]
    assert len(expected) == 2
    for name, values in expected.items():
        predicted = read_json(oracles / "squad_predictions" / name)
        answered = [key for key in answers if key in predicted]
        assert len(answered) == values["answered"]
        predictions = [predicted[key] for key in answered]
        references = [answers[key] for key in answered]
        matched = exact_match.run(predictions, references, exact_match.Options(normalise="squad"))
        shared = token_f1.run(predictions, references)
        # A question without an answer scores 0.
        for scores, key in ((matched, "exact_match"), (shared, "f1")):
            percent = 100 * scores.per_example.sum() / values["questions"]
            assert percent == pytest.approx(values[key], abs=1e-6)


def test_final_answers_are_judged_as_openai_judged_them(oracles: Path) -> None:
    rows = [
        json.loads(line) for line in read_lines(oracles / "gsm8k_model_solutions_head200.jsonl")
    ]
    judged = [
        (solution["solution"], row["ground_truth"], solution["is_correct"])
        for row in rows
        for solution in row.values()
        if isinstance(solution, dict)
    ]
    assert len(judged) == 800
    predictions, references, is_correct = zip(*judged, strict=True)
    options = exact_match.Options(normalise="final_answer")
    scores = exact_match.run(predictions, references, options)
    assert scores.per_example.tolist() == [float(one) for one in is_correct]
