"""The last look before a mailing is scheduled or sent: what of it holds it back, what is odd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from apps.core.content.hints import hints
from apps.core.errors import DomainError
from apps.core.slots import planner
from apps.core.text.formatting import refusal_text
from apps.mailings.models import Mailing
from apps.mailings.selectors.messages import template_names
from apps.mailings.sending_accounts import senders_of
from apps.mailings.services.reach import is_typed
from apps.mailings.services.summary import Summary, summary_of_mailing


@dataclass(frozen=True, slots=True)
class Review:
    """``refused`` is what forbids to send it at all; ``findings`` only want to be read.

    ``typed``: so many get it that their number is typed to send it at once.
    """

    summary: Summary
    senders: Sequence[str]
    refused: str
    findings: Sequence[str]
    ahead: bool
    typed: bool


def review_of(
    mailing: Mailing, now: datetime, *, exact: bool = False, totals: bool = False
) -> Review:
    """Needs the mailing's message and owner.

    Of many people a sample is counted; with ``totals`` also how many get it, with ``exact`` all.
    """
    summary = summary_of_mailing(mailing, exact=exact, totals=totals)
    return Review(
        summary=summary,
        senders=senders_of(mailing.routes, mailing.owner),
        refused=_refused(mailing, now),
        findings=list(_findings(mailing)),
        ahead=mailing.starts_at > now,
        typed=is_typed(summary.count),
    )


def _refused(mailing: Mailing, now: datetime) -> str:
    if now >= mailing.ends_at:
        return _("The sending window has ended. Set another time.")
    try:
        planner.value.rehearse(mailing_id=mailing.pk, early=True)
    except DomainError as refusal:
        return refusal_text(refusal)
    return ""


def _findings(mailing: Mailing) -> Iterator[str]:
    message = mailing.message
    known = template_names(mailing.owner_id)
    for hint in hints(message.subject, message.text, message.html, known=known):
        yield hint.text
