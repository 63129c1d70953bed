"""What people do to a mailing itself. What moves it goes through the dispatcher."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import Mailing, Run
from apps.users.models import User
from apps.users.selectors import overseers

log = structlog.get_logger(__name__)


class ToggleForbidden(Refused):
    """Only managers switch mailings, and not those of superusers or other managers."""

    code = "toggle_forbidden"


class MailingOpen(Refused):
    """A run of the mailing is on its way."""

    code = "mailing_open"


@transaction.atomic
def remove_mailing(*, mailing: Mailing, now: datetime) -> bool:
    """Delete a mailing that was never sent; archive one with a history. True when deleted.

    Raises MailingOpen while a run of it is on its way.
    """
    runs = Run.objects.select_for_update().filter(mailing=mailing)
    if runs.exclude(state=Run.State.DONE).exists():
        raise MailingOpen(_("This mailing is on its way. Stop it first."))
    if runs.exists():
        mailing.archived_at = now
        mailing.save(update_fields=["archived_at", "updated_at"])
        log.info("mailing_archived", mailing_id=mailing.pk)
        return False
    log.info("mailing_deleted", mailing_id=mailing.pk)
    mailing.delete()
    return True


def restore_mailing(*, mailing: Mailing) -> None:
    """Take a mailing out of the archive, with its history. Nothing is sent by that."""
    mailing.archived_at = None
    mailing.save(update_fields=["archived_at", "updated_at"])


@transaction.atomic
def duplicate_mailing(*, mailing: Mailing, now: datetime) -> Mailing:
    """The same mailing once more, for the same length of time from now on. Nothing is sent."""
    length = mailing.ends_at - mailing.starts_at
    name = _("%(name)s (copy)") % {"name": mailing.name}
    copy = Mailing.objects.create(
        owner_id=mailing.owner_id,
        name=name[:200],
        message_id=mailing.message_id,
        channel=mailing.channel,
        account=mailing.account,
        second_channel=mailing.second_channel,
        second_account=mailing.second_account,
        third_channel=mailing.third_channel,
        third_account=mailing.third_account,
        everyone=mailing.everyone,
        filter_operator_codes=mailing.filter_operator_codes,
        starts_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=1) + length,
        priority=mailing.priority,
        local_from=mailing.local_from,
        local_to=mailing.local_to,
    )
    copy.filter_tags.add(*mailing.filter_tags.values_list("pk", flat=True))
    copy.recipients.add(*mailing.recipients.values_list("pk", flat=True))
    log.info("mailing_duplicated", mailing_id=copy.pk, original_id=mailing.pk)
    return copy


def may_toggle(actor: User, *, owner_id: int, owner_oversees: bool) -> bool:
    """Managers switch ordinary users' mailings and their own; a superuser everybody's."""
    if actor.is_superuser:
        return True
    if not actor.has_perm("mailings.toggle_mailing"):
        return False
    return owner_id == actor.pk or not owner_oversees


@transaction.atomic
def toggle_mailing(*, mailing_id: int, actor: User, active: bool | None = None) -> Mailing:
    """Enable the mailing when it is disabled, and the reverse. Nothing else of it changes.

    With ``active`` it is what is asked for afterwards, whatever it was before.

    Raises Mailing.DoesNotExist when the actor may not even see it, ToggleForbidden when the
    actor may see it and not switch it.
    """
    rows = Mailing.objects.visible_to(actor).filter(archived_at=None)
    mailing = rows.select_for_update().get(pk=mailing_id)
    owner_oversees = overseers().filter(pk=mailing.owner_id).exists()
    if not may_toggle(actor, owner_id=mailing.owner_id, owner_oversees=owner_oversees):
        raise ToggleForbidden(_("You may not enable or disable this mailing."))
    mailing.is_active = not mailing.is_active if active is None else active
    mailing.save(update_fields=["is_active", "updated_at"])
    log.info("mailing_switched", mailing_id=mailing.pk, active=mailing.is_active, by=actor.pk)
    return mailing
