"""A task: what an example looks like, how it is asked, and how an answer is judged."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

TaskKind = Literal["qa", "extract", "score", "chat"]
FieldType = Literal["string", "number", "integer", "boolean", "enum", "date"]

SCORE_OF_KIND = {
    "qa": "token_f1",
    "extract": "field_f1",
    "score": "closeness",
    "chat": "token_f1",
}


class TaskField(BaseModel):
    """One field that an `extract` task fills."""

    model_config = ConfigDict(extra="forbid")

    type: FieldType = Field("string", description="what a value is")
    required: bool = Field(False, description="a record without it is invalid")
    values: list[str] = Field(
        default_factory=list[str], description="the allowed values of an enum"
    )
    description: str = Field("", description="one line for people and for few-shot prompts")

    @model_validator(mode="after")
    def _enum_has_values(self) -> TaskField:
        if (self.type == "enum") != bool(self.values):
            raise ValueError("an enum needs values, and only an enum has them")
        return self


class Task(BaseModel):
    """The contents of `tasks/NAME.yaml`."""

    model_config = ConfigDict(extra="forbid")

    kind: TaskKind = Field(description="qa, extract, score or chat")
    name: str = Field(description="the name that examples and recipes use")
    system: str = Field("", description="the system prompt, part of the template; empty for none")
    fields: dict[str, TaskField] = Field(
        default_factory=dict[str, TaskField], description="extract: what to find"
    )
    many: bool = Field(False, description="extract: a message may hold several records")
    weights_in_pounds: dict[str, float] = Field(
        default_factory=dict[str, float],
        description="extract: pounds per unit; an unknown unit stays unknown",
    )
    rules: str | None = Field(None, description="the rule parser: a file in the workspace")
    score: str | None = Field(None, description="the one 0-to-1 score; by default that of the kind")
    context: bool = Field(False, description="qa: passages stand before the question")
    unanswerable: str | None = Field(None, description="qa: the answer where there is none")
    filter: str | None = Field(None, description="score: the folder filters/NAME/v1")
    dimensions: list[str] = Field(default_factory=list[str], description="score: names in order")
    scale: tuple[float, float] = Field((0.0, 10.0), description="score: lowest and highest label")
    roles: list[str] = Field(
        default_factory=lambda: ["user", "assistant"], description="chat: who speaks"
    )

    @model_validator(mode="before")
    @classmethod
    def _lift_many(cls, value: Any) -> Any:
        # The file format writes `many: true` inside `fields`, beside the fields themselves.
        if not isinstance(value, dict):
            return value
        whole = cast("dict[str, Any]", value)
        if not isinstance(whole.get("fields"), dict):
            return whole
        fields = dict(cast("dict[str, Any]", whole["fields"]))
        if isinstance(fields.get("many"), bool):
            return {**whole, "many": fields.pop("many"), "fields": fields}
        return whole

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Task:
        if self.kind == "extract" and not self.fields:
            raise ValueError("an extract task needs at least one field")
        if self.kind != "extract" and self.fields:
            raise ValueError(f"fields belong to extract tasks, not to {self.kind}")
        return self

    @property
    def score_name(self) -> str:
        """The name of the 0-to-1 score of an answer."""
        return self.score or SCORE_OF_KIND[self.kind]
