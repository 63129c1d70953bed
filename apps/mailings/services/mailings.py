"""What people do to a mailing itself. What moves it goes through the dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.content.program import utm
from apps.core.contracts import Actor
from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.core.text.formatting import refusal_text
from apps.mailings.models import (
    Channel,
    Experiment,
    Mailing,
    MailingList,
    Recipient,
    Run,
    Segment,
    Tag,
    Variant,
)
from apps.mailings.recurrence import check_length, check_rule, check_zone, zone_of
from apps.mailings.sender_rules import check_sender, sender_or_refused
from apps.mailings.sending_accounts import unfit_accounts
from apps.mailings.services.messages import MessageService
from apps.mailings.services.permission.basis import check_basis
from apps.mailings.services.publishing.archive import settle_public
from apps.mailings.services.recipients import RecipientService
from apps.users.models import User
from apps.users.selectors import overseers

log = structlog.get_logger(__name__)

#: Only managers may set a priority: users take turns on an account.
USUAL_PRIORITY: Final = 100
#: What may still change while a run is open: the run has its own content and audience.
ALWAYS_OPEN: Final = ("name", "ends_at", "priority")


class ToggleForbidden(Refused):
    """Only managers switch mailings, and not those of superusers or other managers."""

    code = "toggle_forbidden"


class TransactionalFixed(Refused):
    """A message to one recipient stays as it was asked for."""

    code = "single_fixed"


class MailingOpen(Refused):
    """A run of the mailing is open."""

    code = "mailing_open"


@dataclass(frozen=True, slots=True)
class Audience:
    """By whom a mailing's audience is chosen, beside everybody and operator codes: None leaves it.

    ``tags`` and ``exclude_tags`` are names of the owner's tags, the others ids of the owner's.
    """

    tags: Sequence[str] | None = None
    recipients: Sequence[int] | None = None
    lists: Sequence[int] | None = None
    segments: Sequence[int] | None = None
    exclude_lists: Sequence[int] | None = None
    exclude_segments: Sequence[int] | None = None
    exclude_tags: Sequence[str] | None = None
    exclude_mailings: Sequence[int] | None = None

    def __bool__(self) -> bool:
        """True if it would change anything."""
        return any(getattr(self, one.name) is not None for one in fields(self))


class MailingService(BaseCRUDService[Mailing]):
    """An actor's mailings. What moves one is the dispatcher's."""

    def rows(self) -> OwnedQuerySet[Mailing]:
        """Mailings that are not in the archive."""
        return Mailing.objects.filter(archived_at=None)

    @transaction.atomic
    def save(self, row: Mailing, *, audience: Audience = Audience()) -> Mailing:
        """Check and save a mailing that a program wrote. Nothing is sent by it.

        Raises ValidationError, TransactionalFixed, NotPublishable, and MailingOpen when what its
        run has frozen would change.
        """
        before = Mailing.objects.select_for_update().filter(pk=row.pk).first()
        if before is not None and before.kind != Mailing.Kind.MAILING:
            raise TransactionalFixed(_("A transactional message can’t be changed. Send a new one."))
        if before is not None and row.runs.exclude(state=Run.State.DONE).exists():
            _check_frozen(before, row, audience)
        if row.repeat and not row.repeat_zone:
            row.repeat_zone = row.owner.time_zone or settings.TIME_ZONE
        _check(row, before)
        settle_public(row)
        found = rows_of(row.owner, audience)
        check_basis(row, lists=audience.lists)
        if before is None or before.repeat != row.repeat or before.starts_at != row.starts_at:
            row.repeat_from = None
            if row.scheduled:
                row.scheduled_at = timezone.now()
        row.save()
        for name, rows in found.items():
            getattr(row, name).set(rows)
        return row

    @transaction.atomic
    def remove(self, row: Mailing, *, now: datetime) -> bool:
        """Delete a mailing that was never sent; archive one with a history. True when deleted.

        Raises MailingOpen while a run of it is open.
        """
        runs = Run.objects.select_for_update().filter(mailing=row)
        if refused := why_not_removed(row):
            raise MailingOpen(refused)
        if runs.exists():
            row.archived_at = now
            row.save(update_fields=["archived_at", "updated_at"])
            log.info("mailing_archived", mailing_id=row.pk)
            return False
        log.info("mailing_deleted", mailing_id=row.pk)
        row.delete()
        return True

    def restore(self, row: Mailing) -> None:
        """Take a mailing out of the archive, with its history, as a draft: nothing is sent."""
        message = row.message
        if message.for_mailout and message.archived_at is not None:  # it went with the mailing
            MessageService(self.actor).restore(message)
        row.archived_at = row.scheduled_at = None
        row.save(update_fields=["archived_at", "scheduled_at", "updated_at"])


def _check_frozen(before: Mailing, after: Mailing, audience: Audience) -> None:
    """While a run is open only ``ALWAYS_OPEN`` may differ."""
    names = [field.attname for field in Mailing._meta.concrete_fields]
    changed = {name for name in names if getattr(before, name) != getattr(after, name)}
    if changed - {*ALWAYS_OPEN} or audience:
        text = _("Sending has started, so only the name, end and priority can be changed.")
        raise MailingOpen(text)


def _check(mailing: Mailing, before: Mailing | None) -> None:
    """What the model alone cannot say."""
    errors = unfit_accounts(mailing.routes, mailing.owner)
    if before is None or before.priority != mailing.priority:
        try:
            check_priority(mailing.priority, mailing.owner)
        except ValidationError as error:
            errors["priority"] = error
    if not MessageService(mailing.owner).own().filter(pk=mailing.message_id).exists():
        errors["message_id"] = ValidationError(_("You have no such message."), code="unknown")
    if mailing.repeat:
        try:
            check_zone(mailing.repeat_zone)
            check_rule(mailing.repeat, mailing.starts_at, zone_of(mailing))
            check_length(mailing.repeat, mailing.starts_at, mailing.ends_at, zone_of(mailing))
        except ValidationError as error:
            errors["repeat"] = error
    try:
        mailing.utm = utm.checked(mailing.utm)
    except utm.UtmInvalid as refusal:
        errors["utm"] = ValidationError(refusal_text(refusal), code=refusal.code)
    if errors:
        raise ValidationError(errors)
    if before is None or before.sender_id != mailing.sender_id:
        _check_sender(mailing)
    mailing.full_clean(exclude={"message", "owner", "sender"})


def _check_sender(mailing: Mailing) -> None:
    """Raises SenderUnfit, SenderUnconfirmed."""
    sender = sender_or_refused(mailing.sender_id, mailing.owner_id)
    if sender is not None:
        by_email = [account for channel, account in mailing.routes if channel == Channel.EMAIL]
        check_sender(sender, owner_id=mailing.owner_id, accounts=by_email)


def check_priority(priority: int, owner: Actor) -> None:
    """Raises ValidationError when this user may not send before the others."""
    if priority < USUAL_PRIORITY and not owner.sees_all:
        text = _("Only managers can send before others. Enter %(number)d or more.")
        raise ValidationError(text, code="priority", params={"number": USUAL_PRIORITY})


def rows_of(owner: User, audience: Audience) -> dict[str, Sequence[Model]]:
    """The rows that are named, by the mailing's field. Raises ValidationError for the unknown."""
    found: dict[str, Sequence[Model]] = {}
    for name, field in (("tags", "filter_tags"), ("exclude_tags", "exclude_tags")):
        if (names := getattr(audience, name)) is not None:
            found[field] = _tags_of(owner, name, names)
    if audience.recipients is not None:
        found["recipients"] = _recipients_of(owner, audience.recipients)
    for field, rows in _OF_OWNER.items():
        if (ids := getattr(audience, field)) is not None:
            found[field] = _owned(owner, field, rows().filter(archived_at=None), ids)
    return found


_OF_OWNER: Final[dict[str, Callable[[], OwnedQuerySet[Any]]]] = {
    "lists": MailingList.objects.all,
    "segments": Segment.objects.all,
    "exclude_lists": MailingList.objects.all,
    "exclude_segments": Segment.objects.all,
    "exclude_mailings": Mailing.objects.all,
}


def _owned(
    owner: User, field: str, rows: OwnedQuerySet[Any], ids: Sequence[int]
) -> Sequence[Model]:
    found = list(rows.filter(owner_id=owner.pk, pk__in=ids))
    if missing := set(ids) - {row.pk for row in found}:
        named = ", ".join(map(str, sorted(missing)[:5]))
        text = _("You have none with these ids: %(names)s") % {"names": named}
        raise ValidationError({field: ValidationError(text, code="unknown")})
    return found


def _tags_of(owner: User, field: str, names: Sequence[str]) -> list[Tag]:
    tags = list(Tag.objects.filter(owner_id=owner.pk, name__in=names))
    if missing := set(names) - {tag.name for tag in tags}:
        text = _("Unknown tags: %(names)s") % {"names": ", ".join(sorted(missing)[:5])}
        raise ValidationError({field: ValidationError(text, code="unknown")})
    return tags


def _recipients_of(owner: User, ids: Sequence[int]) -> list[Recipient]:
    found = [one for one in RecipientService(owner).pick(ids) if one.archived_at is None]
    if missing := set(ids) - {recipient.pk for recipient in found}:
        named = ", ".join(map(str, sorted(missing)[:5]))
        text = _("You have no such recipients: %(names)s") % {"names": named}
        raise ValidationError({"recipient_ids": ValidationError(text, code="unknown")})
    return found


def why_not_removed(mailing: Mailing) -> str:
    """What forbids its deletion now; empty when nothing does."""
    if mailing.runs.exclude(state=Run.State.DONE).exists():
        return _("This mailing is being sent. Stop it first.")
    return ""


#: What a copy has of its mailing as it is.
_COPIED: Final = (
    *("owner_id", "message_id", "channel", "account", "second_channel", "second_account"),
    *("third_channel", "third_account", "everyone", "filter_operator_codes"),
    *("exclude_mailed_days", "basis", "basis_statement", "purpose", "on_cap", "other_languages"),
    *("priority", "local_from", "local_to", "utm", "tracking", "tracking_text"),
)


@transaction.atomic
def duplicate_mailing(*, mailing: Mailing, now: datetime) -> Mailing:
    """The same mailing once more as a draft, which does not start on its own.

    The copy of a message to one recipient is a mailing like any other, without the values that
    were given for the one.
    """
    length = mailing.ends_at - mailing.starts_at
    name = _("%(name)s (copy)") % {"name": mailing.name}
    copy = Mailing.objects.create(
        **{field: getattr(mailing, field) for field in _COPIED},
        name=name[:200],
        starts_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=1) + length,
        scheduled_at=None,
    )
    for name in ("filter_tags", "recipients", "exclude_tags", *_OF_OWNER):
        getattr(copy, name).add(*getattr(mailing, name).values_list("pk", flat=True))
    _copy_experiment(mailing, copy)
    log.info("mailing_duplicated", mailing_id=copy.pk, original_id=mailing.pk)
    return copy


def _copy_experiment(mailing: Mailing, copy: Mailing) -> None:
    """The copy tries the same variants."""
    experiment = Experiment.objects.filter(mailing=mailing).first()
    if experiment is None:
        return
    variants = list(experiment.variants.all())
    experiment.pk, experiment.mailing = None, copy
    experiment.save(force_insert=True)
    for one in variants:
        one.pk, one.experiment = None, experiment
    Variant.objects.bulk_create(variants)


def may_toggle(actor: User, *, owner_id: int, owner_oversees: bool) -> bool:
    """Managers switch ordinary users' mailings and their own; a superuser everybody's."""
    if actor.is_superuser:
        return True
    if "mailings.toggle_mailing" not in actor.rights:
        return False
    return owner_id == actor.pk or not owner_oversees


@transaction.atomic
def toggle_mailing(*, mailing_id: int, actor: User, active: bool | None = None) -> Mailing:
    """Enable the mailing when it is disabled, and the reverse. Nothing else of it changes.

    With ``active`` it is what is asked for afterwards, whatever it was before.

    Raises Mailing.DoesNotExist when the actor may not even see it, ToggleForbidden when the
    actor may see it and not switch it.
    """
    mailing = MailingService(actor).list().select_for_update().get(pk=mailing_id)
    owner_oversees = overseers().filter(pk=mailing.owner_id).exists()
    if not may_toggle(actor, owner_id=mailing.owner_id, owner_oversees=owner_oversees):
        raise ToggleForbidden(_("You can’t enable or disable this mailing."))
    mailing.is_active = not mailing.is_active if active is None else active
    mailing.save(update_fields=["is_active", "updated_at"])
    log.info("mailing_switched", mailing_id=mailing.pk, active=mailing.is_active, by=actor.pk)
    return mailing
