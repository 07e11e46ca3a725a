"""Alembic's entry: takes the caller's connection and leaves the transaction to the caller."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
