"""Counts the n-grams that a prediction shares with its references, for a whole chunk at once.

Every n-gram of order n is a pair (its first n-1 words, its last word), so one sort of such
pairs per order brings equal n-grams of the same prediction together; no table of n-grams is
kept. An n-gram that matches nothing is dropped before the next order.
"""

from __future__ import annotations

import numpy as np

from hone.metrics._words import Numbered


def shared_ngrams(
    predictions: Numbered, references: Numbered, owners: np.ndarray, max_order: int
) -> np.ndarray:
    """Matches per prediction and order, shape (predictions, max_order), int64.

    Each n-gram counts as often as it occurs in the prediction, clipped to the highest number
    of occurrences in any one reference (Papineni et al. 2002). `owners[j]` is the prediction
    of reference j, ascending.
    """
    amount = len(predictions)
    numbers = np.concatenate((predictions.numbers, references.numbers))
    lengths = np.concatenate((predictions.lengths, references.lengths))
    owner_of_text = np.concatenate((np.arange(amount), owners))
    matches = np.zeros((amount, max_order), np.int64)
    if not len(numbers):
        return matches
    # One empty place after each text: no n-gram reaches across it.
    text_of = np.repeat(np.arange(len(lengths)), lengths + 1)
    place = _places_of_words(lengths)
    unit = np.zeros(len(text_of), np.int64)
    first, second = owner_of_text[text_of[place]], numbers
    for order in range(max_order):
        place, run, amounts = _count(first, second, place, text_of, amount)
        owner = owner_of_text[text_of[place[run]]]
        matches[:, order] = np.bincount(owner, weights=amounts, minlength=amount)
        name = np.where(amounts > 0, np.arange(1, len(amounts) + 1), 0)
        gram = np.repeat(name, np.diff(np.append(run, len(place))))
        if order == 0:
            unit[place] = gram
        goes_on = gram > 0
        place, gram = place[goes_on], gram[goes_on]
        following = unit[place + order + 1]
        goes_on = following > 0
        place, first, second = place[goes_on], gram[goes_on], following[goes_on]
        if not len(place):
            break
    return matches


def _places_of_words(lengths: np.ndarray) -> np.ndarray:
    """The places of words when each text is followed by one empty place."""
    return np.arange(lengths.sum()) + np.repeat(np.arange(len(lengths)), lengths)


def _count(
    first: np.ndarray,
    second: np.ndarray,
    place: np.ndarray,
    text_of: np.ndarray,
    amount: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted places, where each run of equal pairs starts among them, and its clipped matches."""
    place, is_new = _sort_pairs(first, second, place, len(text_of))
    text = text_of[place]
    is_new_text = is_new.copy()
    is_new_text[1:] |= text[1:] != text[:-1]
    start = np.flatnonzero(is_new_text)
    length = np.diff(np.append(start, len(place)))
    run = np.flatnonzero(is_new[start])
    # Predictions are numbered before references, so a run opens with its prediction, if any.
    is_prediction = text[start] < amount
    in_prediction = np.where(is_prediction[run], length[run], 0)
    in_reference = np.maximum.reduceat(np.where(is_prediction, 0, length), run)
    return place, start[run], np.minimum(in_prediction, in_reference)


def _sort_pairs(
    first: np.ndarray, second: np.ndarray, place: np.ndarray, places: int
) -> tuple[np.ndarray, np.ndarray]:
    """The places in order of (first, second, place), and where a new pair begins."""
    place_bits = places.bit_length()
    second_bits = int(second.max()).bit_length()
    is_new = np.ones(len(place), bool)
    if int(first.max()).bit_length() + second_bits + place_bits <= 63:
        # All three in one integer: sorting plain integers is several times faster.
        packed = np.sort((((first << second_bits) | second) << place_bits) | place)
        pair = packed >> place_bits
        is_new[1:] = pair[1:] != pair[:-1]
        return packed & ((1 << place_bits) - 1), is_new
    order = np.lexsort((place, second, first))
    first, second = first[order], second[order]
    is_new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return place[order], is_new
