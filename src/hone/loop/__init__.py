"""The whole product on one page: the loop, as functions over a workspace.

    import_examples → decide → build_dataset → train → evaluate → predict, and again

Each function is what the command of the same name calls. Heavy work runs in a worker process;
these functions follow it and come back when it is done.
"""

from __future__ import annotations

from hone.loop.ahead import LookedUp, look_at_predictions, predict_all, take_in_new
from hone.loop.answering import compare, evaluate, predict, predict_file
from hone.loop.correcting import apply_feedback, promote_flag, report_feedback
from hone.loop.examples import build_dataset, decide, examine_dataset, import_examples
from hone.loop.models import judge_gate, list_models, load_model, merge_model, set_active
from hone.loop.preparing import build_for, freeze_first, preparing
from hone.loop.rounds import look_at_round, measure_round, plan_round, retrain, stop_round
from hone.loop.training import (
    begin_training,
    finish_training,
    known_recipe,
    learning_curve,
    plan_learning_curve,
    plan_training,
    recipe_named,
    resume_job,
    train,
)
from hone.loop.workspaces import check_health, open_workspace, rebuild_standings
from hone.settings import reviewer_name
from hone.stages.prepare import (
    BuildOptions,
    check_files,
    compare_datasets,
    dataset_folder,
    export_dataset,
    kept_out,
)
from hone.stages.recipes import copy_recipe, find_recipe, list_recipes
from hone.workspace.config import load_task as read_task
from hone.workspace.open import Workspace, init_workspace

__all__ = [
    "BuildOptions",
    "LookedUp",
    "Workspace",
    "apply_feedback",
    "begin_training",
    "build_dataset",
    "build_for",
    "check_files",
    "check_health",
    "compare",
    "compare_datasets",
    "copy_recipe",
    "dataset_folder",
    "decide",
    "evaluate",
    "examine_dataset",
    "export_dataset",
    "find_recipe",
    "finish_training",
    "freeze_first",
    "import_examples",
    "init_workspace",
    "judge_gate",
    "kept_out",
    "known_recipe",
    "learning_curve",
    "list_models",
    "list_recipes",
    "load_model",
    "look_at_predictions",
    "look_at_round",
    "measure_round",
    "merge_model",
    "open_workspace",
    "plan_learning_curve",
    "plan_round",
    "plan_training",
    "predict",
    "predict_all",
    "predict_file",
    "preparing",
    "promote_flag",
    "read_task",
    "rebuild_standings",
    "recipe_named",
    "report_feedback",
    "resume_job",
    "retrain",
    "reviewer_name",
    "set_active",
    "stop_round",
    "take_in_new",
    "train",
]
