"""First reactions are kept only for as long as somebody may follow them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.mailings.models import FirstReaction
from apps.mailings.services.engagement.firsts import KEPT_DAYS, Changed, Known, note
from apps.mailings.services.privacy.retention import count_old, remove_old
from tests.factories import DeliveryFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def test_old_ones_are_deleted() -> None:
    letter = DeliveryFactory.create(state="sent")
    change = Changed(letter.run_id, letter.pk, None, Known("person", NOW, NOW))
    note([change], NOW - timedelta(days=KEPT_DAYS, hours=1))
    note([change], NOW)
    assert count_old("first_reactions", now=NOW) == 2
    assert remove_old("first_reactions", now=NOW) == 2
    assert set(FirstReaction.objects.values_list("counted_at", flat=True)) == {NOW}


def test_a_run_that_is_gone_has_none() -> None:
    letter = DeliveryFactory.create(state="sent")
    change = Changed(letter.run_id + 1, letter.pk, None, Known("person", NOW, None))
    note([change], NOW)
    assert not FirstReaction.objects.exists()
