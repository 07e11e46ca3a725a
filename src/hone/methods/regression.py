"""Regression: several scores of a text at once, one per dimension of the task.

Needs: rows of the format `regression` of a score task; a base that has a
    sequence-classification head in transformers (Qwen2, Llama and most others), or Mamba.
Gives: checkpoints, the model with the lowest validation MAE in final/: an adapter with its head,
    or a whole model; training_history.json and training_metadata.json beside it.
Source: transformers' AutoModelForSequenceClassification with problem_type "regression"; mean
    pooling as in Reimers and Gurevych 2019, arXiv:1908.10084, section 3; Huber loss after Huber
    1964, "Robust estimation of a location parameter".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from hone.errors import InvalidInput, nearest
from hone.methods._building import gather
from hone.methods._histories import write_history
from hone.methods._lora_options import LoraOptions
from hone.methods._rows import read_scored
from hone.methods._running import carry_out
from hone.methods._training_options import TrainingOptions, chosen
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.engine.scoring import ScoreTrainer


class Options(TrainingOptions):
    """The sections `training` and `data` of a recipe."""

    loss: Literal["mse", "huber"] = Field(
        "mse", description="mse: squared errors; huber: large errors count linearly"
    )
    huber_delta: float = Field(
        1.0, gt=0, description="huber: the error, in points, from which it counts linearly"
    )
    pooling: Literal["last", "mean"] = Field(
        "mean",
        description="what the head reads: mean, the mean of all tokens' states; last, the last "
        "token's alone",
    )
    dimension_weights: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict, description="weight of a dimension's error; 1 where none is given"
    )


FORMATS: tuple[str, ...] = ("regression",)
GIVES = "numbers"
"""Not answers: such a model cannot be asked a question."""
RATE_SHARE = 0.5
"""Of the learning rate that sft would choose for the same base and adapter."""
LIMITS: tuple[str, ...] = (
    "The text is read bare, without a chat template; what is too long loses its end.",
    "AutoModelForSequenceClassification reads the last token: it gives other numbers for a model "
    "with training.pooling mean, the default. What reads such a model stands in docs/reference.",
    "Bases without a classification head in transformers are refused; Mamba gets one of ours.",
    "Row weights are kept in the dataset and not used by the loss.",
    "Tested on processors only, in one process and in several; never on cards.",
)


def run(folder: JobFolder) -> dict[str, float] | None:
    """Carry the job out: its figures, or None where it was stopped at a checkpoint."""
    options, lora = chosen(folder.job.spec["options"], Options)
    figures = carry_out(folder, options, lambda: built(folder, options, lora))
    if figures is None or options.dry_run:
        return figures
    return write_history(folder, dimensions_of(folder.job.spec), figures)


def dimensions_of(spec: dict[str, Any]) -> tuple[str, ...]:
    """The dimensions of the job's task, in the order of the labels."""
    return tuple(str(name) for name in spec["task"].get("dimensions") or ())


def built(
    folder: JobFolder, options: Options, lora: LoraOptions | None
) -> tuple[ScoreTrainer, int]:
    """Rows, model and trainer of the job, and how many texts it trains on."""
    from hone.engine.scoring import Scale, ScoreTrainer

    names = dimensions_of(folder.job.spec)
    weights = _weights(names, options)
    found = gather(
        folder,
        options,
        lora,
        lambda split, renderer: read_scored(
            folder, split, renderer, max_length=options.max_seq_length, dimensions=len(names)
        ),
        outputs=len(names),
    )
    scale = Scale(names, weights, options.huber_delta if options.loss == "huber" else None)
    return ScoreTrainer(found, scale), len(found.train)


def problems_with(values: Mapping[str, Any], dimensions: Sequence[str]) -> list[str]:
    """What is wrong with options for a task of these dimensions, in sentences."""
    if not dimensions:
        return ["the task names no dimensions, so there is nothing to score"]
    given: Mapping[str, float] = values["dimension_weights"]
    found = [
        f"training.dimension_weights names {name}, which is no dimension of the task. "
        f"{nearest(name, dimensions)}"
        for name in given
        if name not in dimensions
    ]
    if not found and not any(given.get(name, 1.0) for name in dimensions):
        found.append("training.dimension_weights are all 0: nothing would be learned")
    return found


def _weights(names: tuple[str, ...], options: Options) -> tuple[float, ...]:
    if problems := problems_with(options.model_dump(), names):
        raise InvalidInput(
            f"This training cannot begin: {'; '.join(problems)}.",
            hint="dimensions: [first, second] in the task's file"
            if not names
            else f"The task's dimensions are {', '.join(names)}.",
            problems=problems,
        )
    return tuple(options.dimension_weights.get(name, 1.0) for name in names)
