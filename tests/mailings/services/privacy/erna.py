"""Somebody of whom there is something in every table, and the ways to look for it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from apps.api.models import IdempotentCall
from apps.core.responses.stored import foreign
from apps.delivery.models import AccountState
from apps.feedback.models import Event, MessengerLink
from apps.mailings.models import (
    Activity,
    Consent,
    Delivery,
    ErasureRequest,
    LeftOut,
    MailingList,
    Recipient,
    Run,
    Subscription,
    SuppressionEvent,
)
from apps.mailings.models.ledger import STATES
from apps.mailings.services.privacy import erasure
from apps.users.models import KeptForm, Notification
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    RecipientFactory,
    RunFactory,
    SuppressionFactory,
    WebhookCallFactory,
    WebhookFactory,
)

EMAIL = "erna.weg@почта.рф"
ASCII = "erna.weg@xn--80a1acny.xn--p1ai"
PHONE = "79165550123"
CHAT = 7231555098
OLD = "erna.old@example.org"
SECRETS = (EMAIL, ASCII, PHONE, str(CHAT), OLD, "Erna", "Weg")


def make_erna() -> Recipient:
    """Somebody of whom there is something in every table."""
    person = RecipientFactory.create(
        email=EMAIL,
        phone=PHONE,
        telegram_chat_id=CHAT,
        full_name="Erna Weg",
        comment="Erna likes tea",
        attributes={"nick": "Weg"},
        language="de",
    )
    _add_history(person)
    _add_permissions(person)
    _add_traces(person)
    return person


def _add_history(person: Recipient) -> None:
    run = RunFactory.create(mailing=MailingFactory.create(owner=person.owner), pending=1, sent=1)
    other = DeliveryFactory.create(run=run, state="sent")
    assert other.recipient_id != person.pk
    DeliveryFactory.create(run=run, recipient=person, state="pending")
    for state, address in (("sent", EMAIL), ("bounced", OLD)):
        past = RunFactory.create(
            mailing=MailingFactory.create(owner=person.owner),
            state="done",
            reason_detail=foreign(f"the last: <{address.upper()}> is full"),
            **{state: 1},
        )
        row = DeliveryFactory.create(
            run=past,
            recipient=person,
            state=state,
            address=address,
            response=foreign(f"550 <{ASCII.title()}>: unknown user"),
        )
        AttemptFactory.create(delivery=row, response=foreign(f"250 RCPT TO:<{address.upper()}>"))


def _add_permissions(person: Recipient) -> None:
    updates = MailingList.objects.create(owner=person.owner, title="Updates", slug="updates")
    consent = Consent.objects.create(
        owner=person.owner,
        recipient=person,
        list=updates,
        act="given",
        source="form",
        said_at=timezone.now(),
        ip="203.0.113.77",
        user_agent="Ernas browser",
        page=f"https://example.org/?mail={EMAIL}",
    )
    Subscription.objects.create(
        list=updates, recipient=person, status="subscribed", since=timezone.now(), consent=consent
    )
    SuppressionFactory.create(owner=person.owner, channel="phone", address=PHONE)
    SuppressionEvent.objects.create(
        owner=person.owner,
        channel="phone",
        address=PHONE,
        act="added",
        reason="blocked",
        note=f"{PHONE} asked",
    )
    Activity.objects.create(recipient=person, last_sent_at=timezone.now())


def _add_traces(person: Recipient) -> None:
    owner, now = person.owner, timezone.now()
    row = Delivery.objects.filter(recipient=person, state="sent").latest("pk")
    facts = {"recipient": EMAIL, "words": f"<{EMAIL}> is full", "status": "5.2.2", "code": 550}
    Event.objects.create(
        provider="p", event_id="1", kind="bounced", delivery=row, facts=facts, received_at=now
    )
    Event.objects.create(
        provider="p", event_id="2", kind="bounced", facts={"recipient": EMAIL}, received_at=now
    )
    MessengerLink.objects.create(recipient=person, account="bot", expires_at=now)
    Notification.objects.create(owner=owner, code="complained", key="c", facts={"recipient": EMAIL})
    KeptForm.objects.create(owner=owner, path="/", data=f"email={EMAIL}", created_at=now)
    body = json.dumps({"events": [{"data": {"address": EMAIL, "chat": CHAT}}]})
    WebhookCallFactory.create(webhook=WebhookFactory.create(owner=owner), body=body)
    IdempotentCall.objects.create(
        owner=owner, key="k", fingerprint="f", body=json.dumps({"email": EMAIL}), created_at=now
    )
    AccountState.objects.create(name="email", last_error=foreign(f"{EMAIL}: no such user"))
    single = MailingFactory.create(
        owner=owner, kind="transactional", everyone=False, fields={"name": "Erna Weg"}
    )
    run = RunFactory.create(mailing=single, state="done", sent=1)
    Run.objects.filter(pk=run.pk).update(content={**run.content, "fields": {"name": "Erna Weg"}})
    DeliveryFactory.create(run=run, recipient=person, state="sent")
    LogEntry.objects.create(
        user=owner,
        content_type=ContentType.objects.get_for_model(Recipient),
        object_id=str(person.pk),
        object_repr="Erna Weg",
        action_flag=CHANGE,
    )


def asked(person: Recipient) -> ErasureRequest:
    return erasure.ask(recipient=person, by="owner", actor=person.owner.email, now=timezone.now())


def erased(person: Recipient) -> ErasureRequest:
    return erasure.carry_out(request_id=asked(person).pk, now=timezone.now())


def everything() -> Iterator[tuple[str, str]]:
    """Every value of every row of the whole database, as text."""
    for model in apps.get_models():
        for row in model._base_manager.order_by().values():
            for name, value in row.items():
                text = value if isinstance(value, str) else json.dumps(value, default=str)
                yield f"{model.__name__}.{name}", text
                yield f"{model.__name__}.{name}", json.dumps(value, default=str, ensure_ascii=False)


def assert_nowhere(secrets: tuple[str, ...] = SECRETS) -> None:
    found = {
        place
        for place, text in everything()
        for one in secrets
        if one.lower() in text.lower() or json.dumps(one)[1:-1].lower() in text.lower()
    }
    assert found == set()


def equations() -> dict[int, dict[str, int]]:
    """The counters of every run, which must be what its deliveries are."""
    found = {}
    for run in Run.objects.all():
        rows = Counter(run.deliveries.values_list("state", flat=True))
        left = Counter(run.deliveries.exclude(left_out="").values_list("left_out", flat=True))
        counted = {state: getattr(run, state) for state in STATES}
        assert counted == {state: rows[state] for state in STATES}, run.pk
        assert run.audience == sum(counted.values())
        assert {code: getattr(run, f"left_{code}") for code in LeftOut.values} == {
            code: left[code] for code in LeftOut.values
        }
        found[run.pk] = {"audience": run.audience, "sent": run.sent, "bounced": run.bounced}
    return found
