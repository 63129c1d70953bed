"""How a mailing stands: one word made of its status, its current run and the managers' switch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.models import OwnedQuerySet
from apps.mailings.models import Mailing, Run
from apps.mailings.recurrence import missed

#: The words that are no run's own. Those of an open run are the labels of its states.
_LABELS: Final[dict[str, Promise]] = {
    "disabled": pgettext_lazy("mailing", "Disabled"),
    "draft": pgettext_lazy("mailing", "Draft"),
    "scheduled": pgettext_lazy("mailing", "Scheduled"),
    "missed": pgettext_lazy("mailing", "Missed start"),
    "sent": pgettext_lazy("mailing", "Sent"),
    "partial": pgettext_lazy("mailing", "Sent with errors"),
    "failed": pgettext_lazy("mailing", "Failed"),
    "expired": pgettext_lazy("mailing", "Expired"),
    "stopped": pgettext_lazy("mailing", "Stopped"),
    "empty": pgettext_lazy("mailing", "No recipients"),
}
#: The colour of what is not plain.
_TONES: Final = {
    "disabled": "off",
    "scheduled": "accent",
    "missed": "bad",
    "preparing": "accent",
    "queued": "accent",
    "processing": "accent",
    "deferred": "warn",
    "paused": "warn",
    "sent": "good",
    "partial": "warn",
    "failed": "bad",
    "expired": "warn",
    "empty": "warn",
}
_OF_OUTCOME: Final = {
    Run.Outcome.SUCCESS: "sent",
    Run.Outcome.PARTIAL: "partial",
    Run.Outcome.FAILED: "failed",
    Run.Outcome.EXPIRED: "expired",
    Run.Outcome.CANCELLED: "stopped",
    Run.Outcome.EMPTY: "empty",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """The one badge of a mailing. ``code`` is for style sheets and programs, ``label`` is read."""

    code: str

    @property
    def label(self) -> str:
        """The word in the reader's language."""
        label = _LABELS.get(self.code)
        return str(Run.State(self.code).label if label is None else label)

    @property
    def tone(self) -> str:
        """The colour of the badge, by its name among the components."""
        return _TONES.get(self.code, "plain")


def standing_of(mailing: Mailing, run: Run | None, now: datetime | None = None) -> Standing:
    """How the mailing stands, with its current run: None as long as it has not been launched."""
    if not mailing.is_active:
        return Standing("disabled")
    if run is not None:
        return Standing(_of_run(run))
    if mailing.status == Mailing.Status.COMPLETED:
        return Standing("stopped")
    if mailing.is_draft:
        return Standing("draft")
    now = now or timezone.now()
    if now >= mailing.ends_at:
        return Standing("expired")
    return Standing("missed" if missed(mailing, now) else "scheduled")


def _of_run(run: Run) -> str:
    if run.state != Run.State.DONE:
        return run.state
    found = _OF_OUTCOME.get(Run.Outcome(run.outcome), "sent") if run.outcome else "sent"
    whole = not (run.failed + run.bounced + run.unknown)
    # Whom nobody should have written to is no error of the sending.
    return "sent" if found == "partial" and whole else found


#: The tabs of the list, which are not the badges: each mailing that is not archived is in one.
TABS: Final[dict[str, Promise]] = {
    "draft": _("Drafts"),
    "scheduled": pgettext_lazy("mailings", "Scheduled"),
    "running": pgettext_lazy("mailings", "Sending"),
    "completed": pgettext_lazy("mailings", "Finished"),
    "archived": pgettext_lazy("mailings", "Archived"),
}


def in_tab(rows: OwnedQuerySet[Mailing], tab: str) -> OwnedQuerySet[Mailing]:
    """The mailings of one tab; those that are not archived, where no tab is named."""
    if tab == "archived":
        return rows.filter(archived_at__isnull=False)
    rows = rows.filter(archived_at__isnull=True)
    if tab in ("draft", "scheduled"):
        created = Q(status=Mailing.Status.CREATED, scheduled_at__isnull=tab == "draft")
        return rows.filter(created)
    return rows.filter(status=tab) if tab in TABS else rows
