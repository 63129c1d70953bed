"""Letters before an activation: can each be sent as it is, by its sender?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_noop as _

from apps.automations.definition.parts import Definition, Send
from apps.automations.models import Automation
from apps.automations.services.letters import unsaved_mailing
from apps.automations.services.preflight.findings import DraftFinding, FindingCode
from apps.core.content.template_language import RenderRefused
from apps.core.content.time_budget import OverLimit
from apps.core.errors import ContentRefused, Refused
from apps.delivery.preflight.check import Check, Tools
from apps.delivery.preflight.checks.content import (
    ContentCheck,
    PostalAddressCheck,
    TextPartCheck,
    UnsubscribeCheck,
    WeightCheck,
)
from apps.delivery.preflight.checks.subject import SubjectCheck
from apps.delivery.preflight.findings import Finding, Place, Result, refused_by, unchecked
from apps.delivery.preflight.letter import Letter
from apps.mailings.models import Channel, Mailing
from apps.mailings.sender_rules import check_sender

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
) -> Iterator[DraftFinding]:
    """What is wrong with the letter of this step, or might be better."""
    trigger = found.trigger.model_dump(mode="json")
    try:
        mailing, _lists = unsaved_mailing(send, automation, trigger, now)
        _check_sender(mailing)
    except Refused as refusal:
        yield DraftFinding(send.key, FindingCode.SENDER, refused_by(refusal, Place.SENDER))
        return
    mailing.owner = automation.owner
    for one in _of_content(mailing, now):
        if one.fix or one.refusal or one.result is Result.UNCHECKED:
            yield DraftFinding(send.key, FindingCode.MESSAGE, one)


def _check_sender(mailing: Mailing) -> None:
    """Its sender may be used by the accounts that send email. Raises SenderUnfit and the like."""
    accounts = [name for channel, name in mailing.routes if channel == Channel.EMAIL]
    if mailing.sender is not None and accounts:
        check_sender(mailing.sender, owner_id=mailing.owner_id, accounts=accounts)


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
