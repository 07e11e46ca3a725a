"""`hone.yaml` and `tasks/NAME.yaml`: every key with its meaning, every mistake named at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hone.errors import InvalidInput, WorkspaceTooNew
from hone.records.evaluation import Bands
from hone.records.task import Task
from hone.workspace.files import explained, write_atomically
from hone.workspace.problems import problems_of
from hone.workspace.targets_config import Targets
from hone.workspace.yaml_edit import with_value
from hone.workspace.yaml_file import parse_yaml, read_yaml

FORMAT = 1
CONFIG_FILE = "hone.yaml"

_M = TypeVar("_M", bound=BaseModel)


class Budget(BaseModel):
    """Limits that are enforced before anything is paid for."""

    model_config = ConfigDict(extra="forbid")

    per_job_usd: float = Field(10.0, ge=0, description="the worst case that one job may cost")
    per_month_usd: float = Field(50.0, ge=0, description="spent and promised in a calendar month")


class Gate(BaseModel):
    """What a new version must show before it may replace the active one."""

    model_config = ConfigDict(extra="forbid")

    must_win: list[str] = Field(
        default_factory=lambda: ["score"],
        description="figures that must improve; score is the task's own, exact_match and rouge_l "
        "where it has them",
    )
    must_not_lose: list[str] = Field(
        default_factory=list[str], description="figures that must not get worse"
    )
    forgetting: list[str] = Field(
        default_factory=list[str],
        description="more test sets (NAME@VERSION/SPLIT) on which the score must not get worse; "
        "that of the active version is always one, where it learned from another dataset",
    )
    data: str | None = Field(
        None,
        description="what both are asked, NAME@VERSION/SPLIT; by default the new one's test split",
    )
    tolerance: float = Field(
        0.05, ge=0, le=1, description="a loss up to this counts as none; more must be ruled out"
    )
    confidence: float = Field(0.95, gt=0.5, lt=1, description="of the paired intervals and tests")


class Review(BaseModel):
    """How examples are shown for review."""

    model_config = ConfigDict(extra="forbid")

    repeat_share: float = Field(
        0.0,
        ge=0,
        le=0.2,
        description="share of the pending queue in the web app that the reviewer decided before, "
        "shown again without the earlier answer: measures how steady a person decides",
    )


class Scores(BaseModel):
    """Which colour a score has, and which is low enough for a person to look at the example."""

    model_config = ConfigDict(extra="forbid")

    orange_from: float = Field(0.4, ge=0, le=1, description="below it a score is red")
    yellow_from: float = Field(0.6, ge=0, le=1, description="below it a score is orange")
    green_above: float = Field(0.8, ge=0, le=1, description="up to it a score is yellow")
    flag_below: float = Field(
        0.6, ge=0, le=1, description="an example that scores less is flagged, and not yet right"
    )

    @model_validator(mode="after")
    def _rises(self) -> Scores:
        if not self.orange_from <= self.yellow_from <= self.green_above:
            raise ValueError("orange_from, yellow_from and green_above must rise in this order")
        return self

    @property
    def bands(self) -> Bands:
        """The bounds as `band_of` takes them."""
        return Bands(self.orange_from, self.yellow_from, self.green_above)


class Endpoint(BaseModel):
    """A server of one's own that speaks OpenAI's chat API."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(description="up to /v1, such as http://127.0.0.1:8000/v1")
    model: str = Field(min_length=1, description="as the server calls it")
    key: str | None = Field(
        None, pattern=r"^[A-Za-z_]\w*$", description="the variable in .env that holds its key"
    )
    at_once: int = Field(4, ge=1, le=64, description="questions that are under way at once")
    seconds: float = Field(120.0, gt=0, description="until an answer must have come")


class WorkspaceConfig(BaseModel):
    """The contents of `hone.yaml`."""

    model_config = ConfigDict(extra="forbid")

    hone: int = Field(FORMAT, ge=1, description="format version of the workspace")
    task: str = Field(description="file of the default task, relative to the workspace")
    store: str = Field("sqlite", description="sqlite: one file in the workspace")
    setup_mode: bool = Field(False, description="true: every real training is refused")
    budget: Budget = Field(
        default_factory=lambda: Budget.model_validate({}), description="limits in US dollars"
    )
    review: Review = Field(
        default_factory=lambda: Review.model_validate({}), description="how examples are shown"
    )
    scores: Scores = Field(
        default_factory=lambda: Scores.model_validate({}),
        description="colours of scores, and what is flagged",
    )
    targets: Targets = Field(
        default_factory=lambda: Targets.model_validate({}), description="where jobs may run"
    )
    endpoints: dict[str, Endpoint] = Field(
        default_factory=dict[str, Endpoint],
        description="servers of one's own that answer beside models, by the name that --against "
        "takes",
    )
    priority: list[str] = Field(
        default_factory=lambda: ["tuned", "rl-tuned", "base"],
        description="which model answers first",
    )
    gate: Gate = Field(
        default_factory=lambda: Gate.model_validate({}),
        description="what a new version must show before it replaces the active one",
    )


def load_config(path: Path) -> WorkspaceConfig:
    """Reads `hone.yaml`; WorkspaceTooNew for a later format, InvalidInput lists every mistake."""
    value = read_yaml(path)
    found: Any = cast("dict[str, Any]", value).get("hone") if isinstance(value, dict) else None
    if isinstance(found, int) and not isinstance(found, bool) and found > FORMAT:
        raise WorkspaceTooNew(
            f"{path} has the format {found}, this Hone reads up to {FORMAT}.",
            hint="Update Hone: pip install --upgrade hone-studio",
        )
    config = _validated(WorkspaceConfig, value, path)
    if config.store != "sqlite":
        raise InvalidInput(
            f'{path}: store is "{config.store}", this version keeps only sqlite.',
            hint="Write: store: sqlite",
        )
    return config


def set_config(path: Path, key: str, value: str) -> Any:
    """Set one key of `hone.yaml`, dotted where it is nested; the rest of the file stays as it is.

    `value` is read as YAML and given back as it was understood. InvalidInput where the key is
    not known or the value does not fit; the file is then left alone.
    """
    if key == "hone":
        raise InvalidInput(
            "The format version is not a setting.", hint="Hone raises it when it must."
        )
    meant = parse_yaml(value, f"the value of {key}")
    with explained("read", path):
        text = path.read_text("utf-8-sig")
    changed = with_value(text, key.split("."), meant, str(path))
    try:
        _validated(WorkspaceConfig, parse_yaml(changed, str(path)), path)
    except InvalidInput as error:
        # The file is as it was, so there is nothing in it to mend.
        raise InvalidInput(
            f"Nothing was set: {' '.join(error.problems)}",
            hint="hone config show   (every key, what it is now and what it means)",
            problems=error.problems,
        ) from error
    write_atomically(path, changed)
    return meant


def load_task(path: Path) -> Task:
    """Reads `tasks/NAME.yaml`; InvalidInput lists every mistake."""
    return _validated(Task, read_yaml(path), path)


def _validated(model: type[_M], value: Any, path: Path) -> _M:
    if not isinstance(value, dict):
        raise InvalidInput(
            f"{path} holds no settings.", hint="Write lines of the form: name: value"
        )
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = problems_of(error, model)
        count = "one mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        raise InvalidInput(
            f"{path} has {count}: {' '.join(problems)}",
            hint="Mend the file, then run the same command.",
            problems=problems,
        ) from error
