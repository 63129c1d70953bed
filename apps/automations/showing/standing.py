"""How automations stand: the badge of each, and the terms of its equation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import pgettext_lazy

from apps.automations.models import Automation, AutomationVersion, Enrolment
from apps.automations.models.automation import TERMS, Left
from apps.automations.models.enrolment import LIVE
from apps.core.contracts import Actor
from apps.core.models import OwnedQuerySet

State = Automation.State
#: The tabs of the list, by what ``?state=`` says; the others than archived are those in use.
TABS: Final = {
    State.ACTIVE.value: pgettext_lazy("automations", "Active"),
    State.PAUSED.value: pgettext_lazy("automations", "Paused"),
    State.DRAFT.value: pgettext_lazy("automations", "Drafts"),
    State.STOPPING.value: pgettext_lazy("automations", "Stopping"),
    State.ARCHIVED.value: pgettext_lazy("automations", "Archived"),
}
_TONES: Final = {"active": "good", "paused": "warn", "stopping": "warn"}


@dataclass(frozen=True, slots=True)
class Badge:
    """The one word of an automation, with its tone."""

    label: str
    tone: str


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an equation, and the dot before it."""

    name: str
    label: str
    count: int
    dot: str = ""


#: The dot before each state of an enrolment.
DOTS: Final = {
    "waiting": "pending",
    "moving": "sending",
    "finished": "delivered",
    "left": "suppressed",
    "failed": "failed",
    "unknown": "unknown",
}


def badge_of(automation: Automation) -> Badge:
    """What is read first of an automation."""
    if not automation.is_active and automation.state != State.ARCHIVED:
        return Badge(str(pgettext_lazy("automation", "Disabled")), "off")
    return Badge(automation.get_state_display(), _TONES.get(automation.state, "plain"))


def listed(actor: Actor) -> OwnedQuerySet[Automation]:
    """What an actor sees, with the figures of all versions together."""
    rows = Automation.objects.visible_to(actor).select_related("owner", "version")
    counted = {
        name: Coalesce(Sum(f"versions__{name}"), 0) for name in ("entered", "finished", "left")
    }
    inside = sum((F(f"versions__{name}") for name in LIVE[1:]), F(f"versions__{LIVE[0]}"))
    return rows.annotate(
        **counted, inside=Coalesce(Sum(inside), 0), failures=Coalesce(Sum("versions__failed"), 0)
    )


def terms_of(version: AutomationVersion) -> list[Term]:
    """The terms of the equation in their order."""
    return [
        Term(name, str(Enrolment.State(name).label), getattr(version, name), DOTS[name])
        for name in TERMS
    ]


def reasons_of(version: AutomationVersion) -> list[Term]:
    """Why people left, where anybody did."""
    found = [Term(one.value, str(one.label), getattr(version, f"left_{one.value}")) for one in Left]
    return [term for term in found if term.count]


def inside_of(automation: Automation) -> int:
    """How many are in any version of it."""
    return sum(one.inside for one in automation.versions.all())


def versions_of(automation: Automation) -> Sequence[AutomationVersion]:
    """The versions, newest first."""
    rows: QuerySet[AutomationVersion] = automation.versions.order_by("-number")
    return list(rows)
