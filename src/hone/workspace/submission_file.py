"""`serverless.json` in a job's folder: what was asked of an endpoint, changed by one at a time."""

from __future__ import annotations

from contextlib import AbstractContextManager

from hone.records.submission import Submission, Submissions
from hone.workspace.job_folder import JobFolder
from hone.workspace.shared_record import SharedRecord

RECORD = SharedRecord(
    place="serverless.json",
    lock=".serverless.lock",
    kind=Submissions,
    hint="Look at the endpoint's requests in RunPod's console.",
)


def submissions_of(folder: JobFolder) -> Submissions:
    """Every request that was made for a job; none where it was never sent to an endpoint."""
    return RECORD.read(folder)


def changing_submissions(folder: JobFolder) -> AbstractContextManager[Submissions]:
    """The requests to change; on the disk when the block has ended well."""
    return RECORD.changing(folder)


def note_submission(folder: JobFolder, ticket: str, **fields: object) -> Submission | None:
    """Change fields of the request of a ticket; None where there is none."""
    with changing_submissions(folder) as found:
        for one in found.submissions:
            if one.ticket == ticket:
                for name, value in fields.items():
                    setattr(one, name, value)
                return one
    return None
