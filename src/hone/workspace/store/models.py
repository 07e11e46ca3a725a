"""Registered models: versions v1, v2, … of a name, of which one at most is active."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update

from hone.errors import Conflict, InvalidInput, NotFound, nearest
from hone.records.model import ModelVersion
from hone.workspace import clock
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.datasets import NAME
from hone.workspace.store.work_tables import activations, models

_VERSION = re.compile(r"v([1-9][0-9]{0,8})")


class Registered(NamedTuple):
    """A model version and what the registry knows beside its metadata."""

    model: ModelVersion
    folder: Path
    is_active: bool
    registered_at: datetime


class Activation(NamedTuple):
    """When a version became the active one of its name, and through whom."""

    name: str
    version: str | None
    at: datetime
    reviewer: str
    note: str


class Models:
    """`store.models`. Folders are kept relative to the workspace, so that it can be moved."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self._engine = engine
        self._root = root

    def next_version(self, name: str) -> str:
        """The version that the next model of this name gets; a deleted number is not reused."""
        with reading(self._engine) as connection:
            return f"v{_newest(connection, name) + 1}"

    def reserve(self, name: str, job: str) -> str:
        """Sets the next version aside for a job, so that its folder can be named before it is
        registered; the same job gets the same version again.
        """
        _check_name(name)
        with writing(self._engine) as connection:
            known = connection.execute(select(models).where(models.c.job == job)).first()
            if known is not None:
                return f"v{known.number}"
            number = _newest(connection, name) + 1
            _insert(connection, name, number, job)
            return f"v{number}"

    def release(self, job: str) -> None:
        """Gives back the version that a job reserved and will not register, where it is still
        the newest one, so that the next model leaves no gap; otherwise nothing happens.
        """
        with writing(self._engine) as connection:
            found = select(models).where(models.c.job == job, models.c.metadata.is_(None))
            row = connection.execute(found).first()
            if row is not None and row.number == _newest(connection, row.name):
                connection.execute(delete(models).where(models.c.job == job))

    def register(self, model: ModelVersion, folder: Path) -> ModelVersion:
        """Records a version; an empty `version` means the next one. Once per job: the same job
        again gives what was registered. Conflict where the version is another job's.
        """
        _check_name(model.name)
        with writing(self._engine) as connection:
            reserved = None
            if model.job is not None:
                found = select(models).where(models.c.job == model.job)
                reserved = connection.execute(found).first()
            if reserved is not None and reserved.metadata is not None:
                return ModelVersion.model_validate_json(reserved.metadata)
            number = reserved.number if reserved is not None else _number_for(connection, model)
            if reserved is None:
                _insert(connection, model.name, number, model.job)
            recorded = model.model_copy(update={"version": f"v{number}"})
            connection.execute(
                update(models)
                .where(models.c.name == model.name, models.c.number == number)
                .values(metadata=recorded.model_dump_json(), folder=self._relative(folder))
            )
        return recorded

    def list(self, name: str | None = None) -> list[Registered]:
        """Every registered version, by name and number."""
        query = _registered().order_by(models.c.name, models.c.number)
        if name is not None:
            query = query.where(models.c.name == name)
        with reading(self._engine) as connection:
            return [self._read(row) for row in connection.execute(query)]

    def get(self, ref: str) -> Registered:
        """`NAME@v2`, or `NAME`: its active version, or its newest where none is active."""
        with reading(self._engine) as connection:
            return self._read(_named(connection, ref))

    def active(self, name: str) -> Registered | None:
        """The active version of a name, if there is one."""
        query = _registered().where(models.c.name == name, models.c.is_active == 1)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return self._read(row) if row is not None else None

    def set_active(self, ref: str, *, reviewer: str = "", note: str = "") -> ModelVersion:
        """Makes one version the active one of its name, in place of the one before."""
        with writing(self._engine) as connection:
            row = _named(connection, ref)
            if not row.is_active:
                _deactivate(connection, row.name)
                connection.execute(
                    update(models)
                    .where(models.c.name == row.name, models.c.number == row.number)
                    .values(is_active=1)
                )
                _note_activation(connection, row.name, row.number, reviewer, note)
            return ModelVersion.model_validate_json(row.metadata)

    def activations(self, name: str) -> list[Activation]:
        """Which versions were active, oldest first."""
        query = select(activations).where(activations.c.name == name).order_by(activations.c.seq)
        with reading(self._engine) as connection:
            return [
                Activation(
                    row.name,
                    f"v{row.number}" if row.number else None,
                    datetime.fromisoformat(row.at),
                    row.reviewer,
                    row.note,
                )
                for row in connection.execute(query)
            ]

    def update(self, model: ModelVersion) -> None:
        """Replaces the metadata of a registered version, for figures measured later."""
        with writing(self._engine) as connection:
            row = _named(connection, model.ref)
            connection.execute(
                update(models)
                .where(models.c.name == row.name, models.c.number == row.number)
                .values(metadata=model.model_dump_json())
            )

    def delete(self, ref: str, *, reviewer: str = "") -> Registered:
        """Takes a version out of the registry; its files and its number stay as they are."""
        with writing(self._engine) as connection:
            row = _named(connection, ref)
            if "@" not in ref:
                raise InvalidInput(
                    f'"{ref}" names no version.', hint=f"Write {row.name}@v{row.number}."
                )
            if row.is_active:
                _deactivate(connection, row.name)
                _note_activation(connection, row.name, None, reviewer, f"{ref} was deleted")
            connection.execute(
                update(models)
                .where(models.c.name == row.name, models.c.number == row.number)
                .values(deleted_at=clock.as_text(clock.now()), job=None)
            )
            return self._read(row)

    def _relative(self, folder: Path) -> str:
        resolved = folder.resolve()
        is_inside = resolved.is_relative_to(self._root)
        return (resolved.relative_to(self._root) if is_inside else resolved).as_posix()

    def _read(self, row: Row[Any]) -> Registered:
        return Registered(
            ModelVersion.model_validate_json(row.metadata),
            self._root / row.folder,
            bool(row.is_active),
            datetime.fromisoformat(row.registered_at),
        )


def _registered():
    return select(models).where(models.c.metadata.is_not(None), models.c.deleted_at.is_(None))


def _newest(connection: Connection, name: str) -> int:
    query = select(func.max(models.c.number)).where(models.c.name == name)
    return connection.execute(query).scalar() or 0


def _insert(connection: Connection, name: str, number: int, job: str | None) -> None:
    connection.execute(
        insert(models),
        {
            "name": name,
            "number": number,
            "job": job,
            "registered_at": clock.as_text(clock.now()),
            "is_active": 0,
        },
    )


def _number_for(connection: Connection, model: ModelVersion) -> int:
    following = _newest(connection, model.name) + 1
    if not model.version:
        return following
    match = _VERSION.fullmatch(model.version)
    if match is None:
        raise InvalidInput(
            f'"{model.version}" is no version of a model.', hint=f"Use v{following}, the next one."
        )
    number = int(match[1])
    if number < following:
        raise Conflict(f"{model.ref} exists already.", hint=f"The next version is v{following}.")
    if number > following:
        raise InvalidInput(
            f"{model.ref} would leave a gap.", hint=f"The next version is v{following}."
        )
    return number


def _named(connection: Connection, ref: str) -> Row[Any]:
    name, _, version = ref.partition("@")
    query = _registered().where(models.c.name == name)
    if version:
        match = _VERSION.fullmatch(version if version.startswith("v") else f"v{version}")
        query = query.where(models.c.number == (int(match[1]) if match else 0))
    newest = query.order_by(models.c.is_active.desc(), models.c.number.desc()).limit(1)
    row = connection.execute(newest).first()
    if row is None:
        known = [f"{one.name}@v{one.number}" for one in connection.execute(_registered())]
        raise NotFound(f'There is no model "{ref}".', hint=nearest(ref, known))
    return row


def _deactivate(connection: Connection, name: str) -> None:
    connection.execute(
        update(models).where(models.c.name == name, models.c.is_active == 1).values(is_active=0)
    )


def _note_activation(
    connection: Connection, name: str, number: int | None, reviewer: str, note: str
) -> None:
    connection.execute(
        insert(activations),
        {
            "name": name,
            "number": number,
            "at": clock.as_text(clock.now()),
            "reviewer": reviewer,
            "note": note,
        },
    )


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise InvalidInput(
            f'"{name}" cannot name a model.',
            hint="Use letters, digits, dot, dash and underscore, at most 80.",
        )
