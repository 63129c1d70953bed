"""Consents are append-only: the database itself refuses a change."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.mailings.models import Consent, MailingList
from tests.factories import RecipientFactory

pytestmark = pytest.mark.django_db


def given() -> Consent:
    anna = RecipientFactory.create()
    updates = MailingList.objects.create(owner=anna.owner, title="Updates", slug="updates")
    return Consent.objects.create(
        owner=anna.owner,
        recipient=anna,
        list=updates,
        act="given",
        source="form",
        said_at=timezone.now(),
        ip="192.0.2.1",
        user_agent="Firefox",
        page="https://example.org/",
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"act": "withdrawn"},
        {"said_at": timezone.now()},
        {"statement": "they wanted it"},
        {"ip": "192.0.2.2"},
        {"page": "https://example.com/"},
        {"texts": [{"id": 1}]},
        {"list": None},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_no_update_changes_what_was_said(changed: dict[str, Any]) -> None:
    consent = given()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Consent.objects.filter(pk=consent.pk).update(**changed)


def test_an_erasure_empties_what_names_the_person() -> None:
    consent = given()
    emptied = {"recipient": None, "ip": None, "user_agent": "", "page": ""}
    assert Consent.objects.filter(pk=consent.pk).update(**emptied) == 1
    consent.refresh_from_db()
    assert (consent.recipient, consent.ip, consent.act) == (None, None, "given")


def test_who_deletes_a_recipient_keeps_the_consent() -> None:
    consent = given()
    assert consent.recipient is not None
    consent.recipient.delete()
    consent.refresh_from_db()
    assert consent.recipient is None
