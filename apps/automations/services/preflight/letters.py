"""Letters before an activation: can each be sent as it is, over its channels, by its sender?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import structlog
from django.utils.translation import gettext_noop as _

from apps.automations.definition.parts import Definition, Send
from apps.automations.models import Automation
from apps.automations.services.letters import unsaved_mailing
from apps.automations.services.preflight.found import FoundAt
from apps.core.content.template_language import RenderRefused
from apps.core.content.time_budget import OverLimit
from apps.core.errors import ContentRefused, Refused
from apps.delivery.accounts import check_granted, declared, state_row
from apps.delivery.models import AccountState
from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.checks.content import (
    ContentCheck,
    PostalAddressCheck,
    TextPartCheck,
    UnsubscribeCheck,
    WeightCheck,
)
from apps.delivery.preflight.checks.subject import SubjectCheck
from apps.delivery.preflight.findings import Finding, Place, failure, refused_by, unchecked
from apps.delivery.preflight.letter import Letter
from apps.mailings.models import Channel, Mailing
from apps.mailings.sender_rules import check_sender

log = structlog.get_logger(__name__)

_ALWAYS: Final[tuple[Check, ...]] = (ContentCheck(),)
_OF_EMAIL: Final[tuple[Check, ...]] = (
    SubjectCheck(),
    UnsubscribeCheck(),
    PostalAddressCheck(),
    TextPartCheck(),
    WeightCheck(),
)
#: Nothing here asks others.
_SECONDS: Final = 10.0


def findings_of_letter(
    send: Send, found: Definition, automation: Automation, now: datetime
) -> Iterator[FoundAt]:
    """What is wrong with the letter of this step, or might be better."""
    try:
        mailing, _lists = unsaved_mailing(
            send, automation, found.trigger.model_dump(mode="json"), now
        )
    except Refused as refusal:
        yield FoundAt(send.key, refused_by(refusal, Place.SENDER))
        return
    mailing.owner = automation.owner
    for one in (*_of_routes(mailing), *_of_content(mailing, now)):
        if one.fix or one.refusal or one.result == unchecked("").result:
            yield FoundAt(send.key, one)


def _of_routes(mailing: Mailing) -> Iterator[Finding]:
    """Each channel has an account that its owner may use, and that sends now."""
    for channel, name in mailing.routes:
        try:
            account = declared(name)
            check_granted(name, mailing.owner)
            if channel == Channel.EMAIL and mailing.sender is not None:
                check_sender(mailing.sender, owner_id=mailing.owner_id, accounts=[name])
        except Refused as refusal:
            yield refused_by(refusal, Place.NOWHERE)
            continue
        fix = _("Choose another account.")
        if channel not in account.serves:
            text = _("The account “%(name)s” does not send over the channel of this step.")
            yield failure(text, fix, Place.NOWHERE, name=name)
        elif state_row(name).state != AccountState.State.READY:
            text = _("The account “%(name)s” is disabled.")
            yield failure(text, fix, Place.NOWHERE, name=name)


def _of_content(mailing: Mailing, now: datetime) -> Iterator[Finding]:
    letter, tools = Letter(mailing), Tools(now)
    for check in (*_ALWAYS, *(_OF_EMAIL if letter.is_email else ())):
        try:
            found = list(check.run(letter, tools, _SECONDS))
        except OverLimit:
            found = [unchecked(_("The HTML has so many elements that it was not checked."))]
        except (ContentRefused, RenderRefused):
            return  # the first of the checks has said why it cannot be read
        yield from found
