"""JSON fields: how many fields of the expected records the predicted JSON has right.

Needs: predictions (model texts) and one canonical JSON text each (an object or a list of objects).
Gives: field F1 per example and their mean; share of valid JSON, share that is right as a whole,
and precision, recall and F1 over all fields and per field name in the details.
Source: slot-filling F1 as in Chinchor and Sundheim 1993 (MUC-5), each field compared as a whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from hone.errors import InvalidInput
from hone.metrics._json_records import Bounds, Invalid, Record, match_records, read_records
from hone.metrics._scores import Chunk, References, Scores, score_all


class Options(BaseModel):
    """How values are compared and how large a prediction may be."""

    model_config = ConfigDict(extra="forbid")

    casefold: bool = Field(default=False, description="compare strings without regard to case")
    null_is_absent: bool = Field(
        default=True, description="a field that is null counts as not given"
    )
    max_characters: int = Field(
        default=100_000, ge=2, description="a longer prediction counts as invalid JSON"
    )
    max_depth: int = Field(
        default=32, ge=1, le=200, description="deeper nesting counts as invalid JSON"
    )
    max_records: int = Field(
        default=1000, ge=1, description="a prediction with more records counts as invalid JSON"
    )


LIMITS: tuple[str, ...] = (
    "A value is right or wrong: a string that differs in one letter is wrong.",
    "JSON is read strictly: text around it, a trailing comma, NaN or a repeated key make it "
    "invalid, and every expected field is then missed.",
    "Nested objects and lists are compared as one value.",
    "Records are assigned to each other so that most fields agree; beyond 64 unequal records on "
    "either side greedily, which may find fewer.",
    "One reference per prediction.",
)


def run(
    predictions: Sequence[str], references: References, options: Options | None = None
) -> Scores:
    """Field F1 per prediction; 1 where neither side has any field."""
    scorer = Scorer(len(predictions), options or Options())
    return score_all(predictions, references, [scorer])[0]


class Scorer:
    """Field F1 on its way over the chunks."""

    def __init__(self, amount: int, options: Options) -> None:
        self._bounds = Bounds(
            options.max_characters,
            options.max_depth,
            options.max_records,
            options.casefold,
            options.null_is_absent,
        )
        self._per_example = np.zeros(amount)
        self._tally = _Tally()
        self._valid = self._exact = 0

    def add(self, chunk: Chunk) -> None:
        """Score the pairs of one chunk."""
        if len(chunk.owners) != len(chunk.predictions):
            raise InvalidInput(
                "json_fields takes one reference per prediction.",
                hint="Give the canonical JSON of each example once.",
            )
        for place, (text, reference) in enumerate(
            zip(chunk.predictions, chunk.references, strict=True), chunk.first
        ):
            expected = _read_reference(reference, place, self._bounds)
            predicted = read_records(text, self._bounds)
            self._valid += predicted is not None
            self._exact += predicted is not None and Counter(predicted) == Counter(expected)
            self._per_example[place] = _score(predicted, expected, self._tally)

    def absorb(self, part: Scorer, place: slice) -> None:
        """Take over what was scored of the pairs at this place."""
        self._per_example[place] = part._per_example
        self._valid += part._valid
        self._exact += part._exact
        self._tally.right += part._tally.right
        self._tally.predicted += part._tally.predicted
        self._tally.expected += part._tally.expected

    def finish(self) -> Scores:
        """The scores of all of them."""
        amount = len(self._per_example)
        details = {"valid": self._valid / amount, "exact": self._exact / amount}
        total = float(self._per_example.mean())
        return Scores("json_fields", self._per_example, total, details | self._tally.details())


class _Tally:
    """Right, predicted and expected fields by name."""

    def __init__(self) -> None:
        self.right: Counter[str] = Counter()
        self.predicted: Counter[str] = Counter()
        self.expected: Counter[str] = Counter()

    def details(self) -> dict[str, float]:
        """Precision, recall and F1 of all fields together and of each."""
        found = _parts("", self.right.total(), self.predicted.total(), self.expected.total())
        # A model can invent any number of names: those that were never expected are only counted.
        found["unexpected"] = float(
            sum(count for name, count in self.predicted.items() if name not in self.expected)
        )
        for name in sorted(self.expected):
            found |= _parts(
                f"field.{name}.", self.right[name], self.predicted[name], self.expected[name]
            )
        return found


def _score(predicted: list[Record] | None, expected: list[Record], tally: _Tally) -> float:
    tally.expected.update(name for record in expected for name, _ in record)
    expected_count = sum(map(len, expected))
    if predicted is None:
        return 0.0
    tally.predicted.update(name for record in predicted for name, _ in record)
    predicted_count = sum(map(len, predicted))
    if expected_count + predicted_count == 0:
        return 1.0
    right = [name for one, other in match_records(predicted, expected) for name, _ in one & other]
    tally.right.update(right)
    return 2 * len(right) / (predicted_count + expected_count)


def _read_reference(text: str, place: int, bounds: Bounds) -> list[Record]:
    # A reference is the user's own: it may be as long as it likes, and is refused when it is
    # not JSON, because scoring against nothing would look like a bad model.
    why = Invalid()
    records = read_records(text, bounds.without_size(), why)
    if records is None:
        shown = text if len(text) <= 80 else text[:77] + "..."
        raise InvalidInput(
            f"Reference {place} is no JSON object or list of objects ({why.reason}): {shown!r}",
            hint="Give canonical JSON as the reference, as the task's answers are stored.",
        )
    return records


def _parts(prefix: str, right: int, predicted: int, expected: int) -> dict[str, float]:
    # Nothing predicted and nothing expected is no mistake.
    both = predicted + expected
    return {
        f"{prefix}precision": right / predicted if predicted else float(not expected),
        f"{prefix}recall": right / expected if expected else float(not predicted),
        f"{prefix}f1": 2 * right / both if both else 1.0,
    }
