"""Reinforcement learning: answers are drawn, scored, and the better ones of a prompt are followed.

Needs: rows of the format `sft`: prompts, and the answers that people accepted; a base that already
    answers now and then, best one that sft trained on the same rows.
Gives: checkpoints, the model with the highest validation reward in final/, with its tokenizer.
Source: GRPO is Shao et al. 2024, arXiv:2402.03300; RLOO is Ahmadian et al. 2024, arXiv:2402.14740;
    both through TRL's GRPOTrainer and RLOOTrainer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from hone.errors import InvalidInput
from hone.methods._building import gather
from hone.methods._lora_options import LoraOptions
from hone.methods._rewards import TASK, refuse_constant, rewards_of, unreadable
from hone.methods._rows import Room, read_prompts
from hone.methods._running import carry_out
from hone.methods._training_options import Count, TrainingOptions, chosen
from hone.records.task import Task
from hone.workspace.job_folder import JobFolder

if TYPE_CHECKING:
    from hone.engine.policy import Aims, GroupTrainer, LeaveOneOutTrainer


class Options(TrainingOptions):
    """The sections `training` and `data` of a recipe."""

    algorithm: Literal["grpo", "rloo"] = Field(
        "grpo", description="grpo: against the mean of the group; rloo: of the others in the group"
    )
    reward: str | list[str] = Field(
        TASK, description="task: its own 0-to-1 score; a reward model NAME@VERSION; or a list"
    )
    reward_weights: list[float] = Field(
        default_factory=list[float], description="one weight per reward; 1 each by default"
    )
    batch_size: int = Field(16, ge=1, description="answers that go through the model at once")
    num_generations: int = Field(8, ge=2, le=1024, description="answers drawn to each prompt")
    max_completion_length: int = Field(256, ge=1, description="most tokens of an answer")
    temperature: float = Field(
        1.0, gt=0, le=10, description="of drawing: low is sure of itself, high tries more"
    )
    beta: float = Field(
        0.0, ge=0, le=10, description="how strongly the model is held to its reference; 0: not"
    )
    epsilon: float = Field(
        0.2,
        gt=0,
        lt=1,
        description="most that one step may change an answer's odds; counts with num_iterations",
    )
    num_iterations: Count = Field(1, description="steps that learn from the same answers")
    scale_rewards: Literal["group", "batch", "none"] = Field(
        "group", description="rewards are divided by their spread in the group, the batch, or not"
    )
    loss_type: Literal["grpo", "bnpo", "dr_grpo", "dapo"] = Field(
        "dapo", description="how tokens count: dapo alike over the batch, grpo alike per answer"
    )
    max_steps_without_spread: Count = Field(
        20, description="the run ends after so many steps in which no group had unequal rewards"
    )

    def steps_per_epoch(self, rows: int) -> int:
        """Steps that so many prompts make; a last step that is not full takes prompts twice."""
        prompts = self.batch_size * self.gradient_accumulation_steps // self.num_generations
        return -(-rows // prompts) * self.num_iterations


FORMATS: tuple[str, ...] = ("sft",)
MOST_PROCESSES = 1
"""Answers are drawn from one random state, which a share of the prompts cannot follow."""
RATE_SHARE = 0.1
"""Of the learning rate that sft would choose for the same base and adapter."""
LIMITS: tuple[str, ...] = (
    "Rejected answers are no references; they count through a reward model that learned from them.",
    "A reward model must have the tokenizer and template of the base.",
    "A base that never earns a reward by chance learns nothing: train it with sft first.",
    "Dropout is switched off, so that an answer means the same when it is drawn and learned.",
    "Full fine-tuning with beta above 0 keeps a second copy of the base in memory.",
    "Row weights are kept in the dataset and not used by the loss.",
    "One process and one device: drawn answers follow one random state; tested on processors only.",
)


def problems_of(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with options that are fine one by one, in sentences; keys without section."""
    problems: list[str] = []
    step = values["batch_size"] * values["gradient_accumulation_steps"]
    group = values["num_generations"]
    if step % group:
        problems.append(
            f"training.batch_size x gradient_accumulation_steps is {step}, no multiple of "
            f"num_generations {group} (--set training.batch_size={-(-step // group) * group})"
        )
    if values["max_completion_length"] >= values["max_seq_length"]:
        problems.append(
            f"training.max_completion_length {values['max_completion_length']} leaves no room for "
            f"a prompt in data.max_seq_length {values['max_seq_length']}"
        )
    names = _names(values["reward"])
    weights = values["reward_weights"]
    if not names or len(set(names)) < len(names):
        problems.append("training.reward names no reward, or one twice")
    if weights and len(weights) != len(names):
        problems.append(
            f"training.reward_weights has {len(weights)} numbers for {len(names)} rewards"
        )
    if weights and not any(weights):
        problems.append("training.reward_weights are all 0: every answer would be worth the same")
    if values["algorithm"] == "rloo" and values["loss_type"] != "dapo":
        problems.append("training.loss_type belongs to grpo; rloo has one loss of its own")
    return problems


def run(folder: JobFolder) -> dict[str, float] | None:
    """Carry the job out: its figures, or None where it was stopped at a checkpoint."""
    options, lora = chosen(folder.job.spec["options"], Options)
    return carry_out(folder, options, lambda: built(folder, options, lora))


def built(
    folder: JobFolder, options: Options, lora: LoraOptions | None
) -> tuple[GroupTrainer | LeaveOneOutTrainer, int]:
    """Rows, model, rewards and trainer of the job, and how many prompts it trains on."""
    from hone.engine.policy import GroupTrainer, LeaveOneOutTrainer

    if problems := problems_of(options.model_dump()):
        raise InvalidInput(
            f"This training cannot begin: {'; '.join(problems)}.",
            hint="hone train RECIPE --plan   (shows every value and where it comes from)",
            problems=problems,
        )
    names = _names(options.reward)
    task = Task.model_validate(folder.job.spec["task"])
    room = Room(
        options.max_seq_length,
        options.max_completion_length,
        lambda reference: unreadable(task, reference) if TASK in names else "",
    )
    found = gather(
        folder, options, lora, lambda split, renderer: read_prompts(folder, split, renderer, room)
    )
    rewards = rewards_of(folder, names, options.reward_weights or [1.0] * len(names))
    refuse_constant(rewards, found.train)
    kind = GroupTrainer if options.algorithm == "grpo" else LeaveOneOutTrainer
    return kind(found, _aims(folder, options), rewards), len(found.train)


def _aims(folder: JobFolder, options: Options) -> Aims:
    from hone.engine.load import BaseSpec
    from hone.engine.policy import Aims
    from hone.rendering.tokens import Renderer

    path = BaseSpec.of(folder.job.spec["base"]).path
    return Aims(
        group=options.num_generations,
        longest_answer=options.max_completion_length,
        temperature=options.temperature,
        beta=options.beta,
        epsilon=options.epsilon,
        rounds=options.num_iterations,
        scale=options.scale_rewards,
        loss=options.loss_type,
        stop_ids=Renderer.load(path).stop_ids,
        patience=options.max_steps_without_spread,
        tokenizer_file=path / "tokenizer.json",
        warn=lambda text: folder.append("log", level="warning", text=text),
    )


def _names(reward: str | list[str]) -> list[str]:
    return [reward] if isinstance(reward, str) else list(reward)
