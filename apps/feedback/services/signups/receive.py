"""Receiving a sign-up: one open one an address and form, one email within the limits.

Whatever becomes of it, the visitor reads the same answer: the form must not say who is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.feedback.models import Signup
from apps.feedback.services.signups import alarms, emails, states, windows
from apps.mailings.models import (
    Channel,
    Consent,
    MailingList,
    Recipient,
    SignupForm,
    SignupFormVersion,
    Subscription,
    Suppression,
)
from apps.mailings.services.permission import subscribing
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.forms import FormClosed
from apps.mailings.services.transactional import RecipientArchived
from apps.mailings.suppression.tombstones import erased_among

log = structlog.get_logger(__name__)

State = Signup.State
OPEN: Final = (State.WAITING, State.HELD)
#: Held for the moment in which its email is made.
_NEW: Final = "new"
#: The address must not be written to: nobody releases that.
FOR_GOOD: Final = frozenset({"suppressed", "no_address", "nothing_to_confirm"})
#: The owner decides about these; another sign-up of the same address changes nothing.
FOR_OWNER: Final = frozenset({"disposable", RecipientArchived.code})
#: A refused address that comes again within a day is the same sign-up.
_SAME: Final = timedelta(days=1)


class NothingToConfirm(Refused):
    """The person who was to be asked is gone, has answered, or may not be written to."""

    code = "nothing_to_confirm"


@dataclass(frozen=True, slots=True)
class Visitor:
    """What a request says about who sends it."""

    ip: str | None = None
    user_agent: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class GivenSignup:
    """A form as it was filled in and checked. ``hold``: why the owner is to look at it first.

    ``asked``: nobody has filled it in, a program asks the person to confirm.
    """

    form: SignupForm
    version: SignupFormVersion
    address: str
    lists: Sequence[int]
    language: str
    typed: Mapping[str, Any] = field(default_factory=dict)
    texts: Sequence[int] = ()
    proved: bool = False
    unchecked: bool = False
    hold: str = ""
    asked: bool = False
    visitor: Visitor = Visitor()


def receive(given: GivenSignup, *, now: datetime) -> Signup:
    """Keep the sign-up, and send its email if the limits allow. Returns the sign-up."""
    signup = _received(given, now)
    if signup.state == State.HELD:
        alarms.note_held(form=given.form, code=signup.code, now=now)
    return signup


def _received(given: GivenSignup, now: datetime) -> Signup:
    known = _known(given, now)
    if known is not None:
        Signup.objects.filter(pk=known.pk).update(repeats=F("repeats") + 1)
        if known.state == State.REFUSED or known.code in FOR_OWNER:
            return known
        if known.asked and not given.hold:
            _take_over(known, given)
    if given.hold:
        return known or _kept(given, State.HELD, given.hold, now)
    form, ip = given.form, given.visitor.ip
    uses = windows.uses_of(owner_id=form.owner_id, address=given.address, ip=ip)
    uses += windows.uses_of_form(form_id=form.pk, proved=given.proved)
    reached = windows.take(uses, now=now)
    if reached is not None:
        return known or _kept(given, State.HELD, reached.code, now)
    try:
        with transaction.atomic():
            signup = known or _kept(given, State.HELD, _NEW, now)
            ask(signup, now=now)
            return signup
    except Refused as refused:
        windows.give_back(uses)
        return _not_sent(given, known, refused.code, now)


def _known(given: GivenSignup, now: datetime) -> Signup | None:
    """The sign-up of this address that is open, or was refused just now."""
    rows = Signup.objects.filter(form=given.form, address=given.address)
    found = rows.filter(state__in=OPEN).select_related("form", "version").first()
    refused = rows.filter(state=State.REFUSED, received_at__gt=now - _SAME)
    return found or refused.order_by("-pk").first()


def _take_over(known: Signup, given: GivenSignup) -> None:
    """Who was only to be asked has filled in the form meanwhile: now that counts. A program only
    adds a list."""
    rows = Signup.objects.filter(pk=known.pk, state=State.HELD, asked=True)
    both = {"lists": sorted({*known.lists, *given.lists})}
    if rows.update(**(both if given.asked else _values_of(given))):
        known.refresh_from_db()


def _values_of(given: GivenSignup) -> dict[str, Any]:
    """What a sign-up keeps of a form."""
    return {
        "version": given.version,
        "lists": [*given.lists],
        "typed": dict(given.typed),
        "texts": [*given.texts],
        "language": given.language,
        "proved": given.proved,
        "unchecked": given.unchecked,
        "asked": given.asked,
        "ip": given.visitor.ip,
        "user_agent": given.visitor.user_agent[:200],
        "page": given.visitor.page[:500],
    }


def _kept(given: GivenSignup, state: str, code: str, now: datetime) -> Signup:
    """A new sign-up without an email; the open one when another request has just made it."""
    row = Signup(
        form=given.form,
        address=given.address,
        state=state,
        code=code[:24],
        received_at=now,
        settled_at=now if state == State.REFUSED else None,
        **_values_of(given),
    )
    try:
        with transaction.atomic():
            row.save()
            states.received(form_id=given.form.pk, state=state)
    except IntegrityError:
        open_ones = Signup.objects.filter(form=given.form, address=given.address, state__in=OPEN)
        return open_ones.select_related("form", "version").first() or row
    return row


def _not_sent(given: GivenSignup, known: Signup | None, code: str, now: datetime) -> Signup:
    """The email could not be sent: held until that is over, or refused for good."""
    state = State.REFUSED if code in FOR_GOOD else State.HELD
    log.info("signup_not_sent", form_id=given.form.pk, state=state, code=code)
    if known is None:
        return _kept(given, state, code, now)
    known.refresh_from_db()
    if state == State.REFUSED:
        states.move(signup=known, out_of=OPEN, into=state, now=now, code=code)
    return known


def ask(signup: Signup, *, now: datetime, by_owner: bool = False) -> None:
    """Make the person of a sign-up wait for the confirmation, and send the email.

    Both or neither, in the caller's transaction. Where all lists take people at once, nobody has
    left and nothing is suppressed, it is confirmed without an email. ``by_owner``: it is the
    owner's wish and not the person's. Raises NothingToConfirm, RecipientArchived, and what forbids
    to send now.
    """
    unasked = by_owner and signup.asked
    recipient = _still_unconfirmed(signup) if unasked else _recipient_of(signup, now)
    if recipient.archived_at is not None:
        raise RecipientArchived(_("This recipient is in the archive, and receives nothing."))
    lists = lists_of(signup)
    if not lists:
        raise FormClosed(_("The lists of this form are not in use any more."))
    evidence = replace(evidence_of(signup, now=now), by_person=not unasked)
    also: dict[str, Any] = {"code": "", "recipient": recipient, "lists": signup.lists}
    if _at_once(signup, recipient, lists):
        subscribing.subscribe(recipient=recipient, lists=lists, evidence=evidence, now=now)
        into = State.CONFIRMED
    else:
        subscribing.await_confirmation(recipient=recipient, lists=lists, evidence=evidence, now=now)
        delivery_id = emails.send_confirmation(signup=signup, recipient=recipient)
        expires_at = now + timedelta(hours=signup.form.expires_hours)
        also |= {"delivery_id": delivery_id, "sent_at": now, "expires_at": expires_at}
        into = State.WAITING
    states.move(signup=signup, out_of=(*OPEN, State.EXPIRED), into=into, now=now, **also)


def _recipient_of(signup: Signup, now: datetime) -> Recipient:
    """The owner's recipient with this address, made when there is none: unconfirmed."""
    made_by: dict[str, Any] = {"source": Recipient.Source.FORM, "language": signup.language}
    made_by["unconfirmed_since"] = now
    key = {"owner_id": signup.form.owner_id, "email": signup.address}
    return Recipient.objects.get_or_create(**key, defaults=made_by)[0]


def _still_unconfirmed(signup: Signup) -> Recipient:
    """The person whom the owner has had asked, locked; of the lists those that are still open.

    Much may have happened since the owner's press. Raises NothingToConfirm when the person is
    gone, has confirmed or left, or may not be written to any more.
    """
    people = Recipient.objects.select_for_update(no_key=True, of=("self",))
    key = {"owner_id": signup.form.owner_id, "email": signup.address}
    recipient = people.filter(**key, archived_at=None).first()
    rows = Subscription.objects.filter(recipient=recipient, status="unconfirmed")
    rows = rows.filter(list__in=signup.lists, list__archived_at=None)
    open_ones = sorted(rows.values_list("list", flat=True)) if recipient is not None else []
    barred = Suppression.objects.filter(
        owner_id=signup.form.owner_id, channel=Channel.EMAIL, address=signup.address
    )
    if recipient is None or not open_ones or barred.exists():
        raise NothingToConfirm(_("This person has no confirmation open any more."))
    signup.lists = open_ones
    return recipient


def lists_of(signup: Signup) -> list[MailingList]:
    """The lists that were chosen and are still in use."""
    rows = MailingList.objects.filter(owner_id=signup.form.owner_id, archived_at=None)
    return list(rows.filter(pk__in=signup.lists).order_by("pk"))


def _at_once(signup: Signup, recipient: Recipient, lists: Sequence[MailingList]) -> bool:
    """Nobody but the person ends what the person has said: who left is asked by an email, and so is
    who has said nothing yet."""
    if signup.asked or any(one.optin == MailingList.OptIn.DOUBLE for one in lists):
        return False
    if any(erased_among(recipient.owner_id, Channel.EMAIL, [signup.address])):
        return False
    left = Subscription.objects.filter(recipient=recipient, list__in=lists)
    barred = Suppression.objects.filter(
        owner_id=recipient.owner_id, channel=Channel.EMAIL, address=signup.address
    )
    return not left.exclude(status="subscribed").exists() and not barred.exists()


def evidence_of(signup: Signup, *, now: datetime, visitor: Visitor | None = None) -> Evidence:
    """What proves the sign-up; with a ``visitor`` the confirmation of it, by that visitor."""
    who = visitor or Visitor(signup.ip, signup.user_agent, signup.page)
    boxes = signup.version.shown["languages"][signup.language]["consents"]
    ticked = [box for box in boxes if box["id"] in signup.texts]
    return Evidence(
        source=Consent.Source.FORM,
        by_person=True,
        said_at=now if visitor else signup.received_at,
        channel=Channel.EMAIL,
        form_version_id=signup.version_id,
        texts=tuple({"id": box["id"], "sha256": box["sha256"]} for box in ticked),
        language=signup.language,
        ip=who.ip,
        user_agent=who.user_agent,
        page=who.page,
        delivery_id=signup.delivery_id,
    )
