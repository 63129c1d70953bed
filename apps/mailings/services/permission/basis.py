"""By what right a mailing writes: what must be said before it is saved or sent."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext_noop as _

from apps.core.errors import Refused
from apps.core.text.formatting import refusal
from apps.mailings.models import Mailing


class BasisMissing(Refused):
    """The mailing does not say by what right it writes, or the one it names does not fit."""

    code = "basis_missing"


def check_basis(mailing: Mailing, *, lists: Sequence[int] | None = None) -> None:
    """Raise BasisMissing where the mailing's right does not fit. ``lists``: those to be saved."""
    if mailing.kind == Mailing.Kind.TRANSACTIONAL or mailing.purpose != Mailing.Purpose.MARKETING:
        return
    if lists is None:  # they stay as they are: a new mailing has none
        named = mailing.pk is not None and mailing.lists.exists()
    else:
        named = bool(lists)
    of_lists = mailing.basis == Mailing.Basis.SUBSCRIPTION
    if named and not of_lists:
        text = _("A mailing to lists writes by the subscriptions to them: choose this basis.")
        raise refusal(BasisMissing, text)
    if of_lists and not named:
        raise refusal(BasisMissing, _("Name the lists by whose subscriptions it writes."))
    if mailing.basis == Mailing.Basis.STATED and settings.CONSENT_REQUIRED:
        text = _("Every mailing needs a consent here: choose lists, or any consent.")
        raise refusal(BasisMissing, text)
