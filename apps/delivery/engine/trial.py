"""A test letter: the same compiler and the same channel as a run, one letter, no ledger."""

from __future__ import annotations

import time

import structlog
from django.utils.translation import gettext as _

from apps.core.content_rules import check_content
from apps.core.contracts import Claimed, Guard, Outcome, Verdict
from apps.core.template_language import RenderRefused
from apps.delivery.accounts import Declared, declared, open_channel
from apps.delivery.engine.circuit import in_service
from apps.delivery.engine.launch import AccountOut
from apps.delivery.engine.render import compile_run
from apps.mailings.fields import fields_of
from apps.mailings.ledger import dialect
from apps.mailings.models import Message, Recipient, Run

log = structlog.get_logger(__name__)

#: Seconds that a person waits for the outcome of a test.
PATIENCE = 30.0


class _OpenDoor(Guard):
    """One letter of no run: nothing to be taken over, nothing to be late for."""

    past_due = False

    def allow(self, line: int, delivery_id: int) -> bool:
        return True

    def answered(self, line: int, delivery_id: int, accepted: bool) -> None:
        pass


def send_test(
    *, message_id: int, address: str, account: str, recipient_id: int | None = None
) -> Outcome:
    """Send the message to ``address`` now, with a recipient's fields, and wait for the reply.

    Without ``recipient_id`` the owner's newest recipient lends its fields. Nothing is recorded, and
    the link to unsubscribe in it belongs to nobody. Raises AccountUnknown, AccountOut,
    ContentRefused.
    """
    message = Message.objects.get(pk=message_id)
    way_out = declared(account)
    if not in_service(account):
        raise AccountOut(_("The sending account is out of service."))
    check_content(message.subject, message.text, message.html)
    outcome = _send(message, address, way_out, _lender(message, recipient_id))
    log.info("test_sent", message_id=message_id, account=account, verdict=outcome.verdict.value)
    return outcome


def _lender(message: Message, recipient_id: int | None) -> Recipient:
    rows = Recipient.objects.filter(owner_id=message.owner_id)
    if recipient_id is not None:
        rows = rows.filter(pk=recipient_id)
    return rows.order_by("-pk").first() or Recipient(owner_id=message.owner_id)


def _send(message: Message, address: str, way_out: Declared, lender: Recipient) -> Outcome:
    subject = _("[Test] %(subject)s") % {"subject": message.subject}
    run = Run(mailing_id=0, content={**_content(message), "subject": subject})
    compiled = compile_run(run, way_out, dialect.database_now())
    claimed = Claimed(0, 0, address, 1, fields_of(lender))
    try:
        letter = compiled.fill(claimed)
    except RenderRefused as refusal:
        return Outcome(0, Verdict.FAILED, response=f"{refusal.code}: {refusal}")
    channel = open_channel(way_out, _OpenDoor())
    until = time.monotonic() + PATIENCE
    try:
        channel.hand_over([letter])
        outcomes: list[Outcome] = []
        while not outcomes and time.monotonic() < until:
            outcomes = channel.outcomes(0.5)
    finally:
        outcomes += channel.close()
    return outcomes[0]


def _content(message: Message) -> dict[str, str]:
    return {"subject": message.subject, "text": message.text, "html": message.html}
