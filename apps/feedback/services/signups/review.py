"""What an owner does with sign-ups that are held: release them, or drop them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.db import transaction

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.errors import Refused
from apps.feedback.models import Signup
from apps.feedback.services.signups import states
from apps.feedback.services.signups.receive import FOR_GOOD, ask
from apps.mailings.models import Recipient, SignupForm

log = structlog.get_logger(__name__)

State = Signup.State


def release(*, signups: Iterable[Signup], now: datetime) -> int:
    """Send the emails of held sign-ups: the owner has looked at them, so no limit of ours counts.

    Returns how many. Raises the first refusal, such as of a disabled account; those before it stay
    released.
    """
    count = 0
    for signup in signups:
        count += _release(signup.pk, now)
    return count


@transaction.atomic
def _release(pk: int, now: datetime) -> int:
    rows = Signup.objects.select_for_update(of=("self",)).select_related("form", "version")
    signup = rows.filter(pk=pk, state=State.HELD).first()
    if signup is None:
        return 0
    Recipient.objects.filter(  # the owner wants this person back
        owner_id=signup.form.owner_id, email=signup.address, erased_at=None
    ).exclude(archived_at=None).update(archived_at=None)
    try:
        with transaction.atomic():
            ask(signup, now=now, by_owner=True)
    except Refused as refused:
        if refused.code not in FOR_GOOD:
            raise
        into = State.REFUSED
        states.move(signup=signup, out_of=[State.HELD], into=into, now=now, code=refused.code)
        return 0
    _note("released", signup)
    log.info("signup_released", form_id=signup.form_id, signup_id=pk)
    return 1


def drop(*, signups: Iterable[Signup], now: datetime) -> int:
    """Refuse held sign-ups. Nobody is notified. Returns how many."""
    count = 0
    for signup in signups:
        into = State.REFUSED
        with transaction.atomic():
            if states.move(signup=signup, out_of=[State.HELD], into=into, now=now, code="dropped"):
                _note("dropped", signup)
                count += 1
    return count


def _note(what: str, signup: Signup) -> None:
    about = Object(SignupForm._meta.label_lower, signup.form_id)
    record(Act.CHANGED, about, details={what: signup.pk})
