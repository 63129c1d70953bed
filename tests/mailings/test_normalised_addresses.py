"""Blocks and addresses of earlier days are brought into the form in which they are compared."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from apps.mailings.models import Recipient, Suppression
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


def test_what_was_typed_by_hand_blocks_afterwards() -> None:
    owner = UserFactory.create()
    Recipient.objects.bulk_create(
        Recipient(owner=owner, email=address)
        for address in ("r0@example.org", "k@xn--80a1acny.xn--p1ai")
    )
    Suppression.objects.bulk_create(
        Suppression(owner=owner, channel=channel, address=address)
        for channel, address in (
            ("email", "R0@Example.org"),
            ("email", "r0@example.org"),
            ("email", "k@xn--80a1acny.xn--p1ai"),
            ("phone", "+7 916 000-00-01"),
            ("phone", "4721234567"),
            ("telegram", " 12 "),
            ("email", "nobody"),
        )
    )
    import_module("apps.mailings.migrations.0014_addresses_of_every_country").into_one_form(
        apps, None
    )
    assert set(Recipient.objects.values_list("email", flat=True)) == {
        "r0@example.org",
        "k@почта.рф",
    }
    assert sorted(Suppression.objects.values_list("address", flat=True)) == sorted(
        ["r0@example.org", "k@почта.рф", "79160000001", "4721234567", "12", "nobody"]
    )
