"""What the doctor can be asked, and what it answers: figures, example rows, problems, warnings."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.rendering.tokens import TrainOn

MOST_EXAMPLES = 20
Role = Literal["trained", "masked", "cut", "padding"]
Common = Literal["leaks", "near_leaks", "contradicting", "repeated", "near"]


class DoctorOptions(BaseModel):
    """How a dataset is looked at."""

    model_config = ConfigDict(extra="forbid")

    base: str = Field(default="hone-nano", description="whose tokens and template are used")
    max_length: int | None = Field(
        default=None, ge=8, le=2**20, description="most tokens of a row; by default the method's"
    )
    train_on: TrainOn = Field(default="last", description="which answers of a conversation")
    examples: int = Field(default=3, ge=0, le=MOST_EXAMPLES, description="rows shown in full")


class Bin(BaseModel):
    """Rows of `low` to `high` tokens, both included; no `high`: and all longer ones."""

    low: int
    high: int | None
    rows: int


class SplitReport(BaseModel):
    """One split as a trainer gets it; lengths are tokens of what goes through the model."""

    rows: int = 0
    tokens: int = Field(default=0, description="kept, without padding")
    mean: float = 0.0
    p50: int = 0
    p95: int = 0
    longest: int = Field(default=0, description="after shortening")
    longest_uncut: int = Field(default=0, description="the limit at which nothing would be cut")
    p95_uncut: int = 0
    trained_tokens: int = Field(default=0, description="those that the loss sees")
    trained_share: float = 0.0
    cut_rows: int = Field(default=0, description="rows that lose tokens to fit")
    cut_tokens: int = 0
    refused_rows: int = Field(default=0, description="left out: the answer does not fit")
    refused_because: list[str] = Field(default_factory=list[str], description="the first reasons")
    unfit_rows: int = Field(default=0, description="left out at any length")
    unfit_because: list[str] = Field(default_factory=list[str], description="the first reasons")
    equal_pairs: int = Field(default=0, description="of those: both answers are the same")
    masked_rows: int = Field(default=0, description="left out: not one token would be trained")
    empty_answers: int = Field(default=0, description="only the end of the turn is trained")
    histogram: list[Bin] = Field(default_factory=list[Bin], description="lengths before the cut")


class Alike(BaseModel):
    """Two rows with the same, or nearly the same, question."""

    what: Common
    split: str
    row: int = Field(description="place in the file of the split, from 1")
    id: str
    other_split: str
    other_row: int
    other_id: str
    similarity: float = Field(description="1 where the questions are equal after normalising")


class Likeness(BaseModel):
    """Repetitions within a split, and between two splits."""

    rule: str = Field(description="what counts as the same question for this task")
    threshold: float = Field(description="smallest similarity that counts as nearly the same")
    is_near_allowed: bool = Field(
        default=False, description="the dataset was built so that nearly the same may stand apart"
    )
    repeated: dict[str, int] = Field(
        default_factory=dict[str, int],
        description="split: rows whose question and answer stood there before",
    )
    contradicting: dict[str, int] = Field(
        default_factory=dict[str, int], description="split: the same question, another answer"
    )
    near: dict[str, int] = Field(
        default_factory=dict[str, int], description="split: nearly the same question as before"
    )
    leaks: dict[str, int] = Field(
        default_factory=dict[str, int],
        description='"train/val": rows of the second whose question stands in the first',
    )
    near_leaks: dict[str, int] = Field(default_factory=dict[str, int])
    pairs: list[Alike] = Field(
        default_factory=list[Alike], description="the first few of each kind"
    )


class Figures(BaseModel):
    """One dimension of a score, or the label of a yes-or-no row."""

    count: int = 0
    lowest: float = 0.0
    mean: float = 0.0
    highest: float = 0.0

    @property
    def is_constant(self) -> bool:
        """Whether every row says the same."""
        return self.count > 1 and self.lowest == self.highest


class FieldUse(BaseModel):
    """How one field of the records is filled."""

    filled: int = Field(default=0, description="records that hold it")
    share: float = 0.0
    distinct: int = 0
    most_common: list[tuple[str, int]] = Field(default_factory=list[tuple[str, int]])
    never: list[str] = Field(default_factory=list[str], description="allowed values without a row")


class Balance(BaseModel):
    """What the answers of one split are made of."""

    rows: int = 0
    distinct_answers: int = 0
    most_common_answer: str = Field(default="", description="its first 80 characters")
    most_common_rows: int = 0
    mean_characters: float = 0.0
    longest_characters: int = 0
    unreadable: int = Field(default=0, description="answers that do not parse as the task's output")
    records: int = 0
    empty_lists: int = Field(default=0, description="answers without a record")
    fields: dict[str, FieldUse] = Field(default_factory=dict[str, FieldUse])
    figures: dict[str, Figures] = Field(default_factory=dict[str, Figures])
    pairs: int = 0


class ShownToken(BaseModel):
    """One token of an example row."""

    text: str
    id: int
    role: Role
    is_control: bool = Field(default=False, description="written by the template, never by a text")


class ShownSide(BaseModel):
    """One sequence: what is kept of it, padded, is a row of the collator's batch."""

    name: str = Field(default="", description="chosen or rejected, where the row is a pair")
    tokens: list[ShownToken]
    kept: int
    not_shown: int = Field(default=0, description="tokens that are cut off and not listed here")
    note: str = ""


class ExampleRow(BaseModel):
    """One row of the train split in full."""

    why: str
    row: int
    id: str
    sides: list[ShownSide]


class Finding(BaseModel):
    """Something wrong, and the command that mends it."""

    what: str
    mend: str


class Report(BaseModel):
    """Everything that the doctor saw."""

    dataset: str
    format: str
    task: str
    base: str
    max_length: int
    max_length_source: str
    train_on: TrainOn
    context: int | None = Field(description="tokens that the base can look at, if it says so")
    pad_id: int
    splits: dict[str, SplitReport]
    likeness: Likeness
    balance: dict[str, Balance]
    examples: list[ExampleRow]
    problems: list[Finding]
    warnings: list[Finding]
