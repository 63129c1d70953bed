"""What people do to their lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.core.contracts import Actor
from apps.core.deletion.uses import check_unused
from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.core.values.addresses import NORMAL
from apps.mailings.models import (
    Consent,
    Mailing,
    MailingList,
    Recipient,
    RecipientTag,
    Run,
    Subscription,
    Suppression,
    Tag,
)
from apps.mailings.models.audience import ADDRESS
from apps.mailings.services.permission.consents import Evidence, record
from apps.mailings.services.permission.subscribing import (
    LAST_WORDS,
    ListsRefused,
    SubscriptionEnded,
    become_known,
    subscribe,
)

log = structlog.get_logger(__name__)

#: Members that one statement puts on a list.
_CHUNK: Final = 2_000
#: People that are added one by one in one go.
MOST_ADDED: Final = 500
_LONGEST_SLUG: Final = 60


class ListInUse(Refused):
    """A mailing that is planned or being sent writes to this list."""

    code = "list_in_use"


class StatementMissing(Refused):
    """The owner has not said by what right these people may be written to."""

    code = "statement_missing"


class ListService(BaseCRUDService[MailingList]):
    """An actor's lists, archived ones too."""

    def rows(self) -> OwnedQuerySet[MailingList]:
        return MailingList.objects.all()

    def save(self, row: MailingList) -> MailingList:
        """Save a list under its title. Raises ListsRefused when that is empty or another list's.

        The short name is made of the title, unless one is given, and differs from all others.
        """
        row.title = " ".join(row.title.split())[:120]
        if not row.title:
            raise ListsRefused(_("A list needs a title."))
        row.slug = row.slug or _free_slug(row)
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError:
            raise ListsRefused(_("You already have a list with this title.")) from None
        return row

    @transaction.atomic
    def remove(self, row: MailingList, *, now: datetime) -> bool:
        """Delete a list that nobody was ever on; archive another. Raises ListInUse, StillUsed."""
        check_unused(row)
        planned = Mailing.objects.filter(Q(lists=row) | Q(exclude_lists=row), archived_at=None)
        working = Run.objects.filter(mailing=OuterRef("pk")).exclude(state=Run.State.DONE)
        at_work = planned.filter(
            Q(scheduled_at__isnull=False, status=Mailing.Status.CREATED) | Exists(working)
        )
        mailing = at_work.order_by("pk").first()
        if mailing is not None:
            text = _("The mailing “%(name)s” (id:%(id)s) writes to this list.")
            raise ListInUse(text % {"name": mailing.name, "id": mailing.pk})
        used = (
            Subscription.objects.filter(list=row).exists()
            or Consent.objects.filter(list=row).exists()
            or planned.exists()
        )
        if not used:
            row.delete()
            return True
        row.archived_at = now
        row.save(update_fields=["archived_at", "updated_at"])
        log.info("list_archived", list_id=row.pk)
        return False

    def restore(self, row: MailingList) -> None:
        """Take a list out of the archive. Raises ListsRefused when its title is taken by now."""
        row.archived_at = None
        self.save(row)
        log.info("list_restored", list_id=row.pk)


@transaction.atomic
def subscribe_tagged(
    *, tag: Tag, list: MailingList, statement: str, actor: Actor, now: datetime
) -> int:
    """Put everybody with the tag on the list, by one statement of the owner. Returns how many.

    Who is on the list in whatever way stays so, and who has left everything is passed over. The
    tag stays as it is. Raises StatementMissing.
    """
    if not statement.strip():
        raise StatementMissing(_("Say how these people agreed to be written to."))
    if list.owner_id != tag.owner_id or list.archived_at is not None:
        raise ListsRefused(_("Choose lists that are in use and yours."))
    evidence = Evidence(
        source=Consent.Source.MANUAL,
        by_person=False,
        said_at=now,
        actor=actor.email,
        statement=statement.strip(),
    )
    stated = Consent.Act.STATED
    consent = record(
        owner_id=list.owner_id, recipient=None, act=stated, evidence=evidence, list=list
    )
    before = Subscription.objects.filter(list=list).count()
    for ids in _tagged(tag, list):
        rows = [
            Subscription(
                list=list,
                recipient_id=pk,
                status=Subscription.Status.SUBSCRIBED,
                since=now,
                consent=consent,
            )
            for pk in ids
        ]
        Subscription.objects.bulk_create(rows, ignore_conflicts=True)
        become_known(ids)
    count = Subscription.objects.filter(list=list).count() - before
    log.info("list_made_of_tag", list_id=list.pk, tag=tag.name, count=count)
    return count


@dataclass(slots=True)
class Added:
    """What became of people who were to be put on a list.

    ``waiting``: their confirmation is open; ``ended``: they have unsubscribed, and only they come
    back; ``unfit``: no address of a recipient, and none that could become one.
    """

    added: int = 0
    already: int = 0
    waiting: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    unfit: list[str] = field(default_factory=list)


def add_members(
    *,
    mailing_list: MailingList,
    typed: Iterable[str],
    statement: str,
    actor: Actor,
    now: datetime,
) -> Added:
    """Subscribe the people at these addresses by the owner's statement, each on its own.

    An email that is new becomes a recipient. Raises StatementMissing.
    """
    if not statement.strip():
        raise StatementMissing(_("Say how these people agreed to be written to."))
    evidence = Evidence(
        source=Consent.Source.MANUAL,
        by_person=False,
        said_at=now,
        actor=actor.email,
        statement=statement.strip(),
    )
    done = Added()
    for address in typed:
        with transaction.atomic():
            recipient = recipient_at(mailing_list.owner_id, address)
            if recipient is None:
                done.unfit.append(address)
                continue
            before = Subscription.objects.filter(list=mailing_list, recipient=recipient).first()
            _add(done, address, before, recipient, mailing_list, evidence)
    log.info("list_members_added", list_id=mailing_list.pk, count=done.added)
    return done


def _add(
    done: Added,
    address: str,
    before: Subscription | None,
    recipient: Recipient,
    mailing_list: MailingList,
    evidence: Evidence,
) -> None:
    try:
        (row,) = subscribe(
            recipient=recipient, lists=[mailing_list], evidence=evidence, now=evidence.said_at
        )
    except SubscriptionEnded:
        done.ended.append(address)
        return
    if row.status == Subscription.Status.UNCONFIRMED:
        done.waiting.append(address)
    elif before is not None and before.status == row.status:
        done.already += 1
    else:
        done.added += 1


def recipient_at(
    owner_id: int,
    address: str,
    *,
    source: str = Recipient.Source.MANUAL,
    unconfirmed_since: datetime | None = None,
) -> Recipient | None:
    """The owner's living recipient at this email or phone; one at a new email is made.

    ``unconfirmed_since``: a new one is known by nothing but that a confirmation is asked for.
    """
    email, phone = NORMAL["email"](address), NORMAL["phone"](address)
    mine = Recipient.objects.filter(owner_id=owner_id)
    if email is None:
        return mine.filter(phone=phone, archived_at=None).first() if phone else None
    found = mine.filter(email=email).first()
    if found is not None:
        return found if found.archived_at is None else None
    fresh = Recipient(
        owner_id=owner_id, email=email, source=source, unconfirmed_since=unconfirmed_since
    )
    try:
        fresh.full_clean()
    except ValidationError:
        return None
    fresh.save()
    return fresh


def _tagged(tag: Tag, mailing_list: MailingList) -> Iterator[list[int]]:
    """The ids of those who have the tag, are not on the list and have not left, in groups."""
    free = Recipient.objects.filter(owner_id=tag.owner_id, archived_at=None)
    free = free.filter(
        Exists(RecipientTag.objects.filter(tag=tag, recipient_id=OuterRef("pk"))),
        ~Exists(Subscription.objects.filter(list=mailing_list, recipient_id=OuterRef("pk"))),
    )
    last = 0
    while ids := [*free.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_CHUNK]]:
        last = ids[-1]
        yield _not_gone(ids, tag.owner_id)


def _not_gone(ids: list[int], owner_id: int) -> list[int]:
    """Those of them who can be reached by an address that they have not closed themselves."""
    fields = ADDRESS.items()
    people = Recipient.objects.filter(pk__in=ids).order_by("pk").values("pk", *ADDRESS.values())
    found = [(row["pk"], [(c, str(row[f])) for c, f in fields if row[f]]) for row in people]
    closed = set(
        Suppression.objects.filter(
            owner_id=owner_id,
            reason__in=LAST_WORDS,
            address__in={address for _pk, having in found for _channel, address in having},
        ).values_list("channel", "address")
    )
    return [pk for pk, having in found if not having or not set(having) <= closed]


def _free_slug(row: MailingList) -> str:
    """A short name of the title's letters that no other list of this owner has."""
    stem = slugify(row.title)[: _LONGEST_SLUG - 6] or "list"
    taken = {*MailingList.objects.filter(owner_id=row.owner_id).values_list("slug", flat=True)}
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name
