"""The store of a workspace: one database file, opened once, with a part per noun."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Engine

from hone.errors import NotFound
from hone.workspace.store.attempts import Attempts
from hone.workspace.store.connection import open_engine
from hone.workspace.store.datasets import Datasets
from hone.workspace.store.evaluations import Evaluations
from hone.workspace.store.examples import Examples
from hone.workspace.store.feed import Feed
from hone.workspace.store.flags import Flags
from hone.workspace.store.jobs import Jobs
from hone.workspace.store.journal import Journal
from hone.workspace.store.ledger import Ledger
from hone.workspace.store.likeness import Likeness
from hone.workspace.store.models import Models
from hone.workspace.store.people import People
from hone.workspace.store.placements import Placements
from hone.workspace.store.predicted import PredictedAhead
from hone.workspace.store.promotions import Promotions
from hone.workspace.store.repeats import Repeats
from hone.workspace.store.reviewed import ReviewedExamples
from hone.workspace.store.revision import bring_up_to_date, refuse_other_revisions
from hone.workspace.store.soundness import Soundness


class Store:
    """Everything that is kept about examples, reviews, datasets, models, jobs and money.

    Open it with `Store.open`; it may be used from several threads and several processes.
    """

    def __init__(
        self, engine: Engine, root: Path, *, file: str = "hone.db", is_read_only: bool = False
    ) -> None:
        self._engine = engine
        self._root, self._file = root, file
        self.is_read_only = is_read_only
        self.examples = Examples(engine)
        self.reviewed = ReviewedExamples(engine)
        self.likeness = Likeness(engine)
        self.journal = Journal(engine)
        self.feed = Feed(engine)
        self.repeats = Repeats(engine)
        self.datasets = Datasets(engine)
        self.placements = Placements(engine)
        self.models = Models(engine, root)
        self.people = People(engine)
        self.evaluations = Evaluations(engine)
        self.flags = Flags(engine)
        self.promotions = Promotions(engine)
        self.predicted = PredictedAhead(engine)
        self.jobs = Jobs(engine)
        self.attempts = Attempts(engine)
        self.ledger = Ledger(engine)
        self.soundness = Soundness(engine)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Opens the database file, brings an older one up to date, makes it where it is absent.

        WorkspaceTooNew where a later Hone wrote it; a HoneError in two lines where the disk or
        the file refuses. Where nothing may be written, reading works and the first write says so.
        """
        is_read_only = _is_read_only(path)
        engine = open_engine(path, is_read_only=is_read_only)
        try:
            bring_up_to_date(engine, path)
        except BaseException:
            engine.dispose()
            raise
        root = path.parent.resolve()
        return cls(engine, root, file=path.name, is_read_only=is_read_only)

    @classmethod
    def look_into(cls, path: Path) -> Store:
        """Opens the database file only to be read; it stays as it is, whatever its version.

        NotFound where there is none; WorkspaceTooNew where a later Hone wrote it, WorkspaceTooOld
        where opening it would bring it up to date.
        """
        if not path.is_file():
            raise NotFound(
                f"The store {path} is gone.", hint="Restore it from a backup of the workspace."
            )
        engine = open_engine(path, is_read_only=True)
        try:
            refuse_other_revisions(engine, path)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, path.parent.resolve(), file=path.name, is_read_only=True)

    def mark(self) -> tuple[int, ...]:
        """A sign that differs after a write of anybody; two writes of one instant may share it.

        Cheap enough to be asked for several times a second.
        """
        found: list[int] = []
        for name in (self._file, f"{self._file}-wal"):
            try:
                stat = (self._root / name).stat()
            except FileNotFoundError:
                continue
            found += [stat.st_mtime_ns, stat.st_size]
        return tuple(found)

    def close(self) -> None:
        """Gives the file back; the store must not be used afterwards."""
        self._engine.dispose()


def _is_read_only(path: Path) -> bool:
    # The folder counts as well: SQLite keeps its log beside the file.
    return path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))
