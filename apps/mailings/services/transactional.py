"""A message to one recipient, now: a mailing of one, made and launched by one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.slots import run_control
from apps.mailings.ledger import dialect
from apps.mailings.models import Mailing, Message, Recipient
from apps.mailings.models.audience import ADDRESS
from apps.mailings.sender_rules import sender_or_refused
from apps.mailings.services.letters.bodies import make_pictures
from apps.mailings.services.personal_files.given import GivenFile, give_files
from apps.mailings.suppression.tombstones import refuse_erased

log = structlog.get_logger(__name__)

#: Seconds after which nothing leaves any more: when nobody says, at least, at most.
EXPIRES_IN: Final = 86_400
EXPIRES_SOONEST: Final = 60
EXPIRES_LATEST: Final = 604_800


class RecipientArchived(Refused):
    """A recipient in the archive keeps a history and receives nothing."""

    code = "recipient_archived"


@dataclass(frozen=True, slots=True)
class Address:
    """An address on a channel, as somebody typed it."""

    channel: str
    value: str | int


@dataclass(frozen=True, slots=True)
class TransactionalMessage:
    """What to send, to whom, by which account. ``to`` is a recipient of the message's owner, or an
    address. ``fields`` go before the recipient's own; nothing leaves after ``expires_in`` seconds.
    ``sender_id``: who an email is from, where that is not the account. ``purpose`` says which
    suppressions and wishes it passes over. ``files``: for the message's files that programs give.
    ``tracking``: what an email measures; empty: nothing. ``tracking_text``: the links of its text
    version as well; None: as TRACKING_TEXT says.
    """

    message: Message
    to: Recipient | Address
    channel: str
    account: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    expires_in: int = EXPIRES_IN
    purpose: str = Mailing.Purpose.MARKETING
    sender_id: int | None = None
    files: Sequence[GivenFile] = ()
    tracking: str = ""
    tracking_text: bool | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What was made of it. ``state`` is the delivery's, as in the ledger."""

    mailing_id: int
    run_id: int
    delivery_id: int
    state: str


def send_transactional(*, message_request: TransactionalMessage, trigger: str) -> Sent:
    """Send one message to one recipient through the ledger, or leave nothing behind.

    Raises ValidationError for an address that is none, AddressErased, RecipientArchived, and what
    give_files and the dispatcher raise.
    """
    to = message_request.to
    spoken = to.language if isinstance(to, Recipient) else ""
    make_pictures(message_request.message, {spoken, spoken.partition("-")[0]})
    with transaction.atomic():
        return _sent(message_request, trigger)


def _sent(message_request: TransactionalMessage, trigger: str) -> Sent:
    message = message_request.message
    to = message_request.to
    recipient = to if isinstance(to, Recipient) else _recipient_at(message.owner_id, to)
    if recipient.archived_at is not None:
        raise RecipientArchived(_("This recipient is in the archive, and receives nothing."))
    now = dialect.database_now()  # the clock by which the window is kept
    mailing = Mailing.objects.create(
        owner_id=message.owner_id,
        kind=Mailing.Kind.TRANSACTIONAL,
        name=message.subject[:200],
        message=message,
        channel=message_request.channel,
        account=message_request.account,
        fields=dict(message_request.fields),
        purpose=message_request.purpose,
        sender=sender_or_refused(message_request.sender_id, message.owner_id),
        tracking=message_request.tracking,
        tracking_text=message_request.tracking_text,
        starts_at=now,
        ends_at=now + timedelta(seconds=message_request.expires_in),
    )
    mailing.recipients.add(recipient)
    give_files(mailing=mailing, recipient_id=recipient.pk, files=message_request.files)
    launched = run_control.value.launch_transactional(mailing_id=mailing.pk, trigger=trigger)
    return Sent(mailing.pk, launched.run_id, launched.delivery_id, launched.state)


def _recipient_at(owner_id: int, address: Address) -> Recipient:
    """The owner's recipient with this address, made when there is none; never a second one."""
    name = ADDRESS[address.channel]
    fresh = Recipient(**{"owner_id": owner_id, name: address.value})
    fresh.clean_fields(exclude={"owner"})
    refuse_erased(fresh)
    known: dict[str, Any] = {"owner_id": owner_id, name: getattr(fresh, name)}
    return Recipient.objects.get_or_create(**known)[0]
