"""A small record beside a job, in a file of the job's folder: changed by one process at a time."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from hone.errors import InvalidInput
from hone.workspace.file_lock import holding
from hone.workspace.files import write_json
from hone.workspace.job_folder import JobFolder

LOCK_SECONDS = 60.0
Record = TypeVar("Record", bound=BaseModel)


class SharedRecord(NamedTuple, Generic[Record]):
    """Which file holds it, which one is its lock, what it is, and whom to ask where it is torn."""

    place: str
    lock: str
    kind: type[Record]
    hint: str

    def read(self, folder: JobFolder) -> Record:
        """What the file holds; an empty record where there is none.

        Raises InvalidInput, with the hint, where it cannot be read.
        """
        path = folder.path / self.place
        try:
            return self.kind.model_validate(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return self.kind()
        except (ValueError, ValidationError) as error:
            raise InvalidInput(f"{path} cannot be read.", hint=self.hint) from error

    @contextmanager
    def changing(self, folder: JobFolder) -> Generator[Record]:
        """The record to change; where it was, it is on the disk when the block has ended well.

        Raises Conflict where another process holds it for longer than LOCK_SECONDS.
        """
        path = folder.path / self.place
        with holding(
            folder.path / self.lock,
            within=LOCK_SECONDS,
            refused=f"Another process has been writing {path} for {LOCK_SECONDS:g} seconds.",
            hint="hone jobs list",
        ):
            found = self.read(folder)
            before = found.model_dump(mode="json")
            yield found
            after = found.model_dump(mode="json")
            if after != before:
                write_json(path, after)
