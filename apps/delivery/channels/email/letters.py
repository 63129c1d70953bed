"""A run's message as email, for every channel that hands over whole letters."""

from __future__ import annotations

from apps.delivery.channels.content import Content
from apps.delivery.channels.email.compile import CompiledEmail, EmailContent, compile_email
from apps.delivery.channels.email.providers import carrying


def compile_letter(content: Content) -> CompiledEmail:
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
    return compile_email(email, content.unsubscribe_url, None, content.now)
