"""Whose deliveries stand behind a figure of the report."""

from __future__ import annotations

from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.lists.filters import Label
from apps.mailings.models import Delivery, Engagement, LinkEngagement, Run, Term, TrackedLink
from apps.mailings.selectors.totals import DELIVERED

#: Whatever ``?reaction=`` may name, with its label. Without "nothing" and "standing" it is a
#: condition on the row of Engagement.
REACTIONS: Final[list[tuple[str, Label]]] = [
    ("", pgettext_lazy("reaction", "any reaction")),
    ("standing", pgettext_lazy("reaction", "sent and not bounced")),
    ("opened", pgettext_lazy("reaction", "opened (persons)")),
    ("clicked", pgettext_lazy("reaction", "clicked")),
    ("machine", pgettext_lazy("reaction", "machine only")),
    ("unclear", pgettext_lazy("reaction", "cannot know")),
    ("nothing", pgettext_lazy("reaction", "nothing seen")),
]
_SEEN: Final = {
    "opened": Q(term=Term.PERSON),
    "clicked": Q(term=Term.PERSON, clicked_at__isnull=False),
    "machine": Q(term=Term.MACHINE),
    "unclear": Q(term=Term.UNCLEAR),
}
#: Characters of a link's name in a select.
_LABEL: Final = 60


def of_reaction(rows: QuerySet[Delivery], run: Run, reaction: str) -> QuerySet[Delivery]:
    """The deliveries that a term of the equation counts; for any other word all of them.

    What has bounced since is in no term, even if it was opened before.
    """
    seen = Engagement.objects.filter(run=run, recipient_id=OuterRef("recipient_id"))
    if reaction in _SEEN:
        rows = rows.filter(Exists(seen.filter(_SEEN[reaction])))
    elif reaction == "nothing":
        # NOT EXISTS would be answered for a million before the first fifty are shown.
        rows = rows.alias(seen=Subquery(seen.values("term")[:1])).filter(seen__isnull=True)
    elif reaction != "standing":
        return rows
    return rows.filter(state__in=DELIVERED)


def of_link(rows: QuerySet[Delivery], run: Run, link_id: int) -> QuerySet[Delivery]:
    """The deliveries whose readers followed this link; none if it is not of this run."""
    followed = LinkEngagement.objects.filter(link_id=link_id, link__run=run)
    return rows.filter(pk__in=followed.values("delivery_id"))


def link_choices(run: Run) -> list[tuple[str, Label]]:
    """The links of a run for a select."""
    rows = TrackedLink.objects.filter(run=run).order_by("version", "number")
    links: list[tuple[str, Label]] = [(str(link.pk), link_name(link)) for link in rows]
    return [("", _("any link")), *links] if links else []


def link_name(link: TrackedLink) -> str:
    """Its number and what a reader sees of it."""
    named = " ".join((link.label or link.address).split())
    cut = f"{named[: _LABEL - 1]}…" if len(named) > _LABEL else named
    return f"{link.number}. {cut}"
