"""Mailings to phones as the clients of the phone notification service know them.

Such a mailing has one text and no subject: the message under it is made here. Everything else is
what the rest of the API does, and what was made there is served here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.content.html_text import html_to_text
from apps.core.content.rules import CONTROLS
from apps.core.errors import Refused
from apps.core.slots import planner, run_control
from apps.mailings.models import Channel, Mailing, Message, Recipient, Run, Tag, Trigger
from apps.mailings.services.mailings import Audience, MailingOpen, MailingService
from apps.mailings.services.messages import MessageService
from apps.mailings.services.recipients import make_tags
from apps.users.models import User

log = structlog.get_logger(__name__)

#: So much of a text is the name of its mailing, and the subject of its message.
TITLE: Final = 60


class MailoutSent(Refused):
    """The mailing is completed: another text would not be what was sent."""

    code = "mailing_sent"


@dataclass(frozen=True, slots=True)
class Mailout:
    """A mailing as such a client describes it. An empty filter matches no recipient.

    ``tracking``: what its emails measure, over a further channel; None: as it was.
    """

    text: str
    starts_at: datetime
    ends_at: datetime
    operator_codes: Sequence[str]
    tags: Sequence[str]
    local_from: time | None
    local_to: time | None
    tracking: str | None = None


def text_of(message: Message) -> str:
    """The text for a phone, before a recipient's values are filled in."""
    return message.text if message.text.strip() else html_to_text(message.html)


def title_of(text: str) -> str:
    """The beginning of the text in one line, without any part of a place in it."""
    plain = text.split("{{")[0].split("{%")[0]
    line = " ".join(CONTROLS.sub(" ", plain).split())
    return line[:TITLE].strip() or _("Text message")


@transaction.atomic
def add_mailout(*, owner: User, given: Mailout, account: str, now: datetime) -> Mailing:
    """A new mailing to phones. ``set_going`` starts it. Raises ValidationError."""
    if given.ends_at <= now:
        text = _("It would be over before it began: nothing is sent after the end.")
        raise ValidationError({"finish_at": ValidationError(text, code="past")})
    message = _saved(_message(owner.pk, given.text), owner)
    mailing = Mailing(
        owner=owner,
        name=message.subject,
        message=message,
        channel=Channel.PHONE,
        account=account,
    )
    _save(mailing, given, tags=given.tags)
    return mailing


@transaction.atomic
def replace_mailout(*, mailing: Mailing, given: Mailout, author: User) -> None:
    """Change what such a client gives, and nothing else.

    While a run is open: refused, unless it is paused. Then text and end may change, for those who
    were not reached yet. An everybody stays an everybody until a filter is given. Raises
    ValidationError, MailingOpen, MailoutSent, and what the dispatcher raises.
    """
    open_run = mailing.runs.exclude(state=Run.State.DONE).defer("content").first()
    if open_run is not None and open_run.state != Run.State.PAUSED:
        raise MailingOpen(_("This mailing is being sent. Pause or stop it first."))
    old = text_of(mailing.message)
    edited = given.text.strip() != old.strip()
    if edited and mailing.status == Mailing.Status.COMPLETED and mailing.runs.exists():
        text = _("This mailing was sent with its text. Make a new one for another text.")
        raise MailoutSent(text)
    if edited:
        mailing.message = _edited(mailing, given.text, author)
        if mailing.name == title_of(old):
            mailing.name = title_of(given.text)
    known = {tag.name for tag in mailing.filter_tags.all()}
    _save(mailing, given, tags=None if known == set(given.tags) else given.tags)
    if open_run is not None and edited:
        run_control.value.replace_content(mailing_id=mailing.pk)


def _save(mailing: Mailing, given: Mailout, *, tags: Sequence[str] | None) -> None:
    mailing.filter_operator_codes = list(given.operator_codes)
    if mailing.pk is None or not _same(mailing.starts_at, given.starts_at):
        mailing.starts_at = given.starts_at
    if mailing.pk is None or not _same(mailing.ends_at, given.ends_at):
        mailing.ends_at = given.ends_at
    mailing.local_from, mailing.local_to = given.local_from, given.local_to
    if given.tracking is not None:
        mailing.tracking = given.tracking
    if given.operator_codes or given.tags:
        mailing.everyone = False
    make_tags(owner_id=mailing.owner_id, names=tags or [], for_mailout=True)
    MailingService(mailing.owner).save(mailing, audience=Audience(tags=tags))


def _same(stored: datetime, given: datetime) -> bool:
    """JSON carries milliseconds: what comes back as it was shown is not another moment."""
    return abs(stored - given) < timedelta(milliseconds=1)


def _edited(mailing: Mailing, text: str, author: User) -> Message:
    """The message with this text: a new version of it, unless it is not this mailing's alone."""
    message = mailing.message
    if message.html or message.mailings.exclude(pk=mailing.pk).exists():
        return _saved(_message(mailing.owner_id, text), author)
    if message.subject == title_of(message.text):
        message.subject = title_of(text)
    message.text = text
    return _saved(message, author)


def _message(owner_id: int, text: str) -> Message:
    return Message(owner_id=owner_id, subject=title_of(text), text=text, for_mailout=True)


def _saved(message: Message, author: User) -> Message:
    message.full_clean()
    return MessageService(author).save(message)


def set_going(*, mailing: Mailing, now: datetime) -> Refused | None:
    """Start a mailing that is inside its window. Returns what prevents it, if anything.

    What prevents it now need not do so for ever: the scheduler tries again until the end.
    """
    if mailing.status != Mailing.Status.CREATED or mailing.ends_at <= now:
        return None
    if mailing.starts_at > now:
        planner.value.planned()
        return None
    try:
        run_control.value.launch(mailing_id=mailing.pk, trigger=Trigger.API)
    except Refused as refusal:
        log.info("mailout_waits", mailing_id=mailing.pk, code=refusal.code)
        return refusal
    return None


@transaction.atomic
def add_message(*, mailing: Mailing, recipient: Recipient) -> int | None:
    """One more customer for this mailing. Returns the delivery's id, None before the start.

    Raises what the dispatcher raises.
    """
    mailing.recipients.add(recipient)
    if not mailing.runs.filter(number=mailing.current_run).exists():
        return None
    return run_control.value.add_recipient(mailing_id=mailing.pk, recipient_id=recipient.pk)


@transaction.atomic
def remove_mailout(*, mailing: Mailing, now: datetime) -> bool:
    """Stop it and keep it in the archive; delete one that was never sent. True when deleted.

    With it goes what was made for it and nothing else uses: its text, and of one that was never
    sent the tags that only its filter named. What is in flight still arrives, and is recorded.
    Raises MailingOpen, and what the dispatcher raises.
    """
    message, tags = mailing.message, list(mailing.filter_tags.filter(for_mailout=True))
    if not mailing.runs.exclude(state=Run.State.DONE).exists():
        deleted = MailingService(mailing.owner).remove(mailing, now=now)
    else:
        run_control.value.stop(mailing_id=mailing.pk)
        mailing.archived_at = now
        mailing.save(update_fields=["archived_at", "updated_at"])
        deleted = False
    if message.for_mailout and not message.mailings.filter(archived_at=None).exists():
        MessageService(mailing.owner).remove(message, now=now)
    if deleted:
        unused = Tag.objects.filter(pk__in=[tag.pk for tag in tags])
        unused.filter(recipienttag__isnull=True, mailings__isnull=True).delete()
    return deleted
