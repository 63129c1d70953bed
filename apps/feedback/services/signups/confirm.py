"""Confirming a sign-up, and asking for another email when the link has expired."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction

from apps.core.errors import Refused, gettext_noop
from apps.core.text.formatting import refusal
from apps.feedback.models import Signup
from apps.feedback.services.signups import states, windows
from apps.feedback.services.signups.receive import Visitor, ask, evidence_of, lists_of
from apps.mailings.models import Consent, Recipient
from apps.mailings.services.permission import subscribing
from apps.mailings.services.permission.consents import record
from apps.mailings.services.permission.forms import NAME
from apps.mailings.services.privacy.returning import lift_own

log = structlog.get_logger(__name__)

State = Signup.State


class ConfirmExpired(Refused):
    """The link is too old, or its sign-up is not there any more."""

    code = "confirm_expired"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a page may say of a sign-up. ``address`` is masked: emails get forwarded."""

    signup: Signup
    address: str
    lists: tuple[str, ...]
    confirmed: bool
    expired: bool


def confirmation_of(*, signup_id: int, now: datetime) -> Confirmation | None:
    """The page behind a genuine link; None when its sign-up no longer exists."""
    signup = Signup.objects.select_related("form", "version").filter(pk=signup_id).first()
    if signup is None:
        return None
    name, at, domain = signup.address.partition("@")
    return Confirmation(
        signup,
        f"{name[:1]}***{at}{domain}",
        tuple(one.title for one in lists_of(signup)),
        confirmed=signup.state == State.CONFIRMED,
        expired=not is_open(signup, now),
    )


def is_open(signup: Signup, now: datetime) -> bool:
    """True while it can be confirmed."""
    return signup.state == State.WAITING and now <= signup.expires_at


@transaction.atomic
def confirm(*, signup: Signup, visitor: Visitor, now: datetime) -> None:
    """Subscribe the person who pressed the button. Idempotent. Raises ConfirmExpired."""
    locked = Signup.objects.select_for_update(of=("self",)).select_related("form", "version")
    signup = locked.get(pk=signup.pk)
    if signup.state == State.CONFIRMED:
        return
    recipient = signup.recipient
    lists = lists_of(signup)
    # Its link may have gone to the address that the owner gave the recipient meanwhile.
    moved = recipient is None or recipient.email != signup.address
    if not is_open(signup, now) or recipient is None or moved or not lists:
        text = gettext_noop("This link has expired. You can have a new one sent.")
        raise refusal(ConfirmExpired, text)
    if not signup.asked:
        _record_given(recipient, signup, now)
    proof = evidence_of(signup, now=now, visitor=visitor)
    subscribing.confirm(recipient=recipient, lists=lists, evidence=proof, now=now)
    lift_own(owner_id=recipient.owner_id, channel="email", address=signup.address, now=now)
    fill_in(recipient, signup)
    states.move(signup=signup, out_of=[State.WAITING], into=State.CONFIRMED, now=now)
    log.info("signup_confirmed", form_id=signup.form_id, recipient_id=recipient.pk)


def _record_given(recipient: Recipient, signup: Signup, now: datetime) -> None:
    """What was said in the form counts from now on: the person has stood by it."""
    for one in lists_of(signup):
        record(
            owner_id=recipient.owner_id,
            recipient=recipient,
            act=Consent.Act.GIVEN,
            evidence=replace(evidence_of(signup, now=now), delivery_id=None),
            list=one,
        )


def fill_in(recipient: Recipient, signup: Signup) -> None:
    """Give the recipient what the person typed into the form."""
    typed = dict(signup.typed)
    name = typed.pop(NAME, "")
    recipient.refresh_from_db()
    recipient.full_name = name or recipient.full_name
    recipient.attributes = {**recipient.attributes, **typed}
    recipient.language = recipient.language or signup.language
    recipient.save(update_fields=["full_name", "attributes", "language", "updated_at"])


def send_again(*, signup: Signup, visitor: Visitor, now: datetime) -> None:
    """Send another email for a sign-up whose link has expired, if the limits allow it."""
    if signup.state not in (State.EXPIRED, State.WAITING) or is_open(signup, now):
        return
    form = signup.form
    uses = windows.uses_of(owner_id=form.owner_id, address=signup.address, ip=visitor.ip)
    uses += windows.uses_of_form(form_id=form.pk, proved=False)
    if form.state != form.State.LIVE or windows.take(uses, now=now) is not None:
        return
    try:
        with transaction.atomic():
            ask(signup, now=now)
    except (Refused, IntegrityError):  # a newer sign-up of the address is open, or nothing leaves
        windows.give_back(uses)
