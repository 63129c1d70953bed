"""What ``ENGINE = "tests.postgresql"`` loads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    """Empties tables row by row: TRUNCATE makes new files for all of them, a second each time."""

    def sql_flush(
        self, style: Any, tables: Sequence[str], *, reset_sequences: bool = False, **cascade: bool
    ) -> list[str]:
        """Return the statements that empty the tables, whatever refers to whatever.

        As a replica a session runs no trigger, and a foreign key is one. Sequences go on.
        """
        assert not reset_sequences
        if not tables:
            return []
        deletes = (f"DELETE FROM {self.quote_name(table)};" for table in sorted(tables))
        return ["SET LOCAL session_replication_role = replica;", *deletes]


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with the other flush."""

    ops_class = DatabaseOperations
