"""An activation by its button launches a run for each letter."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from apps.mailings.models import Run
from tests.automations.stage import LAUNCHES, automation, definition, letter
from tests.automations.views.test_pages import client_of
from tests.factories import MailingListFactory, UserFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def test_every_letter_has_an_open_run(settings: LazySettings) -> None:
    settings.ZEAL_ALLOWLIST = LAUNCHES
    owner = UserFactory.create()
    trigger = {"kind": "subscribed", "list": MailingListFactory.create(owner=owner).pk}
    steps = (letter(owner, "first"), letter(owner, "second"))
    made = automation(owner, definition(*steps, trigger=trigger))
    client_of(owner).post(f"/automations/{made.pk}/act/activate/")
    made.refresh_from_db()
    assert made.state == "active"
    assert Run.objects.filter(mailing__owner=owner).count() == 2
