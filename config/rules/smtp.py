"""What the settings of an SMTP server may say; the account's and the site's own are alike."""

from __future__ import annotations

import ssl

from apps.delivery.channels.email.ehlo_name import is_ehlo_name


def ehlo_name(value: str) -> str:
    """Return the name for EHLO as it is. Raises ValueError."""
    if value and not is_ehlo_name(value):
        raise ValueError("is neither a domain name in ASCII nor an address in brackets")
    return value


def ca_file(value: str) -> str:
    """Return the path of a file of certificates in PEM. Raises ValueError."""
    if value:
        try:
            ssl.create_default_context(cafile=value)
        except (OSError, ValueError):
            raise ValueError("is no readable file of certificates in PEM") from None
    return value


def token_command(value: str, *, file: str, username: str, password: str) -> str:
    """Return the command that prints an access token, if the rest goes with it.

    Raises ValueError.
    """
    if value and file:
        raise ValueError("goes without OAUTH_TOKEN_FILE: give one of the two")
    if (value or file) and password:
        raise ValueError("an access token goes without a password: give one of the two")
    if (value or file) and not username:
        raise ValueError("an access token needs the user name that it belongs to")
    return value
