"""The options that every method of training has, and their check when a job begins."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from hone.errors import InvalidInput
from hone.methods._lora_options import LoraOptions

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Reaction = Literal["stop", "warn", "ignore"]
SECTION_DATA: dict[str, JsonValue] = {"section": "data"}


class TrainingOptions(BaseModel):
    """The sections `training` and `data` of a recipe, as far as every method has them."""

    model_config = ConfigDict(extra="forbid")
    LEAST_BATCH: ClassVar[int] = 1
    """Fewest rows that may go through at once."""
    IS_BATCH_SHARED: ClassVar[bool] = False
    """Whether several processes must all take part in each batch."""

    dry_run: bool = Field(
        False, description="build everything, run one batch forward, train and keep nothing"
    )
    epochs: float = Field(3, ge=0, le=10_000, description="passes over the training rows")
    max_steps: Count | None = Field(
        None, description="steps of the optimizer; where set, it decides instead of epochs"
    )
    batch_size: int = Field(4, ge=1, description="rows that go through the model at once")
    gradient_accumulation_steps: int = Field(
        1, ge=1, description="batches that make one step of the optimizer"
    )
    processes: Count | Literal["auto"] = Field(
        "auto",
        description="processes that train together on this machine, each with a share of every "
        "step's rows; auto: one per NVIDIA card, else 1",
    )
    auto_batch: bool = Field(
        False,
        description="after running out of memory go on with half the batch and twice the "
        "accumulation: the same rows in each step",
    )
    learning_rate: Positive | Literal["auto"] | None = Field(
        "auto", description="size of a step; auto: by adapter or full, and the base's parameters"
    )
    lr_scheduler: Literal["cosine", "linear", "constant"] = Field(
        "cosine", description="how the learning rate falls after the warm-up"
    )
    warmup_ratio: float = Field(
        0.03,
        ge=0,
        lt=1,
        description="share of all steps over which the learning rate rises, 0 to 1",
    )
    warmup_steps: Annotated[int, Field(ge=0)] | None = Field(
        None, description="the same in steps; where set, it decides instead of warmup_ratio"
    )
    weight_decay: float = Field(0.0, ge=0, le=1, description="pull of the weights to 0, per step")
    max_grad_norm: float = Field(
        1.0, gt=0, description="gradients are scaled down to this length (L2 norm)"
    )
    seed: int = Field(0, ge=0, lt=2**32, description="of adapter weights, order and dropout")
    eval_steps: Count | None = Field(
        None, description="steps between validations; by default one after each epoch"
    )
    save_steps: Count | None = Field(
        None, description="steps between checkpoints; by default one after each epoch"
    )
    save_minutes: float = Field(
        10.0, gt=0, description="a checkpoint is also written after so many minutes without one"
    )
    keep_checkpoints: int = Field(2, ge=1, description="checkpoints kept on disk, the newest")
    early_stopping_evals: Count | None = Field(
        None, description="stop after so many validations without a new best; by default never"
    )
    on_not_finite: Reaction = Field(
        "stop", description="when a loss or a gradient is no number any more: stop, warn or ignore"
    )
    on_divergence: Reaction = Field(
        "stop", description="when the loss stays far above its best: stop, warn or ignore"
    )
    on_no_learning: Reaction = Field(
        "warn",
        description="when validation is no better than before the first step at the half of the "
        "run: stop, warn or ignore",
    )
    on_overfitting: Reaction = Field(
        "warn",
        description="when validation rises three times in a row while training falls: stop (with "
        "the best weights), warn or ignore",
    )
    samples: int = Field(
        2,
        ge=0,
        le=10,
        description="best, worst and random predictions shown at each validation, of each kind",
    )
    logging_steps: int = Field(
        10, ge=1, description="steps between metrics; at least one every 5 seconds in any case"
    )
    length_grouping: bool | Literal["auto"] | None = Field(
        "auto",
        description="rows of similar length share a batch: less padding, up to twice as fast; "
        "auto: wherever a batch is padded",
    )
    gradient_checkpointing: bool = Field(
        False, description="compute activations twice instead of keeping them: slower, less memory"
    )
    dtype: Literal["float32", "bfloat16", "auto"] | None = Field(
        "auto", description="type of the numbers; auto: by device and the base's parameters"
    )
    threads: Count | Literal["auto"] | None = Field(
        "auto", description="processor threads; auto: all physical cores but one"
    )
    max_seq_length: int = Field(
        512,
        ge=8,
        description="most tokens of a row, prompt and answer",
        json_schema_extra=SECTION_DATA,
    )

    def steps_per_epoch(self, rows: int) -> int:
        """Steps of the optimizer that so many rows make; a last partial batch is a step."""
        return math.ceil(math.ceil(rows / self.batch_size) / self.gradient_accumulation_steps)


OptionsOfMethod = TypeVar("OptionsOfMethod", bound=TrainingOptions)


def chosen(
    options: Mapping[str, Any], model: type[OptionsOfMethod]
) -> tuple[OptionsOfMethod, LoraOptions | None]:
    """The frozen options of a job ({"training.epochs": {"value", "source"}, …}), checked again.

    Without any `lora.*` the training is a full one. InvalidInput lists every problem.
    """
    sections: dict[str, dict[str, Any]] = {"training": {}, "data": {}, "lora": {}}
    for key, resolved in options.items():
        section, _, name = key.partition(".")
        if name and section in sections:
            sections[section][name] = resolved["value"]
    problems: list[str] = []
    found = lora = None
    try:
        found = model.model_validate({**sections["training"], **sections["data"]})
        problems += _open_or_empty(found)
    except ValidationError as error:
        problems += [f"{_place(one)}: {one['msg']}" for one in error.errors()]
    try:
        lora = LoraOptions.model_validate(sections["lora"]) if sections["lora"] else None
    except ValidationError as error:
        problems += [f"lora.{_place(one)}: {one['msg']}" for one in error.errors()]
    if problems or found is None:
        raise InvalidInput(
            f"This training cannot begin: {'; '.join(problems)}.",
            hint="hone train RECIPE --plan   (shows every value and where it comes from)",
            problems=problems,
        )
    return found, lora


def _open_or_empty(options: TrainingOptions) -> list[str]:
    problems: list[str] = []
    if not options.dry_run and not options.max_steps and options.epochs <= 0:
        problems.append("training.epochs is 0 (--set training.epochs=3)")
    problems += [
        f"training.{name} is still open"
        for name in ("learning_rate", "dtype", "threads")
        if getattr(options, name) in (None, "auto")
    ]
    return problems


def _place(error: Any) -> str:
    return ".".join(str(part) for part in error["loc"])
