"""People who may sign in; who was removed stays known, because decisions stand under the name."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from hone.records.person import Person
from hone.workspace import clock
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.tables import people


class Secret(NamedTuple):
    """What a password is checked against; the password itself is nowhere."""

    salt: bytes
    password_hash: bytes
    cost: int


class People:
    """`store.people`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, name: str, role: str, secret: Secret, *, is_replacing: bool) -> Person | None:
        """Adds somebody, or gives a known name a new role and secret; None where it may not."""
        values: dict[str, Any] = {"role": role, "disabled_at": None, **secret._asdict()}
        with writing(self._engine) as connection:
            if _row(connection, name) is None:
                created_at = clock.as_text(clock.now())
                connection.execute(
                    insert(people), {"name": name, "created_at": created_at, **values}
                )
            elif is_replacing:
                connection.execute(update(people).where(people.c.name == name).values(values))
            else:
                return None
            return _person(_row(connection, name))

    def list(self) -> list[Person]:
        """Everybody, by name."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(people).order_by(people.c.name))
            return [one for one in map(_person, rows) if one is not None]

    def find(self, name: str) -> tuple[Person, Secret] | None:
        """Somebody by name, active or not."""
        with reading(self._engine) as connection:
            row = _row(connection, name)
        person = _person(row)
        if row is None or person is None:
            return None
        return person, Secret(row.salt, row.password_hash, row.cost)

    def count_active(self) -> int:
        """How many can sign in."""
        query = select(func.count()).select_from(people).where(people.c.disabled_at.is_(None))
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() or 0

    def disable(self, name: str) -> Person | None:
        """Takes the right to sign in away; None where nobody active has the name."""
        query = update(people).where(people.c.name == name, people.c.disabled_at.is_(None))
        with writing(self._engine) as connection:
            changed = connection.execute(query.values(disabled_at=clock.as_text(clock.now())))
            return _person(_row(connection, name)) if changed.rowcount else None


def _row(connection: Connection, name: str) -> Any:
    return connection.execute(select(people).where(people.c.name == name)).first()


def _person(row: Row[Any] | None) -> Person | None:
    if row is None:
        return None
    return Person(
        name=row.name,
        role=row.role,
        created_at=datetime.fromisoformat(row.created_at),
        disabled_at=datetime.fromisoformat(row.disabled_at) if row.disabled_at else None,
    )
