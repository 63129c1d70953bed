"""One look of one trigger: where people come in, and how far the history has been read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import CharField, Model, QuerySet, Value
from django.db.models.functions import Cast, Concat

from apps.automations.enrolling import Entrance, enrol
from apps.mailings.horizon import Horizon
from apps.mailings.models import Recipient
from apps.users.models import User

#: Rows of the history that one look reads.
MOST: Final = 10_000
#: One for each table and process: each remembers who was writing.
_horizons: dict[type[Model], Horizon] = {}


@dataclass(slots=True)
class Poll:
    """``cursors`` are what the automation has kept; changed ones are kept with the enrolments.

    ``more``: there is more of the history than one look reads.
    """

    entrance: Entrance
    owner: User
    cursors: dict[str, Any]
    now: datetime
    more: bool = False

    def window(self, name: str, table: type[Model]) -> tuple[int, int] | None:
        """The ids of the rows that are new since the last look, above the first and up to the
        second; None when there are none. What was before the activation begins nothing.
        """
        safe = _horizons.setdefault(table, Horizon(table)).safe_id()
        after = self.cursors[name]
        if safe <= after:
            return None
        upto = min(safe, after + MOST)
        self.more |= upto < safe
        self.cursors[name] = upto
        return after, upto

    def enrol(
        self, people: QuerySet[Recipient], *, cause: Any = None, due_at: datetime | None = None
    ) -> int:
        """Let these in. ``cause``: an expression that names the fact."""
        marked = people if cause is None else people.annotate(cause=cause)
        return enrol(self.entrance, marked, now=self.now, due_at=due_at)


def named(word: str, expression: Any) -> Concat:
    """A cause: the word, and a number of the row."""
    number = Cast(expression, CharField())
    return Concat(Value(f"{word}:"), number, output_field=CharField())
