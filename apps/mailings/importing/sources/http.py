"""A file behind an address, and how a site is asked as ``.env`` declares it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from apps.core.http.outbound import AddressRefused, FetchFailed, Site
from apps.mailings.importing.sources.contract import Bounds, RecipientSource, SourceRefused
from apps.mailings.importing.sources.declaration import Declaration

_NOT_LET_IN: Final = (401, 403)


class UrlSource(RecipientSource):
    """A file of any kind that an import reads: with a name and a password, a token, or neither."""

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration

    def save(self, target: Path, bounds: Bounds) -> None:
        with asked(self._declaration, bounds) as site:
            site.save(self._declaration.url, target, max_bytes=bounds.bytes)

    def check(self, bounds: Bounds) -> None:
        with asked(self._declaration, bounds) as site:
            site.answers(self._declaration.url)


@contextmanager
def asked(declaration: Declaration, bounds: Bounds) -> Iterator[Site]:
    """The site of a source; what cannot be read there is said as a refusal of the source."""
    headers = _login(declaration)
    try:
        with Site(bounds.seconds, headers=headers, local=declaration.local) as site:
            yield site
    except AddressRefused as refusal:
        raise SourceRefused(_("Its address lies inside the network, or is none.")) from refusal
    except FetchFailed as refusal:
        if refusal.status in _NOT_LET_IN:
            raise SourceRefused(_("The source refuses the log-in.")) from refusal
        raise SourceRefused(str(refusal)) from refusal


def _login(declaration: Declaration) -> dict[str, str]:
    """Name and token by the Basic scheme, a token alone as a bearer's."""
    if not declaration.token:
        return {}
    if not declaration.user:
        return {"Authorization": f"Bearer {declaration.token}"}
    pair = b64encode(f"{declaration.user}:{declaration.token}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}
