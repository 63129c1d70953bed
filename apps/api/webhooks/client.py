"""Calls to addresses that users have written: signed, bounded, and never into the house."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.http.outbound import AddressRefused, is_public
from apps.core.responses.stored import NOTHING, Response, coded, foreign, printable
from apps.delivery.channels.http.client import (
    BaseUrl,
    CallFailed,
    Client,
    Connection,
    NotSent,
    Timeouts,
)

#: Seconds. The resolver has limits of its own.
TIMEOUTS: Final = Timeouts(connect=5, read=10, total=10)
_LONGEST: Final = 500
#: Below 1024 live the protocols that a request could be mistaken for (SMTP, for one).
_PORTS: Final = (80, 443)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. ``code`` 0: no answer, and ``words`` say why."""

    code: int
    words: Response
    seconds: float

    @property
    def good(self) -> bool:
        return 200 <= self.code < 300

    @property
    def gone(self) -> bool:
        """The receiver wants no more calls (RFC 9110, 15.5.11)."""
        return self.code == 410


class OutwardClient(Client):
    """Resolves the host once for a connection, and connects to nothing but what it has judged."""

    def places(self) -> list[tuple[Any, ...]]:
        found = super().places()
        if not settings.WEBHOOK_ALLOW_LOCAL and not all(is_public(p[4][0]) for p in found):
            raise NotSent(coded("private_address"))
        return found


class WebhookClient:
    """Calls one address over one connection, while it lasts."""

    def __init__(self, url: str) -> None:
        """Raises AddressRefused: what was allowed when it was written may not be so any more."""
        check_url(url)
        parts = urlsplit(url)
        self._path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        origin = f"{parts.scheme}://{parts.netloc}"
        self._connection = Connection(
            OutwardClient(origin, TIMEOUTS, {"User-Agent": "Vestnik-Webhooks/1"})
        )

    def post(self, body: bytes, headers: dict[str, str]) -> Reply:
        """Never raises for a receiver that is slow, wrong or not there. Redirects are answers."""
        begun = time.monotonic()
        try:
            response = self._connection.post(self._path, body, "application/json", headers=headers)
            code = response.status
            text = NOTHING if code < 300 else foreign(_plain(response.body))
        except CallFailed as failure:
            code, text = 0, failure.response
        return Reply(code, text, round(time.monotonic() - begun, 3))

    def close(self) -> None:
        self._connection.close()


def check_url(url: str) -> None:
    """Raises AddressRefused for what may not be called, as far as that is seen without asking."""
    local = settings.WEBHOOK_ALLOW_LOCAL
    try:
        parts = urlsplit(url)
        site = BaseUrl.of(f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        raise AddressRefused(_("This is no address that can be called.")) from None
    if parts.fragment or len(url) > _LONGEST or any(not "!" <= letter <= "~" for letter in url):
        raise AddressRefused(_("This is no address that can be called."))
    if not site.secure and not local:
        raise AddressRefused(_("The address must begin with https://."))
    if not local and (site.port < 1024 and site.port not in _PORTS or _is_inside(site.host)):
        raise AddressRefused(_("This address may not be called: it is not a public one."))


def _is_inside(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:  # a name: judged by what it resolves to, at every call
        return host.endswith("localhost") or "." not in host.rstrip(".")


def _plain(body: bytes) -> str:
    """The beginning of what the receiver says, fit for a page and a database."""
    text = body[:400].decode("utf-8", errors="replace")
    return printable(text).strip()[:200]
