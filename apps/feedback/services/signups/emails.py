"""The email that asks for a confirmation: a transactional message through account, limits, ledger.

It carries nothing that was typed into a form, for anybody may type anybody's address.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.html import escape, linebreaks
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.core.content.sheet import on_a_sheet
from apps.feedback.models import ConfirmationEmail, Signup
from apps.mailings.links import confirm_url
from apps.mailings.models import Channel, Mailing, Message, Recipient, SignupFormVersion, Trigger
from apps.mailings.services.transactional import TransactionalMessage, send_transactional

#: The field of the message that is the link.
LINK = "confirm_url"
_CONTENT = ("subject", "text", "html")


def send_confirmation(*, signup: Signup, recipient: Recipient) -> int:
    """Send it, and return the delivery. Raises what send_transactional raises.

    Called in the transaction that makes the sign-up wait: both are there, or neither.
    """
    hours = signup.form.expires_hours
    request = TransactionalMessage(
        message=message_of(signup.version, signup.language),
        to=recipient,
        channel=Channel.EMAIL,
        account=signup.form.account,
        fields={LINK: confirm_url(signup.pk)},
        expires_in=hours * 3600,
        purpose=Mailing.Purpose.CONFIRMATION,
        sender_id=signup.form.sender_id,
    )
    return send_transactional(message_request=request, trigger=Trigger.API).delivery_id


def message_of(version: SignupFormVersion, language: str) -> Message:
    """The message of this version in a language, made when it is first needed.

    One that has been rewritten since is no more it: its link could be sent to another.
    """
    written = _written(version, language)
    rows = ConfirmationEmail.objects.filter(version=version, language=language)
    found = rows.select_related("message").first()
    if found is not None and _is_as(found.message, written):
        return found.message
    try:
        with transaction.atomic():
            written.save()
            if not rows.update(message=written):
                rows.create(version=version, language=language, message=written)
            return written
    except IntegrityError:  # another sign-up was first
        return rows.select_related("message").get().message


def _is_as(message: Message, written: Message) -> bool:
    same = all(getattr(message, name) == getattr(written, name) for name in _CONTENT)
    return same and not message.attachments.exists()


def _written(version: SignupFormVersion, language: str) -> Message:
    """The owner's text, and the link under it. Not offered for mailings, so it is archived."""
    texts: dict[str, Any] = version.shown["languages"][language]
    with override(language):
        label = _("Confirm subscription")
    place = "{{ " + LINK + " }}"
    text = plain(texts["email"])
    html = f'{linebreaks(escape(text))}<p><a href="{place}">{escape(label)}</a></p>'
    return Message(
        owner_id=version.form.owner_id,
        subject=plain(texts["subject"]),
        text=f"{text}\n\n{label}: {place}\n",
        html=on_a_sheet(html),
        archived_at=timezone.now(),
    )


def plain(text: str) -> str:
    """Without the signs of the template language: here they are only signs."""
    for sign in ("{{", "}}", "{%", "%}"):
        text = text.replace(sign, "")
    return text
