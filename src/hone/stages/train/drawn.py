"""What drawing answers adds to a plan: their tokens, and what lies in memory beside the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hone.records.recipe import Resolved
from hone.stages.train.rows import TokenCount
from hone.stages.train.shape import Shape
from hone.workspace.bases import FoundBase


def draws(options: Mapping[str, Resolved]) -> bool:
    """Whether the method draws answers to learn from them."""
    return "training.num_generations" in options


def with_drawn(
    count: TokenCount, options: Mapping[str, Resolved], *, is_training: bool
) -> TokenCount:
    """The same prompts with all the answers drawn to them, per epoch; one each to validate.

    How long answers become is not known: as the accepted ones at least, up to the limit each.
    """
    group = int(options["training.num_generations"].value) if is_training else 1
    longest = int(options["training.max_completion_length"].value)
    limit = int(options["data.max_seq_length"].value)
    prompts = max(0, count.tokens - count.trained_tokens)
    most = max(0, count.tokens_high - count.trained_tokens) + count.rows * longest
    likely = group * (prompts + count.trained_tokens)
    return count.model_copy(
        update={
            "tokens": likely,
            "tokens_low": min(likely, group * count.tokens_low),
            "tokens_high": max(likely, group * most),
            "trained_tokens": group * count.trained_tokens,
            "longest": min(limit, count.longest + longest),
        }
    )


def note_of(count: TokenCount, options: Mapping[str, Resolved]) -> str:
    """What the numbers rest on, in one sentence."""
    group = int(options["training.num_generations"].value)
    longest = int(options["training.max_completion_length"].value)
    return (
        f"{count.rows * group:,} answers are drawn per epoch, {group} to each prompt, of up to "
        f"{longest} tokens; tokens and time are counted with answers as long as the accepted ones "
        "at least."
    )


def beside_bytes(
    options: Mapping[str, Resolved], base: FoundBase, shape: Shape, judges: Sequence[FoundBase]
) -> float:
    """Bytes of reward models, of the reference, and of the cache while answers are drawn."""
    longest = int(options["data.max_seq_length"].value)
    answers = int(options["training.batch_size"].value) * int(
        options["training.gradient_accumulation_steps"].value
    )
    size = 4 if str(options["training.dtype"].value) in ("float32", "fp32") else 2
    cache = answers * longest * shape.layers * 2 * shape.key_values * size
    scores = answers * longest  # of one layer of a reward model at a time
    judging = sum(judge.parameters * 4 + scores * shape.hidden * 8 for judge in judges)
    is_full = "lora.r" not in options
    has_reference = is_full and float(options["training.beta"].value) > 0
    return cache + judging + (base.parameters * 4 if has_reference else 0)
