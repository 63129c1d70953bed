"""A test letter: the same compiler and the same channel as a run, one letter, no ledger."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.core.audit.acts import Act
from apps.core.audit.log import record
from apps.core.content.template_language import RenderRefused
from apps.core.contracts import Channel, Claimed, Guard, Letter, Outcome, Verdict
from apps.core.errors import Refused
from apps.delivery.accounts import check_granted, declared, open_channel
from apps.delivery.engine.bulk_headers import bulk_headers_of
from apps.delivery.engine.limits.rate_limiter import Limiter
from apps.delivery.engine.render import compile_run, filled, message_id_domain, snapshot_of
from apps.delivery.engine.routing.circuit_breaker import in_service
from apps.delivery.engine.runs.launch import AccountOut, check_not_paused
from apps.delivery.engine.staging.sample import files_of_sample
from apps.delivery.sending_account import SendingAccount
from apps.mailings.attribute_values import lists_in
from apps.mailings.fields import fields_of
from apps.mailings.ledger import dialect
from apps.mailings.models import Mailing, Message, Recipient, Run, Sender
from apps.mailings.rules import bits_of_one
from apps.mailings.run_content import language_for
from apps.mailings.sender_rules import check_sender
from apps.mailings.services.feeds.content import waiting_entries
from apps.mailings.services.languages.translations import (
    LanguageUnknown,
    translations_of,
    written_in,
)
from apps.mailings.services.letters.bodies import check_message, make_pictures
from apps.users.models import User

log = structlog.get_logger(__name__)

#: By what a probe is found again.
PROBE_HEADER: Final = "X-Vestnik-Probe"
#: Seconds that a person waits for the outcome of a test.
REPLY_TIMEOUT = 30.0


class LimitReached(Refused):
    """The account or the user has no message left in this period."""

    code = "limit_reached"


class NoGuard(Guard):
    """One letter of no run: nothing to be taken over, nothing to be late for."""

    too_late = False

    def allow(self, connection: int, delivery_id: int) -> bool:
        return True

    def answered(self, connection: int, delivery_id: int, accepted: bool) -> None:
        pass


def send_test(
    *,
    message_id: int,
    address: str,
    account: str,
    recipient_id: int | None = None,
    lang: str = "",
) -> Outcome:
    """Send the message to ``address`` now, with a recipient's fields, and wait for the reply.

    Without ``recipient_id`` the owner's newest recipient lends its fields; without ``lang`` it
    is sent in the one that this recipient would get. Nothing is recorded, and
    the link to unsubscribe in it belongs to nobody. It takes its place in the account's limits.
    Raises AccountUnknown, AccountNotGranted, SendingPaused, AccountOut, ContentRefused,
    ConditionGone, LanguageUnknown, LimitReached, and what files_of_sample raises.
    """
    message, account_info = _reserved(message_id, account)
    sample = _sample_recipient(message, recipient_id)
    written = _written_for(message, sample, lang)
    subject = _("[Test] %(subject)s") % {"subject": written.subject}
    domain, entries = message_id_domain(account_info), waiting_entries(message)
    content = {**snapshot_of(written, domain=domain, entries=entries), "subject": subject}
    bits = bits_of_one(sample, content, dialect.database_now())
    claimed = replace(
        _claimed(account_info, address, fields_of(sample)),
        lists=lists_in(sample.attributes),
        condition_bits=bits,
        files=files_of_sample(message, sample),
    )
    outcome = _send(content, account_info, claimed)
    details = {"account": account, "address": address, "verdict": outcome.verdict.value}
    record(Act.TEST_SENT, message, details=details)
    log.info("test_sent", message_id=message_id, account=account, verdict=outcome.verdict.value)
    return outcome


def send_probe(
    *,
    message_id: int,
    account: str,
    address: str,
    key: str,
    mailing: Mailing | None = None,
    sender: Sender | None = None,
) -> Outcome:
    """Send the message to a mailbox of our own as an audience gets it, with ``key`` in a header.

    Nobody's data are in it. Raises what ``send_test`` raises, SenderUnfit and SenderUnconfirmed.
    """
    message, found = _reserved(message_id, account, sender, mailing)
    domain = message_id_domain(found)
    of_from = sender.address.rpartition("@")[2] if sender is not None else domain
    owner_id = message.owner_id
    lists = list(mailing.lists.values_list("pk", flat=True)) if mailing is not None else []
    headers = bulk_headers_of(
        mailing or Mailing(pk=0, owner_id=owner_id, message_id=message_id),
        lists=lists,
        domain=of_from,
    )
    entries = waiting_entries(message, mailing)
    content = snapshot_of(message, domain=domain, sender=sender, headers=headers, entries=entries)
    fields = fields_of(Recipient(owner_id=owner_id, email=address))
    outcome = _send(content, found, _claimed(found, address, fields), probe_key=key)
    log.info("probe_sent", message_id=message_id, account=account, verdict=outcome.verdict.value)
    return outcome


def _reserved(
    message_id: int, account: str, sender: Sender | None = None, mailing: Mailing | None = None
) -> tuple[Message, SendingAccount]:
    """The message and the account, once it may leave by it and has its place in the limits."""
    message = Message.objects.select_related("owner").get(pk=message_id)
    found = declared(account)
    check_granted(account, message.owner)
    check_not_paused(message.owner_id, dialect.database_now())
    if sender is not None:
        check_sender(sender, owner_id=message.owner_id, accounts=[account])
    if not in_service(account):
        raise AccountOut(_("The sending account is disabled."))
    check_message(message)
    make_pictures(message, mailing=mailing)
    _reserve(found, message.owner_id)
    return message, found


def probe_account(account: str, address: str) -> Outcome:
    """Send a system email to ``address``, even while the account is out of service.

    Raises AccountUnknown, LimitReached.
    """
    found = declared(account)
    _reserve(found, 0)
    text = _("This email confirms that the sending account “%(name)s” works.") % {"name": account}
    subject = _("[Test] %(subject)s") % {"subject": _("Test email")}
    outcome = _plain(subject, text, address, found)
    log.info("account_tried", account=account, verdict=outcome.verdict.value)
    return outcome


def send_plain(
    *, account: str, address: str, subject: str, text: str, owner_id: int = 0
) -> Outcome:
    """Send a plain system email, over the same channel as any other, and within its limits.

    ``owner_id``: in the name of this user, whose rights and limits count as well. Raises
    AccountUnknown, AccountOut, LimitReached, and in a user's name AccountNotGranted, SendingPaused.
    """
    found = declared(account)
    if owner_id:
        check_granted(account, User.objects.get(pk=owner_id))
        check_not_paused(owner_id, dialect.database_now())
    if not in_service(account):
        raise AccountOut(_("The sending account is disabled."))
    _reserve(found, owner_id)
    return _plain(subject, text, address, found)


@transaction.atomic
def _reserve(account: SendingAccount, owner_id: int) -> None:
    limiter = Limiter(account, owner_id)
    grant = limiter.reserve(1, dialect.database_now())
    if grant.wait is not None:
        when = date_format(timezone.localtime(grant.wait.until), "DATETIME_FORMAT")
        text = _("The limit of this account is used up until %(time)s.")
        raise LimitReached(text % {"time": when})


def _sample_recipient(message: Message, recipient_id: int | None) -> Recipient:
    rows = Recipient.objects.filter(owner_id=message.owner_id)
    if recipient_id is not None:
        rows = rows.filter(pk=recipient_id)
    return rows.order_by("-pk").first() or Recipient(owner_id=message.owner_id)


def _written_for(message: Message, recipient: Recipient, language: str) -> Message:
    """The message in this language, or in the recipient's. Raises what ``send_test`` raises."""
    known = [message.language, *translations_of(message)]
    if language and language not in known:
        raise LanguageUnknown(gettext_noop("The message is not written in this language."))
    spoken = language or language_for(recipient.language, known) or message.language
    if spoken == message.language:
        return message
    written = written_in(message, spoken)
    check_message(written)
    return written


def _plain(subject: str, text: str, address: str, account: SendingAccount) -> Outcome:
    """Subject and text are values and no templates: a name in them may hold braces."""
    message = Message(subject="{{ subject }}", text="{{ text }}")
    content = snapshot_of(message, domain=message_id_domain(account))
    claimed = _claimed(account, address, {"subject": subject, "text": text})
    return _send(content, account, claimed)


def _claimed(account: SendingAccount, address: str, fields: Mapping[str, str]) -> Claimed:
    """A test, which is no delivery. A service that remembers ids never gets one twice."""
    number = 0 if account.writes_email else time.time_ns() // 1000
    return Claimed(number, 0, address, 1, fields)


def _send(
    content: dict[str, Any], account: SendingAccount, claimed: Claimed, *, probe_key: str = ""
) -> Outcome:
    """``probe_key``: it is written as a mailing's letter, and has the key in a header."""
    channel = "email" if account.writes_email else min(account.serves)
    run = Run(mailing_id=0, content=content, channel=channel)
    if probe_key:
        run.key = probe_key[:16]
    compiled = compile_run(run, account, dialect.database_now(), is_list=bool(probe_key))
    try:
        letter = filled(compiled, claimed)
    except RenderRefused as refusal:
        return Outcome(0, Verdict.FAILED, response=refusal.response)
    if probe_key:  # before the signature, which does not cover it
        header = f"{PROBE_HEADER}: {probe_key}\r\n".encode()
        letter = replace(letter, body=header + letter.body)
    return hand_over_now(open_channel(account, NoGuard()), [letter], REPLY_TIMEOUT)[0]


def hand_over_now(channel: Channel, letters: list[Letter], seconds: float) -> list[Outcome]:
    """Hand the letters over and wait for their outcomes, at most so long; closes the channel."""
    until = time.monotonic() + seconds
    outcomes: list[Outcome] = []
    try:
        channel.hand_over(letters)
        while len(outcomes) < len(letters) and time.monotonic() < until:
            outcomes += channel.outcomes(0.5)
    finally:
        outcomes += channel.close()
    return outcomes
