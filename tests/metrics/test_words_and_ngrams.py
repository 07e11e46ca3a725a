"""The tables and counts under the metrics hold at their edges."""

from __future__ import annotations

import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hone.metrics import _ngrams, _scores, _words, bleu, rouge, token_f1
from hone.metrics._words import Numbered, PieceTable, by_white_space


def read(texts: list[list[int]]) -> Numbered:
    numbers = np.array([number for text in texts for number in text], np.int64)
    return Numbered(numbers, _words.starts_of(np.array([len(text) for text in texts])))


def counted(prediction: list[int], references: list[list[int]], order: int) -> int:
    def grams(text: list[int]) -> Counter[tuple[int, ...]]:
        return Counter(tuple(text[i : i + order]) for i in range(len(text) - order + 1))

    best: Counter[tuple[int, ...]] = Counter()
    for reference in references:
        best |= grams(reference)
    return (grams(prediction) & best).total()


small = st.lists(st.integers(0, 3), max_size=12)
# Numbers so large that three of them do not fit into one integer.
large = st.lists(st.sampled_from([0, 1, 2**40, 2**61]), max_size=12)


@pytest.mark.parametrize("numbers", [small, large], ids=["packed", "unpacked"])
def test_shared_ngrams_are_counted_as_by_hand(numbers: st.SearchStrategy[list[int]]) -> None:
    @settings(deadline=None, max_examples=200, derandomize=True)
    @given(st.lists(st.tuples(numbers, st.lists(numbers, min_size=1, max_size=3)), min_size=1))
    def check(pairs: list[tuple[list[int], list[list[int]]]]) -> None:
        predictions = read([prediction for prediction, _ in pairs])
        references = read([one for _, many in pairs for one in many])
        owners = np.repeat(np.arange(len(pairs)), [len(many) for _, many in pairs])
        found = _ngrams.shared_ngrams(predictions, references, owners, 5)
        expected = [[counted(one, many, n) for n in range(1, 6)] for one, many in pairs]
        assert found.tolist() == expected

    check()


def test_a_text_that_holds_the_mark_between_texts_is_still_one_text() -> None:
    texts = ["a \0 b", "\0", "", "\0\0 \0\0\0", "c"]
    pieces = PieceTable().pieces(texts)
    assert pieces.lengths.tolist() == [len(text.split()) for text in texts]


def test_a_table_reads_new_pieces_after_old_ones() -> None:
    table = PieceTable()
    before = table.words(table.pieces(["a b", "c"]), by_white_space).numbers.tolist()
    again = table.words(table.pieces(["c a d"]), by_white_space).numbers.tolist()
    assert again[:2] == [before[2], before[0]]
    assert again[2] not in before


def test_each_distinct_piece_is_tokenised_once() -> None:
    seen: list[str] = []

    def counting(piece: str) -> tuple[str, ...]:
        seen.append(piece)
        return (piece,)

    table = PieceTable()
    for _ in range(3):
        pieces = table.pieces(["the cat", "the dog and the cat"])
        table.words(pieces, counting)
        table.words(pieces, counting)
    assert sorted(seen) == ["\0", "and", "cat", "dog", "the"]


def test_scores_do_not_depend_on_where_chunks_and_tables_end() -> None:
    # More distinct words than one table keeps, more pairs than one chunk holds.
    amount = _scores.PAIRS_PER_CHUNK + 500
    wide = [" ".join(f"w{i}x{j}" for j in range(120)) for i in range(amount)]
    halves = [text[: len(text) // 2] for text in wide]
    assert amount * 120 > _words.PIECES_KEPT
    for module in (token_f1, rouge, bleu):
        whole = module.run(halves, wide).per_example
        for place in (0, _scores.PAIRS_PER_CHUNK - 1, _scores.PAIRS_PER_CHUNK, amount - 1):
            alone = module.run([halves[place]], [wide[place]]).per_example[0]
            assert whole[place] == alone


def test_memory_beyond_the_scores_does_not_grow_with_the_pairs() -> None:
    def peak_bytes(amount: int) -> int:
        texts = [f"word{i % 997} and number {i % 89} of the list" for i in range(amount)]
        tracemalloc.start()
        bleu.run(texts, texts)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    few, many = peak_bytes(5_000), peak_bytes(20_000)
    # The statistics themselves take 80 bytes per pair, sentence scores a few vectors more.
    assert many - few < 15_000 * 400


def test_longest_common_subsequences_of_words_beyond_all_characters() -> None:
    left, right = read([[1, 2**21, 5], [7]]), read([[2**21, 9, 5], [8]])
    assert rouge.longest_common_subsequences(left, right).tolist() == [2, 0]


def test_word_numbers_around_the_surrogates_stay_apart() -> None:
    numbers = list(range(0xD7F0, 0xE010))
    left, right = read([numbers]), read([numbers[::2]])
    found = rouge.longest_common_subsequences(left, right)
    assert found.tolist() == [len(numbers[::2])]


def test_one_giant_text_is_scored() -> None:
    text = " ".join(str(i % 5000) for i in range(300_000))
    assert len(text) > _scores.CHARACTERS_PER_CHUNK
    assert bleu.run([text, "a b c d"], [text, "a b c d"]).total == 1.0
    assert token_f1.run([text], [text]).total == 1.0
