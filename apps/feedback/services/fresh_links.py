"""Fresh links by email: asked for by an address, or at the page behind an old letter.

The page says the same whatever becomes of it: it must not say who is known. The email is the
product's own, like that which confirms a sign-up, with limits of its own kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.html import escape, linebreaks
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from apps.core.content.sheet import on_a_sheet
from apps.core.errors import Refused
from apps.feedback.models import PublicLink
from apps.feedback.services import unsubscribe
from apps.feedback.services.public_links import LIVES, make_link, url_of
from apps.feedback.services.signups import windows
from apps.feedback.services.signups.emails import plain
from apps.feedback.services.signups.windows import Limit, Use
from apps.mailings.models import Channel, Mailing, Message, Recipient, Sender, Trigger
from apps.mailings.sending_accounts import default_account
from apps.mailings.services.transactional import TransactionalMessage, send_transactional
from apps.users.models import User

log = structlog.get_logger(__name__)

Purpose = PublicLink.Purpose

_HOUR: Final = 3600
#: A link lives for an hour, so a person may need more than one a day.
ADDRESS: Final = (
    Limit("link-day", "limit_address", 3, 24 * _HOUR),
    Limit("link-month", "limit_address", 10, 30 * 24 * _HOUR),
)
OWNER: Final = Limit("link-owner", "limit_form", 60, _HOUR)
#: Pages about one's own data that a person opens from the page of preferences.
OWN_PAGES: Final = Limit("own-pages", "limit_address", 10, _HOUR)
#: The field of the message that is the link.
LINK: Final = "link_url"
_TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    Purpose.PREFERENCES.value: (
        gettext_noop("Your preferences: %(sender)s"),
        gettext_noop("Open the link to choose what %(sender)s sends to this address."),
    ),
    Purpose.DATA.value: (
        gettext_noop("Copy of your data: %(sender)s"),
        gettext_noop("Open the link to get a copy of what %(sender)s keeps about you."),
    ),
    Purpose.ERASURE.value: (
        gettext_noop("Erasure of your data: %(sender)s"),
        gettext_noop("Open the link to have everything erased that %(sender)s keeps about you."),
    ),
    Purpose.EMAIL.value: (
        gettext_noop("Your email address: %(sender)s"),
        gettext_noop("Open the link to get what %(sender)s sends at another address."),
    ),
}


class TooManyLinks(Refused):
    """The person has opened as many pages about their own data as an hour has."""

    code = "too_many_links"


def ask_by_address(
    *, owner_id: int, address: str, language: str, ip: str | None, now: datetime
) -> bool:
    """Send this address a link to its preferences, if it is a recipient's and the limits allow it.

    True when it was sent, which no page may say.
    """
    mine = Recipient.objects.filter(owner_id=owner_id, archived_at=None)
    recipient = mine.filter(email=address, owner__is_active=True).first()
    uses = take_for_link(owner_id, address, ip, known=recipient is not None, now=now)
    if uses is None or recipient is None:
        return False
    return _send(recipient, Purpose.PREFERENCES.value, language, uses, now)


def ask_of(
    *, recipient: Recipient, purpose: str, language: str, ip: str | None, now: datetime
) -> bool:
    """Send the person a link for this purpose, within the same limits. True when it was sent."""
    if not recipient.email:
        return False
    uses = take_for_link(recipient.owner_id, recipient.email, ip, known=True, now=now)
    if uses is None:
        return False
    return _send(recipient, purpose, language, uses, now)


def link_to_own_page(*, recipient: Recipient, purpose: str, now: datetime) -> PublicLink:
    """A link for the person who stands behind a fresh one already. Raises TooManyLinks."""
    if windows.take([(OWN_PAGES, str(recipient.pk))], now=now) is not None:
        raise TooManyLinks(_("You have opened these pages very often. Try again in an hour."))
    return make_link(recipient=recipient, purpose=purpose, now=now)


def take_for_link(
    owner_id: int, address: str, ip: str | None, *, known: bool, now: datetime
) -> list[Use] | None:
    """Use what a link to this address uses of the limits. None when one of them is reached.

    Always in the same order, so that no two transactions wait for each other. An address that gets
    no email, being not ``known``, uses nothing of what the owner's people share: inventing
    addresses would lock them out.
    """
    own: list[Use] = [(limit, f"{owner_id}|{address}") for limit in ADDRESS]
    uses = [*own, *windows.shared_uses_of(address=address, ip=ip)]
    if known:
        uses += uses_of_owner(owner_id)
    return uses if windows.take(uses, now=now) is None else None


def uses_of_owner(owner_id: int) -> list[Use]:
    """What a link to one of the owner's people uses of the hour that they share: taken last."""
    return [(OWNER, str(owner_id)), (windows.INSTALLATION, "")]


def _send(
    recipient: Recipient, purpose: str, language: str, uses: Sequence[Use], now: datetime
) -> bool:
    known = recipient.language in dict(settings.LANGUAGES)
    try:
        with transaction.atomic():  # the link and its email are there, or neither
            link = make_link(recipient=recipient, purpose=purpose, now=now)
            _send_email(link, recipient.language if known else language)
    except Refused as refused:
        windows.give_back(uses)
        log.info("fresh_link_not_sent", recipient_id=recipient.pk, code=refused.code)
        return False
    log.info("fresh_link_sent", recipient_id=recipient.pk, purpose=purpose)
    return True


def _send_email(link: PublicLink, language: str) -> None:
    owner = link.recipient.owner
    account = default_account(Channel.EMAIL, owner)
    sender = _default_sender(owner, account)
    request = TransactionalMessage(
        message=_message(owner, link.purpose, sender_name(owner), language),
        to=link.recipient,
        channel=Channel.EMAIL,
        account=account,
        fields={LINK: url_of(link)},
        expires_in=int(LIVES.total_seconds()),
        purpose=Mailing.Purpose.CONFIRMATION,
        sender_id=sender.pk if sender else None,
    )
    send_transactional(message_request=request, trigger=Trigger.API)


def _default_sender(owner: User, account: str) -> Sender | None:
    """The owner's usual sender, if the account may be used with it."""
    mine = Sender.objects.filter(owner=owner, is_default=True, archived_at=None)
    found = mine.filter(confirmed_at__isnull=False).first()
    return found if found and (not found.accounts or account in found.accounts) else None


def sender_name(owner: User) -> str:
    """Whom people know this owner as: a name that nobody has confirmed is shown to nobody."""
    account = default_account(Channel.EMAIL, owner)
    found = _default_sender(owner, account)
    return found.name or found.address if found else unsubscribe.sender_of(account)


def _message(owner: User, purpose: str, sender: str, language: str) -> Message:
    """The message with this text, made when it is first needed. Not offered, so it is archived."""
    subject, text = _TEXTS[purpose]
    with override(language):
        label = _("Open the link")
        named = {"sender": plain(sender)}
        head, body = _(subject) % named, _(text) % named
        tail = _("It works for an hour. You did not ask for it? Do nothing; nothing will change.")
    place = "{{ " + LINK + " }}"
    html = f'{linebreaks(escape(body))}<p><a href="{place}">{escape(label)}</a></p>'
    written = {
        "owner": owner,
        "subject": head[:255],
        "text": f"{body}\n\n{label}: {place}\n\n{tail}\n",
        "html": on_a_sheet(f"{html}<p>{escape(tail)}</p>"),
    }
    rows = Message.objects.filter(**written, archived_at__isnull=False, attachments=None)
    found = rows.first()
    return found or Message.objects.create(**written, archived_at=timezone.now())
