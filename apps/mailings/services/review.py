"""The last look before a mailing is scheduled or sent: what of it holds it back, what is odd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.content.hints import hints
from apps.core.content.program.utm import shown
from apps.core.errors import DomainError, Refused
from apps.core.slots import planner
from apps.core.text.formatting import refusal_text
from apps.mailings.models import Mailing, Run
from apps.mailings.selectors.messages import template_names
from apps.mailings.sending_accounts import senders_of
from apps.mailings.services.languages.translations import languages_of
from apps.mailings.services.letters.hints import letter_hints
from apps.mailings.services.publishing.archive import utm_of
from apps.mailings.services.publishing.measured import measuring_shown
from apps.mailings.services.reach import is_typed
from apps.mailings.services.summary import Summary, summary_of_mailing


@dataclass(frozen=True, slots=True)
class Review:
    """``refused`` is what forbids to send it at all; ``findings`` only want to be read.

    ``to_approve``: somebody else has to approve it first.
    ``typed``: so many get it that their number is typed to send it at once. ``utm``: what is
    added to links. ``measured``: what its letters measure.
    """

    summary: Summary
    senders: Sequence[str]
    refused: str
    to_approve: bool
    findings: Sequence[str]
    ahead: bool
    typed: bool
    utm: str
    measured: str


def review_of(
    mailing: Mailing, now: datetime, *, exact: bool = False, totals: bool = False
) -> Review:
    """Needs the mailing's message and owner.

    Of many people a sample is counted; with ``totals`` also how many get it, with ``exact`` all.
    """
    summary = summary_of_mailing(mailing, exact=exact, totals=totals)
    refused, to_approve = _refused(mailing, now)
    return Review(
        summary=summary,
        senders=senders_of(mailing.routes, mailing.owner),
        refused=refused,
        to_approve=to_approve,
        findings=list(_findings(mailing)),
        ahead=mailing.starts_at > now,
        typed=is_typed(summary.count),
        utm=shown(utm_of(mailing)),
        measured=measuring_shown(mailing),
    )


def check_start(mailing: Mailing) -> bool:
    """Check all that a start checks. True if it waits for an approval then, which forbids nothing.

    Raises what forbids to send the mailing at all.
    """
    try:
        planner.value.rehearse(mailing_id=mailing.pk, early=True)
    except Refused as refusal:
        if refusal.code != Run.Reason.APPROVAL:
            raise
        return True
    return False


def _refused(mailing: Mailing, now: datetime) -> tuple[str, bool]:
    """What forbids a start, and whether it waits for an approval."""
    if now >= mailing.ends_at:
        return _("The sending window has ended. Set another time."), False
    try:
        return "", check_start(mailing)
    except DomainError as refusal:
        return refusal_text(refusal), False


def _findings(mailing: Mailing) -> Iterator[str]:
    message = mailing.message
    if message.document is not None:
        found = letter_hints(message)
    else:
        known = template_names(mailing.owner_id)
        found = hints(message.subject, message.text, message.html, known=known)
    yield from (hint.text for hint in found)
    for _code, name, progress in languages_of(message):
        if progress.stale:
            text = ngettext(
                "%(language)s: %(count)d text is older than the message.",
                "%(language)s: %(count)d texts are older than the message.",
                progress.stale,
            )
            yield text % {"language": name, "count": progress.stale}
