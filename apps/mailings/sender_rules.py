"""Who may write as which sender, and why not."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from apps.core.errors import Refused
from apps.core.text.formatting import refusal
from apps.mailings.models import Sender


class SenderUnconfirmed(Refused):
    """Nobody has shown yet that the sender's address is its owner's."""

    code = "sender_unconfirmed"


class SenderUnfit(Refused):
    """The sender is in the archive, is somebody else's, or may not use the account."""

    code = "sender_unfit"


def offered_to(owner_id: int) -> QuerySet[Sender]:
    """One's own senders and the shared ones, the unconfirmed among them."""
    mine = Q(owner_id=owner_id) | Q(shared=True)
    return Sender.objects.filter(mine, archived_at=None).order_by("-is_default", "name", "address")


def check_sender(sender: Sender, *, owner_id: int, accounts: Iterable[str]) -> None:
    """Raise SenderUnfit or SenderUnconfirmed when letters of this owner may not be from it.

    ``accounts`` are those by which email is sent.
    """
    shown = str(sender)
    if sender.archived_at is not None or not (sender.shared or sender.owner_id == owner_id):
        raise refusal(SenderUnfit, _("The sender %(sender)s can’t be used."), sender=shown)
    if sender.confirmed_at is None:
        text = _("The sender address %(address)s is not confirmed yet.")
        raise refusal(SenderUnconfirmed, text, address=sender.address)
    barred = [name for name in accounts if sender.accounts and name not in sender.accounts]
    if barred:
        text = _("The sender %(sender)s may not use the sending account “%(account)s”.")
        raise refusal(SenderUnfit, text, sender=shown, account=barred[0])


def sender_or_refused(sender_id: int | None, owner_id: int) -> Sender | None:
    """The sender that a program names, if it is offered to this owner. Raises SenderUnfit."""
    if sender_id is None:
        return None
    found = offered_to(owner_id).filter(pk=sender_id).first()
    if found is None:
        raise SenderUnfit(gettext("There is no such sender."))
    return found
