"""A run's equation: the terms that add up to its audience, as groups and state by state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.mailings.models import Delivery, Run
from apps.mailings.models.ledger import STATES
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.selectors.totals import DELIVERED, REMAINING, SKIPPED


@dataclass(frozen=True, slots=True)
class Term:
    """One term of the equation: how many deliveries are in this state or group of states."""

    state: str
    label: str
    count: int


#: The groups in which people read the states, by the word that an address has for each. Together
#: they are all states, each once; one of a single state is called as the state.
GROUPS: Final[dict[str, tuple[Promise, tuple[str, ...]]]] = {
    "accepted": (pgettext_lazy("deliveries", "sent"), (*DELIVERED, "bounced")),
    "failed": (pgettext_lazy("deliveries", "failed"), ("failed",)),
    "unknown": (pgettext_lazy("deliveries", "unknown"), ("unknown",)),
    "skipped": (pgettext_lazy("deliveries", "skipped"), SKIPPED),
    "remaining": (pgettext_lazy("deliveries", "remaining"), REMAINING),
}
#: Whatever ``?state=`` may name, with its label.
ASKED: Final[list[tuple[str, Promise | str]]] = [
    ("", _("any status")),
    ("accepted", pgettext_lazy("deliveries", "sent (all accepted)")),
    ("skipped", pgettext_lazy("deliveries", "skipped")),
    ("remaining", pgettext_lazy("deliveries", "remaining")),
    *Delivery.State.choices,
]


def states_of(name: str) -> tuple[str, ...]:
    """The states that a state's or group's name stands for; none for any other word."""
    if name in STATES:
        return (name,)
    return GROUPS[name][1] if name in GROUPS else ()


def equation_of(run: Run) -> list[Term]:
    """All states in their fixed order."""
    return [
        Term(state=state, label=str(Delivery.State(state).label), count=getattr(run, state))
        for state in STATES
    ]


def left_out_of(run: Run) -> list[Term]:
    """The reasons for which anybody was left out, the strongest first: they add up."""
    found = [
        Term(code, str(label), getattr(run, f"left_{code}")) for code, label in LeftOut.choices
    ]
    return [term for term in found if term.count]


def groups_of(run: Run) -> list[Term]:
    """The groups in which there is anybody."""
    counted = (
        Term(name, str(label), sum(getattr(run, state) for state in states))
        for name, (label, states) in GROUPS.items()
    )
    return [term for term in counted if term.count]
