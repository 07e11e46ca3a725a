"""Frozen datasets: numbered without gaps, and what was ever tested."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select

from hone.errors import Conflict, InvalidInput, NotFound, nearest
from hone.records.dataset import Manifest, Member
from hone.workspace import clock
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.feedback_tables import promotions
from hone.workspace.store.tables import datasets, examples, members, tested

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class Datasets:
    """`store.datasets`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def next_version(self, name: str) -> int:
        """The number that the next version of this name must have."""
        with reading(self._engine) as connection:
            return _newest(connection, name) + 1

    def freeze(self, manifest: Manifest, chosen: Iterable[Member]) -> Manifest:
        """Records a version and its members, all or nothing; the same version twice is harmless.

        Conflict where the number is not the next one; NotFound where a member is no example.
        """
        if not NAME.fullmatch(manifest.name):
            raise InvalidInput(
                f'"{manifest.name}" cannot name a dataset.',
                hint="Use letters, digits, dot, dash and underscore, at most 80.",
            )
        with writing(self._engine) as connection:
            known = _find(connection, manifest.name, manifest.version)
            if known is not None and known.sha256 == manifest.sha256:
                return Manifest.model_validate_json(known.manifest)
            following = _newest(connection, manifest.name) + 1
            if manifest.version != following:
                raise Conflict(
                    f"{manifest.ref} cannot be frozen: the next version is {following}.",
                    hint="Somebody may have built this dataset meanwhile; build it again.",
                )
            number = (connection.execute(select(func.max(datasets.c.number))).scalar() or 0) + 1
            connection.execute(
                insert(datasets),
                {
                    "number": number,
                    "name": manifest.name,
                    "version": manifest.version,
                    "manifest": manifest.model_dump_json(),
                    "sha256": manifest.sha256,
                    "frozen_at": clock.as_text(clock.now()),
                },
            )
            _write_members(connection, number, manifest.ref, chosen)
        return manifest

    def get(self, ref: str) -> Manifest:
        """`NAME@VERSION`, or `NAME` for its newest version."""
        with reading(self._engine) as connection:
            return Manifest.model_validate_json(named(connection, ref).manifest)

    def latest(self, name: str) -> Manifest | None:
        """The newest version of a name, if there is one."""
        with reading(self._engine) as connection:
            row = _find(connection, name, _newest(connection, name))
        return Manifest.model_validate_json(row.manifest) if row is not None else None

    def list(self) -> list[Manifest]:
        """Every version, by name and number."""
        with reading(self._engine) as connection:
            query = select(datasets.c.manifest).order_by(datasets.c.name, datasets.c.version)
            return [Manifest.model_validate_json(row.manifest) for row in connection.execute(query)]

    def members(self, ref: str) -> Iterator[Member]:
        """The members of a version in the order of import."""
        with reading(self._engine) as connection:
            query = (
                select(examples.c.id, members.c.version, members.c.split, members.c.weight)
                .join(examples, examples.c.position == members.c.position)
                .where(members.c.dataset == named(connection, ref).number)
                .order_by(members.c.position)
            )
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield Member(id=row.id, version=row.version, split=row.split, weight=row.weight)

    def tested_ids(self) -> set[str]:
        """The examples that are or ever were in a val or test split, and were not promoted."""
        with reading(self._engine) as connection:
            query = (
                select(examples.c.id)
                .join(tested, tested.c.position == examples.c.position)
                .where(tested.c.position.not_in(select(promotions.c.position)))
            )
            return set(connection.execute(query).scalars())

    def ever_tested(self, ids: Iterable[str]) -> set[str]:
        """Those of `ids` that are or ever were in a val or test split."""
        return self.tested_ids().intersection(ids)


def _newest(connection: Connection, name: str) -> int:
    query = select(func.max(datasets.c.version)).where(datasets.c.name == name)
    return connection.execute(query).scalar() or 0


def _find(connection: Connection, name: str, version: int) -> Any:
    query = select(datasets.c.number, datasets.c.manifest, datasets.c.sha256).where(
        datasets.c.name == name, datasets.c.version == version
    )
    return connection.execute(query).first()


def named(connection: Connection, ref: str) -> Row[Any]:
    """The row of NAME@VERSION, or of NAME's newest version; NotFound where there is none."""
    name, _, version = ref.partition("@")
    if version and not version.removeprefix("v").isdecimal():
        raise InvalidInput(f'"{ref}" is no dataset.', hint="Write NAME or NAME@VERSION.")
    number = int(version.removeprefix("v")) if version else _newest(connection, name)
    row = _find(connection, name, number)
    if row is None:
        listed = connection.execute(select(datasets.c.name, datasets.c.version)).all()
        known = [f"{one.name}@{one.version}" for one in listed]
        hint = nearest(ref, known) if known else f"hone datasets build {name}"
        raise NotFound(f'There is no dataset "{ref}".', hint=hint)
    return row


def _write_members(connection: Connection, number: int, ref: str, chosen: Iterable[Member]) -> None:
    connection.exec_driver_sql(
        "CREATE TEMP TABLE IF NOT EXISTS chosen_members"
        " (id TEXT PRIMARY KEY, version INTEGER, split TEXT, weight REAL)"
    )
    connection.exec_driver_sql("DELETE FROM chosen_members")
    rows = [(one.id, one.version, one.split, one.weight) for one in chosen]
    if not rows:
        return
    if len({row[0] for row in rows}) != len(rows):
        raise InvalidInput(f"{ref} names an example twice.", hint="Each belongs to one split.")
    connection.exec_driver_sql("INSERT INTO chosen_members VALUES (?,?,?,?)", rows)
    written = connection.exec_driver_sql(
        "INSERT INTO members (dataset, position, version, split, weight)"
        " SELECT ?, e.position, c.version, c.split, c.weight FROM chosen_members c"
        " JOIN examples e ON e.id = c.id ORDER BY e.position",
        (number,),
    ).rowcount
    if written != len(rows):
        absent = connection.exec_driver_sql(
            "SELECT id FROM chosen_members WHERE id NOT IN (SELECT id FROM examples) LIMIT 5"
        ).scalars()
        raise NotFound(
            f"{len(rows) - written} members of {ref} are no examples: {', '.join(absent)}.",
            hint="Build the dataset again from the examples of this workspace.",
        )
    connection.exec_driver_sql(
        "INSERT INTO tested (position, dataset) SELECT position, dataset FROM members"
        " WHERE dataset = ? AND split IN ('val', 'test') ON CONFLICT (position) DO NOTHING",
        (number,),
    )
