"""Asking people whose confirmation is open, of a list or an import: each once.

A press only notes whom to ask, as sign-ups that are held; a background job sends the emails within
the limits, so that many are asked as surely as one, and nobody twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from apps.core.contracts import BackgroundJob
from apps.core.errors import Refused
from apps.feedback.models import Signup
from apps.feedback.services.signups import states, windows
from apps.feedback.services.signups.receive import FOR_GOOD, OPEN, ask
from apps.mailings.models import (
    Channel,
    MailingList,
    SignupForm,
    SignupFormVersion,
    Subscription,
    Suppression,
)
from apps.mailings.services.permission.forms import FormClosed

log = structlog.get_logger(__name__)

#: Why a sign-up is held whose email is to be sent by the job.
ASKED: Final = "asked"
#: Over when somebody does something about the form, its account or its owner: it is tried again.
_PASSING: Final = frozenset(
    {
        "account_disabled",
        "account_not_granted",
        "account_unclear",
        "account_unknown",
        "owner_blocked",
        "sender_unconfirmed",
        "sender_unfit",
        "sending_paused",
    }
)
#: Sign-ups that are noted in one statement, and asked in one round of the job.
_CHUNK: Final = 500

State = Signup.State
Rows = QuerySet[Subscription]
_Sql = tuple[str, tuple[str | int, ...]]


@dataclass(frozen=True, slots=True)
class Question:
    """How the unconfirmed people of a list stand. ``form`` None: no form of it can ask anybody."""

    mailing_list: MailingList
    form: SignupForm | None
    unasked: int
    asked: int
    unfit: int


def live_form_of(mailing_list: MailingList) -> tuple[SignupForm, SignupFormVersion] | None:
    """The newest live form with this list, and what it shows."""
    live = SignupForm.objects.filter(
        lists=mailing_list, state=SignupForm.State.LIVE, archived_at=None
    )
    form = live.order_by("-pk").first()
    version = form.versions.order_by("-number").first() if form is not None else None
    if form is None or version is None:
        return None
    version.form = form
    return form, version


def questions(rows: Rows) -> list[Question]:
    """The unconfirmed among these subscriptions, list by list: who can be asked, and who was."""
    lists = MailingList.objects.filter(pk__in=rows.order_by().values("list"), archived_at=None)
    found = []
    for one in lists.order_by("position", "title", "pk"):
        mine = _open(rows, one)
        everybody, fit = mine.count(), mine.filter(_fit())
        live = live_form_of(one)
        form = live[0] if live else None
        waiting = fit.filter(_is_asked(one, form)).count()
        could = fit.count()
        found.append(Question(one, form, could - waiting, waiting, everybody - could))
    return found


def people_to_ask(rows: Rows, found: Sequence[Question]) -> int:
    """How many people a press would have asked: each once, of however many lists."""
    fit = Q(pk__in=[])
    for one in found:
        if one.form is not None:
            fit |= Q(list=one.mailing_list) & ~_is_asked(one.mailing_list, one.form)
    open_ones = rows.filter(fit, _fit(), status=Subscription.Status.UNCONFIRMED)
    return open_ones.order_by().values("recipient").distinct().count()


def ask_them(*, rows: Rows, mailing_list: MailingList, now: datetime) -> int:
    """Have the unconfirmed of the list among these asked, each once. Returns how many.

    In short transactions, for sign-ups of visitors go on meanwhile; what a broken press has left
    out the next one finds. Raises FormClosed without a live form of the list.
    """
    live = live_form_of(mailing_list)
    if live is None:
        raise FormClosed(_("No live sign-up form with this list can ask this person."))
    form, version = live
    free = _open(rows, mailing_list).filter(_fit(), ~_is_asked(mailing_list, form)).order_by("pk")
    people = free.values_list("pk", "recipient__email", "recipient__language")
    last = count = 0
    while chunk := list(people.filter(pk__gt=last)[:_CHUNK]):
        last = chunk[-1][0]
        addresses = {str(email): language for _pk, email, language in chunk}
        count += _noted(version, mailing_list, addresses, now)
    if count:
        log.info("confirmations_asked", list_id=mailing_list.pk, form_id=form.pk, count=count)
    return count


@transaction.atomic
def _noted(
    version: SignupFormVersion, mailing_list: MailingList, people: Mapping[str, str], now: datetime
) -> int:
    """Note whom to ask: with the sign-up that is noted for another list of the form, or a new one.

    An open sign-up that is neither stays alone; the person can be asked when it has ended.
    """
    SignupForm.objects.select_for_update().get(pk=version.form_id)
    mine = Signup.objects.filter(form_id=version.form_id, address__in=people)
    noted = mine.filter(state=State.HELD, asked=True).select_for_update()
    joined = [one for one in noted.order_by("pk") if mailing_list.pk not in one.lists]
    for one in joined:
        one.lists.append(mailing_list.pk)
    Signup.objects.bulk_update(joined, ["lists"])
    left = people.keys() - set(mine.filter(state__in=OPEN).values_list("address", flat=True))
    fresh = [one for one in people if one in left]
    Signup.objects.bulk_create(
        [_noted_one(version, mailing_list, one, people[one], now) for one in fresh],
        ignore_conflicts=True,  # a visitor may be first
    )
    made = mine.filter(address__in=left, state=State.HELD, asked=True, received_at=now)
    count = made.count()
    states.received(form_id=version.form_id, state=State.HELD, count=count)
    return count + len(joined)


def _noted_one(
    version: SignupFormVersion,
    mailing_list: MailingList,
    address: str,
    language: str,
    now: datetime,
) -> Signup:
    languages = sorted(version.shown["languages"])
    return Signup(
        form_id=version.form_id,
        version=version,
        address=address,
        lists=[mailing_list.pk],
        language=language if language in languages else languages[0],
        state=State.HELD,
        code=ASKED,
        asked=True,
        received_at=now,
    )


def _open(rows: Rows, mailing_list: MailingList) -> Rows:
    return rows.filter(list=mailing_list, status=Subscription.Status.UNCONFIRMED)


def _fit() -> Q:
    """There is an email address to which a confirmation may be sent."""
    barred = Suppression.objects.filter(
        owner_id=OuterRef("recipient__owner_id"),
        channel=Channel.EMAIL,
        address=OuterRef("recipient__email"),
    )
    return Q(recipient__email__isnull=False, recipient__archived_at=None) & ~Q(Exists(barred))


def _is_asked(mailing_list: MailingList, form: SignupForm | None) -> Q:
    """This address was asked about the list, or is about to be; or it has another sign-up open on
    the form, which has to end first."""
    mine = Signup.objects.filter(address=OuterRef("recipient__email"))
    asked = mine.filter(
        Q(state__in=OPEN) | Q(sent_at__isnull=False),
        _Names("lists", mailing_list.pk),
        form__owner_id=mailing_list.owner_id,
    )
    open_ones = mine.filter(form=form, state__in=OPEN).exclude(state=State.HELD, asked=True)
    return Q(Exists(asked)) | Q(Exists(open_ones))


class _Names(Func):
    """The list of numbers in a JSON column has this one in it."""

    output_field = BooleanField()

    def __init__(self, column: str, number: int) -> None:
        super().__init__(F(column))
        self.number = number

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> _Sql:
        column, values = compiler.compile(self.get_source_expressions()[0])
        return f"{column} @> %s::jsonb", (*values, json.dumps([self.number]))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> _Sql:
        column, values = compiler.compile(self.get_source_expressions()[0])
        found = f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = %s)"
        return found, (*values, self.number)


class SignupAsking(BackgroundJob):
    """Sends the emails of those whom an owner has had asked, as fast as the limits allow."""

    name = "signup_asking"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        while not stopping() and send_asked(now=now) == _CHUNK:
            pass


class _Next(Enum):
    """How to go on after one of those who are noted."""

    ANYBODY = "anybody"
    OTHER_FORM = "other form"
    OTHER_OWNER = "other owner"
    NOBODY = "nobody"


def send_asked(*, now: datetime) -> int:
    """Ask the next of those who are noted. Returns how many were gone through.

    Where a form cannot send now, or an owner's hour is used up, the others are asked; with the hour
    of all used up nobody is.
    """
    forms: set[int] = set()
    owners: set[int] = set()
    last = count = 0
    rows = Signup.objects.filter(state=State.HELD, code=ASKED, form__state=SignupForm.State.LIVE)
    rows = rows.select_related("form", "version").order_by("pk")
    while count < _CHUNK:
        fit = rows.filter(pk__gt=last).exclude(form__in=forms).exclude(form__owner__in=owners)
        chunk = list(fit[: _CHUNK - count])
        if not chunk:
            break
        for signup in chunk:
            last = signup.pk
            if signup.form_id in forms or signup.form.owner_id in owners:
                continue
            go_on = _asked(signup, now)
            if go_on is _Next.NOBODY:
                return count
            if go_on is _Next.OTHER_FORM:
                forms.add(signup.form_id)
            elif go_on is _Next.OTHER_OWNER:
                owners.add(signup.form.owner_id)
            else:
                count += 1
    return count


def _asked(signup: Signup, now: datetime) -> _Next:
    """Ask one, within the limits."""
    held: dict[str, Any] = {"signup": signup, "out_of": [State.HELD], "now": now}
    owner_id = signup.form.owner_id
    uses = windows.uses_of(owner_id=owner_id, address=signup.address, ip=None)
    uses += windows.uses_of_asking(owner_id=owner_id)
    reached = windows.take(uses, now=now)
    if reached is windows.ASKING_OWNER:
        return _Next.OTHER_OWNER
    if reached in (windows.ASKING, windows.INSTALLATION):
        return _Next.NOBODY
    if reached is not None:  # this address alone had enough emails: the owner may release it
        states.move(into=State.HELD, code=reached.code, **held)
        return _Next.ANYBODY
    try:
        with transaction.atomic():
            if not _ask_noted(signup.pk, now):
                windows.give_back(uses)
    except Refused as refused:
        windows.give_back(uses)
        if refused.code in _PASSING:
            return _Next.OTHER_FORM
        into = State.REFUSED if refused.code in FOR_GOOD else State.HELD
        states.move(into=into, code=refused.code[:24], **held)
    return _Next.ANYBODY


def _ask_noted(pk: int, now: datetime) -> bool:
    """Ask the person of a sign-up as it is now. False when it is to be asked no more."""
    rows = Signup.objects.select_for_update(of=("self",)).select_related("form", "version")
    signup = rows.filter(pk=pk, state=State.HELD, code=ASKED).first()
    if signup is None:
        return False
    ask(signup, now=now, by_owner=True)
    return True
