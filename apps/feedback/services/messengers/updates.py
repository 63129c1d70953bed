"""What people do at a bot is put into effect, once."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.delivery.channels.messengers.updates import BotUpdate, UpdateKind
from apps.feedback.models import Event, MessengerLink
from apps.feedback.services.incoming.keeping import keep
from apps.feedback.services.messengers.kinds import Messenger, messenger_of
from apps.mailings.links import MESSENGER, unsealed
from apps.mailings.models import Recipient, Suppression
from apps.mailings.suppression import suppressing
from apps.mailings.suppression.suppressing import Blocked
from apps.users.models import User

log = structlog.get_logger(__name__)

_KINDS: Final = {
    UpdateKind.START: Event.Kind.SUBSCRIBED,
    UpdateKind.BACK: Event.Kind.SUBSCRIBED,
    UpdateKind.LEFT: Event.Kind.UNSUBSCRIBED,
}


@transaction.atomic
def take_update(*, account: str, update: Any, now: datetime) -> tuple[int, str] | None:
    """Put one update of this bot into effect, once. The person and the words to answer, if any."""
    messenger = messenger_of(account)
    found = messenger.parse(update)
    if found is None or not _is_new(messenger, account, found, now):
        return None
    if found.kind is UpdateKind.LEFT:
        _close(messenger, found.chat_id)
        return None
    _reopen(messenger, found.chat_id)
    if found.kind is UpdateKind.BACK or not found.token:
        return None
    with translation.override(found.language if found.language in ("ru", "en") else None):
        return found.chat_id, _connect(messenger, account, found, now)


def _is_new(messenger: Messenger, account: str, found: BotUpdate, now: datetime) -> bool:
    facts = {"recipient": str(found.chat_id), "words": found.kind.value}
    event = Event(
        provider=f"{messenger.channel}:{account}",
        event_id=found.event_id,
        kind=_KINDS[found.kind],
        facts=facts,
        received_at=now,
        settled_at=now,
    )
    return keep(event)


def _connect(messenger: Messenger, account: str, found: BotUpdate, now: datetime) -> str:
    """Use the link up and give its recipient the number. Return the reply to the person."""
    number = unsealed(MESSENGER, found.token) or 0
    links = MessengerLink.objects.filter(pk=number, account=account, recipient__archived_at=None)
    try:
        with transaction.atomic():
            if not links.filter(used_at=None, expires_at__gt=now).update(used_at=now):
                return _("This link has been used, or is too old. Ask for a new one.")
            link = links.get()
            Recipient.objects.filter(pk=link.recipient_id).update(
                **{messenger.field: found.chat_id}, updated_at=now
            )
    except IntegrityError:  # the owner has another recipient with this chat; the link stays
        return _("This chat is connected already.")
    log.info(
        "messenger_connected",
        channel=messenger.channel,
        recipient_id=link.recipient_id,
        account=account,
    )
    return _("Done: you will get our messages here.")


def _close(messenger: Messenger, person: int) -> None:
    """The bot was stopped: nobody here writes to this person there any more."""
    owners = list(User.objects.values_list("pk", flat=True))
    rows = Recipient.objects.filter(owner_id__in=owners, **{messenger.field: person})
    reason = Suppression.Reason.BOUNCED
    suppressing.suppress(
        [
            Blocked(owner_id, messenger.channel, str(person), reason)
            for owner_id in rows.values_list("owner_id", flat=True)
        ],
        actor=suppressing.BY_RECIPIENT,
    )
    log.info("messenger_left", channel=messenger.channel, chats=1)


def _reopen(messenger: Messenger, person: int) -> None:
    """They are back. Who has unsubscribed from a sender stays unsubscribed."""
    owners = list(User.objects.values_list("pk", flat=True))
    rows = Suppression.objects.filter(
        owner_id__in=owners,
        channel=messenger.channel,
        address=str(person),
        reason=Suppression.Reason.BOUNCED,
    )
    if lifted := suppressing.lift(rows, actor=suppressing.BY_RECIPIENT):
        log.info("messenger_back", channel=messenger.channel, lifted=len(lifted))
