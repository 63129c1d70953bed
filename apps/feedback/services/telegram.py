"""Recipients connect their chat by a link of their own, leave, and come back."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.delivery.channels.telegram.inbound import BotUpdate, UpdateKind, parse_update
from apps.feedback.models import Event, TelegramLink
from apps.feedback.services.events import keep
from apps.mailings.links import TELEGRAM, sealed, unsealed
from apps.mailings.models import Channel, Recipient, Suppression
from apps.mailings.suppression import suppressing
from apps.mailings.suppression.suppressing import Blocked
from apps.users.models import User

log = structlog.get_logger(__name__)

#: How long a link can be used.
LIVES: Final = timedelta(days=7)
_KINDS: Final = {
    UpdateKind.START: Event.Kind.SUBSCRIBED,
    UpdateKind.BACK: Event.Kind.SUBSCRIBED,
    UpdateKind.LEFT: Event.Kind.UNSUBSCRIBED,
}


class BotMissing(Refused):
    """No bot is declared under this name, or ``.env`` does not say its name at Telegram."""

    code = "bot_missing"


def bots() -> list[str]:
    """The accounts whose bots can be linked to: those whose name ``.env`` gives."""
    return sorted(
        name
        for name, account in settings.ACCOUNTS.items()
        if account.kind == "telegram" and account.username
    )


# --- links ---


def make_link(*, recipient: Recipient, account: str, now: datetime) -> TelegramLink:
    """A fresh link for this recipient; those that were made before open nothing any more.

    Raises BotMissing.
    """
    if account not in bots():
        raise BotMissing(
            _("There is no bot “%(name)s” that people could be led to.") % {"name": account}
        )
    with transaction.atomic():
        TelegramLink.objects.filter(recipient=recipient, used_at=None).update(expires_at=now)
        return TelegramLink.objects.create(
            recipient=recipient, account=account, expires_at=now + LIVES
        )


def open_link(*, recipient: Recipient, now: datetime) -> TelegramLink | None:
    """The link that can be used at present."""
    rows = TelegramLink.objects.filter(
        recipient=recipient, used_at=None, expires_at__gt=now, account__in=bots()
    )
    return rows.order_by("-pk").first()


def address_of(link: TelegramLink) -> str:
    """The deep link (Bot API: ``start`` has up to 64 of A-Z, a-z, 0-9, _ and -)."""
    bot = settings.ACCOUNTS[link.account].username
    return f"https://t.me/{bot}?start={sealed(TELEGRAM, link.pk)}"


# --- the webhook's secrets: nobody has to invent or store them ---


def path_secret(account: str) -> str:
    """The secret part of the address that Telegram calls for this bot."""
    return _derived(b"path", account, settings.SECRET_KEY)


def header_secret(account: str) -> str:
    """What Telegram says in ``X-Telegram-Bot-Api-Secret-Token``."""
    return _derived(b"header", account, settings.SECRET_KEY)


def is_path_secret(given: str, account: str) -> bool:
    """True if this is the secret part of the bot's URL, under the present key or the last."""
    return _is_derived(given, b"path", account)


def is_header_secret(given: str, account: str) -> bool:
    """True if this is the secret given to Telegram, under the present key or the last."""
    return _is_derived(given, b"header", account)


def _is_derived(given: str, purpose: bytes, account: str) -> bool:
    roots = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(given, _derived(purpose, account, root)) for root in roots)


def _derived(purpose: bytes, account: str, root: str) -> str:
    text = b"vestnik.telegram." + purpose + b":" + account.encode()
    raw = hmac.digest(root.encode(), text, "sha256")
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


# --- updates ---


@transaction.atomic
def take_update(*, account: str, update: Any, now: datetime) -> tuple[int, str] | None:
    """Put one update of this bot into effect, once. The chat and the words to answer, if any."""
    found = parse_update(update)
    if found is None or not _is_new(account, found, now):
        return None
    if found.kind is UpdateKind.LEFT:
        _close(found.chat_id)
        return None
    _reopen(found.chat_id)
    if found.kind is UpdateKind.BACK or not found.token:
        return None
    with translation.override(found.language if found.language in ("ru", "en") else None):
        return found.chat_id, _connect(account, found, now)


def _is_new(account: str, found: BotUpdate, now: datetime) -> bool:
    facts = {"recipient": str(found.chat_id), "words": found.kind.value}
    event = Event(
        provider=f"telegram:{account}",
        event_id=str(found.update_id),
        kind=_KINDS[found.kind],
        facts=facts,
        received_at=now,
        settled_at=now,
    )
    return keep(event)


def _connect(account: str, found: BotUpdate, now: datetime) -> str:
    """Use the link up and give its recipient the chat. Return the reply to the sender."""
    number = unsealed(TELEGRAM, found.token) or 0
    links = TelegramLink.objects.filter(pk=number, account=account, recipient__archived_at=None)
    try:
        with transaction.atomic():
            if not links.filter(used_at=None, expires_at__gt=now).update(used_at=now):
                return _("This link has been used, or is too old. Ask for a new one.")
            link = links.get()
            Recipient.objects.filter(pk=link.recipient_id).update(
                telegram_chat_id=found.chat_id, updated_at=now
            )
    except IntegrityError:  # the owner has another recipient with this chat; the link stays
        return _("This chat is connected already.")
    log.info("telegram_connected", recipient_id=link.recipient_id, account=account)
    return _("Done: you will get our messages here.")


def _close(chat_id: int) -> None:
    """The bot was blocked: nobody here writes to this chat any more."""
    owners = list(User.objects.values_list("pk", flat=True))
    rows = Recipient.objects.filter(owner_id__in=owners, telegram_chat_id=chat_id)
    reason = Suppression.Reason.BOUNCED
    suppressing.suppress(
        [
            Blocked(owner_id, Channel.TELEGRAM, str(chat_id), reason)
            for owner_id in rows.values_list("owner_id", flat=True)
        ],
        actor=suppressing.BY_RECIPIENT,
    )
    log.info("telegram_left", chats=1)


def _reopen(chat_id: int) -> None:
    """They are back. Who has unsubscribed from a sender stays unsubscribed."""
    owners = list(User.objects.values_list("pk", flat=True))
    rows = Suppression.objects.filter(
        owner_id__in=owners,
        channel=Channel.TELEGRAM,
        address=str(chat_id),
        reason=Suppression.Reason.BOUNCED,
    )
    if lifted := suppressing.lift(rows, actor=suppressing.BY_RECIPIENT):
        log.info("telegram_back", lifted=len(lifted))
