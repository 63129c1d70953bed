"""What happens at one statement: another process comes first, or the database goes away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection

#: How the statements begin, or what stands in them, on SQLite and on PostgreSQL.
BEAT = ("SET beat = beat + 1", "EXECUTE vestnik_beat")
LOCK_OF_A_RUN = ("FROM mailings_run r", "EXECUTE vestnik_lock_run")


def _is_one_of(args: tuple[str, ...], sql: str) -> bool:
    """Is it such a statement, and not only prepared to be one?"""
    return not sql.startswith("PREPARE") and any(word in sql for word in args)


@contextmanager
def just_before(args: tuple[str, ...], act: Callable[[], object]) -> Iterator[None]:
    """Right before the first statement that holds one of the words, ``act`` is done, once."""
    done = False

    def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        nonlocal done
        if not done and _is_one_of(args, sql):
            done = True
            act()
        return run(sql, *rest)

    with connection.execute_wrapper(execute):
        yield
    assert done, "there was no such statement"


@contextmanager
def away(args: tuple[str, ...], *, after: int = 0, times: int = 1) -> Iterator[list[str]]:
    """So many of these statements reach no database, ``after`` so many that did.

    Yields the statements that were lost.
    """
    seen = 0
    lost: list[str] = []

    def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        nonlocal seen
        if _is_one_of(args, sql):
            seen += 1
            if after < seen <= after + times:
                lost.append(sql)
                raise OperationalError("the server closed the connection")
        return run(sql, *rest)

    with connection.execute_wrapper(execute):
        yield lost
