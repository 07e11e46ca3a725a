"""Runs Alembic on a connection that is already in its transaction: all of it or nothing."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's settings for the packaged revisions; no file on disk is needed."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, revision: str) -> None:
    """Brings the schema up to a revision; the caller commits."""
    command.upgrade(configuration(connection), revision)
