"""Does everybody who is on a list have consented to it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from apps.delivery.doctor.findings import Finding, advice, ok, wrong
from apps.mailings.models import Consent, Mailing, Subscription

#: Lists that are named.
_NAMED: Final = 5


def look_at_consents() -> Iterator[Finding]:
    """Subscribed without a consent is nobody, for the database refuses it; and no consent is one
    that permits nothing: taken back, of another list or owner, or a statement that says nothing."""
    subject = _("lists")
    subscribed = Subscription.objects.filter(status=Subscription.Status.SUBSCRIBED)
    without = subscribed.filter(consent=None)
    if number := without.count():
        text = _("%(count)d subscribed without a consent: %(lists)s")
        params = {"count": number, "lists": _titles(without)}
        yield wrong(subject, text % params, _("Unsubscribe them, or ask them to confirm."))
    unfit = subscribed.filter(consent__isnull=False).filter(
        ~Q(consent__act__in=Consent.PERMITS)
        | ~Q(consent__owner_id=F("list__owner_id"))
        | Q(consent__list__isnull=False) & ~Q(consent__list_id=F("list_id"))
        | Q(consent__act=Consent.Act.STATED, consent__statement="")
    )
    if number := unfit.count():
        text = _("%(count)d subscribed by a consent that does not permit it: %(lists)s")
        params = {"count": number, "lists": _titles(unfit)}
        yield wrong(subject, text % params, _("Unsubscribe them, or ask them to confirm."))
    if not without.exists() and not unfit.exists():
        yield ok(subject, _("everybody who is subscribed has consented"))
    yield from _bases()


def _bases() -> Iterator[Finding]:
    """Mailings still to be sent that name no right to write, or one that does not fit."""
    named = Mailing.lists.through.objects.filter(mailing_id=OuterRef("pk"))
    of_lists = Q(basis=Mailing.Basis.SUBSCRIPTION)
    missing = Exists(named) & ~of_lists | ~Exists(named) & of_lists
    if settings.CONSENT_REQUIRED:
        missing |= Q(basis=Mailing.Basis.STATED)
    rows = Mailing.objects.filter(
        missing, kind=Mailing.Kind.MAILING, purpose=Mailing.Purpose.MARKETING, archived_at=None
    ).exclude(status=Mailing.Status.COMPLETED)
    if number := rows.count():
        names = ", ".join(f"{row} (id:{row.pk})" for row in rows.order_by("pk")[:_NAMED])
        text = _("%(count)d mailings have no basis that fits, and will be refused: %(names)s")
        fix = _("Name their lists, or choose another basis.")
        yield advice(_("mailings"), text % {"count": number, "names": names}, fix)


def _titles(rows: QuerySet[Subscription]) -> str:
    lists = rows.order_by("list_id").values_list("list_id", "list__title").distinct()
    named = [f"{title} (id:{number})" for number, title in lists[: _NAMED + 1]]
    return ", ".join([*named[:_NAMED], *(["…"] if len(named) > _NAMED else [])])
