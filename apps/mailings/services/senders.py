"""What people do with their senders. An address is usable once it is confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.deletion.uses import check_unused
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.mailings import links
from apps.mailings.models import Sender

log = structlog.get_logger(__name__)

ConfirmedBy = Sender.ConfirmedBy


class SenderService(BaseCRUDService[Sender]):
    """An actor's senders that are not in the archive."""

    def rows(self) -> OwnedQuerySet[Sender]:
        return Sender.objects.filter(archived_at=None)

    @transaction.atomic
    def save(self, row: Sender) -> Sender:
        """Save a sender. Its address is laid down when it is made: what was confirmed is that one.

        Raises ValidationError.
        """
        before = Sender.objects.select_for_update().filter(pk=row.pk).first()
        if before is not None and before.address != row.address:
            raise ValidationError({"address": _("Add another sender for another address.")})
        if row.shared and not self.actor.sees_all:
            raise ValidationError({"shared": _("Only managers share a sender with everybody.")})
        if row.is_default:
            others = Sender.objects.filter(owner_id=row.owner_id, is_default=True)
            others.exclude(pk=row.pk).update(is_default=False)
        row.full_clean()
        row.save()
        log.info("sender_saved", sender_id=row.pk)
        return row

    def remove(self, row: Sender, *, now: datetime) -> bool:
        """Put the sender into the archive: what was sent as it keeps it. Raises StillUsed."""
        check_unused(row)
        row.archived_at, row.is_default = now, False
        row.save(update_fields=["archived_at", "is_default", "updated_at"])
        log.info("sender_archived", sender_id=row.pk)
        return False


def confirm(sender_id: int, *, by: str, now: datetime) -> bool:
    """Mark the sender's address as confirmed. False: it was already, or is in the archive."""
    mine = Sender.objects.filter(pk=sender_id, confirmed_at=None, archived_at=None)
    done = bool(mine.update(confirmed_at=now, confirmed_by=by, updated_at=now))
    if done:
        log.info("sender_confirmed", sender_id=sender_id, by=by)
    return done


def sender_of_link(token: str) -> Sender | None:
    """The sender whose address the link was sent to; None for a forged one."""
    number = links.unsealed(links.SENDER, token)
    found = Sender.objects.filter(pk=number, archived_at=None) if number is not None else None
    return found.first() if found is not None else None


def proof_of_domain(owner_id: int) -> str:
    """What the owner publishes as TXT to show that a domain is theirs."""
    return f"vestnik-sender={links.sealed(links.SENDER_DOMAIN, owner_id)}"


def confirm_by_domain(sender: Sender, texts: Iterable[str], *, now: datetime) -> bool:
    """Confirm the owner's senders of this domain if one of its TXT records is the proof."""
    if proof_of_domain(sender.owner_id) not in texts:
        return False
    domain = sender.address.rpartition("@")[2]
    same = Sender.objects.filter(
        owner_id=sender.owner_id, address__iendswith=f"@{domain}", archived_at=None
    )
    for pk in list(same.values_list("pk", flat=True)):
        confirm(pk, by=ConfirmedBy.DNS, now=now)
    return True
