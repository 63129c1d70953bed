"""What ``.env`` says of one source. Read before Django is ready: it knows no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from apps.core.contracts import Actor

Kind = Literal["file", "url", "sql", "listmonk"]
#: How the address of a file of SQLite begins.
SQLITE: Final = "sqlite:///"
#: The word for all who oversee the others, among those who may use a source.
MANAGERS = "managers"
#: The word for all users. It has to be written: who may pull sees everybody in the source.
EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Declaration:
    """``SOURCES__<NAME>__…``: where the people are, and what becomes of them.

    ``users`` may use it (nobody named: the ``owner`` and managers); ``local`` lets its address lie
    inside the house. ``mapping`` says where columns go, ``list`` and ``statement`` what an import
    is asked for.
    ``tag`` is put on everybody whom a pull brings, ``missing_tag`` on who had that one and is in
    the next pull no more. ``hour``: every night from then on, for the ``owner``.
    """

    name: str
    kind: Kind
    path: Path = Path()
    url: str = field(default="", repr=False)
    query: str = field(default="", repr=False)
    user: str = ""
    token: str = field(default="", repr=False)
    local: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)
    users: frozenset[str] = frozenset()
    owner: str = ""
    hour: int | None = None
    list: str = ""
    statement: str = ""
    tag: str = ""
    missing_tag: str = ""

    def is_for(self, actor: Actor) -> bool:
        """True if this user may bring people in from it."""
        named = self.users or {MANAGERS, self.owner}
        if EVERYBODY in named or actor.email in named:
            return True
        return MANAGERS in named and actor.sees_all
