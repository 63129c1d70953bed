"""Asking people whose confirmation is open, of a list or an import: each once.

A press only notes whom to ask, as sign-ups that are held; a background job sends the emails within
the limits, so that many are asked as surely as one, and nobody twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from apps.core.contracts import BackgroundJob
from apps.core.errors import Refused
from apps.feedback.models import Signup
from apps.feedback.services.signups import states, windows
from apps.feedback.services.signups.receive import OPEN, ask
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
#: Sign-ups that are noted in one statement, and asked in one round of the job.
_CHUNK: Final = 500

State = Signup.State
Rows = QuerySet[Subscription]


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
        waiting = fit.filter(_is_asked(one)).count()
        could = fit.count()
        live = live_form_of(one)
        form = live[0] if live else None
        found.append(Question(one, form, could - waiting, waiting, everybody - could))
    return found


@transaction.atomic
def ask_them(*, rows: Rows, mailing_list: MailingList, now: datetime) -> int:
    """Have the unconfirmed of the list among these asked, each once. Returns how many.

    Raises FormClosed without a live form of the list.
    """
    live = live_form_of(mailing_list)
    if live is None:
        raise FormClosed(_("No live sign-up form with this list can ask this person."))
    form, version = live
    SignupForm.objects.select_for_update().get(pk=form.pk)
    free = _open(rows, mailing_list).filter(_fit(), ~_is_asked(mailing_list)).order_by("pk")
    people = free.values_list("pk", "recipient__email", "recipient__language")
    last = count = 0
    while chunk := list(people.filter(pk__gt=last)[:_CHUNK]):
        last = chunk[-1][0]
        count += _noted(
            version, mailing_list, [(str(email), language) for _pk, email, language in chunk], now
        )
    if count:
        log.info("confirmations_asked", list_id=mailing_list.pk, form_id=form.pk, count=count)
    return count


def _noted(
    version: SignupFormVersion,
    mailing_list: MailingList,
    people: Sequence[tuple[str, str]],
    now: datetime,
) -> int:
    languages = sorted(version.shown["languages"])
    mine = Signup.objects.filter(form_id=version.form_id, received_at=now, code=ASKED)
    before = mine.count()
    Signup.objects.bulk_create(
        [
            Signup(
                form_id=version.form_id,
                version=version,
                address=address,
                lists=[mailing_list.pk],
                language=language if language in languages else languages[0],
                state=State.HELD,
                code=ASKED,
                received_at=now,
            )
            for address, language in people
        ],
        ignore_conflicts=True,  # an open sign-up of the address is as good
    )
    count = mine.count() - before
    states.received(form_id=version.form_id, state=State.HELD, count=count)
    return count


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


def _is_asked(mailing_list: MailingList) -> Q:
    """A form of the list has asked this address, or is about to."""
    signups = Signup.objects.filter(
        Q(state__in=OPEN) | Q(sent_at__isnull=False),
        form__in=SignupForm.objects.filter(lists=mailing_list),
        address=OuterRef("recipient__email"),
    )
    return Q(Exists(signups))


class SignupAsking(BackgroundJob):
    """Sends the emails of those whom an owner has had asked, as fast as the limits allow."""

    name = "signup_asking"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        while not stopping() and send_asked(now=now) == _CHUNK:
            pass


def send_asked(*, now: datetime) -> int:
    """Ask the next of those who are noted. Returns how many were gone through; fewer when the
    limit of the installation is reached, or an account is disabled."""
    rows = Signup.objects.filter(state=State.HELD, code=ASKED, form__state=SignupForm.State.LIVE)
    count = 0
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)[:_CHUNK]):
        if not _asked(pk, now):
            break
        count += 1
    return count


def _asked(pk: int, now: datetime) -> bool:
    """False when this is not the time to ask anybody."""
    signups = Signup.objects.select_related("form", "version")
    signup = signups.filter(pk=pk, state=State.HELD, code=ASKED).first()
    if signup is None:
        return True
    uses = windows.uses_of(owner_id=signup.form.owner_id, address=signup.address, ip=None)
    uses.append((windows.INSTALLATION, ""))
    reached = windows.take(uses, now=now)
    if reached is not None:
        if reached is windows.INSTALLATION:
            return False
        return states.move(  # this address alone had enough emails: the owner may release it
            signup=signup, out_of=[State.HELD], into=State.HELD, now=now, code=reached.code
        )
    try:
        with transaction.atomic():
            ask(signup, now=now)
    except (Refused, IntegrityError) as refused:
        windows.give_back(uses)
        code = refused.code if isinstance(refused, Refused) else ""
        if code != "suppressed":
            return False
        into = State.REFUSED
        states.move(signup=signup, out_of=[State.HELD], into=into, now=now, code=code)
    return True
