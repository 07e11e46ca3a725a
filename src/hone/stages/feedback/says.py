"""What may be said of corrections, in sentences: no more than the figures show."""

from __future__ import annotations

from hone.records.feedback import ColumnName, Efficacy, EfficacyColumn

MEANS: dict[ColumnName, str] = {
    "corrected": "memorised: the model trained on these very rows",
    "look_alikes": "generalised: untouched, like a corrected row, never trained on",
    "others": "everything else that is untouched: nothing should get worse here",
}
FEW = 20


def say(found: Efficacy) -> list[str]:
    """The counts, then one sentence for each column, then what cannot be said."""
    total = len(found.corrections)
    listed = ", ".join(
        f"{count} {state.replace('_', ' ')}" for state, count in found.states.items()
    )
    said = [f"Of {total:,} corrections {listed or 'none was asked'}."]
    said += [_column(one, found) for one in found.columns]
    broken = len(found.newly_broken)
    if broken:
        also = sum(
            one.control is not None and one.control < found.threshold for one in found.newly_broken
        )
        beside = f"; the control broke {also:,} of them too" if found.control else ""
        said.append(f"{broken:,} untouched examples were right before and are wrong now{beside}.")
    else:
        said.append("No untouched example was right before and is wrong now.")
    if found.control is None:
        said.append(
            "There is no control, so it is not known how much the corrections did and how much "
            "training again did."
        )
    if found.leaked:
        said.append(
            f"{found.leaked:,} held-out examples were left out: the training set holds a "
            "near-duplicate or a sibling of them."
        )
    return said


def _column(column: EfficacyColumn, found: Efficacy) -> str:
    names = {"corrected": "corrected rows", "look_alikes": "look-alikes", "others": "other rows"}
    name = names[column.name]
    if not column.examples or column.gained is None:
        return f"There are no untouched {name}: nothing can be said of them."
    few = " (few: intervals are rough)" if column.examples < FEW else ""
    gained = _signed(column.gained.value, column.gained.low, column.gained.high)
    text = (
        f"On {column.examples:,} {name}{few} {found.model} scores {gained} against {found.before}"
    )
    if column.due is None:
        return f"{text}."
    due = _signed(column.due.value, column.due.low, column.due.high)
    low, high = column.due.low or 0.0, column.due.high or 0.0
    verdict = (
        "more than training again explains"
        if low > 0
        else "less than training again without them"
        if high < 0
        else "no clear difference from training again without them"
    )
    return f"{text}, and {due} against the control: {verdict}."


def _signed(value: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"{value:+.3f}"
    return f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"
