"""Can the sources of recipients be read?"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.delivery.doctor.findings import Finding, ok, wrong
from apps.mailings.services.importing.sources import check_source


def look_at_sources() -> Iterator[Finding]:
    """One line a source. Nothing is imported, and nothing of its secrets is said."""
    for name, declaration in sorted(settings.SOURCES.items()):
        subject, keys = _("source %(name)s") % {"name": name}, f"SOURCES__{name.upper()}__…"
        try:
            check_source(declaration)
        except Refused as refusal:
            yield wrong(subject, str(refusal), _("correct %(keys)s in .env") % {"keys": keys})
        else:
            yield ok(subject, declaration.kind)
