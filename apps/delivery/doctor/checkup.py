"""All checks in their order, for the command and for the page of the installation."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from apps.delivery.doctor.broker import look_at_broker
from apps.delivery.doctor.consents import look_at_consents
from apps.delivery.doctor.database import is_usable, look_at_database
from apps.delivery.doctor.dns import Resolver
from apps.delivery.doctor.findings import Finding
from apps.delivery.doctor.installation import (
    look_at_cache,
    look_at_directories,
    look_at_scheduler,
    look_at_settings,
)
from apps.delivery.doctor.link_domains import look_at_link_domains
from apps.delivery.doctor.personal_data import look_at_personal_data
from apps.delivery.doctor.pictures import look_at_pictures
from apps.delivery.doctor.sending import look_at_accounts, look_at_domains, out_of_service
from apps.delivery.doctor.sources import look_at_sources


def check_installation(resolver: Resolver, *, offline: bool) -> Iterator[Finding]:
    """``offline``: no server and no DNS is asked, so that it takes a moment only."""
    yield from look_at_settings()
    yield from look_at_directories()
    yield from look_at_database()
    yield from look_at_cache()
    usable = is_usable()
    if usable:
        yield from look_at_scheduler(timezone.now())
        yield from look_at_personal_data()
        yield from look_at_consents()
        yield from look_at_pictures()
    if not offline:
        yield from look_at_broker()
        yield from look_at_accounts(out_of_service() if usable else {})
        yield from look_at_domains(resolver)
        yield from look_at_link_domains()
        if usable:
            yield from look_at_sources()
