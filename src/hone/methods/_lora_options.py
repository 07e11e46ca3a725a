"""The options of a low-rank adapter, shared by every method that can train one."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class LoraOptions(BaseModel):
    """The section `lora` of a recipe; leave the whole section out for full fine-tuning."""

    model_config = ConfigDict(extra="forbid")

    r: int = Field(8, ge=1, le=1024, description="rank: columns of each adapter matrix")
    lora_alpha: int = Field(
        16, ge=1, description="scale: what the adapter adds is multiplied by lora_alpha / r"
    )
    lora_dropout: float = Field(
        0.05, ge=0, lt=1, description="share of an adapter's inputs set to 0 while training, 0 to 1"
    )
    target_modules: str | Annotated[list[str], Field(min_length=1)] = Field(
        "auto",
        description="layers that get an adapter; auto: every linear layer but the output head",
    )
    use_dora: bool = Field(
        False, description="DoRA: size and direction of a weight are learned apart; slower"
    )
    use_rslora: bool = Field(
        False, description="rsLoRA: scale by lora_alpha / sqrt(r), which lets high ranks learn"
    )
    load_in_4bit: bool = Field(
        False, description="QLoRA: the base is held in 4 bits (NF4, double quantised); CUDA only"
    )
