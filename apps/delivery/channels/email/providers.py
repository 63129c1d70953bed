"""Whose mail servers these are, and how each carries our Message-ID through to its events.

A provider names a letter in its own way. Some give the Message-ID back, some only what the sender
has put into a header of theirs; the header is removed before the letter leaves them.
"""

from __future__ import annotations

from typing import Final

#: The ends of the servers' names.
HOSTS: Final = {
    "amazon_ses": ("amazonaws.com", "amazonaws.com.cn"),
    "brevo": ("brevo.com", "sendinblue.com"),
    "mailersend": ("mailersend.net", "mailersend.com"),
    "mailgun": ("mailgun.org", "mailgun.net"),
    "mailjet": ("mailjet.com",),
    "mailtrap": ("mailtrap.io",),
    "mandrill": ("mandrillapp.com",),
    "postmark": ("postmarkapp.com",),
    "resend": ("resend.com",),
    "sendgrid": ("sendgrid.net",),
    "sparkpost": ("sparkpostmail.com", "sparkpost.com"),
    "unisender_go": ("unisender.ru", "unisender.com", "unione.io"),
}
#: What stands before and behind the Message-ID in the header that carries it.
_CARRIED: Final = {
    "mailjet": ("X-MJ-CustomID: ", ""),
    "mailtrap": ('X-MT-Custom-Variables: {"message_id": "', '"}'),
    "mandrill": ('X-MC-Metadata: {"message_id": "', '"}'),
    "postmark": ("X-PM-Metadata-message_id: ", ""),
    "sparkpost": ('X-MSYS-API: {"metadata": {"message_id": "', '"}}'),
    "unisender_go": ('X-UNIONE: {"global_metadata": {"message_id": "', '"}}'),
}


def provider_of(host: str) -> str:
    """Whose server this is; empty when it is nobody's that is known here."""
    name = host.lower().rstrip(".")
    for provider, ends in HOSTS.items():
        if any(name == end or name.endswith("." + end) for end in ends):
            return provider
    return ""


def carrying(host: str) -> tuple[str, str] | None:
    """The header around a Message-ID that makes this server's provider give it back."""
    return _CARRIED.get(provider_of(host))
