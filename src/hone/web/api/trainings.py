"""`/api/trainings`: what can be trained how and where, the plan of it, and its beginning."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from hone import loop
from hone.stages import recipes, targets
from hone.stages import train as training
from hone.stages.jobs import monitor
from hone.web.site import Here, Trainer, Viewer

MOST_KEYS = 200

router = APIRouter(prefix="/api/trainings", tags=["trainings"])


class MenuAnswer(training.Menu):
    """What a form for a training offers, and where it may run."""

    targets: list[targets.ListedTarget]


class RecipeRequest(BaseModel):
    """A recipe, as its file would hold it."""

    model_config = ConfigDict(extra="forbid")

    recipe: dict[str, Any] = Field(max_length=MOST_KEYS)


class StartRequest(RecipeRequest):
    """A recipe, and what was agreed to."""

    price_usd: float = Field(
        default=0.0, ge=0, le=1e6, description="of the plan; nothing begins where it is more by now"
    )


class PlanAnswer(BaseModel):
    """What it would take, and why it may not begin yet."""

    plan: training.Plan
    missing: list[str] = Field(description="in sentences; empty: it may begin")
    cards: list[training.CardPlan] = Field(description="that could be rented, where it is too much")


class CheckAnswer(BaseModel):
    """One thing that a check of a target looked at."""

    name: str
    is_good: bool
    text: str
    mend: str


@router.get("/menu")
def show_menu(site: Here, visitor: Viewer) -> MenuAnswer:
    """Methods with every option, datasets, bases, recipes and targets; nobody is asked."""
    site.refresh()
    found = training.menu(site.ws)
    shipped = [
        training.MenuRecipe(name=one.name, about=one.about) for one in recipes.list_recipes()
    ]
    return MenuAnswer(
        **found.model_dump(exclude={"recipes"}),
        recipes=[*found.recipes, *shipped],
        targets=targets.list_targets(site.ws),
    )


@router.get("/recipe")
def show_recipe(
    named: Annotated[str, Query(max_length=200, description="a shipped recipe, or NAME@VERSION")],
    site: Here,
    visitor: Viewer,
) -> dict[str, Any]:
    """A recipe to begin with: one that comes with Hone, or how a version was trained."""
    return loop.known_recipe(site.ws, named)


@router.get("/base")
def judge_base(
    named: Annotated[str, Query(min_length=1, max_length=300, description="id, folder or version")],
    site: Here,
    visitor: Trainer,
) -> training.BaseFitness:
    """Whether an adapter can be trained on a base, and which one to take where it cannot."""
    return training.judge_base(site.ws, named)


@router.post("/plan")
def plan(asked: RecipeRequest, site: Here, visitor: Trainer) -> PlanAnswer:
    """Rows, tokens, steps, memory, time and price; nothing begins. 400 lists every problem."""
    site.refresh()
    return PlanAnswer(**loop.plan_training(site.ws, asked.recipe)._asdict())


@router.post("")
def start(asked: StartRequest, site: Here, visitor: Trainer) -> monitor.JobView:
    """Train; the same training that was cut off goes on. 403 says what is missing."""
    site.refresh()
    job = loop.begin_training(site.ws, asked.recipe, confirm_run=True, price_usd=asked.price_usd)
    site.hub.nudge()
    return monitor.view(site.ws, job)


@router.post("/targets/{name}/check")
def check_target(name: str, site: Here, visitor: Trainer) -> list[CheckAnswer]:
    """Ask a target whether a job could run on it; nothing is rented or changed there."""
    site.refresh()
    found = targets.check_target(site.ws, name, mends=False)
    return [CheckAnswer(**one._asdict()) for one in found]
