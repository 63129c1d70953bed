"""By what right an import puts people on lists, and how that is taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core.contracts import Actor
from apps.mailings.fields import Target
from apps.mailings.importing.columns import UNASKED
from apps.mailings.importing.staging.tables import Permission
from apps.mailings.models import (
    Consent,
    MailingList,
    RecipientImport,
    Subscription,
    Suppression,
    SuppressionEvent,
)
from apps.mailings.models.permission.suppressions import BY_IMPORT
from apps.mailings.services.permission.consents import Evidence, record, who_digest
from apps.mailings.services.permission.lists import ListService, StatementMissing
from apps.mailings.services.permission.subscribing import ListsRefused
from apps.mailings.suppression import suppressing

#: Fields of a mapping that prove a consent row by row.
_EVIDENCE: Final = frozenset((Target.CONSENT_DATE.value, Target.CONFIRMED_DATE.value))
#: Rows that are taken back in one transaction.
_CHUNK: Final = 1_000

Act, Status = Consent.Act, Subscription.Status


class Options(Protocol):
    """What an import is asked for."""

    @property
    def mapping(self) -> Mapping[str, str]: ...
    @property
    def list_id(self) -> int: ...
    @property
    def statement(self) -> str: ...
    @property
    def dry_run(self) -> bool: ...
    @property
    def added_by(self) -> int | None: ...


def check_permission(*, owner: Actor, list_id: int, statement: str, fields: Sequence[str]) -> None:
    """Raises ListsRefused for a list that is not there, and StatementMissing when nothing proves
    that these people may be written to."""
    lists = MailingList.objects.editable_by(owner).filter(archived_at=None)
    if list_id and not lists.filter(pk=list_id).exists():
        raise ListsRefused(_("Choose lists that are in use and yours."))
    if not statement.strip() and _EVIDENCE.isdisjoint(fields):
        raise StatementMissing(_("Say how these people agreed to be written to."))


def list_named(owner: Actor, title: str) -> int:
    """The number of the owner's list of this title, short name or number. Raises ListsRefused."""
    found = _lists_of(owner, [title], dry_run=True)[title]
    if found < 0:
        raise ListsRefused(_("There is no list “%(title)s”.") % {"title": title})
    return found


def permission_of(owner: Actor, options: Options, now: datetime) -> Permission:
    """How the rows are put on lists. Raises ListsRefused, StatementMissing."""
    fields = [field.removeprefix(UNASKED) for field in options.mapping.values()]
    statement = options.statement.strip()
    check_permission(owner=owner, list_id=options.list_id, statement=statement, fields=fields)

    def lists_of(titles: Sequence[str]) -> Mapping[str, int]:
        return _lists_of(owner, titles, dry_run=options.dry_run)

    def stated(list_id: int) -> int:
        evidence = Evidence(
            source=Consent.Source.IMPORT,
            by_person=False,
            said_at=now,
            import_id=options.added_by,
            actor=owner.email,
            statement=statement,
        )
        found = MailingList.objects.get(pk=list_id)
        return record(
            owner_id=owner.pk, recipient=None, act=Act.STATED, evidence=evidence, list=found
        ).pk

    def who(channel: str, address: str) -> str:
        return who_digest(owner.pk, channel, address)

    return Permission(options.list_id, statement, owner.email, lists_of, stated, who)


def _lists_of(owner: Actor, titles: Sequence[str], *, dry_run: bool) -> Mapping[str, int]:
    """The lists of these titles, short names or numbers; those that are missing are made.

    They are private: the title of another system's list may be for nobody else's eyes.
    """
    rows = MailingList.objects.editable_by(owner).filter(archived_at=None).order_by("pk")
    known: dict[str, int] = {}
    for row in rows:
        known |= {str(row.pk): row.pk, row.slug.lower(): row.pk}
    known |= {row.title.lower(): row.pk for row in rows}
    found: dict[str, int] = {}
    for place, title in enumerate(titles, start=1):
        key = title.lower()
        if key not in known:
            private = MailingList.Visibility.PRIVATE
            fresh = MailingList(owner_id=owner.pk, title=title, visibility=private)
            known[key] = -place if dry_run else ListService(owner).save(fresh).pk
        found[title] = known[key]
    return found


def take_back(found: RecipientImport, *, now: datetime) -> None:
    """Undo what an import suppressed and put on lists, each by a row that says so."""
    actor, note = f"{BY_IMPORT}:{found.pk}", _("The import was undone.")
    for addresses in _added_by(actor):
        rows = Suppression.objects.filter(addresses, owner_id=found.owner_id)
        suppressing.lift(rows, actor=actor, note=note)
    mine = Consent.objects.filter(owner_id=found.owner_id, by_import_id=found.pk)
    put_on = Subscription.objects.filter(
        Q(consent__in=mine.exclude(act=Act.WITHDRAWN)) | unconfirmed_by(found),
        by=Consent.Source.IMPORT,
    )
    while chunk := list(put_on.select_related("list", "recipient")[:_CHUNK]):
        _forget(chunk, found, note, now)
    ended = mine.filter(act=Act.WITHDRAWN, recipient__isnull=False, list__isnull=False)
    for consent in ended.select_related("recipient", "list").iterator():
        _resume(consent, found, note, now)


def unconfirmed_by(found: RecipientImport) -> Q:
    """Who was put on a list without a consent by this import: at its moment, to the microsecond.

    Another one of the owner, such as a pull, may have run beside it.
    """
    return Q(
        consent=None,
        status__in=(Status.UNCONFIRMED, Status.SUNSET),
        list__owner_id=found.owner_id,
        created_at=found.started_at,
    )


def _added_by(actor: str) -> Iterator[Q]:
    """The addresses that an import suppressed, as conditions of some hundred each."""
    events = SuppressionEvent.objects.filter(actor=actor, act=SuppressionEvent.Act.ADDED)
    keys = events.values_list("channel", "address", "created_at")
    found, count = Q(), 0
    for channel, address, moment in keys.iterator():
        found |= Q(channel=channel, address=address, created_at=moment)
        count += 1
        if count % 100 == 0:
            yield found
            found = Q()
    if found:
        yield found


@transaction.atomic
def _forget(rows: Sequence[Subscription], found: RecipientImport, note: str, now: datetime) -> None:
    evidence = _undone(found, note, now)
    for row in rows:
        record(
            owner_id=found.owner_id,
            recipient=row.recipient,
            act=Act.EXPIRED,
            evidence=evidence,
            list=row.list,
        )
    Subscription.objects.filter(pk__in=[row.pk for row in rows]).delete()


@transaction.atomic
def _resume(consent: Consent, found: RecipientImport, note: str, now: datetime) -> None:
    """Take back the end of one subscription; one that only the import knew is forgotten."""
    rows = Subscription.objects.filter(
        recipient=consent.recipient,
        list=consent.list,
        status=Status.UNSUBSCRIBED,
        by=Consent.Source.IMPORT,
    )
    row = rows.select_related("list", "recipient").first()
    if row is None:
        return
    if row.created_at == consent.recorded_at:
        _forget([row], found, note, now)
        return
    status = Status.SUBSCRIBED if row.consent_id else Status.UNCONFIRMED
    rows.update(status=status, ended_at=None, updated_at=now)
    record(
        owner_id=found.owner_id,
        recipient=row.recipient,
        act=Act.RESUMED,
        evidence=_undone(found, note, now),
        list=row.list,
    )


def _undone(found: RecipientImport, note: str, now: datetime) -> Evidence:
    return Evidence(
        source=Consent.Source.MANUAL,
        by_person=False,
        said_at=now,
        import_id=found.pk,
        actor=found.owner.email,
        statement=note,
    )
