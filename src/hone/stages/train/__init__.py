"""Train: resolve a recipe, plan it, start it, register what came of it."""

from hone.stages.train.again import recipe_of
from hone.stages.train.bases import BaseFitness, ListedBase, judge_base, list_bases
from hone.stages.train.cards import CardPlan, cards_for
from hone.stages.train.checks import Found
from hone.stages.train.enough import too_few_for
from hone.stages.train.machine import Machine, look_at_this_machine
from hone.stages.train.menu import Menu, MenuRecipe, menu
from hone.stages.train.merge import merge, start_merge
from hone.stages.train.places import shown_places
from hone.stages.train.plan import Plan
from hone.stages.train.prepare import Prepared, prepare_checked, prepare_training
from hone.stages.train.recipe import CheckedRecipe, check_recipe, read_recipe
from hone.stages.train.register import Collected, collect_trained
from hone.stages.train.start import (
    Started,
    check_version,
    missing_for_a_real_run,
    refuse_unready,
    start_dry_run,
    start_training,
)
from hone.stages.train.subsets import (
    PlannedSubsets,
    TrainedSubset,
    contender_of,
    plan_subsets,
    train_subsets,
)

__all__ = [
    "BaseFitness",
    "CardPlan",
    "CheckedRecipe",
    "Collected",
    "Found",
    "ListedBase",
    "Machine",
    "Menu",
    "MenuRecipe",
    "Plan",
    "PlannedSubsets",
    "Prepared",
    "Started",
    "TrainedSubset",
    "cards_for",
    "check_recipe",
    "check_version",
    "collect_trained",
    "contender_of",
    "judge_base",
    "list_bases",
    "look_at_this_machine",
    "menu",
    "merge",
    "missing_for_a_real_run",
    "plan_subsets",
    "prepare_checked",
    "prepare_training",
    "read_recipe",
    "recipe_of",
    "refuse_unready",
    "shown_places",
    "start_dry_run",
    "start_merge",
    "start_training",
    "too_few_for",
    "train_subsets",
]
