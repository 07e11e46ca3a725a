"""`/api/flags`: what a model got wrong, and what people say of it; answered after the commit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hone import loop
from hone.records.flag import Flag, FlagState, FlagVerdict, Neighbour, Resolution
from hone.records.review import Receipt
from hone.stages import flags
from hone.web.api.reviews import OperationId
from hone.web.site import Decider, Here, Trainer, Viewer

MOST_FLAGS = 500

router = APIRouter(prefix="/api/flags", tags=["flags"])

ModelQuery = Annotated[
    str | None,
    Query(max_length=200, description="whose: NAME, NAME@VERSION, a base; by default the newest"),
]


class FlagsAnswer(BaseModel):
    """The queue, the most telling first, and what is not in it."""

    model: str
    task: str
    flags: list[Flag]
    total: int = Field(description="of the asked states, of which `flags` are the first")
    held_back: int = Field(description="in val and test splits: not corrected without promotion")
    resolved: int
    answered: int
    notes: list[str]


class FlagAnswer(BaseModel):
    """One flag with what is like it in the training set, and everything that was said of it."""

    flag: Flag
    dataset: str | None
    neighbours: list[Neighbour]
    history: list[Resolution]
    asked: str = Field(description="what was asked, as people read it")
    expected_output: Any = Field(description="the expected answer as the task has it")
    got_output: Any = Field(description="the model's; null where it cannot be read")
    diff: list[tuple[Literal["=", "-", "+"], str]] = Field(
        description="from the expected answer to the model's, by words"
    )


class SayRequest(BaseModel):
    """What is right of a flag; said in the name of whoever is signed in."""

    model_config = ConfigDict(extra="forbid")

    op_id: OperationId
    verdict: FlagVerdict
    model: str | None = Field(default=None, max_length=200, description="whose flag it is")
    output: Any = Field(default=None, description="edit: the right answer")
    note: str = Field(default="", max_length=20_000)
    base_version: int | None = Field(
        default=None, description="the version of the example that was looked at"
    )


class SayAnswer(BaseModel):
    """The receipt, and the flag as it stands now."""

    receipt: Receipt
    resolution: Resolution | None
    flag: Flag


class PromoteRequest(BaseModel):
    """Why a test example has to leave every test for ever."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(min_length=1, max_length=20_000)


class PromoteAnswer(BaseModel):
    """What left with it, and the dataset versions in which fresh examples take its place."""

    example_id: str
    siblings: list[str]
    versions: dict[str, str] = Field(description="older version -> the one that follows it")
    notes: list[str]


class FlagsQuery(BaseModel):
    """Which flags are asked for."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(
        default=None,
        max_length=200,
        description="whose: NAME, NAME@VERSION, a base; else the newest",
    )
    task: str | None = Field(default=None, max_length=200)
    state: list[FlagState] = Field(default_factory=lambda: ["open", "skipped"])
    is_tested: bool = Field(default=False, description="those in val and test splits instead")
    limit: int = Field(default=50, ge=1, le=MOST_FLAGS)


@router.get("")
def list_flags(asked: Annotated[FlagsQuery, Query()], site: Here, visitor: Viewer) -> FlagsAnswer:
    """What should be looked at, the most telling first."""
    site.refresh()
    found = flags.find_flags(
        site.ws, asked.model, task=asked.task, states=asked.state, is_tested=asked.is_tested
    )
    shown = {**found._asdict(), "flags": found.flags[: asked.limit]}
    return FlagsAnswer(**shown, total=len(found.flags))


@router.get("/{example_id}")
def show_flag(example_id: str, site: Here, visitor: Viewer, model: ModelQuery = None) -> FlagAnswer:
    """One flag, opened: expected, got, context, neighbours, history."""
    opened = flags.open_flag(site.ws, flags.find_flag(site.ws, example_id, model))
    return FlagAnswer(**opened._asdict())


@router.post("/{example_id}")
async def say(example_id: str, asked: SayRequest, site: Here, visitor: Decider) -> SayAnswer:
    """Say what is right of a flag: a review, journalled with where it came from."""
    # Finding reads many answers, and must not keep other decisions waiting.
    flag = await run_sync(flags.find_flag, site.ws, example_id, asked.model)
    saying = flags.Saying(reviewer=visitor.name, **asked.model_dump(exclude={"model"}))

    def work() -> SayAnswer:
        return SayAnswer(**flags.resolve(site.ws, flag, saying)._asdict())

    return await site.deciding(work)


@router.post("/{example_id}/promote")
def promote(example_id: str, asked: PromoteRequest, site: Here, visitor: Trainer) -> PromoteAnswer:
    """Take a test example and its siblings out of every test for ever, so that it may be corrected.

    Every dataset that tested one of them gets a new version.
    """
    done = loop.promote_flag(site.ws, example_id, note=asked.note, reviewer=visitor.name)
    return PromoteAnswer(
        example_id=done.example.id,
        siblings=done.siblings,
        versions=done.versions,
        notes=done.notes,
    )
