"""A run's message as email, for every channel that hands over whole letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from apps.core.contracts import Claimed, Letter
from apps.delivery.channels.content import Compiled, Content
from apps.delivery.channels.email.compile import EmailContent, compile_email
from apps.delivery.channels.email.providers import carrying


@dataclass(frozen=True, slots=True)
class _Signed(Compiled):
    """A compiled message whose letters are signed."""

    compiled: Compiled
    sign: Callable[[bytes], bytes]

    def fill(self, claimed: Claimed) -> Letter:
        letter = self.compiled.fill(claimed)
        return replace(letter, body=self.sign(letter.body))


def compile_letter(content: Content) -> Compiled:
    """Compile a run's message. Raises ContentRefused when nobody could be sent it."""
    email = EmailContent(
        subject=content.subject,
        text=content.text,
        html=content.html,
        from_email=content.from_email,
        from_name=content.from_name,
        reply_to=content.reply_to,
        transmitter=_transmitter(content),
        list_id=content.list_id,
        feedback_id=content.feedback_id,
        list_archive=content.list_archive,
        message_id_domain=content.domain,
        run_key=content.run_key,
        envelope_sender=content.account_email or content.from_email,
        attachments=content.attachments,
        pictures=content.pictures,
        bounce_sender=content.bounce_sender,
        is_list=content.is_list,
        is_bulk=content.is_bulk,
        carrying=carrying(content.server_host),
        open_file=content.open_file,
        measured=content.measured,
    )
    compiled = compile_email(email, content.links, content.now)
    return _Signed(compiled, content.sign) if content.sign is not None else compiled


def _transmitter(content: Content) -> str:
    """The mailbox that sends for the one in From, if that is of another domain (RFC 5322, 3.6.2).

    Within one domain the account's mailbox is how the letter leaves, and nobody's name.
    """
    own = content.from_email.rpartition("@")[2].lower()
    other = content.account_email.rpartition("@")[2].lower()
    return content.account_email if other and other != own else ""
