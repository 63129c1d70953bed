"""Who acts now: a visitor of the site, a token of the API, a command, or the program itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import models
from django.utils.translation import pgettext_lazy


class Kind(models.TextChoices):
    """As what somebody acts."""

    USER = "user", pgettext_lazy("audit", "user")
    MANAGER = "manager", pgettext_lazy("audit", "manager")
    TOKEN = "token", pgettext_lazy("audit", "API token")
    AGENT = "agent", pgettext_lazy("audit", "agent")
    VISITOR = "visitor", pgettext_lazy("audit", "visitor")
    COMMAND = "command", pgettext_lazy("audit", "command")
    SYSTEM = "system", pgettext_lazy("audit", "system")


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, and from where. ``name`` outlives the user; ``client`` is a kind of program only.

    Of a visitor who is not signed in neither address nor browser is known: a recipient who follows
    a link is no user of the site.
    """

    kind: Kind
    user_id: int | None = None
    name: str = ""
    token_id: int | None = None
    ip: str | None = None
    client: str = ""


SYSTEM: Final = Acting(Kind.SYSTEM)
#: Asked only when something is noted: who is signed in costs a query.
_source: ContextVar[Callable[[], Acting]] = ContextVar("acting", default=lambda: SYSTEM)

#: The first that is found in what a program calls itself.
_CLIENTS: Final = (
    ("Vestnik client", re.compile(r"vestnik", re.IGNORECASE)),
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"OPR/|Opera")),
    ("Yandex", re.compile(r"YaBrowser/")),
    ("Firefox", re.compile(r"Firefox/|FxiOS/")),
    ("Chrome", re.compile(r"Chrome/|CriOS/")),
    ("Safari", re.compile(r"Safari/")),
    ("curl", re.compile(r"^curl/")),
    ("Python", re.compile(r"python|httpx|aiohttp", re.IGNORECASE)),
)
#: Commands that are the site itself: what they do nobody has typed.
_SERVING: Final = frozenset({"serve", "run_scheduler", "runserver"})


def current() -> Acting:
    """Who acts in this thread now."""
    return _source.get()()


@contextmanager
def acting(source: Callable[[], Acting]) -> Iterator[None]:
    """Let everything inside be done by the one whom ``source`` names."""
    before = _source.set(source)
    try:
        yield
    finally:
        _source.reset(before)


def act_as(found: Acting) -> None:
    """From here to the end of the surrounding ``acting`` (a request) this one acts."""
    _source.set(lambda: found)


def act_as_command(argv: Sequence[str]) -> None:
    """Name the command that this process runs, unless it serves the site."""
    name = argv[1] if len(argv) > 1 else Path(argv[0]).name
    if name not in _SERVING:
        act_as(Acting(Kind.COMMAND, name=name[:254]))


def client_of(user_agent: str) -> str:
    """The kind of program that calls itself so; no version, by which one would be known."""
    found = (name for name, pattern in _CLIENTS if pattern.search(user_agent))
    return next(found, "other" if user_agent else "")
