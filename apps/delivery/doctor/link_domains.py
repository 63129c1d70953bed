"""Do the domains by which measured links pass lead here?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.http.outbound import Site
from apps.delivery.doctor.findings import Finding, ok, wrong

_SECONDS: Final = 10.0
_MAX_BYTES: Final = 1_000


def look_at_link_domains() -> Iterator[Finding]:
    """One line for each address of links. None when all links pass by the site's own address."""
    declared = {settings.LINK_URL, *(one.link_url for one in settings.ACCOUNTS.values())}
    for url in sorted(declared - {"", settings.SITE_URL}):
        yield _finding(url)


def _finding(url: str) -> Finding:
    subject, host = _("domain of links"), urlsplit(url).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        text = _("%(host)s is not in ALLOWED_HOSTS: its links lead nowhere") % {"host": host}
        return wrong(subject, text, _("add it to ALLOWED_HOSTS in .env"))
    page = url + reverse("delivery:healthz")
    try:
        with Site(_SECONDS, local=True) as site:
            answer = site.read(page, max_bytes=_MAX_BYTES)
        is_here = json.loads(answer) == {"status": "ok"}
    except Refused as refusal:
        text, fix = f"{url}: {refusal}", _("point it here by CNAME, with a certificate")
        return wrong(subject, text, fix)
    except ValueError:  # no JSON
        is_here = False
    if not is_here:
        text = _("%(url)s answers, and is another site") % {"url": url}
        return wrong(subject, text, _("point it here by CNAME, with a certificate"))
    return ok(subject, url)
