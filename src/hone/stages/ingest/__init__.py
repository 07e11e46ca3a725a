"""Ingest: rows of files become examples; review sessions are saved and taken up again."""

from hone.stages.ingest.plan import FilePlan, ImportPlan, Wanted, propose_import
from hone.stages.ingest.report import FileReport, ImportReport
from hone.stages.ingest.run import import_examples
from hone.stages.ingest.sessions import SessionReport, load_session, save_session

__all__ = [
    "FilePlan",
    "FileReport",
    "ImportPlan",
    "ImportReport",
    "SessionReport",
    "Wanted",
    "import_examples",
    "load_session",
    "propose_import",
    "save_session",
]
