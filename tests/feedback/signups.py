"""Sign-up forms for the tests, and what comes in through them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.delivery.service import DispatchService
from apps.feedback.models import Signup, SignupCounts
from apps.feedback.services.signups import states
from apps.feedback.services.signups.receive import GivenSignup, Visitor, receive
from apps.mailings.models import MailingList, Run, SignupForm, SignupFormVersion
from apps.mailings.services.permission.forms import publish
from apps.users.models import User
from tests.factories import RecipientFactory, UserFactory


def list_of(owner: User, title: str = "News", **fields: Any) -> MailingList:
    slug = f"{title.lower()}-{secrets.token_hex(4)}"
    return MailingList.objects.create(owner=owner, title=title, slug=slug, **fields)


def live_form(owner: User | None = None, **fields: Any) -> SignupForm:
    """A published form with one list; no look into DNS."""
    owner = owner or UserFactory.create()
    lists = fields.pop("lists", None) or [list_of(owner, f"News {secrets.token_hex(4)}")]
    texts = fields.pop("texts", {"en": {}})
    form = SignupForm.objects.create(
        owner=owner, title="News", texts=texts, check_mx=False, **fields
    )
    form.lists.set(lists)
    publish(form=form, now=timezone.now())
    return form


def version_of(form: SignupForm) -> SignupFormVersion:
    return form.versions.order_by("-number")[0]


def given(form: SignupForm, address: str = "anna@example.org", **fields: Any) -> GivenSignup:
    """A form as somebody has filled it in."""
    ip = fields.pop("ip", "192.0.2.7")
    fields.setdefault("lists", list(form.lists.values_list("pk", flat=True)))
    return GivenSignup(
        form=form,
        version=version_of(form),
        address=address,
        language=fields.pop("language", "en"),
        visitor=Visitor(ip, "Firefox", "https://shop.example.org/"),
        **fields,
    )


def sign_up(
    form: SignupForm, address: str = "anna@example.org", now: datetime | None = None, **fields: Any
) -> Signup:
    return receive(given(form, address, **fields), now=now or timezone.now())


def waiting_signup(owner: User, language: str = "en") -> Signup:
    """A sign-up as if its email had been sent."""
    form, now = live_form(owner, texts={language: {}}), timezone.now()
    recipient = RecipientFactory.create(owner=owner)
    states.received(form_id=form.pk, state="waiting")
    return Signup.objects.create(
        form=form,
        version=version_of(form),
        recipient=recipient,
        address=str(recipient.email),
        lists=list(form.lists.values_list("pk", flat=True)),
        language=language,
        state="waiting",
        received_at=now,
        sent_at=now,
        expires_at=now + timedelta(days=3),
    )


def assert_sum(form: SignupForm, *, deleted: int = 0) -> SignupCounts:
    """The figures of the form add up, and are what the rows say."""
    counts = SignupCounts.objects.get(form=form)
    named = {state: getattr(counts, state) for state in Signup.State.values}
    assert counts.received == sum(named.values())
    rows = Signup.objects.filter(form=form)
    assert counts.received == rows.count() + deleted
    if not deleted:
        assert named == {state: rows.filter(state=state).count() for state in named}
    return counts


def solution_of(challenge: dict[str, Any]) -> str:
    """What a browser hands in for a challenge."""
    for number in range(challenge["maxnumber"] + 1):
        digest = hashlib.sha256(f"{challenge['salt']}{number}".encode()).hexdigest()
        if digest == challenge["challenge"]:
            solved = {**challenge, "number": number}
            return base64.b64encode(json.dumps(solved).encode()).decode()
    raise AssertionError("no number solves it")


def send_all() -> None:
    """Send every email that is due, in this thread."""
    service = DispatchService()
    service.dispatch_due()
    for run_id in Run.objects.exclude(state="done").values_list("pk", flat=True):
        service.work_until(run_id, threading.Event())
