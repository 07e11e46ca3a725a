"""What the generators that need a model share: their options, and the way into the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hone.generators._answers import Answer
from hone.rendering.tokens import Prompt, Renderer


class ModelOptions(BaseModel):
    """Which base answers, and within which limits."""

    model_config = ConfigDict(extra="forbid")

    base: Path = Field(description="folder of the base")
    max_new_tokens: int = Field(256, ge=1, description="most tokens of an answer")
    batch_size: int = Field(16, ge=1, description="prompts that are answered at once")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="where it runs; auto: a card where there is one"
    )
    dtype: Literal["float32", "bfloat16"] = Field("float32", description="type of the weights")
    init: Literal["trained", "random"] = Field(
        "trained", description="random: a control with fresh weights of the same shape"
    )
    init_seed: int = Field(0, ge=0, description="of random weights")
    embedding_scale: float = Field(
        1.0, gt=0, description="random weights: the embedding is multiplied by it"
    )


def answers_of(
    prompts: Sequence[Prompt], options: ModelOptions, *, adapter: Path | None
) -> Iterator[list[tuple[int, Answer]]]:
    """(place, answer) of each prompt, one list per finished batch."""
    for batch in _answering(options, adapter).answers(prompts):
        yield [(place, Answer(text, one.logprob, one.is_complete)) for place, text, one in batch]


def loaded(options: ModelOptions, *, adapter: Path | None) -> tuple[Any, Any, Any]:
    """(model, tokenizer, device) for people's own programs: the model that would answer here."""
    from hone.engine.load import tokenizer_of

    model = _answering(options, adapter).model
    end_of_turn = Renderer.load(options.base).stop_ids[0]
    tokenizer = tokenizer_of(options.base, end_of_turn)
    return model, tokenizer, next(model.parameters()).device


def spec_of(options: ModelOptions, adapter: Path | None) -> Any:
    """What the engine is told of a model and its limits."""
    from hone.engine.answer import AnswerSpec
    from hone.engine.load import BaseSpec

    base = BaseSpec(
        id=options.base.name,
        path=options.base,
        init=options.init,
        init_seed=options.init_seed,
        embedding_scale=options.embedding_scale,
    )
    return AnswerSpec(
        base=base,
        adapter=adapter,
        max_new_tokens=options.max_new_tokens,
        batch_size=options.batch_size,
        device=options.device,
        dtype=options.dtype,
    )


def _answering(options: ModelOptions, adapter: Path | None) -> Any:
    from hone.engine.answer import Answering

    return Answering(spec_of(options, adapter))
