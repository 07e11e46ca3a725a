"""Learning from rewards: TRL's GRPO and RLOO trainers on prompts that Hone rendered.

Each step draws `group` answers to every prompt of the step, scores them, and moves the model to
those that are better than the others of their group. The answers are Hone's own: rendered ids in,
the base's stops out, the text as an evaluation would read it. The reference is the model as the run
begins. What was drawn is part of a checkpoint wherever it serves several steps.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from datasets import Dataset
from tokenizers import Tokenizer
from torch import nn
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer
from trl.trainer.utils import add_fused_lm_head, split_tensor_dict

from hone.engine.generate import Generated, Limits, answers
from hone.engine.quiet import quiet
from hone.engine.rewards import Answered, Reward, as_function
from hone.engine.samples import Judged, clipped
from hone.engine.sampling import EpochOrder, Groups
from hone.engine.train_loop import Exact, Parts, TrainingPlan, arguments_of
from hone.errors import HoneError

_Library = GRPOTrainer if TYPE_CHECKING else object
ROLLOUTS = "rollouts.pt"
WARNED_STEPS = 10
"""Over so many steps the share of groups without spread is judged."""
WARNED_SHARE = 0.5


@dataclass(frozen=True)
class Aims:
    """What learning from rewards is told beside the plan."""

    group: int
    """Answers drawn to each prompt."""
    longest_answer: int
    temperature: float
    beta: float
    epsilon: float
    rounds: int
    """Steps that learn from the same answers."""
    scale: str
    loss: str
    stop_ids: tuple[int, ...]
    patience: int
    """Steps in a row without any spread after which the run ends."""
    tokenizer_file: Path
    warn: Callable[[str], object]


class _Policy(Exact, _Library):
    """What GRPO and RLOO share; mixed in before the library's trainer."""

    BEST = "eval_reward"
    IS_HIGHER_BETTER = True
    HAS_FALLING_LOSS = False  # near 0 by construction
    SHOWN: ClassVar[Mapping[str, str]] = {
        "reward": "reward",
        "reward_std": "reward_std",
        "kl": "kl",
        "entropy": "entropy",
        "completions/mean_length": "completion_length",
        "completions/clipped_ratio": "cut_share",
        "clip_ratio/region_mean": "clipped_share",
        "no_spread": "no_spread_share",
    }
    CONFIG: ClassVar[Any] = GRPOConfig

    def __init__(self, parts: Parts, aims: Aims, rewards: Sequence[Reward]) -> None:
        self.begin(parts)
        self.aims, self.rewards = aims, tuple(rewards)
        self._spreads: list[float] = []
        self._barren = 0
        self._validated: dict[int, tuple[str, float]] = {}
        self._is_warned = False
        self._reader = Tokenizer.from_file(str(aims.tokenizer_file))
        # All weights are trained: the model as it begins is kept beside it.
        reference: Any = None
        if aims.beta and not hasattr(parts.model, "peft_config") and not parts.is_on_meta:
            reference = copy.deepcopy(parts.model).eval().requires_grad_(False)
        held = _held_configuration(parts.model)
        with quiet():
            super().__init__(
                model=parts.model,
                reward_funcs=[as_function(reward) for reward in rewards],  # type: ignore[arg-type]
                args=self.arguments(parts.plan, parts.place, keeps_reference=reference is None),
                train_dataset=Dataset.from_list([dict(row) for row in parts.train]),
                processing_class=parts.tokenizer,
            )
        _put_back(held)
        self.eos_token_ids = list(aims.stop_ids)
        if reference is not None:
            add_fused_lm_head(reference, temperature=aims.temperature)
            self.beta, self.ref_model = aims.beta, reference
        for name, weight in self.model.named_parameters():
            if ".ref." in name:
                weight.requires_grad_(False)
        self.settle()
        # The library decodes through it; the text is the one that an evaluation would read.
        self.processing_class: Any = self

    def arguments(self, plan: TrainingPlan, place: Path, *, keeps_reference: bool) -> Any:
        """The library's configuration."""
        aims = self.aims
        return self.CONFIG(
            **arguments_of(plan, place),
            **self.own_arguments(),
            num_generations=aims.group,
            max_completion_length=aims.longest_answer,
            temperature=aims.temperature,
            beta=aims.beta if keeps_reference else 0.0,
            epsilon=aims.epsilon,
            num_iterations=aims.rounds,
            reward_weights=[reward.weight for reward in self.rewards],
            # What the model says must not depend on what is dropped.
            disable_dropout=True,
        )

    def own_arguments(self) -> dict[str, Any]:
        """What only one of both is told."""
        return {}

    # The order of prompts

    @property
    def prompts_per_round(self) -> int:
        """Prompts whose answers one step learns from."""
        return self.plan.batch_size * self.plan.accumulation // self.aims.group

    def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
        order = EpochOrder(
            [self.length_of(row) for row in self._train_rows],
            batch_size=self.prompts_per_round,
            seed=self.plan.seed,
            is_grouped=self.plan.is_grouped,
        )
        uses = self.plan.accumulation * self.aims.rounds
        return Groups(order, prompts=self.prompts_per_round, group=self.aims.group, uses=uses)

    def length_of(self, row: Any) -> int:
        """Tokens of the prompt."""
        return len(row["prompt_ids"])

    def heaviest_rows(self) -> list[Any]:
        """One round of prompts, the longest ones."""
        order = self._get_train_sampler().order(0)
        return [
            self._train_rows[place] for place in order[: self.prompts_per_round * self.aims.group]
        ]

    def ids_of(self, batch: Any) -> torch.Tensor:
        """Of the longest prompt, with room for an answer."""
        longest = max(self.length_of(row) for row in batch) + self.aims.longest_answer
        return torch.zeros(self.plan.batch_size, longest, dtype=torch.long)

    # Answers and their rewards

    def batch_decode(self, answers: Sequence[Sequence[int]], **_: Any) -> list[str]:
        """The texts of answers, without what ends them and the white space around."""
        return [self._reader.decode(list(ids), skip_special_tokens=True).strip() for ids in answers]

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        self._asked = [row["prompt_ids"] for row in inputs]
        with quiet():
            found: Any = super()._generate_and_score_completions(inputs)
        if self.model.training:
            self.tokens_seen += int(found["prompt_mask"].sum() + found["completion_mask"].sum())
        return found

    def _tokenize_prompts(self, prompts: list[Any]) -> Any:
        """The ids that Hone rendered: the text alone may hold what looks like markup."""
        return self._asked, None, {}

    def _sampled(self, prompts: Sequence[Sequence[int]]) -> list[list[int]]:
        return [_whole(one) for one in self._drawn(prompts, self.aims.temperature)]

    def _drawn(self, prompts: Sequence[Sequence[int]], temperature: float) -> list[Generated]:
        """An answer to each prompt, in their order."""
        # A round at once; after a shortage of memory as much less as goes through in training.
        rows = self.prompts_per_round * self.aims.group
        whole = self.plan.grouped_by or self.plan.batch_size
        at_once = max(1, rows * self.plan.batch_size // whole)
        limits = Limits(self.aims.stop_ids, self.aims.longest_answer, at_once, temperature)
        was_training, found = self.model.training, dict[int, Generated]()
        with self.accelerator.autocast():
            for batch in answers(self.model, prompts, limits):
                found.update(batch)
        self.model.train(was_training)
        return [found[place] for place in range(len(prompts))]

    def _calculate_rewards(self, *given: Any) -> Any:
        """The library's table of rewards; groups whose answers all got the same are counted."""
        table = super()._calculate_rewards(*given)
        if not torch.isfinite(table).all():
            raise HoneError(
                "A reward is no finite number.",
                hint="Train the reward model anew with a lower training.learning_rate.",
            )
        if self.model.training:
            totals = (table * self.reward_weights.to(table.device)).sum(1).view(-1, self.aims.group)
            spread = totals.max(1).values - totals.min(1).values
            self._look_at_spread(float((spread <= 1e-6).float().mean()), float(totals.mean()))
        return table

    def _look_at_spread(self, without: float, mean: float) -> None:
        """Warn of many groups whose answers are all worth the same, and end what cannot learn."""
        self._metrics["train"]["no_spread"].append(without)
        self._spreads = [*self._spreads[1 - WARNED_STEPS :], without]
        share = sum(self._spreads) / len(self._spreads)
        if len(self._spreads) == WARNED_STEPS and share >= WARNED_SHARE and not self._is_warned:
            self._is_warned = True
            self.aims.warn(
                f"In {share:.0%} of the groups all {self.aims.group} answers got the same reward "
                f"(mean {mean:.3f}), so nothing is learned from them. More answers per prompt "
                "(training.num_generations), a higher training.temperature, or a model that "
                "already answers now and then, give more."
            )
        self._barren = self._barren + 1 if without == 1 else 0
        if self._barren >= self.aims.patience:
            raise HoneError(
                f"For {self._barren} steps in a row every answer to a prompt got the same reward "
                f"(mean {mean:.3f}): there is nothing to learn from.",
                hint="Begin from a model that was trained with sft on the same rows: "
                "--set base=NAME@VERSION; or raise training.temperature and num_generations.",
            )

    # Validation: the likeliest answer to each prompt

    def validation_figures(self) -> dict[str, float]:
        """Mean reward, length, and share of answers that were cut off, without chance."""
        self.model.eval()
        rows = sorted(self._val_rows, key=self.length_of)
        drawn = self._drawn([row["prompt_ids"] for row in rows], 0.0)
        texts = self.batch_decode([one.ids for one in drawn])
        answered = [
            Answered(row["prompt_ids"], _whole(one), text, row["reference"])
            for row, one, text in zip(rows, drawn, texts, strict=True)
        ]
        worth = {reward.name: reward.of(answered) for reward in self.rewards}
        weights = [(reward.weight, worth[reward.name]) for reward in self.rewards]
        totals = [sum(w * each[place] for w, each in weights) for place in range(len(rows))]
        self._validated = {
            id(row): (text, total) for row, text, total in zip(rows, texts, totals, strict=True)
        }
        figures = {"eval_reward": sum(totals) / len(rows)}
        if len(self.rewards) > 1:
            figures |= {
                f"eval_reward_{name}": sum(each) / len(rows) for name, each in worth.items()
            }
        lengths = [len(one.answer_ids) for one in answered]
        figures["eval_completion_length"] = sum(lengths) / len(rows)
        figures["eval_cut_share"] = sum(not one.is_complete for one in drawn) / len(rows)
        return figures

    def judged(self, rows: Sequence[Any]) -> list[Judged]:
        """By the reward of the answer that the validation just drew."""
        found: list[Judged] = []
        for row in rows:
            text, total = self._validated[id(row)]
            shown = {
                "prompt": clipped(row["prompt"]),
                "expected": clipped(row["reference"]),
                "predicted": clipped(text),
                "reward": round(total, 4),
            }
            found.append(Judged(total, shown))
        return found

    # Checkpoints

    def tokens_of(self, batch: Any) -> int:
        """Counted where they are drawn."""
        return 0

    def _save_rng_state(self, output_dir: str) -> None:
        """Random states, and the answers that a later step still learns from."""
        super()._save_rng_state(output_dir)
        round_ = self._step // self.plan.accumulation % self.aims.rounds
        if round_:
            state = {"round": round_, "batches": self._buffered_inputs}
            torch.save(state, str(Path(output_dir) / ROLLOUTS))

    def _load_rng_state(self, checkpoint: str | None) -> None:
        super()._load_rng_state(checkpoint)
        path = Path(checkpoint or "") / ROLLOUTS
        if checkpoint and path.is_file():
            state = torch.load(str(path), weights_only=True)
            self._step = state["round"] * self.plan.accumulation
            self._buffered_inputs = _in_parts(state["batches"], self.plan.accumulation)


class GroupTrainer(_Policy, GRPOTrainer):
    """Group relative policy optimisation: an answer counts against the mean of its group."""

    def own_arguments(self) -> dict[str, Any]:
        """How rewards are scaled, and how tokens are counted."""
        return {"scale_rewards": self.aims.scale, "loss_type": self.aims.loss}

    def _generate_single_turn(self, prompt_ids: Any, *_: Any, **__: Any) -> Any:
        """Answers, and no log-probabilities of another engine."""
        return self._sampled(prompt_ids), None


# For the checker alone `_Policy` stands on the other trainer, whose parts are named alike.
class LeaveOneOutTrainer(_Policy, RLOOTrainer):  # pyright: ignore[reportIncompatibleMethodOverride]
    """REINFORCE leave-one-out: an answer counts against the mean of the others of its group."""

    CONFIG: ClassVar[Any] = RLOOConfig

    def own_arguments(self) -> dict[str, Any]:
        """Whether what is left after the mean is scaled over the batch."""
        return {"normalize_advantages": self.aims.scale == "batch"}

    def _generate_single_turn(self, prompt_ids: Any, *_: Any, **__: Any) -> Any:
        """Answers alone."""
        return self._sampled(prompt_ids)


def _whole(answer: Generated) -> list[int]:
    return answer.ids if answer.stop_id is None else [*answer.ids, answer.stop_id]


def _in_parts(batches: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """The same rows in so many batches: fewer went through at once when they were kept."""
    if len(batches) == count:
        return batches
    first = batches[0]
    whole = {
        name: torch.cat([one[name] for one in batches])
        if isinstance(value, torch.Tensor) and value.ndim
        else value
        for name, value in first.items()
    }
    return split_tensor_dict(whole, count)


def _held_configuration(model: nn.Module) -> list[tuple[Any, Any]]:
    """What the library would change of the model's files: the id of padding, in two places."""
    found: Any = model
    places = [found.config.get_text_config(), getattr(found, "generation_config", None)]
    return [(one, getattr(one, "pad_token_id", None)) for one in places if one is not None]


def _put_back(held: list[tuple[Any, Any]]) -> None:
    for place, pad_id in held:
        place.pad_token_id = pad_id
