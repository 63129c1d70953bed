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
        reply_to="",
        list_id=f"mailing-{content.mailing_id}.{content.domain}",
        message_id_domain=content.domain,
        run_key=content.run_key,
        envelope_sender=content.from_email,
        attachments=content.attachments,
        bounce_sender=content.bounce_sender,
        is_list=content.is_list,
        carrying=carrying(content.server_host),
    )
    compiled = compile_email(email, content.unsubscribe_url, None, content.now)
    return _Signed(compiled, content.sign) if content.sign is not None else compiled
