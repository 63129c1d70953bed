"""Is what is kept of people kept as it should be?"""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _

from apps.delivery.doctor.findings import Finding, advice, ok, wrong
from apps.mailings.models import Subscription, Tombstone
from apps.mailings.suppression.tombstones import keys


def look_at_personal_data() -> Iterator[Finding]:
    """The keys of erasures, and subscriptions whose two ends have different owners."""
    subject, known = "ERASURE_KEYS", {key.name for key in keys()}
    lost = Tombstone.objects.filter(lifted_at=None).exclude(key__in=known).count()
    if lost:
        text = _("%(count)d erased addresses are not recognised: their key is missing.")
        yield wrong(subject, text % {"count": lost}, _("Add the earlier key to ERASURE_KEYS."))
    elif not settings.ERASURE_KEYS:
        fix = _("Set it, so that a new SECRET_KEY does not let erased people in again.")
        yield advice(subject, _("not set: erased addresses hang on SECRET_KEY"), fix)
    else:
        yield ok(subject, _("erased people are recognised"))
    mixed = Subscription.objects.exclude(list__owner_id=F("recipient__owner_id")).count()
    if mixed:
        text = _("%(count)d subscriptions join a list and a recipient of different owners.")
        yield wrong(_("subscriptions"), text % {"count": mixed}, _("Report this as a bug."))
