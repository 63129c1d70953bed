"""The words of ``manage.py mailing send``, and what they ask for."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from typing import Any, Final

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.values.addresses import phone, written_phone
from apps.delivery.selectors.accounts import route_of
from apps.mailings.models import Channel, Message, Recipient
from apps.mailings.services.transactional import (
    EXPIRES_IN,
    EXPIRES_LATEST,
    EXPIRES_SOONEST,
    Address,
    TransactionalMessage,
)

_NAME: Final = re.compile(r"[^\W\d]\w{0,49}")


class MessageUnknown(Refused):
    """There is no such message."""

    code = "message_unknown"


class RecipientUnknown(Refused):
    """The message's owner has no such recipient."""

    code = "recipient_unknown"


class AddressUnfit(Refused):
    """The address is none."""

    code = "address_unfit"


def add_words(sending: CommandParser) -> None:
    """The words of the command."""
    sending.add_argument("message", type=int, metavar="MESSAGE", help="the id of the message")
    to = sending.add_mutually_exclusive_group(required=True)
    to.add_argument("--recipient", type=int, metavar="ID", help="of the message's owner")
    to.add_argument("--email", metavar="ADDRESS", help="a recipient is made if none has it")
    to.add_argument("--phone", metavar="NUMBER", help="in any usual form")
    to.add_argument("--telegram", type=int, metavar="CHAT_ID")
    to.add_argument("--max", type=int, metavar="USER_ID")
    to.add_argument("--vk", type=int, metavar="USER_ID")
    sending.add_argument("--channel", choices=Channel.values, help="(that of the address)")
    sending.add_argument("--account", metavar="NAME", help="(as in a mailing)")
    sending.add_argument(
        "--field",
        action="append",
        default=[],
        type=_pair,
        metavar="NAME=VALUE",
        help="for {{ NAME }} in the message, before the recipient's own",
    )
    sending.add_argument(
        "--expires-in",
        type=_seconds,
        default=EXPIRES_IN,
        metavar="S",
        help="seconds after which nothing leaves any more (%(default)s)",
    )
    sending.add_argument("--json", action="store_true", help="for programs")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not _NAME.fullmatch(name) or "\x00" in value:
        raise ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _seconds(text: str) -> int:
    if text.isascii() and text.isdigit() and EXPIRES_SOONEST <= int(text) <= EXPIRES_LATEST:
        return int(text)
    raise ArgumentTypeError(f"give {EXPIRES_SOONEST} to {EXPIRES_LATEST} seconds")


def transactional_of(options: dict[str, Any]) -> TransactionalMessage:
    """What they ask for. Raises MessageUnknown, RecipientUnknown, and what ``route_of`` raises."""
    message = (
        Message.objects.select_related("owner")
        .filter(pk=options["message"], archived_at=None)
        .first()
    )
    if message is None:
        raise MessageUnknown(_("There is no message (id:%(id)s).") % {"id": options["message"]})
    given = {channel: options[channel] for channel in Channel.values}
    if number := phone(given[Channel.PHONE] or ""):
        given[Channel.PHONE] = written_phone(number)
    addresses = [Address(channel, one) for channel, one in given.items() if one is not None]
    to: Recipient | Address | None = next(iter(addresses), None)
    if to is None:
        mine = Recipient.objects.filter(owner_id=message.owner_id, pk=options["recipient"])
        to = mine.first()
    if to is None:
        text = _("The message's owner has no recipient (id:%(id)s).")
        raise RecipientUnknown(text % {"id": options["recipient"]})
    by_address = addresses[0].channel if addresses else ""
    channel, account = route_of(
        channel=options["channel"] or by_address,
        account=options["account"] or "",
        actor=message.owner,
    )
    fields, expires_in = dict(options["field"]), options["expires_in"]
    return TransactionalMessage(message, to, channel, account, fields, expires_in)
