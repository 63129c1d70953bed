"""What the mails about accounts say: links begin with the site's own address, never a visitor's.

The ``Host`` of a request is written by whoever sends it. A link to set a new password that begins
with it would carry the key to a stranger's server.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from allauth.account.adapter import DefaultAccountAdapter

from apps.core.site import LOOPBACK, site_url


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Allauth's own, with the name and the address of the site from ``.env``."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        told = {name: _public(value) for name, value in context.items()}
        site = {"name": "Vestnik", "domain": urlsplit(site_url()).netloc}
        super().send_mail(template_prefix, email, {**told, "current_site": site})


def _public(value: Any) -> Any:
    """A link of ours under ``SITE_URL``; on one's own machine, under whatever port it was asked."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        return value
    link, site = urlsplit(value), urlsplit(site_url())
    if link.hostname in LOOPBACK and site.hostname in LOOPBACK:
        return value
    return urlunsplit((site.scheme, site.netloc, link.path, link.query, link.fragment))
