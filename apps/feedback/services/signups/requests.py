"""A program asks a person to confirm a subscription, by a form of the owner."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from apps.feedback.services.signups.asking import live_form_of
from apps.feedback.services.signups.receive import GivenSignup, Visitor, receive
from apps.mailings.models import MailingList, Recipient, Subscription
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.forms import FormClosed
from apps.mailings.services.permission.subscribing import await_confirmation


def ask_to_confirm(
    *, recipient: Recipient, mailing_list: MailingList, evidence: Evidence, now: datetime
) -> Subscription:
    """Let the person confirm by the email of the newest live form with this list.

    It is a sign-up like every other, with the same limits. Raises SubscriptionEnded, and FormClosed
    when there is no such form, or no email to write to.
    """
    live = live_form_of(mailing_list)
    if live is None or not recipient.email:
        raise FormClosed(_("No live sign-up form with this list can ask this person."))
    form, version = live
    (row,) = await_confirmation(
        recipient=recipient, lists=[mailing_list], evidence=evidence, now=now
    )
    if row.status == Subscription.Status.UNCONFIRMED:
        languages = list(version.shown["languages"])
        language = recipient.language if recipient.language in languages else languages[0]
        visitor = Visitor(evidence.ip, evidence.user_agent, evidence.page)
        given = GivenSignup(
            form,
            version,
            recipient.email,
            [mailing_list.pk],
            language,
            proved=True,
            asked=True,
            visitor=visitor,
        )
        receive(given, now=now)
        row.refresh_from_db()
    return row
