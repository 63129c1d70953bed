"""A person's new email address: confirmed by a link that is sent to it; the old one counts until
then. Nobody learns by it which addresses are known.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from apps.core.errors import Refused
from apps.core.slots import direct_sender
from apps.core.text.formatting import refusal
from apps.feedback.models import PublicLink
from apps.feedback.services.fresh_links import sender_name, take_for_link, uses_of_owner
from apps.feedback.services.public_links import expire_links, make_link, url_of, use
from apps.feedback.services.signups import windows
from apps.mailings.models import Channel, Recipient, Suppression
from apps.mailings.sending_accounts import default_account
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.preferences import change_email
from apps.mailings.services.privacy.background import in_background
from apps.mailings.suppression.tombstones import erased_among

log = structlog.get_logger(__name__)


class AddressNotFree(Refused):
    """The new address belongs to somebody else by now, or the link was used before."""

    code = "address_not_free"


def ask_change(*, recipient: Recipient, address: str, ip: str | None, now: datetime) -> bool:
    """Send a link to the new address, if it can become the person's and the limits allow it.

    True when it will be sent, which no page may say.
    """
    owner_id, purpose = recipient.owner_id, PublicLink.Purpose.EMAIL
    if take_for_link(owner_id, address, ip, known=False, now=now) is None:
        return False
    # the link that was asked for before is over, whether this address is free or not
    expire_links(recipient=recipient, purpose=purpose, now=now, addressed=True)
    if not recipient.owner.is_active or not _is_free(recipient, address):
        return False
    if windows.take(uses_of_owner(owner_id), now=now) is not None:
        return False
    with transaction.atomic():
        link = make_link(recipient=recipient, purpose=purpose, now=now, address=address)
        transaction.on_commit(lambda: in_background(send_link, link.pk))
    log.info("email_change_asked", recipient_id=recipient.pk)
    return True


def _is_free(recipient: Recipient, address: str) -> bool:
    """The owner has nobody else with it, and nothing but the person's own word bars it."""
    others = Recipient.objects.filter(owner_id=recipient.owner_id, email=address)
    barred = Suppression.objects.filter(
        owner_id=recipient.owner_id, channel=Channel.EMAIL, address=address
    ).exclude(reason=Suppression.Reason.UNSUBSCRIBED)
    erased = any(erased_among(recipient.owner_id, Channel.EMAIL, [address]))
    return not (others.exists() or barred.exists() or erased)


def send_link(number: int) -> None:
    """Send the email of this link: a system email, for the address is nobody's yet."""
    link = PublicLink.objects.select_related("recipient__owner").get(pk=number)
    owner = link.recipient.owner
    named = {"sender": sender_name(owner), "url": url_of(link)}
    with override(_language_of(link.recipient)):
        subject = _("Confirm your new address: %(sender)s") % named
        text = _(
            "Somebody, we hope it was you, wants to get what %(sender)s sends at this address."
            " Open the link to confirm; it works for an hour:\n\n%(url)s\n\n"
            "If it was not you, do nothing."
        )
    try:
        verdict = direct_sender.value.send_system_message(
            key=f"email-change:{link.pk}",
            account=default_account(Channel.EMAIL, owner),
            address=link.address,
            subject=subject,
            text=text % named,
            owner_id=owner.pk,
        )
        log.info("email_change_sent", recipient_id=link.recipient_id, verdict=verdict)
    except Refused as refused:
        log.warning("email_change_not_sent", recipient_id=link.recipient_id, code=refused.code)


def notify_old(address: str, number: int) -> None:
    """Let the mailbox that was the person's know, without a link: somebody else may have acted."""
    link = PublicLink.objects.select_related("recipient__owner").get(pk=number)
    named = {"sender": sender_name(link.recipient.owner)}
    with override(_language_of(link.recipient)):
        subject = _("Your address was changed: %(sender)s") % named
        text = _(
            "What %(sender)s sends goes to another address from now on, and not to this one."
            " It was asked for from this mailbox, and confirmed at the new address.\n\n"
            "If it was not you, write to %(sender)s."
        )
    try:
        verdict = direct_sender.value.send_system_message(
            key=f"email-changed:{link.pk}",
            account=default_account(Channel.EMAIL, link.recipient.owner),
            address=address,
            subject=subject,
            text=text % named,
        )
        log.info("email_change_notified", recipient_id=link.recipient_id, verdict=verdict)
    except Refused as refused:
        log.warning("email_change_not_notified", recipient_id=link.recipient_id, code=refused.code)


def _language_of(recipient: Recipient) -> str:
    known = recipient.language in dict(settings.LANGUAGES)
    return recipient.language if known else get_language() or settings.LANGUAGE_CODE


def confirm_change(*, link: PublicLink, evidence: Evidence, now: datetime) -> None:
    """The new address is the person's from now on. Once; raises AddressNotFree."""
    try:
        with transaction.atomic():
            if not use(link=link, now=now) or not _is_free(link.recipient, link.address):
                raise AddressNotFree
            old = Recipient.objects.values_list("email", flat=True).get(pk=link.recipient_id)
            change_email(recipient=link.recipient, address=link.address, evidence=evidence)
            others = PublicLink.objects.filter(recipient=link.recipient, expires_at__gt=now)
            others.exclude(pk=link.pk).update(expires_at=now)  # they went to the old address
            if old:
                transaction.on_commit(lambda: in_background(partial(notify_old, str(old)), link.pk))
    except (AddressNotFree, IntegrityError):
        text = gettext_noop("This address can’t be used. Ask for another one.")
        raise refusal(AddressNotFree, text) from None
    log.info("email_changed", recipient_id=link.recipient_id)
