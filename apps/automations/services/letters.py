"""The mailing of a send step: made and opened once for each round of its letter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from apps.automations.definition.parts import Send
from apps.automations.definition.reading import step_of
from apps.automations.models import Automation, Step, StepMailing
from apps.core.slots import run_control
from apps.mailings.models import Mailing, MailingList, Message, Trigger
from apps.mailings.sender_rules import sender_or_refused
from apps.mailings.services.letters.bodies import make_pictures

#: It stays open as long as its automation.
_OPEN_FOR: Final = timedelta(days=36_500)


def mailing_of(step: Step, round: int) -> int:
    """The id of the step's mailing for this round, which is made and opened when there is none.

    Raises what the dispatcher's launch raises.
    """
    known = StepMailing.objects.filter(step=step, round=round)
    found = known.values_list("mailing_id", flat=True).first()
    return found if found is not None else _make(step, round)


def make_letter_pictures(message_id: int) -> None:
    """Make the files of its pictures."""
    message = Message.objects.filter(pk=message_id).first()
    if message is not None:
        make_pictures(message)


def _make(step: Step, round: int) -> int:
    send = step_of(step)
    assert isinstance(send, Send)
    version = step.version
    mailing, lists = unsaved_mailing(
        send, version.automation, version.definition["trigger"], version.activated_at
    )
    mailing.full_clean(exclude=["owner"])
    mailing.save()
    if lists:
        mailing.lists.set(MailingList.objects.filter(pk__in=lists))
    StepMailing.objects.create(step=step, round=round, mailing=mailing)
    run_control.value.launch_open(mailing_id=mailing.pk, trigger=Trigger.SCHEDULED)
    return mailing.pk


def unsaved_mailing(
    send: Send, automation: Automation, trigger: Mapping[str, Any], began: datetime
) -> tuple[Mailing, list[int]]:
    """The mailing of this step, and the lists by which it may write.

    Raises Message.DoesNotExist and SenderUnfit.
    """
    lists = [trigger["list"]] if trigger["kind"] == "subscribed" else []
    by_list = bool(lists) and not send.transactional and send.basis in (None, "subscription")
    mailing = Mailing(
        owner_id=automation.owner_id,
        kind=Mailing.Kind.AUTOMATION,
        name=f"{automation.name}: {send.key}"[:200],
        message=Message.objects.get(pk=send.message, owner_id=automation.owner_id),
        channel=send.channel,
        account=send.account,
        second_channel=send.second_channel,
        second_account=send.second_account,
        sender=sender_or_refused(send.sender, automation.owner_id),
        local_from=send.local_from,
        local_to=send.local_to,
        on_cap=send.on_cap,
        purpose=Mailing.Purpose.SERVICE if send.transactional else Mailing.Purpose.MARKETING,
        basis=_basis(send, by_list=by_list),
        starts_at=began,
        ends_at=began + _OPEN_FOR,
    )
    return mailing, lists if by_list else []


def _basis(send: Send, *, by_list: bool) -> str:
    """By what right: the list's, what the step says, or what the installation demands."""
    if by_list:
        return Mailing.Basis.SUBSCRIPTION
    if send.basis is not None:
        return send.basis
    return Mailing.Basis.CONSENT if settings.CONSENT_REQUIRED else Mailing.Basis.STATED
