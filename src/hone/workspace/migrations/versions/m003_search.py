"""Full-text search over examples and edited answers.

Reason: a reviewer looks for words in a million examples. Only the index is kept, not a second
copy of the text; what is already there is indexed here, once.
"""

from __future__ import annotations

from alembic import op

revision = "m003"
down_revision = "m002"

# Every text and number inside a JSON value, one after the other.
_TEXTS = "(SELECT coalesce(group_concat(each.atom, ' '), '') FROM json_tree({json}) AS each)"


def upgrade() -> None:
    """Makes the indices and fills them from the examples and edits that exist."""
    for table in ("example_search", "edit_search"):
        op.execute(
            f"CREATE VIRTUAL TABLE {table} USING fts5"
            "(text, content='', tokenize='unicode61 remove_diacritics 2')"
        )
        op.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('hashsize', 33554432)")
    texts = (
        f"{_TEXTS.format(json='input')} || ' ' || coalesce({_TEXTS.format(json='proposal')}, '')"
    )
    op.execute(f"INSERT INTO example_search (rowid, text) SELECT position, {texts} FROM examples")
    op.execute(
        f"INSERT INTO edit_search (rowid, text) SELECT seq, {_TEXTS.format(json='new_output')}"
        " FROM operations WHERE verdict = 'edit'"
    )
