"""Inactive subscribers: found every day, tagged once approved, asked, then kept or ended.

Nothing is done the first time until the owner has seen the number. ``found = waiting + kept +
ended + undone`` at every moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from apps.core.contracts import BackgroundJob
from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.core.values.batches import batched
from apps.mailings.models import (
    Consent,
    Engagement,
    MailingList,
    Recipient,
    RecipientTag,
    Subscription,
    SunsetCase,
    SunsetPolicy,
    Tag,
    Term,
)
from apps.mailings.services.tags import give_tag

log = structlog.get_logger(__name__)

State = SunsetCase.State
OPEN: Final = (State.FOUND, State.TAGGED, State.ASKED)
#: The tag of the inactive, and for how long an end can be undone.
TAG: Final = "inactive"
UNDO: Final = timedelta(days=90)
_CHUNK: Final = 2000
_DAILY: Final = timedelta(hours=20)


class SunsetWrongState(Refused):
    """The people of this rule are not where this can be done."""

    code = "sunset_wrong_state"


class SunsetService(BaseCRUDService[SunsetPolicy]):
    """An actor's rules for inactive subscribers, without the archived ones."""

    def rows(self) -> OwnedQuerySet[SunsetPolicy]:
        return SunsetPolicy.objects.filter(archived_at=None).select_related("list")

    def save(self, row: SunsetPolicy) -> SunsetPolicy:
        """Check and save a rule. Raises ValidationError, also for a list that is not in use."""
        mine = MailingList.objects.filter(owner_id=row.owner_id, archived_at=None)
        if row.list_id and not mine.filter(pk=row.list_id).exists():
            raise ValidationError({"list": _("Choose a list that is in use and yours.")})
        return super().save(row)

    def remove(self, row: SunsetPolicy, *, now: datetime) -> bool:
        """Archive the rule: what it found and ended is kept, and can still be undone."""
        row.archived_at = now
        row.save(update_fields=["archived_at", "updated_at"])
        return False


def inactive(policy: SunsetPolicy, now: datetime) -> QuerySet[Recipient]:
    """Those to whom so many measured messages went without a reaction in so many days."""
    silent = _silent(policy, now).filter(activity__unanswered__gte=policy.letters)
    return silent.filter(~_unknown(policy, now))


def unmeasured(policy: SunsetPolicy, now: datetime) -> QuerySet[Recipient]:
    """Those who got something in these days, and of whom nobody can know whether they read it."""
    since = now - timedelta(days=policy.days)
    lately = _silent(policy, now).filter(activity__last_sent_at__gte=since)
    return lately.filter(_unknown(policy, now) | Q(activity__unanswered=0))


def _silent(policy: SunsetPolicy, now: datetime) -> QuerySet[Recipient]:
    since = now - timedelta(days=policy.days)
    rows = Recipient.objects.filter(
        Q(activity__last_opened_at=None) | Q(activity__last_opened_at__lt=since),
        Q(activity__last_clicked_at=None) | Q(activity__last_clicked_at__lt=since),
        owner_id=policy.owner_id,
        archived_at=None,
    )
    mine = Subscription.objects.filter(recipient_id=OuterRef("pk"), status="subscribed")
    return rows.filter(Exists(mine.filter(list=policy.list) if policy.list_id else mine))


def _unknown(policy: SunsetPolicy, now: datetime) -> Q:
    """They asked not to be measured, or a program that loads every picture hides them."""
    since = now - timedelta(days=policy.days)
    unclear = Engagement.objects.filter(recipient_id=OuterRef("pk"), term=Term.UNCLEAR)
    return Q(unmeasured=True) | Q(Exists(unclear.filter(opened_at__gte=since)))


def find(policy: SunsetPolicy, *, now: datetime) -> int:
    """Open a case for each who became inactive. Returns how many are new.

    Of whom it is not known whether they react, they are counted and left.
    """
    known = SunsetCase.objects.filter(policy=policy, recipient_id=OuterRef("pk"))
    fresh = inactive(policy, now).filter(~Exists(known.filter(state__in=[*OPEN, State.ENDED])))
    ids = list(fresh.order_by("pk").values_list("pk", flat=True))
    for part in batched(ids, _CHUNK):
        rows = [SunsetCase(policy=policy, recipient_id=pk) for pk in part]
        SunsetCase.objects.bulk_create(rows, ignore_conflicts=True)
    unknown = unmeasured(policy, now).count()
    SunsetPolicy.objects.filter(pk=policy.pk).update(searched_at=now, unmeasured=unknown)
    return len(ids)


def figures(policy: SunsetPolicy) -> dict[str, int]:
    """How many people have which state; ``found`` is all of them, ``waiting`` the open ones."""
    rows = SunsetCase.objects.filter(policy=policy).values("state").annotate(n=Count("pk"))
    counts = dict.fromkeys(State.values, 0) | {row["state"]: row["n"] for row in rows.order_by()}
    waiting = sum(counts[state] for state in OPEN)
    ended = {name: counts[name] for name in ("kept", "ended", "undone")}
    return {"found": waiting + sum(ended.values()), "waiting": waiting, **ended}


def approve(*, policy: SunsetPolicy, now: datetime) -> int:
    """The owner has seen the number: those who were found are tagged. Returns how many."""
    SunsetPolicy.objects.filter(pk=policy.pk, approved_at=None).update(approved_at=now)
    return tag_found(policy)


def tag_found(policy: SunsetPolicy) -> int:
    """Put the tag on all who were found, so that a mailing can ask them."""
    found = SunsetCase.objects.filter(policy=policy, state=State.FOUND)
    tag = Tag.objects.get_or_create(owner_id=policy.owner_id, name=TAG)[0]
    count = 0
    for cases in _cases(found):
        ids = [case.recipient_id for case in cases]
        give_tag(tag=tag, people=Recipient.objects.filter(pk__in=ids))
        count += _move(cases, (State.FOUND,), state=State.TAGGED)
    return count


def asked(*, policy: SunsetPolicy, now: datetime) -> int:
    """The owner has asked those who are tagged, by a mailing: the wait begins. Raises
    SunsetWrongState when nobody is tagged."""
    tagged = SunsetCase.objects.filter(policy=policy, state=State.TAGGED)
    count = tagged.update(state=State.ASKED, asked_at=now, updated_at=now)
    if not count:
        raise SunsetWrongState(_("Nobody is tagged. Approve those who were found first."))
    return count


def settle(policy: SunsetPolicy, *, now: datetime) -> None:
    """Keep who reacted; do what the rule says with those who did not in the days of the wait."""
    rows = SunsetCase.objects.filter(policy=policy)
    reacted = _reacted("created_at")
    for cases in _cases(rows.filter(reacted, state__in=OPEN)):
        _restore(cases, State.KEPT, now)
    for cases in _cases(rows.filter(_reacted("settled_at"), state=State.ENDED)):
        _restore(cases, State.KEPT, now)
    over = rows.filter(state=State.ASKED, asked_at__lte=now - timedelta(days=policy.wait_days))
    for cases in _cases(over):
        _end(policy, cases, now)


def undo(*, policy: SunsetPolicy, now: datetime) -> int:
    """Take back what was ended in the last 90 days. Returns how many."""
    rows = SunsetCase.objects.filter(policy=policy, state=State.ENDED, settled_at__gt=now - UNDO)
    count = sum(_restore(cases, State.UNDONE, now) for cases in _cases(rows))
    if not count:
        raise SunsetWrongState(_("Nothing was ended in the last 90 days."))
    return count


def _reacted(since: str) -> Q:
    opened = Q(recipient__activity__last_opened_at__gt=F(since))
    return opened | Q(recipient__activity__last_clicked_at__gt=F(since))


@transaction.atomic
def _end(policy: SunsetPolicy, cases: list[SunsetCase], now: datetime) -> int:
    people = [case.recipient_id for case in cases]
    changed: dict[int, dict[str, Any]] = {pk: {} for pk in people}
    if policy.action == SunsetPolicy.Action.END:
        rows = Subscription.objects.filter(recipient_id__in=people, status="subscribed")
        rows = rows.filter(list=policy.list) if policy.list_id else rows
        for pk, recipient_id, by in list(rows.values_list("pk", "recipient_id", "by")):
            changed[recipient_id].setdefault("subscriptions", {})[str(pk)] = by
        ids = [int(pk) for one in changed.values() for pk in one.get("subscriptions", {})]
        values = {"status": "sunset", "ended_at": now, "by": Consent.Source.SUNSET}
        Subscription.objects.filter(pk__in=ids).update(**values, updated_at=now)
    if policy.action == SunsetPolicy.Action.ARCHIVE:
        living = Recipient.objects.filter(pk__in=people, archived_at=None)
        for pk in list(living.values_list("pk", flat=True)):
            changed[pk] = {"archived": True}
        living.update(archived_at=now, updated_at=now)
    for case in cases:
        case.state, case.settled_at = State.ENDED, now
        case.changed = changed[case.recipient_id]
    SunsetCase.objects.bulk_update(cases, ["state", "settled_at", "changed"])
    log.info("sunset_ended", policy_id=policy.pk, recipient_ids=people)
    return len(cases)


@transaction.atomic
def _restore(cases: list[SunsetCase], state: str, now: datetime) -> int:
    """As before: the subscriptions that were ended, the archive, and without the tag."""
    by_how: dict[str, list[int]] = {}
    for case in cases:
        for pk, by in case.changed.get("subscriptions", {}).items():
            by_how.setdefault(by, []).append(int(pk))
    for by, ids in by_how.items():
        ended = Subscription.objects.filter(pk__in=ids, status="sunset")
        ended.update(status="subscribed", ended_at=None, by=by, updated_at=now)
    archived = [case.recipient_id for case in cases if case.changed.get("archived")]
    back = Recipient.objects.filter(pk__in=archived, erased_at=None)
    back.update(archived_at=None, updated_at=now)
    people = [case.recipient_id for case in cases]
    tagged = RecipientTag.objects.filter(recipient_id__in=people, tag__name=TAG)
    tagged.filter(tag__owner_id=F("recipient__owner_id")).delete()
    return _move(cases, (*OPEN, State.ENDED), state=state, settled_at=now)


def _move(cases: list[SunsetCase], out_of: tuple[str, ...], **values: Any) -> int:
    rows = SunsetCase.objects.filter(pk__in=[case.pk for case in cases], state__in=out_of)
    return rows.update(**values)


def _cases(rows: QuerySet[SunsetCase]) -> Iterator[list[SunsetCase]]:
    """The cases in groups, by their ids as they are now."""
    for part in batched(list(rows.order_by("pk").values_list("pk", flat=True)), _CHUNK):
        yield list(SunsetCase.objects.filter(pk__in=part))


class Sunset(BackgroundJob):
    """Looks once a day: who became inactive, who came back, whose wait is over."""

    name = "sunset"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        due = Q(searched_at=None) | Q(searched_at__lt=now - _DAILY)
        for policy in SunsetPolicy.objects.filter(due, archived_at=None):
            if stopping():
                return
            review(policy, now=now)


def review(policy: SunsetPolicy, *, now: datetime) -> None:
    """One round of one rule."""
    settle(policy, now=now)
    find(policy, now=now)
    if policy.approved_at is not None:
        tag_found(policy)
