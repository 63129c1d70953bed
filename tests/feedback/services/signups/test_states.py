"""Sign-ups in the figures for Prometheus."""

from __future__ import annotations

import pytest
from django.utils import timezone
from prometheus_client import CollectorRegistry

from apps.delivery.monitoring.metrics import Installation
from tests.feedback.signups import live_form, sign_up

pytestmark = pytest.mark.django_db


def test_the_metrics_count_sign_ups_by_state() -> None:
    form = live_form()
    sign_up(form)
    sign_up(form, "bob@example.org", hold="disposable")
    registry = CollectorRegistry()
    registry.register(Installation(timezone.now()))
    for state, count in (("waiting", 1), ("held", 1), ("confirmed", 0)):
        assert registry.get_sample_value("mailings_signups", {"state": state}) == count
