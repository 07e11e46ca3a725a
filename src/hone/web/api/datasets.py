"""`/api/datasets`: freeze what was reviewed, or a prepared file; take the rows along."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from hone import loop
from hone.errors import NotFound
from hone.records.choice import Word
from hone.records.dataset import Split, SplitRatios
from hone.stages import ingest, prepare
from hone.web.site import Here, Trainer, Viewer

router = APIRouter(prefix="/api/datasets", tags=["datasets"])


class FreezeRequest(BaseModel):
    """What a dataset is called, and what it is."""

    model_config = ConfigDict(extra="forbid")

    name: Word
    format: Word = Field(default="sft", description="what rows are: sft, raft, dpo, …")
    task: Word | None = Field(default=None, description="by default the workspace's task")


class BuildRequest(FreezeRequest):
    """Which dataset is made of the reviewed examples; all else as `hone datasets build` has it."""

    probe: float = Field(
        default=0.0, ge=0, le=0.5, description="share that does not train: finds what to correct"
    )


class LoadRequest(FreezeRequest):
    """A prepared file that was uploaded by POST /api/imports/files."""

    upload: str = Field(max_length=100)


class DatasetAnswer(BaseModel):
    """The version that there is now."""

    ref: str
    format: str
    is_new: bool = Field(description="false: its newest version holds the very same")
    rows: dict[str, int] = Field(description="by split")
    kept_out: dict[str, int] = Field(description="reason -> examples or rows without a place")
    notes: list[str]


@router.post("")
def build(asked: BuildRequest, site: Here, visitor: Trainer) -> DatasetAnswer:
    """Freeze the next version of a dataset from what was accepted or edited."""
    site.refresh()
    usual = SplitRatios.model_validate({})
    ratios = usual.model_copy(update={"train": usual.train - asked.probe, "probe": asked.probe})
    built = loop.build_dataset(
        site.ws, asked.name, format=asked.format, task=asked.task, ratios=ratios
    )
    site.hub.nudge()
    return _answer(built)


@router.post("/load")
def load(asked: LoadRequest, site: Here, visitor: Trainer) -> DatasetAnswer:
    """Freeze the next version of a dataset from a prepared file; 400 lists its wrong lines."""
    site.refresh()
    path = ingest.file_of(site.ws, asked.upload)
    try:
        file = prepare.Prepared(path, path.name)
        built = prepare.load_prepared(
            site.ws, asked.name, file, format=asked.format, task=asked.task
        )
    finally:
        ingest.forget_upload(site.ws, asked.upload)
    site.hub.nudge()
    return _answer(built)


@router.get(
    "/{ref}/rows",
    response_class=FileResponse,
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
def download_rows(
    ref: str,
    site: Here,
    visitor: Viewer,
    split: Annotated[Split, Query(description="which rows")] = "train",
) -> FileResponse:
    """The rows of a split as they were frozen, one JSON object a line."""
    manifest, folder = loop.dataset_folder(site.ws, ref)
    path = folder / f"{split}.jsonl"
    if not path.is_file():
        raise NotFound(f"{manifest.ref} has no {split} split.", hint="split=train")
    named = f"{manifest.name}-{manifest.version}-{split}.jsonl"
    return FileResponse(path, media_type="application/x-ndjson", filename=named)


def _answer(built: prepare.Built) -> DatasetAnswer:
    manifest = built.manifest
    return DatasetAnswer(
        ref=manifest.ref,
        format=manifest.format,
        is_new=built.is_new,
        rows={name: split.rows for name, split in manifest.splits.items()},
        kept_out=manifest.kept_out,
        notes=manifest.notes,
    )
