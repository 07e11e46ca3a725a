"""Ingest: rows of files become examples; review sessions are saved and taken up again."""

from hone.stages.ingest.ordered import (
    Order,
    Progressed,
    cancel_import,
    carry_out,
    forget_upload,
    look_at_import,
    note_process,
    place_order,
    plan_upload,
    refused_rows,
    sweep_uploads,
    take_back_order,
)
from hone.stages.ingest.plan import FilePlan, ImportPlan, Wanted, propose_import
from hone.stages.ingest.report import FileReport, ImportReport
from hone.stages.ingest.run import import_examples
from hone.stages.ingest.sessions import SessionReport, load_session, save_session
from hone.stages.ingest.uploads import Upload, file_of, receive, scratch_folder
from hone.workspace.priority import give_way

__all__ = [
    "FilePlan",
    "FileReport",
    "ImportPlan",
    "ImportReport",
    "Order",
    "Progressed",
    "SessionReport",
    "Upload",
    "Wanted",
    "cancel_import",
    "carry_out",
    "file_of",
    "forget_upload",
    "give_way",
    "import_examples",
    "load_session",
    "look_at_import",
    "note_process",
    "place_order",
    "plan_upload",
    "propose_import",
    "receive",
    "refused_rows",
    "save_session",
    "scratch_folder",
    "sweep_uploads",
    "take_back_order",
]
